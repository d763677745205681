"""What templates may call: the console's words, times in the right zone, and who is looking."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, g

from bot.services.brakes import Trouble, troubles
from bot.services.clinic import Clinic
from bot.store.database import DatabaseDown
from bot.web.console import words
from bot.web.current import clinic


def install(blueprint: Blueprint) -> None:
    """Give every console template these names."""
    blueprint.context_processor(_names)


def _draft_key() -> str:
    """Seals what one has begun to write, in the browser's own store: whoever signs in after one cannot read it."""
    ours = clinic()
    secret = ours.settings.secret_key.get_secret_value().encode()
    key = hmac.digest(secret, f"draft {g.person.user_id}".encode(), "sha256")
    return base64.b64encode(key).decode()


def _names() -> dict[str, Any]:
    ours = clinic()
    now, home = ours.clock(), ours.settings.clinic_timezone

    def when(moment: datetime, zone: str = home) -> str:
        return words.when(moment, zone, now)

    def day(moment: datetime, zone: str = home) -> str:
        return words.day(moment, zone, now)

    return {
        "clinic_name": ours.settings.clinic_name,
        "day": day,
        "draft_key": _draft_key,
        "due": lambda moment: words.due(moment, now),
        "age": lambda moment: words.age(moment, now),
        "now": now,
        "person": g.get("person"),
        "troubles": lambda: _troubles(ours, now),
        "urgency": lambda moment: words.urgency(moment, now),
        "when": when,
        "words": words,
    }


def _troubles(ours: Clinic, now: datetime) -> Sequence[Trouble]:
    try:
        return troubles(ours, now)
    except DatabaseDown:
        return ()  # The page says so itself.
