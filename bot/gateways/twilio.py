"""The messaging provider: Twilio's REST API through its own SDK, every call bounded and every outcome a value."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.config import Settings
from bot.core.provider import (
    Accepted,
    ListedMessage,
    OutgoingText,
    ProviderAnswer,
    ProviderUnavailable,
    Refused,
    Unknown,
)
from bot.gateways.twilio_faults import answer_to

if TYPE_CHECKING:
    from twilio.rest import Client
    from twilio.rest.api.v2010.account.message import MessageInstance

CALL_SECONDS = 10.0
VALIDITY_RANGE = (1, 36_000)


class TwilioProvider:
    """Sends as the settings' Messaging Service or number. Connects on first use, and belongs to that event loop."""

    def __init__(self, settings: Settings, *, call_seconds: float = CALL_SECONDS) -> None:
        self._settings = settings
        self._call_seconds = call_seconds
        self._client: Client | None = None

    async def send(self, text: OutgoingText) -> ProviderAnswer:
        """Hand over one text. Never raises for what Twilio or the wire does."""
        try:
            async with asyncio.timeout(self._call_seconds):
                message = await self._open().messages.create_async(**self._parameters(text))
            if not isinstance(message.sid, str) or not message.sid:
                return Unknown("an answer without a SID")
            # A Messaging Service has not chosen a sender yet and says 0 segments.
            return Accepted(message.sid, str(message.status), int(message.num_segments or 0) or None)
        except Exception as error:
            return answer_to(error)

    async def list_to(self, to: str, *, limit: int = 50) -> Sequence[ListedMessage]:
        """Messages to this number, newest first. Raises ProviderUnavailable."""
        try:
            async with asyncio.timeout(self._call_seconds):
                return [_listed(item) for item in await self._open().messages.list_async(to=to, limit=limit)]
        except Exception as error:
            raise ProviderUnavailable(_fault(error)) from None

    async def check(self) -> str | None:
        """None when the credentials work, else one line that says what is wrong."""
        sid = self._settings.twilio_account_sid
        try:
            async with asyncio.timeout(self._call_seconds):
                account = await self._open().api.v2010.accounts(sid).fetch_async()
        except Exception as error:
            match answer_to(error):
                case Refused(http_status=401 | 403 | 404):
                    return "Twilio refuses TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN"
                case _:
                    return f"Twilio cannot be reached at {self._settings.twilio_api_url}: {_fault(error)}"
        return None if account.status == "active" else f"the Twilio account is {account.status}"

    async def aclose(self) -> None:
        """Close the connections of this event loop."""
        if self._client is not None:
            client, self._client = self._client, None
            await client.http_client.close()

    def _open(self) -> Client:
        if self._client is None:
            # The SDK takes a third of a second and 50 MB to import; web and scheduler never send.
            from bot.gateways.twilio_http import open_client

            self._client = open_client(
                account_sid=self._settings.twilio_account_sid,
                auth_token=self._settings.auth_tokens[0],
                api_url=self._settings.twilio_api_url,
            )
        return self._client

    def _parameters(self, text: OutgoingText) -> dict[str, Any]:
        parameters: dict[str, Any] = {"to": text.to, "body": text.body}
        if text.status_callback is not None:
            parameters["status_callback"] = text.status_callback
        if self._settings.twilio_messaging_service_sid:
            parameters["messaging_service_sid"] = self._settings.twilio_messaging_service_sid
        else:
            # A channel address is answered from the same channel: whatsapp:+1… from whatsapp:+1…
            channel = text.to.rpartition(":")
            parameters["from_"] = channel[0] + channel[1] + str(self._settings.twilio_phone_number)
        if text.validity_seconds is not None:
            shortest, longest = VALIDITY_RANGE
            parameters["validity_period"] = max(shortest, min(text.validity_seconds, longest))
        return parameters


def _listed(item: MessageInstance) -> ListedMessage:
    return ListedMessage(
        sid=item.sid or "",
        to=item.to or "",
        body=item.body or "",
        status=str(item.status),
        error_code=item.error_code,
        direction=str(item.direction),
        created_at=item.date_created,
    )


def _fault(error: Exception) -> str:
    """The fault in a few words; never the exception's own, which may quote the request."""
    match answer_to(error):
        case Refused(code, status):
            return f"HTTP {status}" + (f", error {code}" if code else "") if status else "no connection"
        case Unknown(reason):
            return reason
