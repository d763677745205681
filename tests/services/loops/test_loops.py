"""Loops: opened once, texted through the gate, moved by silence, answers and reports, and always ended or owed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot.core.effects import StopJourneys
from bot.services.loops.moving import NoSuchLoop, happened, stop
from bot.services.loops.opening import Opening, open_loop
from bot.services.silence import wake
from bot.store.queries import loops
from bot.store.tables import ContactPoint, Enrollment, EnrollmentMove, Message, Patient, Question, Recall, Touch
from tests.transcripts.chat import Chat

WEEK = timedelta(days=7)


@pytest.fixture
def recalled(chat: Chat) -> tuple[Chat, str]:
    """A patient whose recall has just been opened, on a Monday at nine."""
    chat.patient("P1", "Maria")
    return chat, chat.open("recall", "P1", "mammogram", subject_id="R1")


def moves(chat: Chat, enrollment_id: str) -> list[tuple[str, str, str]]:
    query = select(EnrollmentMove.to_step, EnrollmentMove.cause, EnrollmentMove.actor)
    with chat.clinic.database.read() as connection:
        rows = connection.execute(
            query.where(EnrollmentMove.enrollment_id == enrollment_id).order_by(EnrollmentMove.at, EnrollmentMove.id)
        ).all()
    return [(row.to_step, row.cause, row.actor) for row in rows]


def test_its_text_goes_out_at_its_time_of_day_and_asks(recalled: tuple[Chat, str]) -> None:
    chat, loop_id = recalled
    assert not chat.sent, "ten o'clock it says"
    chat.pass_time(timedelta(hours=2))
    assert [sent.kind for sent in chat.sent] == ["recall/invite"]
    assert chat.text("P1", "1") == ["Thank you. Staff will text or call you with times for a visit."]
    row = chat.loop("recall", "P1")
    assert (row.step, row.office_step, row.outcome) == ("booking", "offer-times", None)
    assert row.office_due_at is not None
    assert moves(chat, loop_id) == [("asked", "opened", "bot"), ("booking", "confirm", "patient")]


def test_the_same_thing_has_one_loop(recalled: tuple[Chat, str]) -> None:
    chat, _loop_id = recalled
    with chat.clinic.database.begin() as connection:
        again = Opening(journey="recall", patient_id="P1", subject_id="R1")
        assert open_loop(connection, chat.clinic, again, chat.now) is None
    chat.pass_time(timedelta(hours=2))
    assert len(chat.sent) == 1


def test_silence_reminds_twice_and_then_brings_it_to_a_person(recalled: tuple[Chat, str]) -> None:
    chat, loop_id = recalled
    chat.pass_time(6 * WEEK)
    assert [sent.kind for sent in chat.sent] == ["recall/invite"] * 3
    assert all(later.at - sooner.at >= WEEK for sooner, later in zip(chat.sent, chat.sent[1:], strict=False))
    assert chat.escalations() == [("routine", "silence")]
    assert [to for to, _cause, _actor in moves(chat, loop_id)] == [
        "asked",
        "reminded",
        "reminded_again",
        "with_person",
        "with_person",
    ]


def test_a_report_ends_it_and_takes_back_what_waits(recalled: tuple[Chat, str]) -> None:
    chat, loop_id = recalled
    chat.report(loop_id, "booked")
    row = chat.loop("recall", "P1")
    assert (row.step, row.outcome, row.wake_at) == ("booked", "booked", None)
    assert row.ended_at == chat.now
    chat.pass_time(5 * WEEK)
    assert not chat.sent
    with chat.clinic.database.read() as connection:
        assert set(connection.execute(select(Touch.state)).scalars()) == {"void"}


def test_what_the_gate_holds_is_dropped_when_the_loop_moves_on(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.text("P1", "hello")
    chat.hold("P1", "u1")
    chat.open("recall", "P1")
    chat.pass_time(timedelta(hours=3))
    assert not chat.sent
    chat.report(chat.loop("recall", "P1").id, "done")
    chat.hold("P1", None)
    chat.pass_time(timedelta(days=2))
    assert not chat.sent
    with chat.clinic.database.read() as connection:
        texts = select(Message.status, Message.decision_reason).where(Message.kind == "recall/invite")
        message = connection.execute(texts).one()
        assert message == ("dropped", "loop-moved-on")
        assert connection.execute(select(Question.state)).scalar_one() == "void"


def test_a_text_that_waits_is_not_met_with_silence(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.text("P1", "hello")
    chat.hold("P1", "u1")
    chat.open("recall", "P1")
    chat.pass_time(timedelta(days=2))
    assert chat.loop("recall", "P1").step == "asked"


def test_whoever_has_no_number_goes_to_a_person_at_once(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    with chat.clinic.database.begin() as connection:
        connection.execute(update(ContactPoint).values(status="invalid"))
    chat.open("recall", "P1")
    chat.pass_time(timedelta(days=12))
    assert not chat.sent
    assert chat.escalations() == [("routine", "silence")]


def test_a_yes_after_two_invitations_is_not_asked_which(recalled: tuple[Chat, str]) -> None:
    chat, _loop_id = recalled
    chat.pass_time(WEEK + timedelta(hours=3))
    assert len(chat.sent) == 2
    assert chat.text("P1", "yes please") == ["Thank you. Staff will text or call you with times for a visit."]
    assert chat.loop("recall", "P1").step == "booking"
    chat.pass_time(timedelta(days=2))
    assert len(chat.sent) == 2


def test_a_no_ends_it_and_a_later_yes_opens_it_again(recalled: tuple[Chat, str]) -> None:
    chat, loop_id = recalled
    chat.pass_time(timedelta(hours=2))
    chat.text("P1", "no thank you")
    assert chat.loop("recall", "P1").outcome == "declined"
    chat.text("P1", "1")
    row = chat.loop("recall", "P1")
    assert (row.step, row.outcome, row.ended_at) == ("booking", None, None)
    assert [to for to, _cause, _actor in moves(chat, loop_id)] == ["asked", "declined", "booking"]


def test_what_nobody_knows_changes_nothing(recalled: tuple[Chat, str]) -> None:
    chat, loop_id = recalled
    assert not happened(chat.clinic, loop_id, "moon-landing", actor="staff", now=chat.now)
    with pytest.raises(NoSuchLoop):
        happened(chat.clinic, "nothing", "booked", actor="staff", now=chat.now)


def test_stopping_ends_the_others_silently(recalled: tuple[Chat, str]) -> None:
    chat, loop_id = recalled
    other = chat.open("recall", "P1", "a1c", subject_id="R2")
    with chat.clinic.database.begin() as connection:
        row = loops.one(connection, loop_id)
        assert row is not None
        stopped = stop(connection, loops.loop_of(row), StopJourneys("pregnancy-lost", kinds=("a1c",)), chat.now)
    assert stopped == 1
    with chat.clinic.database.read() as connection:
        ends = dict(connection.execute(select(Enrollment.id, Enrollment.outcome)).all())
    assert ends == {loop_id: None, other: "stopped"}


def test_imported_recalls_open_by_themselves(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    today = chat.now.date()
    with chat.clinic.database.begin() as connection:
        for recall_id, due in (("R1", today), ("R2", today + timedelta(days=60))):
            connection.execute(Recall.__table__.insert().values(**_recall(recall_id, due, chat.now)))
    chat.work()
    chat.work()
    with chat.clinic.database.read() as connection:
        found = connection.execute(select(Enrollment.subject_id, Enrollment.kind, Enrollment.due_on)).all()
    assert [tuple(row) for row in found] == [("R1", "a1c", today)]


def _recall(recall_id: str, due: date, now: datetime) -> dict[str, object]:
    return {
        "recall_id": recall_id,
        "patient_id": "P1",
        "measure": "a1c",
        "due_date": due,
        "payer": "",
        "status": "due",
        "extra": {},
        "created_at": now,
        "updated_at": now,
    }


def test_one_that_cannot_be_moved_keeps_no_other_back(recalled: tuple[Chat, str]) -> None:
    chat, loop_id = recalled
    other = chat.open("recall", "P1", "a1c", subject_id="R2")
    chat.pass_time(timedelta(days=2))
    with chat.clinic.database.begin() as connection:
        due = {"step": "booking", "wake_at": datetime(2020, 1, 1, tzinfo=UTC)}
        connection.execute(update(Enrollment).values(**due))
        # Data that no step can read: a list where a mapping is expected.
        connection.execute(update(Enrollment).where(Enrollment.id == loop_id).values(data=["broken"]))
    wake(chat.clinic, chat.now)
    with chat.clinic.database.read() as connection:
        woken = dict(connection.execute(select(Enrollment.id, Enrollment.wake_at)).all())
    assert woken[loop_id] == chat.now + timedelta(hours=1)
    assert woken[other] == chat.now + timedelta(days=3)


def test_one_that_cannot_be_opened_keeps_neither_others_nor_reminders_back(chat: Chat) -> None:
    for patient_id in ("P1", "P2"):
        chat.patient(patient_id, "Maria")
    chat.visit("A1", "P2", chat.now + timedelta(hours=23))
    with chat.clinic.database.begin() as connection:
        connection.execute(update(Patient).where(Patient.patient_id == "P1").values(timezone="Mars/Olympus"))
        for recall_id, patient_id in (("R1", "P1"), ("R2", "P2")):
            row = {**_recall(recall_id, chat.now.date(), chat.now), "patient_id": patient_id}
            connection.execute(Recall.__table__.insert().values(**row))
    chat.work()
    assert chat.loop("recall", "P1") is None
    assert chat.loop("recall", "P2") is not None
    assert [sent.kind for sent in chat.sent] == ["appointment/reminder_last"]
