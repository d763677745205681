"""Loops that were put aside: whether one stands back, putting one aside, and what staff are shown of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from bot.core.escalation import EscalationStatus
from bot.store.columns import AnyRow
from bot.store.queries.scope import within
from bot.store.tables import Escalation, Patient, SetAside


def stands_back(work: str, subject: Any, now: datetime | BindParameter[Any], *changed: Any) -> ColumnElement[bool]:
    """Whether it was tried in vain, its time has not come, and none of these moments of change is later than that."""
    return exists().where(
        SetAside.work == work, SetAside.subject_id == subject, SetAside.again_at > now,
        *(SetAside.at >= moment for moment in changed),
    )  # fmt: skip


def one(connection: Connection, work: str, subject_id: str) -> AnyRow | None:
    """That one, if it was put aside before."""
    return connection.execute(
        select(SetAside.__table__).where(SetAside.work == work, SetAside.subject_id == subject_id)
    ).first()


def put(connection: Connection, work: str, subject_id: str, **values: Any) -> None:
    """Put it aside for the first time."""
    connection.execute(insert(SetAside).values(work=work, subject_id=subject_id, **values))


def put_again(connection: Connection, work: str, subject_id: str, **values: Any) -> None:
    """It was tried again in vain."""
    key = (SetAside.work == work, SetAside.subject_id == subject_id)
    connection.execute(update(SetAside).where(*key).values(tries=SetAside.tries + 1, **values))


def take_back(connection: Connection, keys: Collection[tuple[str, str]]) -> None:
    """These have gone well."""
    if keys:
        connection.execute(delete(SetAside).where(tuple_(SetAside.work, SetAside.subject_id).in_(keys)))


def again(connection: Connection, spans: Sequence[tuple[datetime, datetime]], now: datetime) -> int:
    """Those that were tried in one of these spans are due again; how many they are."""
    if not spans:
        return 0
    tried = or_(*(SetAside.at.between(begun, ended) for begun, ended in spans))
    return connection.execute(update(SetAside).where(tried, SetAside.again_at > now).values(again_at=now)).rowcount


def forget(connection: Connection, before: datetime) -> int:
    """Those that were due again before then, and that nothing has come of since: nobody asks for them any more."""
    return connection.execute(delete(SetAside).where(SetAside.again_at < before)).rowcount


def open_case(connection: Connection, work: str) -> str | None:
    """The case in which people were told of others of this kind, while it is open."""
    case: str | None = connection.execute(
        select(SetAside.escalation_id)
        .join(Escalation, Escalation.id == SetAside.escalation_id)
        .where(SetAside.work == work, Escalation.status != EscalationStatus.RESOLVED)
        .limit(1)
    ).scalar_one_or_none()
    return case


def told(
    connection: Connection, locations: Sequence[str], *, after: tuple[datetime, str, str] | None, limit: int
) -> Sequence[AnyRow]:
    """Those that a person is to see to, the latest first, with the patient's name."""
    query = (
        select(SetAside.__table__, Patient.given_name, Patient.family_name)
        .join(Patient, Patient.patient_id == SetAside.patient_id)
        .where(SetAside.reason != "", within(SetAside.patient_id, locations))
    )
    if after is not None:
        at, work, subject = after
        earlier = tuple_(SetAside.work, SetAside.subject_id) > (work, subject)
        query = query.where(or_(SetAside.at < at, (SetAside.at == at) & earlier))
    return connection.execute(query.order_by(SetAside.at.desc(), SetAside.work, SetAside.subject_id).limit(limit)).all()


def how_many(connection: Connection, locations: Sequence[str], most: int) -> int:
    """How many these are, so many at the most."""
    some = select(SetAside.subject_id).where(SetAside.reason != "", within(SetAside.patient_id, locations)).limit(most)
    return int(connection.execute(select(func.count()).select_from(some.subquery())).scalar_one())
