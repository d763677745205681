"""Families: a proxy for times gets times only, and one who spoke for a child nothing once the child is of age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot.core.people import Relation, Scope
from bot.services.age_out import age_out, daily
from bot.store.tables import Message, Patient, PatientContact
from tests.transcripts.chat import Chat


def born(chat: Chat, patient_id: str, day: str, relation: Relation = Relation.PARENT) -> None:
    sealed = chat.clinic.vault.seal("patients.birth_date", patient_id, day)
    with chat.clinic.database.begin() as connection:
        connection.execute(update(Patient).where(Patient.patient_id == patient_id).values(birth_date=sealed))
        links = update(PatientContact).where(PatientContact.patient_id == patient_id)
        connection.execute(links.values(relation=relation))


def scope_of(chat: Chat, patient_id: str) -> Scope:
    query = select(PatientContact.scope).where(PatientContact.patient_id == patient_id)
    with chat.clinic.database.read() as connection:
        return connection.execute(query).scalar_one()


@pytest.mark.parametrize(
    ("day", "relation", "scope"),
    [
        ("2008-11-23", Relation.PARENT, Scope.NOTHING),
        ("2008-11-24", Relation.PARENT, Scope.ALL),
        ("1990-01-01", Relation.GUARDIAN, Scope.NOTHING),
        ("1990-01-01", Relation.SELF, Scope.ALL),
    ],
)
def test_at_eighteen_a_parent_hears_nothing_more(chat: Chat, day: str, relation: Relation, scope: Scope) -> None:
    chat.patient("P1", "Luis")
    born(chat, "P1", day, relation)
    aged = scope is Scope.NOTHING
    assert age_out(chat.clinic, chat.now) == aged
    assert scope_of(chat, "P1") is scope
    assert chat.escalations() == ([("routine", "human-requested")] if aged else [])
    assert age_out(chat.clinic, chat.now) == 0, "once"


def test_it_is_looked_at_once_a_day(chat: Chat) -> None:
    assert daily(chat.clinic, chat.now) == 0
    chat.patient("P1", "Luis")
    born(chat, "P1", "2001-01-01")
    assert daily(chat.clinic, chat.now + timedelta(hours=19)) == 0
    assert daily(chat.clinic, chat.now + timedelta(hours=21)) == 1


def test_no_reminder_reaches_the_parent_after_that(chat: Chat) -> None:
    chat.patient("P1", "Luis")
    born(chat, "P1", "2008-11-23")
    chat.visit("A1", "P1", datetime(2026, 11, 25, 16, tzinfo=UTC))
    age_out(chat.clinic, chat.now)
    chat.pass_time(timedelta(hours=26))
    assert not chat.sent


def test_a_spouse_hears_of_the_visit_and_of_nothing_else(chat: Chat) -> None:
    chat.sign()
    chat.patient("P1", "Maria")
    with chat.clinic.database.begin() as connection:
        connection.execute(update(PatientContact).values(relation=Relation.SPOUSE, scope=Scope.LOGISTICS))
    chat.visit("A1", "P1", datetime(2026, 11, 25, 16, tzinfo=UTC))
    chat.open("series", "P1", "prenatal")
    chat.open("phq2", "P1")
    chat.pass_time(timedelta(hours=4))
    assert {sent.kind.partition("/")[0] for sent in chat.sent} == {"appointment"}
    assert all("pregnan" not in sent.body and "feel" not in sent.body for sent in chat.sent)
    with chat.clinic.database.read() as connection:
        query = select(Message.decision_reason).where(Message.kind.in_(["survey/feelings", "education/prenatal_1"]))
        assert set(connection.execute(query).scalars()) == {"holder-may-be-told-times-only"}
