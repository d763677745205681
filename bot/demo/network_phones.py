"""A patient's text on its way to the app: the inbound webhook, and the TwiML that comes back to the phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urljoin
from xml.etree import ElementTree

from bot import clock
from bot.core.messages import MessageStatus
from bot.core.segments import segments
from bot.demo.network_state import Keywords, NetworkMessage, NetworkState, Way, new_sid
from bot.demo.network_wire import API_VERSION, Answer, Wire

LARGEST_TWIML = 64 * 1024
XML_TYPES = ("text/xml", "application/xml", "text/html")
HANDLED = {"STOP": "You have successfully been unsubscribed.", "START": "You have successfully been re-subscribed."}


class BadTwiml(Exception):
    """The app's answer is of no use to the network; the first word is Twilio's error code."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One <Message> of the app's answer."""

    body: str
    to: str | None
    status_callback: str | None
    media: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a patient's text."""

    message: NetworkMessage
    status: int
    fault: str | None
    replies: tuple[NetworkMessage, ...]


def read_twiml(answer: Answer) -> tuple[Reply, ...]:
    """The <Message> elements of the app's answer. Raises BadTwiml."""
    if answer.status == 204 or not answer.body.strip():
        return ()
    if answer.content_type not in XML_TYPES:
        raise BadTwiml(f"12300 content type {answer.content_type}")
    if len(answer.body) > LARGEST_TWIML:
        raise BadTwiml("11750 TwiML over 64 kB")
    try:
        root = ElementTree.fromstring(answer.body)  # noqa: S314 - our own app's answer, limited in size
    except ElementTree.ParseError as error:
        raise BadTwiml("12100 TwiML cannot be parsed") from error
    if root.tag != "Response":
        raise BadTwiml("12100 TwiML without <Response>")
    return tuple(_read_message(element) for element in root.iter("Message"))


def _read_message(element: ElementTree.Element) -> Reply:
    bodies = [body.text or "" for body in element.findall("Body")] or [element.text or ""]
    return Reply(
        body="".join(bodies).strip(),
        to=element.get("to"),
        status_callback=element.get("statusCallback") or element.get("action"),
        media=tuple((media.text or "").strip() for media in element.findall("Media")),
    )


