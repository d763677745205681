"""What the inbox shows and changes: escalations by view, counts, and the locks that make a claim exclusive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute

from bot.core.escalation import EscalationStatus, Priority, Reason
from bot.store.columns import AnyRow
from bot.store.queries.notices import nobody_told
from bot.store.queries.scope import within, within_places
from bot.store.queries.sieve import NO_SIEVE, Sieve
from bot.store.tables import ApiToken, ContactPoint, Conversation, Escalation, Message, Patient, PatientContact, User

PAGE = 40
_IN_NEED = (Escalation.priority_rank, Escalation.created_at, Escalation.id)
_UNRESOLVED = Escalation.status.in_([EscalationStatus.OPEN, EscalationStatus.CLAIMED])


class View(StrEnum):
    """The lists of the inbox."""

    OPEN = "open"
    MINE = "mine"
    URGENT = "urgent"
    WAITING = "waiting"
    SNOOZED = "snoozed"
    ALL = "all"
    RESOLVED = "resolved"


def lock_conversation(connection: Connection, conversation_id: str) -> AnyRow | None:
    """The conversation, locked: whoever changes it or its escalations takes this lock first, as an inbound does."""
    return connection.execute(
        select(Conversation.__table__).where(Conversation.id == conversation_id).with_for_update()
    ).first()


def escalation(connection: Connection, escalation_id: str, *, lock: bool = False) -> AnyRow | None:
    """One escalation."""
    query = select(Escalation.__table__).where(Escalation.id == escalation_id)
    return connection.execute(query.with_for_update() if lock else query).first()


def conversation_of(connection: Connection, message_id: str) -> str | None:
    """The conversation in which a message stands."""
    return connection.execute(select(Message.conversation_id).where(Message.id == message_id)).scalar_one_or_none()


def unresolved_of(connection: Connection, conversation_id: str) -> Sequence[AnyRow]:
    """What still stands open or claimed in a conversation, the most urgent first."""
    return connection.execute(
        select(Escalation.__table__)
        .where(Escalation.conversation_id == conversation_id, _UNRESOLVED)
        .order_by(Escalation.priority_rank, Escalation.created_at, Escalation.id)
        .limit(PAGE)
    ).all()


def of_loop(connection: Connection, patient_id: str, enrollment_id: str, reasons: Sequence[Reason]) -> Sequence[str]:
    """Ids of what still waits for a person, for these reasons, on account of this loop of the patient's."""
    theirs = select(Escalation.id).where(
        Escalation.patient_id == patient_id,
        Escalation.enrollment_id == enrollment_id,
        Escalation.reason.in_(reasons),
        _UNRESOLVED,
    )
    return connection.execute(theirs.order_by(Escalation.id)).scalars().all()


def change_escalation(
    connection: Connection, escalation_id: str, *expected: ColumnElement[bool], now: datetime, **values: Any
) -> bool:
    """Change it if it is still as expected; whether it was."""
    changed = connection.execute(
        update(Escalation)
        .where(Escalation.id == escalation_id, *expected)
        .values(version=Escalation.version + 1, updated_at=now, **values)
    )
    return changed.rowcount == 1


def hold(connection: Connection, conversation_id: str, *, holder: str, now: datetime) -> bool:
    """Give the conversation to that person unless somebody else has it; whether that worked."""
    changed = connection.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id, or_(Conversation.held_by.is_(None), Conversation.held_by == holder))
        .values(held_by=holder, held_since=case((Conversation.held_by == holder, Conversation.held_since), else_=now))
    )
    return changed.rowcount == 1


def wait_for_patient(connection: Connection, conversation_id: str, *, holder: str, now: datetime) -> None:
    """They have been answered: what that person holds there waits for the patient's next word."""
    connection.execute(
        update(Escalation)
        .where(
            Escalation.conversation_id == conversation_id,
            Escalation.status == EscalationStatus.CLAIMED,
            Escalation.claimed_by == holder,
            Escalation.waiting_since.is_(None),
        )
        .values(waiting_since=now, version=Escalation.version + 1, updated_at=now)
    )


def free(connection: Connection, conversation_id: str, *, holder: str) -> bool:
    """Nobody holds it any more, if that person did."""
    changed = connection.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.held_by == holder)
        .values(held_by=None, held_since=None)
    )
    return changed.rowcount == 1


