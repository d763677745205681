"""Twilio's REST API as the emulated network speaks it: messages, their list, and the account."""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from datetime import datetime
from email.utils import format_datetime
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiMapping

from bot import clock
from bot.core.messages import MessageStatus
from bot.core.segments import segments
from bot.demo.network_faults import Fault, Faults
from bot.demo.network_state import NetworkMessage, NetworkState, Way, new_sid
from bot.demo.network_wire import API_VERSION, Wire

ROOT = f"/{API_VERSION}/Accounts"
ADDRESS = re.compile(r"(whatsapp:)?\+[1-9]\d{6,14}")
LONGEST_BODY = 1600
LONGEST_VALIDITY = 36_000
LARGEST_PAGE = 1000
CANCELABLE = (MessageStatus.ACCEPTED, MessageStatus.SCHEDULED, MessageStatus.QUEUED)


class Rejected(Exception):
    """The request is answered with an error in Twilio's shape."""

    def __init__(self, http_status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.http_status, self.code, self.message = http_status, code, message


def error_response(status: int, code: int, message: str) -> web.Response:
    """An error body in Twilio's shape."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    return web.json_response({"code": code, "message": message, "more_info": more, "status": status}, status=status)


def message_json(message: NetworkMessage, account_sid: str) -> dict[str, Any]:
    """The message resource, every field of it."""
    uri = f"{ROOT}/{account_sid}/Messages/{message.sid}"
    return {
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": _rfc2822(message.created),
        "date_sent": _rfc2822(message.sent),
        "date_updated": _rfc2822(message.sent or message.created),
        "direction": message.way.value,
        "error_code": message.error_code,
        "error_message": None,
        "from": message.sender,
        "messaging_service_sid": message.service,
        "num_media": str(len(message.media)),
        # Not known before the Messaging Service has chosen a sender.
        "num_segments": "0" if message.status is MessageStatus.ACCEPTED else str(message.segments),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status.value,
        "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


def _rfc2822(moment: datetime | None) -> str | None:
    return format_datetime(moment) if moment else None


class RestApi:
    """The routes under /2010-04-01/Accounts."""

    def __init__(self, state: NetworkState, faults: Faults, wire: Wire) -> None:
        self._state = state
        self._faults = faults
        self._wire = wire
        settings = state.settings
        self._base = f"{ROOT}/{settings.account_sid}"
        self._login = "Basic " + b64encode(f"{settings.account_sid}:{settings.auth_token}".encode()).decode()

    def add_routes(self, app: web.Application) -> None:
        """Everything below the accounts, told apart here: Twilio authenticates before it looks anything up."""
        app.router.add_route("*", ROOT + "{tail:/.*}", self.handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Authenticate, wait as long as the network takes, then do it."""
        try:
            if request.headers.get("Authorization") != self._login:
                raise Rejected(401, 20003, "Authenticate")
            if self._faults.plan.latency_ms > 0:
                await asyncio.sleep(self._faults.plan.latency_ms / 1000)
            return await self._dispatch(request)
        except Rejected as error:
            return error_response(error.http_status, error.code, error.message)

    async def _dispatch(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix(self._base)
        sid = path.removeprefix("/Messages/").removesuffix(".json")
        match request.method, path:
            case "GET", ".json":
                return web.json_response(self._account())
            case "POST", "/Messages.json":
                return await self._create(request)
            case "GET", "/Messages.json":
                return web.json_response(self._list(request.query))
            case "GET", _ if sid in self._state.messages:
                return self._answer(self._state.messages[sid])
            case "POST", _ if sid in self._state.messages:
                return self._update(self._state.messages[sid], await request.post())
            case "DELETE", _ if sid in self._state.messages:
                self._state.drop(self._state.messages[sid])
                return web.Response(status=204)
        raise Rejected(404, 20404, f"The requested resource {request.path} was not found")

    def _answer(self, message: NetworkMessage, *, status: int = 200) -> web.Response:
        return web.json_response(message_json(message, self._state.settings.account_sid), status=status)

    def _account(self) -> dict[str, Any]:
        sid = self._state.settings.account_sid
        return {
            "sid": sid,
            "owner_account_sid": sid,
            "friendly_name": "Emulated phone network",
            "status": "active",
            "type": "Full",
            "uri": f"{self._base}.json",
        }

    async def _create(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        fault = self._faults.at_send()
        match fault:
            case Fault.TOO_MANY:
                raise Rejected(429, 20429, "Too Many Requests")
            case Fault.SERVER_ERROR:
                raise Rejected(500, 20500, "Internal Server Error")
            case Fault.TIMEOUT:
                await asyncio.sleep(self._faults.seconds(fault))
                return _cut(request)
        message = self._accept(form)
        answer = self._answer(message, status=201)
        if self._faults.strikes(Fault.CALLBACK_EARLY):
            await self._wire.carry(message)
        else:
            self._wire.report_later(message)
        match fault:
            case Fault.ACCEPT_RESET:
                return _cut(request)
            case Fault.ACCEPT_ERROR:
                raise Rejected(500, 20500, "Internal Server Error")
            case Fault.ACCEPT_TIMEOUT:
                await asyncio.sleep(self._faults.seconds(fault))
                return _cut(request)
        return answer

    def _accept(self, form: MultiMapping[Any]) -> NetworkMessage:
        """Take the message. Raises Rejected."""
        self._check(form)
        settings = self._state.settings
        service = form.get("MessagingServiceSid") or None
        body = str(form.get("Body", ""))
        message = NetworkMessage(
            sid=new_sid("MM" if "MediaUrl" in form else "SM"),
            way=Way.API,
            sender=form.get("From") or settings.phone_number,
            to=form["To"],
            body=body,
            status=MessageStatus.ACCEPTED if service else MessageStatus.QUEUED,
            created=clock.now(),
            media=tuple(str(url) for url in form.getall("MediaUrl", [])),
            segments=segments(body),
            service=service,
            status_callback=form.get("StatusCallback") or None,
        )
        self._state.add(message)
        return message

    def _check(self, form: MultiMapping[Any]) -> None:
        settings = self._state.settings
        to, sender, service = form.get("To"), form.get("From"), form.get("MessagingServiceSid")
        if not to:
            raise Rejected(400, 21604, "A 'To' phone number is required.")
        if not ADDRESS.fullmatch(str(to)):
            raise Rejected(400, 21211, f"Invalid 'To' Phone Number: {to}")
        if not (sender or service):
            raise Rejected(400, 21603, "A 'From' phone number is required.")
        if sender and str(sender).rpartition(":")[2] != settings.phone_number:
            raise Rejected(400, 21606, f"The 'From' phone number {sender} is not a valid, SMS-capable number of yours")
        if service and service != settings.messaging_service_sid:
            raise Rejected(400, 21705, "The Messaging Service Sid is invalid.")
        if to in self._faults.plan.refused:
            raise Rejected(400, self._faults.plan.refused[to], f"The 'To' number {to} cannot be sent to")
        self._check_content(form)
        if self._state.phone(str(to).rpartition(":")[2]).opted_out:
            raise Rejected(400, 21610, "Attempt to send to unsubscribed recipient")

    def _check_content(self, form: MultiMapping[Any]) -> None:
        body, callback = str(form.get("Body", "")), str(form.get("StatusCallback", ""))
        validity = str(form.get("ValidityPeriod", LONGEST_VALIDITY))
        if not body and "MediaUrl" not in form:
            raise Rejected(400, 21602, "Message body is required.")
        if len(body) > LONGEST_BODY:
            raise Rejected(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
        if callback and not callback.startswith(("http://", "https://")):
            raise Rejected(400, 21609, f"The 'StatusCallback' URL {callback} is not a valid URL.")
        if not (validity.isdigit() and 1 <= int(validity) <= LONGEST_VALIDITY):
            raise Rejected(400, 20001, "ValidityPeriod is not an integer from 1 to 36000")

    def _list(self, query: MultiMapping[str]) -> dict[str, Any]:
        page, size = _number(query, "Page", 0), min(_number(query, "PageSize", 50) or 50, LARGEST_PAGE)
        found = (item for item in self._state.newest(to=query.get("To"), sender=query.get("From")) if _on(item, query))
        chosen = list(islice(found, page * size, (page + 1) * size + 1))
        rest = {name: query[name] for name in query if name not in ("Page", "PageToken", "PageSize")}

        def uri(number: int) -> str:
            return f"{self._base}/Messages.json?{urlencode({**rest, 'PageSize': size, 'Page': number})}"

        account = self._state.settings.account_sid
        return {
            "messages": [message_json(item, account) for item in chosen[:size]],
            "page": page,
            "page_size": size,
            "start": page * size,
            "end": page * size + max(len(chosen[:size]) - 1, 0),
            "uri": uri(page),
            "first_page_uri": uri(0),
            "next_page_uri": uri(page + 1) if len(chosen) > size else None,
            "previous_page_uri": uri(page - 1) if page else None,
        }

    def _update(self, message: NetworkMessage, form: MultiMapping[Any]) -> web.Response:
        if form.get("Body") == "":
            message.body = ""
        elif form.get("Status") == MessageStatus.CANCELED:
            if message.status not in CANCELABLE:
                raise Rejected(400, 30409, "Message cannot be canceled: it is no longer scheduled or queued")
            message.status = MessageStatus.CANCELED
        else:
            raise Rejected(400, 20001, "Only Body='' and Status=canceled can be changed")
        self._state.changed(message)
        return self._answer(message)


def _cut(request: web.Request) -> web.Response:
    """Drop the connection; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _number(query: MultiMapping[str], name: str, default: int) -> int:
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else default


def _on(message: NetworkMessage, query: MultiMapping[str]) -> bool:
    """Whether it was sent on, up to, or since the day asked for; what is not sent yet has no day."""
    bounds = [(name, query[name]) for name in ("DateSent", "DateSent<", "DateSent>") if name in query]
    if not bounds:
        return True
    if message.sent is None:
        return False
    day = message.sent.date().isoformat()
    return all(
        (day <= bound) if name.endswith("<") else (day >= bound) if name.endswith(">") else (day == bound)
        for name, bound in bounds
    )
