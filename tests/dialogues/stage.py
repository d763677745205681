"""A clinic whose patients are Twilio's signed posts and whose staff are an API token; time is moved by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from bot.core.signature import sign
from bot.services import tokens
from bot.store.tables import TokenScope
from bot.web.app import create_app
from tests.services.sending import Carrier
from tests.transcripts.chat import Chat
from tests.transcripts.script import copy_of

MESSAGE = "/webhooks/twilio/message"
_TEXT = re.compile(r"<Message[^>]*>(.*?)</Message>", re.S)


@dataclass
class Stage:
    """One clinic as the world sees it. `chat` is what lies behind it."""

    chat: Chat
    client: FlaskClient
    headers: Mapping[str, str]
    scheduler: bool = False
    """Whether the clinic's own planning is at work too, beside what the script sends."""

    def move_to(self, moment: datetime) -> None:
        """Let time go by until then."""
        if self.scheduler:
            self.chat.until(moment)
        self.chat.now = max(self.chat.now, moment)
        self.chat.deliver()

    def text(self, phone: str, body: str, sid: str, **more: str) -> list[str]:
        """A text arrives; gives what TwiML answers."""
        settings = self.chat.clinic.settings
        form = {
            "MessageSid": sid,
            "AccountSid": settings.twilio_account_sid,
            "From": phone,
            "To": str(settings.twilio_phone_number),
            "Body": body,
            "NumMedia": "0",
            **more,
        }
        signature = sign(settings.public_url + MESSAGE, list(form.items()), settings.auth_tokens[0])
        answer = self.client.post(MESSAGE, data=form, headers={"X-Twilio-Signature": signature})
        assert answer.status_code == 200, answer.status
        return [unescape(text) for text in _TEXT.findall(answer.text)]

    def get(self, path: str) -> dict[str, Any]:
        """An object of the API."""
        answer = self.client.get(f"/api/v1/{path}", headers=self.headers)
        assert answer.status_code == 200, (path, answer.text)
        return dict(answer.json or {})

    def post(self, path: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Change something through the API; gives the status and what it answers."""
        answer = self.client.post(f"/api/v1/{path}", json=dict(body), headers=self.headers)
        return answer.status_code, dict(answer.json or {})

    def send(self, body: Mapping[str, Any]) -> tuple[int, dict[str, Any], bool]:
        """The clinic starts a conversation; gives the status, what the API answers, and whether a text went out."""
        before = len(self.chat.carrier.sent)
        status, answer = self.post("outreach", body)
        self.chat.deliver()
        return status, answer, len(self.chat.carrier.sent) > before


class Theatre:
    """Where dialogues are played one after the other: the application is built once, each gets an empty database."""

    def __init__(self, template: Path, folder: Path) -> None:
        self._template, self._database = template, folder / "clinic.db"
        self._houses: dict[str, tuple[Chat, FlaskClient]] = {}

    @contextmanager
    def stage(self, now: datetime, zone: str) -> Iterator[Stage]:
        """An empty clinic at that moment."""
        for leftover in self._database.parent.glob(f"{self._database.name}*"):
            leftover.unlink()
        copy_of(self._template, self._database)
        chat, client = self._houses.get(zone) or self._build(now, zone)
        chat.now, chat.phones, chat.sent, chat.carrier = now, {}, [], Carrier()
        secret = tokens.create(chat.clinic, "script", scope=TokenScope.WRITE, actor="test", now=now)
        try:
            yield Stage(chat, client, {"Authorization": f"Bearer {secret}"})
        finally:
            chat.clinic.database.dispose()

    def _build(self, now: datetime, zone: str) -> tuple[Chat, FlaskClient]:
        chat = Chat.at(f"sqlite:///{self._database}", now, zone)
        self._houses[zone] = chat, create_app(chat.clinic).test_client()
        return self._houses[zone]
