"""Twilio's webhooks: a patient's text and its answer, and what becomes of the texts that we sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from flask import Blueprint, Response, abort, request

from bot.core.signature import valid
from bot.services.clinic import Clinic
from bot.services.receive import Inbound, Media, Reply, receive
from bot.services.settle import settle
from bot.web import twiml

LONGEST_FORM: Final = 64 * 1024
LONGEST_BODY: Final = 10_000
"""Characters. WhatsApp carries 4,096 and SMS 1,600; what is longer comes from no phone."""
MOST_MEDIA: Final = 10
SIGNATURE: Final = "HTTP_X_TWILIO_SIGNATURE"

_SID = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_ADDRESS = re.compile(r"(?:[a-z]{2,16}:)?[+A-Za-z0-9][\w.@+ -]{1,62}", re.ASCII)
_MEDIA_URL = re.compile(r"https?://[!-~]{1,500}")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")
_OUR_ID = re.compile(r"[0-9a-f]{32}")
_ERROR_CODE = re.compile(r"[0-9]{1,6}")


def blueprint(clinic: Clinic) -> Blueprint:
    """The routes under /webhooks/twilio, built around one clinic so that nothing is looked up per request."""
    made = Blueprint("webhooks", __name__, url_prefix="/webhooks/twilio")
    desk = Desk(clinic)
    for name, view in (("message", desk.message), ("status", desk.status)):
        # A redirect would turn Twilio's POST into a GET without parameters, so the slash at the end is optional.
        options = {"strict_slashes": False, "provide_automatic_options": False}
        made.add_url_rule(f"/{name}", endpoint=name, view_func=view, methods=["POST"], **options)
    return made


class Desk:
    """Takes what Twilio posts. Every refusal of the form comes after the signature has been found good."""

    def __init__(self, clinic: Clinic) -> None:
        self._clinic = clinic
        self._public_url = clinic.settings.public_url
        self._account = clinic.settings.twilio_account_sid
        self._tokens = clinic.settings.auth_tokens

    def message(self) -> Response:
        """An inbound text. The answer is TwiML; the same MessageSid again gets the same one."""
        reply = receive(self._clinic, inbound_of(self._form()), self._clinic.clock())
        return Response(self._twiml(reply), content_type="text/xml; charset=utf-8")

    def status(self) -> Response:
        """What became of an outbound text. Twilio sends these late, twice and out of order."""
        form = self._form()
        ours = request.args.get("id", "")
        sid = form.get("MessageSid") or form.get("SmsSid") or ""
        if not _SID.fullmatch(sid):
            abort(400)
        code = form.get("ErrorCode", "")
        settle(
            self._clinic,
            message_id=ours if _OUR_ID.fullmatch(ours) else None,
            sid=sid,
            status=form.get("MessageStatus") or form.get("SmsStatus") or "",
            error_code=int(code) if _ERROR_CODE.fullmatch(code) else None,
            now=self._clinic.clock(),
        )
        return Response(status=204)

    def _form(self) -> Mapping[str, str]:
        """The posted form of this request, once its signature, size and account are found good."""
        environ = request.environ
        signature = environ.get(SIGNATURE, "")
        if not signature:
            abort(403)
        # Not Werkzeug's form parser: it takes ten times as long, and the signature wants the pairs as they came.
        raw = request.get_data(cache=False).decode("utf-8", "replace")
        pairs = parse_qsl(raw, keep_blank_values=True, errors="replace")
        query = environ.get("QUERY_STRING", "")
        url = f"{self._public_url}{request.path}{'?' + query if query else ''}"
        if not valid(url, pairs, signature, self._tokens):
            abort(403)
        form = dict(reversed(pairs))
        if form.get("AccountSid", self._account) != self._account:
            abort(403)
        return form

    def _twiml(self, reply: Reply) -> str:
        return twiml.response((twiml.status_url(self._public_url, text.message_id), text.body) for text in reply.texts)


def inbound_of(form: Mapping[str, str]) -> Inbound:
    """The text that a form holds. Aborts with 400 for what Twilio would never post, 413 for what no phone sends."""
    sid = form.get("MessageSid") or form.get("SmsMessageSid") or form.get("SmsSid") or ""
    sender, body = form.get("From", ""), form.get("Body", "")
    if not (_SID.fullmatch(sid) and _ADDRESS.fullmatch(sender)):
        abort(400)
    if len(body) > LONGEST_BODY:
        abort(413)
    recipient = form.get("To", "")
    return Inbound(
        message_sid=sid,
        sender=sender,
        recipient=recipient if _ADDRESS.fullmatch(recipient) else "",
        body=body,
        media=tuple(_media(form)),
        opt_out_type=form.get("OptOutType", "").strip().upper() or None,
    )


def _media(form: Mapping[str, str]) -> Iterable[Media]:
    said = form.get("NumMedia", "0")
    for number in range(min(int(said), MOST_MEDIA) if re.fullmatch(r"[0-9]{1,3}", said) else 0):
        url = form.get(f"MediaUrl{number}", "")
        content_type = form.get(f"MediaContentType{number}", "").lower()
        yield Media(
            content_type if _MEDIA_TYPE.fullmatch(content_type) else "application/octet-stream",
            # Something came, whatever its address: a person is to know of it.
            url if _MEDIA_URL.fullmatch(url) else "",
        )
