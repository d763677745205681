"""What templates may call: the console's words, times in the right zone, and who is looking."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from flask import Blueprint, current_app, g

from bot.services.brakes import Trouble, troubles
from bot.services.clinic import Clinic
from bot.store.database import DatabaseDown
from bot.store.tables import Role
from bot.web.console import words
from bot.web.console.guard import SUPERVISORS
from bot.web.console.language import LANGUAGES, Said, tongue
from bot.web.console.roles import ROLES
from bot.web.console.snoozing import MENU
from bot.web.current import clinic


class Tab(NamedTuple):
    """A place that the bar on top leads to: its endpoint, the pages that belong to it, and who goes there."""

    endpoint: str
    pages: tuple[str, ...]
    roles: tuple[Role, ...] = tuple(Role)


TABS: Final = (
    Tab("console.today", ()),
    Tab("console.inbox", ("console.conversation", "console.search")),
    Tab("console.find", ("console.patient",)),
    Tab("console.loops", ("console.loop",)),
    Tab(
        "console.campaigns",
        tuple(f"console.{page}" for page in ("campaign", "campaign_new", "segments", "segment", "segment_new")),
    ),
    Tab("console.templates", ("console.template",)),
    Tab("console.canned", ("console.canned_new", "console.canned_reply")),
    Tab("console.reports", ("console.report", "console.report_cases", "console.report_hold_outs")),
    Tab("console.imports", (), SUPERVISORS),
    Tab(
        "console.settings",
        tuple(
            f"console.setting_{page}"
            for page in ("locations", "location", "on_call", "rung", "levels", "resources", "resource")
        ),
        SUPERVISORS,
    ),
    Tab("console.people", ("console.somebody", "console.invite"), SUPERVISORS),
    Tab("console.audit", (), SUPERVISORS),
)
NAMES: Final = Said(
    {
        "console.today": "Today",
        "console.inbox": "Inbox",
        "console.find": "Patients",
        "console.loops": "Loops",
        "console.campaigns": "Campaigns",
        "console.templates": "Messages",
        "console.canned": "Canned replies",
        "console.reports": "Reports",
        "console.imports": "Imports",
        "console.settings": "Settings",
        "console.people": "People",
        "console.audit": "Audit",
    }
)
PHRASES: Final = Said(
    {
        "one_segment": "1 segment · %(left)s left",
        "segments": "%(count)s segments",
        "stale": "Not live since %(time)s. Trying again…",
        "new_emergency": "1 new emergency in the list",
        "new_emergencies": "%(count)s new emergencies in the list",
        "new": "%(count)s new in the list",
        "failed": "That did not work. Try again in a moment.",
        "today": "Today",
        "inbox": "Inbox",
        "conversation": "Conversation",
    }
)
"""What console.js says."""
ALWAYS_SHOWN: Final = 3
"""So many stand in the bar itself; the rest fold into a menu."""


def install(blueprint: Blueprint) -> None:
    """Give every console template these names."""
    blueprint.context_processor(_names)


def _tabs() -> Sequence[Tab]:
    return [tab for tab in TABS if tab.endpoint in current_app.view_functions and g.person.role in tab.roles]


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
        "ROLES": ROLES,
        "ALWAYS_SHOWN": ALWAYS_SHOWN,
        "LANGUAGES": LANGUAGES,
        "TAB_NAMES": NAMES,
        "age": lambda moment: words.age(moment, now),
        "full_day": lambda: words.full_day(now, home),
        "now": now,
        "person": g.get("person"),
        "phrases": lambda: dict(PHRASES),
        "snooze_menu": MENU,
        "tabs": _tabs,
        "tongue": tongue,
        "troubles": lambda: _troubles(ours, now),
        "waited": lambda minutes: words.span(timedelta(minutes=minutes)),
        "urgency": lambda moment: words.urgency(moment, now),
        "when": when,
        "words": words,
    }


def _troubles(ours: Clinic, now: datetime) -> Sequence[Trouble]:
    try:
        return troubles(ours, now)
    except DatabaseDown:
        return ()  # The page says so itself.
