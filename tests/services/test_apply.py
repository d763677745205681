"""What a text leads to, as rows: answers with their history, consent, language, values kept sealed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot.store.tables import (
    AppointmentChange,
    ConsentEntry,
    ContactPoint,
    Enrollment,
    Finding,
    Message,
    Patient,
    PatientContact,
    Question,
)
from tests.transcripts.chat import Chat


@pytest.fixture
def asked(chat: Chat) -> Chat:
    """Maria has been reminded of a visit tomorrow."""
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", datetime.fromisoformat("2026-11-24T08:00"))
    chat.work()
    return chat


def test_an_answer_is_kept_with_its_history_and_the_text_that_gave_it(asked: Chat) -> None:
    asked.text("P1", "yes")
    asked.text("P1", "sorry, no i cant")
    with asked.clinic.database.read() as connection:
        rows = connection.execute(
            select(AppointmentChange.before, AppointmentChange.after, AppointmentChange.actor, Message.twilio_sid)
            .join(Message, Message.id == AppointmentChange.message_id)
            .order_by(AppointmentChange.at, AppointmentChange.id)
        ).all()
        question = connection.execute(select(Question.state, Question.answered_by, Question.binding)).one()
        enrollment = connection.execute(select(Enrollment.step)).scalar_one()
    assert [tuple(row)[:3] for row in rows] == [
        ("needs-action", "accepted", "patient"),
        ("accepted", "declined", "patient"),
    ]
    assert question.state == "answered"
    assert question.binding
    assert enrollment == "declined"


def test_the_same_answer_again_is_no_change(asked: Chat) -> None:
    asked.text("P1", "yes")
    asked.text("P1", "yes")
    with asked.clinic.database.read() as connection:
        assert len(connection.execute(select(AppointmentChange.id)).all()) == 1


def test_an_opt_out_is_written_for_the_number_and_for_everybody_on_it_in_the_patients_words(asked: Chat) -> None:
    asked.patient("P2", "Luis", phone=asked.phones["P1"])
    asked.text("P1", "stop texting me please")
    with asked.clinic.database.read() as connection:
        rows = connection.execute(select(ConsentEntry.__table__).where(ConsentEntry.status == "opted-out")).all()
    assert {row.patient_id for row in rows} == {None, "P1", "P2"}
    words = {asked.clinic.vault.open("consent_entries.wording", row.id, row.wording) for row in rows}
    assert words == {"stop texting me please"}
    assert asked.consent("P2") == "opted-out"


def test_a_language_that_the_patient_chose_outlives_an_import(asked: Chat) -> None:
    asked.text("P1", "espanol por favor")
    assert asked.language("P1") == "es"
    with asked.clinic.database.begin() as connection:
        connection.execute(update(Patient).values(row_hash=None))
    asked.patient("P1", "Maria", phone=asked.phones["P1"])
    assert asked.language("P1") == "es"


def test_values_are_kept_sealed(asked: Chat) -> None:
    asked.pass_time(timedelta(minutes=5))
    asked.start("P1", "survey_scale")
    asked.text("P1", "7")
    with asked.clinic.database.read() as connection:
        row = connection.execute(select(Finding.__table__)).one()
    assert row.value != b"7"
    assert asked.clinic.vault.open("findings.value", row.id, row.value) == "7"


def test_whoever_may_hear_nothing_of_a_patient_is_not_asked_about_their_visits(asked: Chat) -> None:
    asked.patient("P2", "Luis", phone=asked.phones["P1"])
    asked.visit("A2", "P2", datetime.fromisoformat("2026-11-26T15:00"))
    with asked.clinic.database.begin() as connection:
        connection.execute(update(PatientContact).where(PatientContact.patient_id == "P2").values(scope="nothing"))
    replies = [*asked.text("P1", "Luis can't come"), *asked.text("P1", "no")]
    assert not any("Luis" in reply or "Nov 26" in reply for reply in replies)
    assert asked.responses()["A2"] == "needs-action"


def test_one_message_says_the_clinics_number_once(asked: Chat) -> None:
    (reply,) = asked.text("P1", "yes, is parking free?")
    assert reply.count("601-555-0100") == 1
    assert "\n" in reply


def test_of_a_stranger_on_a_shared_phone_nobody_is_written_to_any_more(asked: Chat) -> None:
    asked.patient("P2", "Luis", phone=asked.phones["P1"])
    asked.visit("A2", "P2", datetime.fromisoformat("2026-11-26T15:00"))
    with asked.clinic.database.begin() as connection:
        connection.execute(update(Question).values(patient_id=None, enrollment_id=None, subjects=[]))
    asked.text("P1", "wrong number")
    asked.pass_time(timedelta(days=3))
    assert [text.kind for text in asked.sent] == ["appointment/reminder_last"]


def test_what_the_gate_would_not_have_said_is_read_by_a_person(asked: Chat) -> None:
    with asked.clinic.database.begin() as connection:
        connection.execute(update(ContactPoint).values(status="unsafe"))
    assert asked.text("P1", "hmm") == []
    assert asked.escalations() == [("routine", "unclear")]
