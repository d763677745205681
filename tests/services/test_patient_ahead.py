"""What is foretold for a patient is what they get when nothing changes; and looking writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from bot.core.outreach import GateReason, Verdict
from bot.core.people import Participation
from bot.services import patient_record
from bot.services.patient_ahead import Ahead, Coming, read_ahead
from bot.services.plan import plan_due
from bot.store.tables import Appointment, Message, Patient, Touch
from tests.transcripts.chat import STEP, Chat

pytestmark = pytest.mark.slow

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def at(words: str) -> datetime:
    return datetime.fromisoformat(words)


def look(chat: Chat, patient_id: str = "P1") -> Ahead:
    with chat.clinic.database.read() as connection:
        return read_ahead(chat.clinic, connection, patient_id, now=chat.now)


def going(found: Ahead) -> list[Coming]:
    return [one for one in found.coming if one.decision.word is Verdict.SEND]


def several_visits(chat: Chat) -> None:
    chat.patient("P1", "Maria", "es")
    chat.visit("A1", "P1", at("2026-12-02T15:00"))
    chat.work()
    chat.pass_time(timedelta(hours=3))
    # Two at once would vie for the one text of the day, and either may win.
    chat.visit("A2", "P1", at("2026-11-25T07:30"))
    chat.visit("A3", "P1", at("2026-12-02T16:00"))


def a_household(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.patient("P2", "Luis", phone=chat.phones["P1"])
    chat.visit("A1", "P1", at("2026-12-01T15:00"))
    chat.visit("A2", "P2", at("2026-12-01T15:30"))


def a_moved_visit(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", at("2026-11-30T10:00"))
    chat.work()
    chat.move("A1", at("2026-12-03T11:00"))


@pytest.mark.parametrize("scene", [several_visits, a_household, a_moved_visit])
@pytest.mark.parametrize("planned", [False, True])
@SQLITE
def test_what_is_foretold_comes_true(chat: Chat, scene: Callable[[Chat], None], planned: bool) -> None:
    scene(chat)
    if planned:
        plan_due(chat.clinic, at=chat.now)
    foretold = [(one.kind, one.body, one.at) for one in going(look(chat))]
    assert len(foretold) >= 2
    before = len(chat.sent)
    chat.work()
    chat.until(chat.now + timedelta(days=10))
    came = [text for text in chat.sent[before:] if "Maria" in text.body]
    assert [(kind, body) for kind, body, _at in foretold] == [(text.kind, text.body) for text in came]
    for (_kind, _body, expected), text in zip(foretold, came, strict=True):
        assert timedelta() <= text.at - expected < STEP


def test_looking_writes_nothing_and_asks_little(chat: Chat) -> None:
    several_visits(chat)

    def rows() -> list[Any]:
        count = select(func.count())
        with chat.clinic.database.read() as connection:
            counts = [connection.execute(count.select_from(table)).scalar() for table in (Touch, Message)]
            return [*counts, connection.execute(select(Appointment.planned_version)).all()]

    before, sent = rows(), list[str]()
    event.listen(chat.clinic.database.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    assert look(chat).coming
    asked = [one for one in sent if not one.startswith("BEGIN")]
    assert all(one.lstrip().startswith("SELECT") for one in asked)
    assert len(asked) <= 20
    assert rows() == before


@SQLITE
def test_what_would_not_be_made_says_why(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", at("2026-11-30T10:00"))
    plan_due(chat.clinic, at=chat.now)
    assert ("same_day", "not-confirmed") in [(one.step, one.reason) for one in look(chat).left_out]
    with chat.clinic.database.begin() as connection:
        connection.execute(update(Appointment).values(response=Participation.ACCEPTED))
    confirmed = look(chat)
    assert {one.reason for one in confirmed.left_out} == {"already-answered"}
    assert [one.kind for one in confirmed.coming][-1] == "appointment/same_day"


@SQLITE
def test_the_gate_has_its_word_on_what_is_to_come(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", at("2026-12-03T20:30"))
    # A reminder at half past eight in the evening falls into the quiet hours.
    first = next(one for one in look(chat).coming if one.kind.endswith("first"))
    assert [hold.reason for hold in first.waits] == [GateReason.QUIET_HOURS]
    assert first.at == first.waits[0].until
    with chat.clinic.database.begin() as connection:
        connection.execute(update(Patient).values(paused_since=chat.now))
    assert {one.decision.reason for one in look(chat).coming} == {GateReason.PAUSED}
    with chat.clinic.database.begin() as connection:
        connection.execute(update(Patient).values(paused_since=None))
    told = {"patient_id": "P1", "actor_id": "somebody", "now": chat.now, "program": "appointment"}
    assert patient_record.stop_texts(chat.clinic, evidence="said so on the phone", **told) is True
    assert {one.decision.reason for one in look(chat).coming} == {GateReason.PROGRAM_OPTED_OUT}


@SQLITE
def test_nobody_without_a_phone_or_a_visit_breaks_it(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    assert look(chat).coming == []
    chat.visit("A1", "P1", at("2026-12-01T15:00"))
    with chat.clinic.database.begin() as connection:
        connection.exec_driver_sql("UPDATE patient_contacts SET active = false")
    found = look(chat)
    assert found.coming == []
    assert {one.reason for one in found.left_out} == {"no-usable-number"}


@SQLITE
def test_a_household_text_leaves_out_who_wants_no_reminders(chat: Chat) -> None:
    a_household(chat)
    told = {"patient_id": "P2", "actor_id": "somebody", "now": chat.now, "program": "appointment"}
    assert patient_record.stop_texts(chat.clinic, evidence="said so on the phone", **told) is True
    foretold = [(one.kind, one.body) for one in going(look(chat))]
    assert not any("Luis" in body for _kind, body in foretold)
    assert "appointment/reminder_first" in [kind for kind, _body in foretold]
    chat.until(chat.now + timedelta(days=6))
    assert [(text.kind, text.body) for text in chat.sent] == foretold[: len(chat.sent)]
    assert chat.sent
