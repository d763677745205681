"""How soon an answer is due: the clinic's own times by priority, kept in the process for some seconds."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, select

from bot.core.escalation import LEVELS, Level, Priority, respond_by
from bot.core.hours import Span
from bot.store.tables import ServiceLevel

KEPT_SECONDS: Final = 10.0
"""A changed setting holds everywhere after so long; meanwhile no escalation costs a look of its own."""
_LEVELS: Final = select(ServiceLevel.priority, ServiceLevel.minutes, ServiceLevel.office_hours)


class Levels:
    """The levels of one clinic."""

    def __init__(self) -> None:
        self._known: Mapping[Priority, Level] = LEVELS
        self._until = 0.0

    def respond_by(
        self, connection: Connection, priority: Priority, now: datetime, *, zone: str, office: Span
    ) -> datetime:
        """When something that came up now is to be answered."""
        return respond_by(self._now(connection)[priority], priority, now, zone=zone, office=office)

    def forget(self) -> None:
        """They have just been changed: read them anew."""
        self._until = 0.0

    def _now(self, connection: Connection) -> Mapping[Priority, Level]:
        if time.monotonic() >= self._until:
            rows = connection.execute(_LEVELS).all()
            own = {row.priority: Level(timedelta(minutes=row.minutes), row.office_hours) for row in rows}
            self._known = {**LEVELS, **own}
            self._until = time.monotonic() + KEPT_SECONDS
        return self._known
