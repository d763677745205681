"""The on-call ladder: who hears of an emergency that nobody has taken, after how long, and by which way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.setting.checks import Fault, Faults, Fields, changes
from bot.store.columns import new_id
from bot.store.queries import places as queries

KIND = "on-call"
MOST_RUNGS = 9
MOST_MINUTES = 240
SEAL = "on_call.phone"


@dataclass(frozen=True, slots=True)
class Rung:
    """Somebody on the ladder, as the console shows them."""

    id: str
    rung: int
    user_id: str
    name: str
    email: str
    active: bool
    after_minutes: int
    phone: str
    by_email: bool


def ladder(clinic: Clinic, connection: Connection) -> list[Rung]:
    """Everybody on it, the first to hear first."""
    return [
        Rung(
            id=row.id,
            rung=row.rung,
            user_id=row.user_id,
            name=row.name,
            email=row.email,
            active=row.active,
            after_minutes=row.after_minutes,
            phone=clinic.vault.maybe_open(SEAL, row.id, row.phone) or "",
            by_email=row.by_email,
        )
        for row in queries.ladder(connection)
    ]


def save(
    clinic: Clinic, form: Mapping[str, str], *, rung_id: str | None, actor_id: str, now: datetime
) -> Faults | None:
    """Put somebody on the ladder, or change the entry of that id. Gives what is wrong, or None when it is done.

    Raises LookupError for an id that is gone.
    """
    fields = Fields(form)
    with clinic.database.begin() as connection:
        people = [row.id for row in queries.may_be_on_call(connection)]
        values = {
            "rung": fields.number("rung", least=1, most=MOST_RUNGS),
            "user_id": fields.choice("user_id", people, Fault.PERSON),
            "after_minutes": fields.number("after_minutes", least=0, most=MOST_MINUTES),
            "by_email": fields.yes("by_email"),
        }
        phone = fields.phone("phone", clinic.settings.country)
        if not phone and not values["by_email"] and "phone" not in fields.faults:
            fields.faults["by_email"] = Fault.NO_WAY
        if fields.faults:
            return fields.faults
        _write(connection, clinic, values, phone, rung_id=rung_id, actor_id=actor_id, now=now)
    return None


def remove(clinic: Clinic, *, rung_id: str, actor_id: str, now: datetime) -> None:
    """Take somebody off the ladder. Raises LookupError for an id that is gone."""
    with clinic.database.begin() as connection:
        row = queries.one(connection, KIND, rung_id)
        if row is None:
            raise LookupError(rung_id)
        queries.remove(connection, KIND, rung_id)
        detail = {"rung": row.rung, "user_id": row.user_id, "after_minutes": row.after_minutes}
        audit.record(
            connection, at=now, actor=actor_id, action="on-call.remove", object_type=KIND, object_id=rung_id,
            detail=detail,
        )  # fmt: skip


def _write(
    connection: Connection,
    clinic: Clinic,
    values: Mapping[str, Any],
    phone: str,
    *,
    rung_id: str | None,
    actor_id: str,
    now: datetime,
) -> None:
    # Of the number only whether there is one: it is a person's own.
    if rung_id is None:
        made = new_id()
        sealed = clinic.vault.seal(SEAL, made, phone) if phone else None
        queries.add(connection, KIND, {"id": made, **values, "phone": sealed, "created_at": now})
        action, which, detail = "on-call.add", made, {**values, "by_text": bool(phone)}
    else:
        row = queries.one(connection, KIND, rung_id)
        if row is None:
            raise LookupError(rung_id)
        old = clinic.vault.maybe_open(SEAL, rung_id, row.phone) or ""
        before = {**row._mapping, "by_text": bool(old)}
        detail = changes(before, {**values, "by_text": bool(phone)})
        if phone and old and phone != old:
            detail["number"] = "other"
        if not detail:
            return
        sealed = clinic.vault.seal(SEAL, rung_id, phone) if phone else None
        queries.change(connection, KIND, rung_id, {**values, "phone": sealed})
        action, which = "on-call.change", rung_id
    audit.record(connection, at=now, actor=actor_id, action=action, object_type=KIND, object_id=which, detail=detail)
