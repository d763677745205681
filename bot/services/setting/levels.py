"""Service levels: how soon something of each priority is to be answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.core.escalation import LEVELS, Priority
from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.setting.checks import Fault, Faults, Fields
from bot.store.queries import places as queries

MOST_MINUTES = {Priority.EMERGENCY: 60, Priority.URGENT: 24 * 60, Priority.ROUTINE: 7 * 24 * 60}
"""A promise that is longer is none."""
MINUTE = timedelta(minutes=1)


def built_in(priority: Priority) -> int:
    """Minutes that hold where nothing is set."""
    return LEVELS[priority].within // MINUTE


def save(clinic: Clinic, form: Mapping[str, str], *, actor_id: str, now: datetime) -> Faults | None:
    """Set all levels; an empty field means the built-in time. Gives what is wrong, or None when it is done.

    What is open keeps the time by which it was promised.
    """
    fields = Fields(form)
    wanted: dict[Priority, tuple[int, bool] | None] = {}
    for priority in Priority:
        hours = fields.yes(f"{priority}_hours") and priority is not Priority.EMERGENCY
        if fields.raw(priority) or hours:
            wanted[priority] = (fields.number(priority, least=1, most=MOST_MINUTES[priority]), hours)
        else:
            wanted[priority] = None
    minutes = [level[0] if level else built_in(priority) for priority, level in wanted.items()]
    for priority, sooner, later in zip(list(Priority)[1:], minutes, minutes[1:], strict=False):
        if later < sooner and not fields.faults:
            fields.faults[priority] = Fault.ORDER
    if fields.faults:
        return fields.faults
    with clinic.database.begin() as connection:
        stored = {row.priority: (row.minutes, row.office_hours) for row in queries.service_levels(connection)}
        detail = {
            str(priority): [_words(stored.get(priority)), _words(level)]
            for priority, level in wanted.items()
            if stored.get(priority) != level
        }
        for priority, level in wanted.items():
            if level is None:
                queries.clear_level(connection, priority)
            else:
                values = {"priority": priority, "minutes": level[0], "office_hours": level[1], "updated_at": now}
                queries.set_level(connection, values)
        if detail:
            audit.record(
                connection, at=now, actor=actor_id, action="service-levels.change", object_type="service-levels",
                detail=detail,
            )  # fmt: skip
    clinic.known.forget()
    return None


def _words(level: tuple[int, bool] | None) -> str:
    if level is None:
        return "built-in"
    return f"{level[0]} min{', office hours' if level[1] else ''}"
