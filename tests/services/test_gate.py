"""The gate's facts out of the database, and the trace of its decisions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, insert

from bot.core.journey import QuestionState, TouchState
from bot.core.messages import MessageStatus
from bot.core.outreach import GateReason
from bot.core.people import AppointmentStatus, ConsentStatus, PatientStatus
from bot.services.deliver_failure import cancel_pending
from bot.services.gate import decide_and_store, facts_for
from bot.store.tables import Appointment, Conversation, Decision, Message, Patient, PatientContact, Question, Touch
from tests.services.sending import NOON, Scene


def decide(scene: Scene, *messages: str) -> list[tuple[str, str]]:
    with scene.clinic.database.begin() as connection:
        decisions = decide_and_store(connection, scene.clinic, messages, scene.now)
    return [(str(decisions[message].word), str(decisions[message].reason)) for message in messages]


def question(scene: Scene, message: str, *subjects: tuple[str, int]) -> None:
    with scene.clinic.database.begin() as connection:
        connection.execute(
            insert(Question).values(
                id=scene.fresh_id(),
                conversation_id="talk-1",
                message_id=message,
                journey="appointment",
                step="asked",
                context="appointment_reminder",
                subjects=[list(subject) for subject in subjects],
                state=QuestionState.PREPARED,
                asked_at=NOON,
                expires_at=NOON + timedelta(days=1),
            )
        )


def touch(scene: Scene, message: str, visit: str) -> None:
    with scene.clinic.database.begin() as connection:
        connection.execute(
            insert(Touch).values(
                id=scene.fresh_id(),
                key=f"{visit}:{message}",
                journey="appointment",
                step="reminder_last",
                patient_id="p1",
                subject_id=visit,
                subject_version=1,
                due_at=NOON,
                expires_at=NOON + timedelta(days=1),
                state=TouchState.QUEUED,
                message_id=message,
                created_at=NOON,
                updated_at=NOON,
            )
        )


def test_a_batch_takes_few_queries(scene: Scene) -> None:
    for number in range(1, 31):
        scene.patient(number)
        scene.visit(number, patient=f"p{number}")
    ids = [scene.text(number, appointment_id=f"a{number}", appointment_version=1) for number in range(1, 31)]
    statements: list[str] = []
    engine = scene.clinic.database.engine
    event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    with scene.clinic.database.read() as connection:
        facts = facts_for(connection, scene.clinic, ids, scene.now)
    assert len(facts) == 30
    assert len([statement for statement in statements if statement.lstrip().startswith("SELECT")]) <= 6


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ((Patient, {"status": PatientStatus.DECEASED}), ("drop", "deceased")),
        ((Patient, {"paused_since": NOON}), ("hold", "patient-paused")),
        ((PatientContact, {"consent": ConsentStatus.UNKNOWN}), ("drop", "no-consent")),
        ((PatientContact, {"active": False}), ("drop", "number-not-the-patients")),
        ((Conversation, {"held_by": "somebody"}), ("hold", "held-by-a-person")),
        ((Appointment, {"status": AppointmentStatus.CANCELLED}), ("drop", "visit-not-ahead")),
        ((Appointment, {"version": 2}), ("drop", "visit-changed")),
        ((Patient, {"timezone": "Asia/Kathmandu"}), ("drop", "no-window-left")),
    ],
)
def test_each_fact_is_read(scene: Scene, change: tuple[type, dict[str, object]], expected: tuple[str, str]) -> None:
    scene.patient()
    visit = scene.visit()
    message = scene.text(appointment_id=visit, appointment_version=1, expires_at=NOON + timedelta(hours=8))
    assert decide(scene, message) == [("send", "ok")]
    scene.set(change[0], True if change[0] is not Patient else Patient.patient_id == "p1", **change[1])
    assert decide(scene, message) == [expected]
    assert scene.decisions(message) == [("send", "ok"), expected]


def test_the_visits_of_a_household_are_read_out_of_its_question(scene: Scene) -> None:
    scene.patient()
    scene.visit(1)
    scene.visit(2)
    message = scene.text(kind="appointment/household", appointment_id="a1", appointment_version=1)
    question(scene, message, ("a1", 1), ("a2", 1))
    assert decide(scene, message) == [("send", "ok")]
    scene.set(Appointment, Appointment.appointment_id == "a2", version=2)
    assert decide(scene, message) == [("drop", "visit-changed")]


def test_when_one_visit_of_a_household_changed_the_contacts_are_planned_anew(scene: Scene) -> None:
    scene.patient()
    scene.visit(1)
    scene.visit(2, version=2)
    message = scene.text(kind="appointment/household", appointment_id="a1", appointment_version=1, dedupe_key="k")
    question(scene, message, ("a1", 1), ("a2", 1))
    touch(scene, message, "a1")
    touch(scene, message, "a2")
    decide(scene, message)
    assert scene.count(Touch, Touch.state == TouchState.PLANNED) == 2
    assert scene.message(message).dedupe_key is None
    assert scene.count(Question, Question.state == QuestionState.VOID) == 1


def test_a_dropped_text_takes_its_question_and_its_contact_with_it(scene: Scene) -> None:
    scene.patient()
    visit = scene.visit()
    message = scene.text(appointment_id=visit, appointment_version=1)
    question(scene, message, ("a1", 1))
    touch(scene, message, "a1")
    scene.set(PatientContact, PatientContact.patient_id == "p1", consent=ConsentStatus.OPTED_OUT)
    assert decide(scene, message) == [("drop", "patient-opted-out")]
    assert scene.count(Question, Question.state == QuestionState.VOID) == 1
    assert scene.count(Touch, (Touch.state == TouchState.SKIPPED) & (Touch.reason == "patient-opted-out")) == 1


def test_what_went_out_counts_and_what_was_exempt_does_not(scene: Scene) -> None:
    scene.patient()
    scene.text(body="exempt", budget_exempt=True)
    scene.deliver()
    counted = scene.text(body="counted")
    assert decide(scene, counted) == [("send", "ok")]
    scene.deliver()
    assert decide(scene, scene.text(body="one too many", expires_at=NOON + timedelta(hours=3))) == [
        ("drop", "budget-day")
    ]


def test_what_is_on_its_way_counts_already(scene: Scene) -> None:
    scene.patient()
    scene.set(Message, Message.id == scene.text(body="on its way"), status=MessageStatus.UNKNOWN)
    assert decide(scene, scene.text(expires_at=NOON + timedelta(hours=3))) == [("drop", "budget-day")]


def test_the_same_hold_is_written_once(scene: Scene) -> None:
    scene.patient(paused_since=NOON)
    message = scene.text()
    for _look in range(3):
        assert decide(scene, message) == [("hold", "patient-paused")]
        scene.now += timedelta(minutes=15)
    assert scene.count(Decision, Decision.message_id == message) == 1
    assert scene.message(message).due_at == scene.now


def test_pending_outreach_is_cancelled_and_a_reply_is_not(scene: Scene) -> None:
    scene.patient()
    outreach = scene.text()
    staff = scene.text(origin="staff", kind="staff", lane=None)
    with scene.clinic.database.begin() as connection:
        assert cancel_pending(connection, "phone-1", GateReason.NUMBER_OPTED_OUT, NOON) == 1
    assert (scene.status(outreach), scene.status(staff)) == (MessageStatus.DROPPED, MessageStatus.PLANNED)
