"""Whether a webhook was signed by Twilio with one of our auth tokens."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterable, Sequence
from itertools import chain
from urllib.parse import parse_qs, urlsplit

DEFAULT_PORTS = {"https": 443, "http": 80}


def sign(url: str, params: Iterable[tuple[str, str]], token: str) -> str:
    """The `X-Twilio-Signature` for a form posted to `url`: HMAC-SHA1 over the URL and each distinct name and value."""
    return _digest(url.encode(errors="surrogatepass") + _canonical(params), token)


def valid(url: str, params: Iterable[tuple[str, str]], signature: str, tokens: Sequence[str]) -> bool:
    """Whether `signature` fits the URL as Twilio knows it and all posted pairs, blank and repeated ones included.

    Any token will do: there are two while one is being rotated. Twilio is not consistent about the port in what it
    signs, so the URL is tried with and without one.
    """
    if not signature:
        return False
    given = signature.encode(errors="replace")
    rest = _canonical(params)
    return any(
        hmac.compare_digest(_digest(spelling.encode(errors="surrogatepass") + rest, token).encode(), given)
        for spelling in _spellings(url)
        for token in tokens
    )


def valid_json(url: str, body: bytes, signature: str, tokens: Sequence[str]) -> bool:
    """The form for JSON bodies: the URL carries `bodySHA256`, and the signature covers the URL alone."""
    try:
        named = parse_qs(urlsplit(url).query).get("bodySHA256", [""])[0]
    except ValueError:
        return False
    fits = hmac.compare_digest(hashlib.sha256(body).hexdigest().encode(), named.lower().encode(errors="replace"))
    return fits and valid(url, (), signature, tokens)


def _canonical(params: Iterable[tuple[str, str]]) -> bytes:
    # Sorted by name, then value, and each pair once, as Twilio's own validators do with repeated fields.
    return "".join(chain.from_iterable(sorted(set(params)))).encode(errors="surrogatepass")


def _digest(text: bytes, token: str) -> str:
    return b64encode(hmac.digest(token.encode(), text, "sha1")).decode()


def _spellings(url: str) -> Iterable[str]:
    """The URL as given, then with its port left out or, where it has none, with the scheme's default one."""
    yield url
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.netloc
    except ValueError:
        return
    if port is not None:
        yield parts._replace(netloc=host.rpartition(":")[0]).geturl()
    elif parts.scheme in DEFAULT_PORTS:
        yield parts._replace(netloc=f"{host}:{DEFAULT_PORTS[parts.scheme]}").geturl()