class Exchange:
    """Takes what patients type and brings back what the app says."""

    def __init__(self, state: NetworkState, wire: Wire) -> None:
        self._state = state
        self._wire = wire
        self._answered: set[str] = set()

    async def receive(
        self, number: str, body: str, *, media: Sequence[str] = (), channel: str = "", sid: str | None = None
    ) -> Outcome:
        """A text from that phone to the app, and the answer back. A known `sid` repeats its webhook."""
        known = self._state.messages.get(sid) if sid else None
        message = known or self._message(number, body, media=tuple(media), channel=channel, sid=sid)
        if known is None:
            self._state.add(message)
        opt_out_type = self._state.take_keyword(number, body)
        if opt_out_type:
            self._say(message, Reply(HANDLED[opt_out_type], None, None, ()))
        outcome = await self._ask_app(message, opt_out_type)
        message.note = f"the clinic's webhook failed: {outcome.fault}" if outcome.fault else None
        self._state.changed(message)
        return outcome

    def _message(
        self, number: str, body: str, *, media: tuple[str, ...], channel: str, sid: str | None
    ) -> NetworkMessage:
        prefix = f"{channel}:" if channel else ""
        return NetworkMessage(
            sid=sid or new_sid("MM" if media else "SM"),
            way=Way.INBOUND,
            sender=prefix + number,
            to=prefix + self._state.settings.phone_number,
            body=body,
            status=MessageStatus.RECEIVED,
            created=clock.now(),
            sent=clock.now(),
            media=media,
            segments=max(segments(body), 1),
            service=self._state.settings.messaging_service_sid,
        )

    async def _ask_app(self, message: NetworkMessage, opt_out_type: str | None) -> Outcome:
        settings = self._state.settings
        if settings.app_url is None:
            return Outcome(message, 0, "no app is connected", ())
        url = f"{settings.app_url}/webhooks/twilio/message"
        form = self.form(message, opt_out_type)
        answer = await self._wire.post(f"{url}#{settings.connection}", form)
        if answer.fault and settings.fallback_url:
            self._state.alerts.append(f"11200 webhook for {message.sid}: {answer.status or answer.fault}")
            form += [("ErrorCode", "11200"), ("ErrorUrl", url)]
            url = settings.fallback_url
            answer = await self._wire.post(url, form)
        try:
            if answer.fault:
                raise BadTwiml(f"11200 {answer.status or answer.fault}")
            replies = read_twiml(answer)
        except BadTwiml as error:
            self._state.alerts.append(f"{error} (webhook for {message.sid})")
            return Outcome(message, answer.status, str(error), ())
        if message.sid in self._answered:
            return Outcome(message, answer.status, None, ())
        self._answered.add(message.sid)
        return Outcome(message, answer.status, None, self._reply_all(message, replies, base=url))

    def _reply_all(self, message: NetworkMessage, replies: Sequence[Reply], *, base: str) -> tuple[NetworkMessage, ...]:
        # The app's word to a STOP passes, as where Twilio's own handling is off; with it on, the phone is blocked.
        blocked = self._state.settings.keywords is Keywords.HANDLE and self._state.phone(message.phone).opted_out
        if blocked and replies:
            self._state.alerts.append(f"21610 reply to {message.sid}")
        return () if blocked else tuple(self._say(message, reply, base=base) for reply in replies)

    def _say(self, asked: NetworkMessage, reply: Reply, *, base: str = "") -> NetworkMessage:
        answer = NetworkMessage(
            sid=new_sid("MM" if reply.media else "SM"),
            way=Way.REPLY,
            sender=asked.to,
            to=reply.to or asked.sender,
            body=reply.body,
            status=MessageStatus.QUEUED,
            created=clock.now(),
            media=reply.media,
            segments=segments(reply.body),
            service=self._state.settings.messaging_service_sid,
            status_callback=urljoin(base, reply.status_callback) if reply.status_callback else None,
        )
        self._state.add(answer)
        self._wire.report_later(answer)
        return answer

    def form(self, message: NetworkMessage, opt_out_type: str | None = None) -> list[tuple[str, str]]:
        """All parameters of Twilio's inbound webhook, the blank ones too."""
        pairs = [
            ("ToCountry", "US"),
            ("ToState", "MS"),
            ("SmsMessageSid", message.sid),
            ("NumMedia", str(len(message.media))),
            ("ToCity", ""),
            ("FromZip", ""),
            ("SmsSid", message.sid),
            ("FromState", "MS"),
            ("SmsStatus", "received"),
            ("FromCity", ""),
            ("Body", message.body),
            ("FromCountry", "US"),
            ("To", message.to),
            ("ToZip", ""),
            ("NumSegments", str(message.segments)),
            ("MessageSid", message.sid),
            ("AccountSid", self._state.settings.account_sid),
            ("From", message.sender),
            ("ApiVersion", API_VERSION),
        ]
        for index, kind in enumerate(message.media):
            account = self._state.settings.account_sid
            url = f"https://api.twilio.com/{API_VERSION}/Accounts/{account}/Messages/{message.sid}/Media/ME{index:032x}"
            pairs += [(f"MediaUrl{index}", url), (f"MediaContentType{index}", kind)]
        if message.service:
            pairs.append(("MessagingServiceSid", message.service))
        if opt_out_type:
            pairs.append(("OptOutType", opt_out_type))
        if message.sender.startswith("whatsapp:"):
            name = self._state.phone(message.phone).labels.get("name", "")
            pairs += [("WaId", message.phone.lstrip("+")), ("ProfileName", name)]
        return pairs
