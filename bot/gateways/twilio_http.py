"""Twilio's SDK client over pooled asynchronous connections; heavy to import, so only on the provider's first use."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from aiohttp.client_exceptions import ClientConnectorError, ConnectionTimeoutError
from twilio.http.response import Response
from twilio.rest import Client

from bot.config import DEFAULT_API_URL
from bot.gateways.twilio_faults import TOO_MANY_REQUESTS, ConnectionLost, NotConnected, TooManyRequests

IN_FLIGHT = 256
CONNECT_SECONDS = 5.0

# The SDK logs query strings, which hold phone numbers in list calls, at INFO.
SDK_LOGGERS = ("twilio.http_client", "twilio.async_http_client")


class ApiTransport:
    """In place of the SDK's asynchronous HTTP client: a larger pool, another base URL if set, and errors told apart.

    The SDK's own (9.13) ignores its timeout, keeps the last request, logs query strings and has a small pool.
    """

    is_async = True

    def __init__(self, api_url: str) -> None:
        """Needs a running event loop, to which it then belongs."""
        self._base = urlsplit(api_url) if api_url != DEFAULT_API_URL else None
        self._session = ClientSession(
            connector=TCPConnector(limit=IN_FLIGHT),
            timeout=ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            # A clinic's own proxy, if its environment names one; an emulator is on this machine.
            trust_env=self._base is None,
        )

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the SDK passes it, always None
        allow_redirects: bool = False,
    ) -> Response:
        """What the SDK calls. The time is bounded by the provider, over the whole of a call."""
        sent = dict(headers or {})
        if auth:
            sent["Authorization"] = basic(*auth)
        try:
            async with self._session.request(
                method,
                self.address(url),
                params=params,
                data=data,
                headers=sent,
                allow_redirects=allow_redirects,
            ) as answer:
                if answer.status == TOO_MANY_REQUESTS:
                    raise TooManyRequests(seconds(answer.headers.get("Retry-After")))
                return Response(answer.status, await answer.text(), answer.headers)
        except (ClientConnectorError, ConnectionTimeoutError) as error:
            raise NotConnected(type(error).__name__) from error
        except (ClientError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise ConnectionLost(type(error).__name__) from error

    async def close(self) -> None:
        """Close the pool."""
        await self._session.close()

    def address(self, url: str) -> str:
        """The SDK has no setting for its base URL, so scheme and host are exchanged here."""
        if self._base is None:
            return url
        asked = urlsplit(url)
        path = self._base.path.rstrip("/") + asked.path
        return urlunsplit((self._base.scheme, self._base.netloc, path, asked.query, ""))


def basic(user: str, password: str) -> str:
    """The value of an Authorization header. aiohttp's own class for it is on its way out."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def seconds(header: str | None) -> float | None:
    """A `Retry-After` in seconds; the form with a date, which Twilio does not use, counts as none."""
    return float(header) if header and header.isascii() and header.isdigit() else None


def open_client(*, account_sid: str, auth_token: str, api_url: str) -> Client:
    """An SDK client that belongs to the running event loop."""
    for name in SDK_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    return Client(account_sid, auth_token, http_client=ApiTransport(api_url))
