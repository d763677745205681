"""What guards the web process: headers that browsers obey, CSRF tokens, proxies believed, and sizes refused."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect

from bot.config import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MEGABYTE: Final = 1024 * 1024
LONGEST: Final = {"webhooks": 64 * 1024, "api": 256 * 1024, "console": 64 * MEGABYTE}
"""Request bodies by blueprint, in bytes; the console takes files of 50,000 rows, however wide."""
LONGEST_OTHERWISE: Final = 64 * 1024

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
EVERYWHERE: Final = (
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
HSTS: Final = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


def protect(app: Flask, settings: Settings) -> CSRFProtect:
    """Put every guard in place. Gives the CSRF protection, whose `protect` is to run before the console's views."""
    https = settings.public_url.startswith("https://")
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        MAX_CONTENT_LENGTH=LONGEST_OTHERWISE,
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # Checked for the console alone, once its session has been looked at.
        WTF_CSRF_CHECK_DEFAULT=False,
        # A token lives as long as its session. The strict check wants a Referer, which our own policy withholds.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    app.before_request(_limit_size)
    app.after_request(_header_setter(https=https))
    app.wsgi_app = TrustedProxies(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    if prefix := urlsplit(settings.public_url).path:
        app.wsgi_app = Mounted(app.wsgi_app, prefix)  # type: ignore[method-assign]
    return CSRFProtect(app)


def _limit_size() -> None:
    # Before anything reads the body: CSRF looks into the form.
    request.max_content_length = LONGEST.get((request.blueprint or "").partition(".")[0], LONGEST_OTHERWISE)


def _header_setter(*, https: bool) -> Callable[[Response], Response]:
    headers = (*EVERYWHERE, HSTS) if https else EVERYWHERE

    def set_headers(response: Response) -> Response:
        if request.blueprint == "webhooks":
            return response  # read by Twilio alone, hundreds of times a second
        for name, value in headers:
            response.headers.setdefault(name, value)
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return set_headers


class Mounted:
    """WSGI middleware: links carry the path of PUBLIC_URL, whether the proxy takes it off or passes it on."""

    def __init__(self, application: WSGIApplication, prefix: str) -> None:
        self._application = application
        self._prefix = prefix

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Answer what is asked for below the prefix, and without it."""
        path = environ.get("PATH_INFO", "")
        if f"{path}/".startswith(f"{self._prefix}/"):
            environ["PATH_INFO"] = path.removeprefix(self._prefix) or "/"
        environ["SCRIPT_NAME"] = self._prefix
        return self._application(environ, start_response)


class TrustedProxies:
    """WSGI middleware: believes X-Forwarded-* from the proxies that the operator names, and from nobody else."""

    HEADERS: Final = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED")

    def __init__(self, application: WSGIApplication, trusted: Iterable[str]) -> None:
        self._application = application
        self._networks = [ipaddress.ip_network(address, strict=False) for address in trusted]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Answer with the client's own address in REMOTE_ADDR; what nobody trusted has said is taken away."""
        said = {name: environ.pop(name, "") for name in self.HEADERS}
        if self._networks and self._trusts(environ.get("REMOTE_ADDR", "")):
            self._believe(environ, said)
        return self._application(environ, start_response)

    def _believe(self, environ: WSGIEnvironment, said: dict[str, str]) -> None:
        hops = [hop.strip() for hop in said["HTTP_X_FORWARDED_FOR"].split(",") if hop.strip()]
        # From the right: each trusted proxy has added the address it saw; the first stranger is the client.
        client = next((hop for hop in reversed(hops) if not self._trusts(hop)), hops[0] if hops else None)
        if client and _is_address(client):
            environ["REMOTE_ADDR"] = client
        scheme = said["HTTP_X_FORWARDED_PROTO"].rpartition(",")[2].strip().lower()
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        host = said["HTTP_X_FORWARDED_HOST"].rpartition(",")[2].strip()
        if host:
            environ["HTTP_HOST"] = host

    def _trusts(self, address: str) -> bool:
        return _is_address(address) and any(ipaddress.ip_address(address) in network for network in self._networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
