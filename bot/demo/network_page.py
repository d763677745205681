"""The network's own routes: the page of phones, what it reads and does, and what tests look at."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from bot import clock
from bot.demo.network_faults import Faults, read_plan, show_plan
from bot.demo.network_phones import Exchange
from bot.demo.network_rest import message_json
from bot.demo.network_state import NetworkMessage, NetworkState, Phone, Way, is_on_screen

FILES = Path(__file__).parent / "phones"
SHOWN_PHONES = 300
SHOWN_TEXTS = 40
MORNING = time(9)
LONGEST_TEXT = 1600
FASTEST = 24 * 3600.0
NUMBER = r"{number:\+[1-9][0-9]{6,14}}"

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


class Page:
    """The routes outside Twilio's API."""

    def __init__(self, state: NetworkState, faults: Faults, exchange: Exchange) -> None:
        self._state = state
        self._faults = faults
        self._exchange = exchange

    def add_routes(self, app: web.Application) -> None:
        """The page itself, and JSON under /network."""
        app.router.add_get("/", self.page)
        app.router.add_static("/static", FILES)
        app.router.add_get("/network/phones", self.phones)
        app.router.add_put("/network/labels", self.labels)
        app.router.add_get(f"/network/phones/{NUMBER}", self.phone)
        app.router.add_post(f"/network/phones/{NUMBER}/texts", self.text)
        app.router.add_post(f"/network/phones/{NUMBER}/seen", self.seen)
        app.router.add_get("/network/messages", self.messages)
        app.router.add_get("/network/faults", self.faults)
        app.router.add_put("/network/faults", self.set_faults)
        app.router.add_put("/network/clock", self.set_clock)

    async def page(self, _: web.Request) -> web.StreamResponse:
        """The page of phones."""
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
        return web.FileResponse(FILES / "index.html", headers=headers)

    async def phones(self, request: web.Request) -> web.Response:
        """All phones with their last texts; 304 while nothing has changed since the ETag."""
        tag = f'"{self._state.version}-{_clock_stamp()}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        wanted = request.query.get("q", "").casefold()
        shown = [phone for phone in self._state.phones.values() if _matches(phone, wanted)][:SHOWN_PHONES]
        settings = self._state.settings
        body = {
            "version": self._state.version,
            "clinic": settings.phone_number,
            "console": f"{settings.app_url}/console/" if settings.app_url else None,
            "clock": _clock(settings.timezone),
            "phones": [phone_json(phone) for phone in shown],
        }
        return web.json_response(body, headers={"ETag": tag, "Cache-Control": "no-cache"})

    async def phone(self, request: web.Request) -> web.Response:
        """One phone with its whole thread."""
        phone = self._state.phones.get(request.match_info["number"])
        if phone is None:
            raise web.HTTPNotFound
        return web.json_response(phone_json(phone, limit=len(phone.thread)))

    async def labels(self, request: web.Request) -> web.Response:
        """Names and languages: `{number: {"name", "language"}}`."""
        self._state.label(await _object(request))
        return web.Response(status=204)

    async def text(self, request: web.Request) -> web.Response:
        """A text from this phone: `{"body", "media"?: [content type], "channel"?: "whatsapp", "sid"?: of a repeat}`."""
        data = await _object(request)
        body, media = data.get("body", ""), data.get("media", [])
        if not isinstance(body, str) or not isinstance(media, list) or len(body) > LONGEST_TEXT:
            raise web.HTTPBadRequest(text="write a body of up to 1600 characters")
        outcome = await self._exchange.receive(
            request.match_info["number"],
            body.encode("utf-8", "replace").decode(),
            media=[str(kind) for kind in media],
            channel=str(data.get("channel", "")),
            sid=data.get("sid"),
        )
        replies = [text_json(reply) for reply in outcome.replies]
        answer = {"sid": outcome.message.sid, "webhook_status": outcome.status, "fault": outcome.fault}
        return web.json_response({**answer, "replies": replies}, status=201)

    async def seen(self, request: web.Request) -> web.Response:
        """Somebody has looked at this phone."""
        await _object(request)
        phone = self._state.phones.get(request.match_info["number"])
        if phone is not None and phone.unread:
            phone.seen = phone.received
            self._state.touch(phone)
        return web.Response(status=204)

    async def messages(self, _: web.Request) -> web.Response:
        """Everything the network has accepted or brought, oldest first, and the webhooks that failed."""
        account = self._state.settings.account_sid
        found = [
            {**message_json(message, account), "status_callback": message.status_callback}
            for message in self._state.messages.values()
        ]
        return web.json_response({"messages": found, "alerts": list(self._state.alerts)})

    async def faults(self, _: web.Request) -> web.Response:
        """What goes wrong on purpose, and how often it has."""
        return web.json_response({**show_plan(self._faults.plan), "struck": dict(self._faults.struck)})

    async def set_faults(self, request: web.Request) -> web.Response:
        """Another plan from now on; what is not named is off."""
        try:
            self._faults.replace(read_plan(await _object(request)))
        except ValueError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        return await self.faults(request)

    async def set_clock(self, request: web.Request) -> web.Response:
        """The fast clock: `{"rate": n}` or `{"jump": "morning"}`."""
        path = os.environ.get(clock.CLOCK_FILE)
        if not path:
            raise web.HTTPNotFound(text="the clock is the real one here")
        data, now = await _object(request), clock.now()
        zone = self._state.settings.timezone
        rate = float(data.get("rate", _clock(zone)["rate"]))
        if not 1 <= rate <= FASTEST:
            raise web.HTTPBadRequest(text="the rate is from 1 to 86400")
        shown = next_morning(now, zone) if data.get("jump") == "morning" else now
        clock.write_anchor(Path(path), shown=shown, rate=rate)
        return web.json_response(_clock(zone))