def holds_any(connection: Connection, conversation_id: str, holder: str) -> bool:
    """Whether that person has claimed something in the conversation."""
    query = select(Escalation.id).where(
        Escalation.conversation_id == conversation_id,
        Escalation.status == EscalationStatus.CLAIMED,
        Escalation.claimed_by == holder,
    )
    return connection.execute(query.limit(1)).first() is not None


def name_of(connection: Connection, actor_id: str | None) -> str:
    """How the console calls a user, or the program behind a token."""
    if actor_id is None:
        return ""
    user = connection.execute(select(User.name, User.email).where(User.id == actor_id)).first()
    if user is not None:
        return str(user.name or user.email)
    token = connection.execute(select(ApiToken.name).where(ApiToken.id == actor_id)).scalar_one_or_none()
    return f"{token} (program)" if token else "somebody else"


def names_of(connection: Connection, actor_ids: set[str]) -> dict[str, str]:
    """`name_of` for several at once."""
    users = connection.execute(select(User.id, User.name, User.email).where(User.id.in_(actor_ids))).all()
    names = {str(row.id): str(row.name or row.email) for row in users}
    missing = actor_ids - names.keys()
    if missing:
        tokens = connection.execute(select(ApiToken.id, ApiToken.name).where(ApiToken.id.in_(missing))).all()
        names |= {str(row.id): f"{row.name} (program)" for row in tokens}
    return names


def emergencies_left(connection: Connection, patient_id: str) -> bool:
    """Whether an emergency of this patient, or at a phone of theirs that names no patient, is not yet resolved."""
    phones = (
        select(Conversation.id)
        .join(PatientContact, PatientContact.contact_point_id == Conversation.contact_point_id)
        .where(PatientContact.patient_id == patient_id)
    )
    nobodys = and_(Escalation.patient_id.is_(None), Escalation.conversation_id.in_(phones))
    query = select(Escalation.id).where(
        or_(Escalation.patient_id == patient_id, nobodys), Escalation.priority == Priority.EMERGENCY, _UNRESOLVED
    )
    return connection.execute(query.limit(1)).first() is not None


def people_on(connection: Connection, contact_point_ids: set[str]) -> Sequence[AnyRow]:
    """The patients on these phones, those tried first first."""
    return connection.execute(
        select(PatientContact.contact_point_id, Patient.patient_id, Patient.given_name, Patient.family_name)
        .join(Patient, Patient.patient_id == PatientContact.patient_id)
        .where(PatientContact.contact_point_id.in_(contact_point_ids), PatientContact.active.is_(True))
        .order_by(PatientContact.contact_point_id, PatientContact.rank, Patient.patient_id)
        .limit(10 * PAGE)
    ).all()


def listed(
    connection: Connection,
    view: View,
    *,
    user_id: str,
    now: datetime,
    after: tuple[Any, ...] | None,
    locations: Sequence[str] = (),
    sieve: Sieve = NO_SIEVE,
    limit: int = PAGE,
) -> Sequence[AnyRow]:
    """One page of a view and one row more, which tells that there is a next page."""
    given = {"user_id": user_id, "now": now, "places": list(locations)} | {
        f"after_{number}": value for number, value in enumerate(after or ())
    }
    query = _page_of(view, sieve, narrowed=bool(locations), paged=bool(after), limit=limit + 1)
    return connection.execute(query, given).all()


# Built once for each kind of page: open consoles ask every few seconds, and building it costs more than running it.
@lru_cache(maxsize=64)
def _page_of(view: View, sieve: Sieve, *, narrowed: bool, paged: bool, limit: int) -> Select[Any]:
    query = select(Escalation.__table__).where(*sieve.conditions())
    newest = view is View.RESOLVED
    keys = (Escalation.resolved_at, Escalation.id) if newest else _IN_NEED
    if newest:
        query = query.where(Escalation.status == EscalationStatus.RESOLVED)
    else:
        query = query.where(_UNRESOLVED, _membership(bindparam("now"))[view])
    if narrowed:
        query = query.where(within_places(Escalation.patient_id))
    if paged:
        mark = tuple_(*(bindparam(f"after_{number}", type_=key.type) for number, key in enumerate(keys)))
        query = query.where(tuple_(*keys) < mark if newest else tuple_(*keys) > mark)
    return with_patient(query, keys, limit=limit, newest_first=newest)


