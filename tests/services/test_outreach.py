"""The clinic starts one conversation: written down, decided on by the gate, asked when it goes out."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot.core.intents import Context
from bot.core.journey import QuestionState
from bot.services.outreach import OutreachRequest, Refusal, Started, start
from bot.store.tables import ContactPoint, Message, Patient, Question
from tests.services.at_once import at_once
from tests.transcripts.chat import Chat


@pytest.fixture
def maria(chat: Chat) -> Chat:
    """A patient with a visit in two weeks, and the booking told."""
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", datetime.fromisoformat("2026-12-07T10:00"))
    return chat


def begin(chat: Chat, kind: Context = Context.EDUCATION, patient_id: str = "P1", **more: object) -> Started | Refusal:
    request = OutreachRequest(patient_id=patient_id, kind=kind, **more)  # type: ignore[arg-type]
    return start(chat.clinic, request, actor="api", now=chat.now)


def decided(chat: Chat, kind: Context = Context.EDUCATION, **more: object) -> tuple[str, str]:
    started = begin(chat, kind, **more)
    assert isinstance(started, Started)
    return str(started.decision), str(started.reason)


def test_it_goes_out_at_once_and_asks(maria: Chat) -> None:
    assert decided(maria, Context.APPOINTMENT_REMINDER, appointment_id="A1") == ("send", "ok")
    with maria.clinic.database.read() as connection:
        assert connection.execute(select(Question.state)).scalars().all() == [QuestionState.PREPARED]
    maria.deliver()
    assert [text.kind for text in maria.sent] == ["appointment/reminder_first"]
    maria.text("P1", "1")
    assert maria.responses() == {"A1": "accepted"}


@pytest.mark.parametrize(
    ("kind", "reply", "kept"),
    [
        (Context.SURVEY_SCALE, "9", "score = 9"),
        (Context.CHECKIN_YES_NO, "1", "checkin = yes"),
        (Context.RECALL_INVITE, "3", "records, routine, P1 (1)"),
        (Context.WAITLIST_OFFER, "2", "waitlist = declined"),
    ],
)
def test_the_numbers_of_the_templates_are_those_that_are_understood(
    maria: Chat, kind: Context, reply: str, kept: str
) -> None:
    maria.start("P1", kind, slot=maria.now + timedelta(days=2) if kind is Context.WAITLIST_OFFER else None)
    maria.text("P1", reply)
    assert kept in maria.records().values()
    assert maria.responses() == {"A1": "needs-action"}


def test_in_quiet_hours_it_waits_for_the_morning(maria: Chat) -> None:
    maria.now += timedelta(hours=12)  # 21:00
    assert decided(maria) == ("hold", "quiet-hours")
    maria.pass_time(timedelta(hours=10, minutes=30))
    assert maria.sent == []
    maria.pass_time(timedelta(hours=1))
    assert "education/tip" in [text.kind for text in maria.sent]


@pytest.mark.parametrize(
    ("table", "values", "reason"),
    [
        (ContactPoint, {"consent": "opted-out"}, "number-opted-out"),
        (Patient, {"status": "deceased"}, "deceased"),
        (Patient, {"status": "wrong-number"}, "wrong-number"),
        (Patient, {"status": "inactive"}, "patient-inactive"),
    ],
)
def test_whoever_may_not_be_written_to_is_not(maria: Chat, table: type, values: dict[str, str], reason: str) -> None:
    with maria.clinic.database.begin() as connection:
        connection.execute(update(table).values(**values))
    assert decided(maria) == ("drop", reason)
    maria.pass_time(timedelta(days=1))
    assert maria.sent == []


@pytest.mark.parametrize("consent", ["no", "", "unknown"])
def test_no_consent_no_text(chat: Chat, consent: str) -> None:
    chat.patient("P1", "Maria", consent=consent)
    assert decided(chat)[0] == "drop"


def test_while_an_emergency_is_open_it_waits(maria: Chat) -> None:
    maria.text("P1", "i have chest pain")
    assert decided(maria) == ("hold", "patient-paused")


@pytest.mark.parametrize("words", ["I cant come", "can i come another day"])
def test_who_is_not_coming_is_not_reminded_by_hand_either(maria: Chat, words: str) -> None:
    maria.text("P1", words)
    assert decided(maria, Context.APPOINTMENT_REMINDER, appointment_id="A1") == ("drop", "already-answered")
    custom = {"appointment_id": "A1", "prompt": "Are you coming?"}
    assert decided(maria, Context.APPOINTMENT_REMINDER, **custom) == ("drop", "already-answered")


def test_a_visit_that_is_off_or_over_is_not_reminded_of(maria: Chat) -> None:
    maria.cancel("A1")
    assert decided(maria, Context.APPOINTMENT_REMINDER, appointment_id="A1")[0] == "drop"
    maria.visit("A2", "P1", datetime.fromisoformat("2026-11-23T10:00"))
    maria.now += timedelta(hours=3)
    assert decided(maria, Context.APPOINTMENT_REMINDER, appointment_id="A2")[0] == "drop"


def test_the_clinics_own_words_and_the_slot_are_in_the_text(maria: Chat) -> None:
    maria.start("P1", "checkin_yes_no", prompt="Did you pick up your medicine?")
    assert "Did you pick up your medicine?" in maria.sent[-1].body
    maria.start("P1", "waitlist_offer", "A1", slot=datetime.fromisoformat("2026-11-25T21:00+00:00"))
    assert "Wed Nov 25 at 3:00 PM" in maria.sent[-1].body


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"patient_id": "P9"}, "patient_id"),
        ({"kind": Context.APPOINTMENT_REMINDER}, "appointment_id"),
        ({"kind": Context.APPOINTMENT_REMINDER, "appointment_id": "A9"}, "appointment_id"),
        ({"kind": Context.NONE}, "prompt"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_and_leaves_nothing_behind(
    maria: Chat, changes: dict[str, object], field: str
) -> None:
    refused = begin(maria, **changes)  # type: ignore[arg-type]
    assert isinstance(refused, Refusal)
    assert refused.field == field
    with maria.clinic.database.read() as connection:
        assert connection.execute(select(Message.id)).all() == []


def test_somebody_elses_visit_is_none_of_this_patients(maria: Chat) -> None:
    maria.patient("P2", "Luis")
    assert isinstance(begin(maria, Context.APPOINTMENT_REMINDER, "P2", appointment_id="A1"), Refusal)


def test_asked_by_two_at_once_both_are_written_down(maria: Chat) -> None:
    both = at_once(*[lambda: begin(maria, Context.APPOINTMENT_REMINDER, appointment_id="A1")] * 2)
    assert all(isinstance(one, Started) for one in both)


def test_an_answer_long_after_silence_was_taken_for_one_still_counts(maria: Chat) -> None:
    maria.start("P1", "survey_scale")
    maria.pass_time(timedelta(hours=60))
    maria.text("P1", "8")
    assert "score = 8" in maria.records().values()


def test_a_time_that_has_come_can_no_longer_be_taken(maria: Chat) -> None:
    maria.pass_time(timedelta(minutes=30))
    maria.start("P1", "waitlist_offer", "A1", slot=maria.now + timedelta(hours=2))
    maria.pass_time(timedelta(hours=3))
    maria.text("P1", "yes please")
    assert maria.escalations() == [("routine", "unclear")]


def test_a_worrying_mark_reaches_a_person(maria: Chat) -> None:
    maria.start("P1", "survey_scale", prompt="How bad is your pain right now, 0 to 10?")
    (said,) = maria.text("P1", "9")
    assert ("urgent", "survey-alert") in maria.escalations()
    assert "contact you" in said


def test_a_mark_that_is_none_is_only_kept(maria: Chat) -> None:
    maria.start("P1", "survey_scale", prompt="How bad is your pain right now, 0 to 10?")
    maria.text("P1", "2")
    assert maria.escalations() == []