def phone_json(phone: Phone, *, limit: int = SHOWN_TEXTS) -> dict[str, Any]:
    """One phone as the page shows it."""
    return {
        "number": phone.number,
        "name": phone.labels.get("name", ""),
        "language": phone.labels.get("language", ""),
        "opted_out": phone.opted_out,
        "unread": phone.unread,
        "version": phone.version,
        "texts": [text_json(message) for message in phone.thread[-limit:]] if limit else [],
    }


def text_json(message: NetworkMessage) -> dict[str, Any]:
    """One text as the page shows it; what the carrier has not brought yet is there with its status."""
    return {
        "sid": message.sid,
        "from_patient": message.way is Way.INBOUND,
        "body": message.body,
        "media": len(message.media),
        "at": (message.sent or message.created).isoformat(),
        "status": message.status.value,
        "shown": message.way is Way.INBOUND or is_on_screen(message),
        "note": message.note,
    }


def next_morning(now: datetime, zone: str) -> datetime:
    """The next nine o'clock there."""
    local = now.astimezone(ZoneInfo(zone))
    day = local.date() + timedelta(days=local.time() >= MORNING)
    return datetime.combine(day, MORNING, ZoneInfo(zone))


def _clock(zone: str) -> dict[str, Any]:
    path = os.environ.get(clock.CLOCK_FILE)
    rate = float(json.loads(Path(path).read_text())["rate"]) if path else 1.0
    return {"now": clock.now().isoformat(), "zone": zone, "rate": rate, "adjustable": bool(path)}


def _clock_stamp() -> int:
    path = os.environ.get(clock.CLOCK_FILE)
    return Path(path).stat().st_mtime_ns if path else 0


def _matches(phone: Phone, wanted: str) -> bool:
    return wanted in phone.number or wanted in phone.labels.get("name", "").casefold()


async def _object(request: web.Request) -> Mapping[str, Any]:
    # JSON only: another site's page cannot send that here without asking first, and nobody answers it.
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send JSON")
    try:
        data = await request.json()
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise web.HTTPBadRequest(text="send a JSON object")
    return data