def picked(connection: Connection, ids: Sequence[str], *, locations: Sequence[str] = ()) -> Sequence[AnyRow]:
    """These, as `listed` gives them."""
    query = select(Escalation.__table__).where(Escalation.id.in_(ids), within(Escalation.patient_id, locations))
    return connection.execute(with_patient(query, _IN_NEED, limit=len(ids))).all()


def with_patient(
    escalations: Select[Any], keys: Sequence[InstrumentedAttribute[Any]], *, limit: int, newest_first: bool = False
) -> Select[Any]:
    """The first of these escalations, with whose they are and where they are talked of.

    They are chosen before anything is joined: else PostgreSQL reads all patients and conversations for a few rows.
    """
    ordered = [key.desc() if newest_first else key for key in keys]
    chosen = escalations.order_by(*ordered).limit(limit).subquery("chosen")
    columns = [chosen.c[key.key] for key in keys]
    return (
        select(
            *chosen.c,
            Patient.given_name,
            Patient.family_name,
            Patient.language,
            ContactPoint.phone,
            ContactPoint.id.label("contact_point_id"),
            Conversation.held_by,
            Conversation.last_inbound_at,
            Conversation.last_outbound_at,
            Conversation.last_staff_at,
        )
        .outerjoin(Patient, Patient.patient_id == chosen.c.patient_id)
        .outerjoin(Conversation, Conversation.id == chosen.c.conversation_id)
        .outerjoin(ContactPoint, ContactPoint.id == Conversation.contact_point_id)
        .order_by(*(column.desc() if newest_first else column for column in columns))
    )


def awake(now: datetime | BindParameter[Any]) -> ColumnElement[bool]:
    """Not snoozed, or the time is over."""
    return or_(Escalation.snoozed_until.is_(None), Escalation.snoozed_until <= now)


def _membership(now: BindParameter[Any]) -> dict[View, ColumnElement[bool]]:
    """What makes something unresolved stand in a view; in one's own, that of the parameter `user_id`."""
    mine = and_(Escalation.status == EscalationStatus.CLAIMED, Escalation.claimed_by == bindparam("user_id"))
    return {
        View.OPEN: and_(Escalation.status == EscalationStatus.OPEN, awake(now)),
        View.MINE: and_(mine, awake(now)),
        View.URGENT: and_(Escalation.priority_rank <= Priority.URGENT.rank, awake(now)),
        View.WAITING: and_(Escalation.waiting_since.is_not(None), awake(now)),
        View.SNOOZED: ~awake(now),
        View.ALL: true(),
    }


def counts(
    connection: Connection, *, now: datetime, since: datetime, locations: Sequence[str] = ()
) -> Sequence[AnyRow]:
    """How many stand in each view, by who has claimed them; in every row, how many are resolved since that moment.

    So everybody's own view is counted with the rest, and what is read for one person serves all.
    """
    given = {"now": now, "since": since, "places": list(locations)}
    return connection.execute(_counts(narrowed=bool(locations)), given).all()


@lru_cache(maxsize=2)
def _counts(*, narrowed: bool) -> Select[Any]:
    opened = Escalation.status == EscalationStatus.OPEN
    here = within_places(Escalation.patient_id) if narrowed else true()
    tallies: dict[str, ColumnElement[bool]] = {
        str(view): what for view, what in _membership(bindparam("now")).items() if view is not View.MINE
    }
    tallies["claimed"] = and_(Escalation.status == EscalationStatus.CLAIMED, awake(bindparam("now")))
    tallies["alarms"] = and_(opened, Escalation.priority == Priority.EMERGENCY)
    tallies["untold"] = and_(tallies["alarms"], nobody_told())
    columns = [func.coalesce(func.sum(case((what, 1), else_=0)), 0).label(name) for name, what in tallies.items()]
    oldest = func.min(case((tallies["alarms"], Escalation.created_at))).label("alarm_since")
    # Two parts, each with an index of its own: together, SQLite would read every escalation there ever was.
    waiting = (
        select(Escalation.claimed_by, *columns, oldest)
        .where(_UNRESOLVED, here)
        .group_by(Escalation.claimed_by)
        .subquery()
    )
    done = (
        select(func.count().label(str(View.RESOLVED)))
        .where(Escalation.status == EscalationStatus.RESOLVED, Escalation.resolved_at >= bindparam("since"), here)
        .subquery()
    )
    return select(*done.c, *waiting.c).select_from(done.outerjoin(waiting, true()))
