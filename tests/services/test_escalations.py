"""Bringing things to people: one open case for one thing, made more urgent and never less."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update

from bot.services.escalations import KEPT_PIECES, evidence_of
from bot.store.tables import Escalation
from tests.transcripts.chat import Chat


def cases(chat: Chat) -> list[tuple[str | None, str | None, str, int]]:
    with chat.clinic.database.read() as connection:
        rows = connection.execute(select(Escalation.__table__).order_by(Escalation.created_at, Escalation.id)).all()
    return [(row.patient_id, row.appointment_id, str(row.reason), row.version) for row in rows]


def test_more_about_the_same_thing_joins_the_open_case(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    for number in range(7):
        chat.text("P1", f"how much does it cost? {number}")
    assert [(reason, version) for _patient, _visit, reason, version in cases(chat)][:1] == [("financial", 7)]
    with chat.clinic.database.read() as connection:
        row = connection.execute(select(Escalation.__table__).where(Escalation.reason == "financial")).one()
    pieces = evidence_of(row.id, row.evidence, chat.clinic.vault)
    assert len(pieces) == KEPT_PIECES
    assert pieces[-1]["words"].endswith("6")


def test_after_it_was_resolved_a_new_text_opens_a_new_case(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.text("P1", "how much does it cost?")
    with chat.clinic.database.begin() as connection:
        connection.execute(update(Escalation).values(status="resolved", resolved_at=chat.now))
    chat.text("P1", "how much does it cost?")
    assert len(cases(chat)) == 2


def test_two_visits_of_one_household_called_off_are_two_cases(chat: Chat) -> None:
    chat.patient("P1", "Ana")
    chat.patient("P2", "Luis", phone=chat.phones["P1"])
    chat.visit("A1", "P1", datetime.fromisoformat("2026-11-24T08:00"))
    chat.visit("A2", "P2", datetime.fromisoformat("2026-11-24T08:30"))
    chat.work()
    chat.text("P1", "Luis can't come")
    chat.text("P1", "and Ana can't come either")
    assert sorted(cases(chat)) == [("P1", "A1", "declined", 1), ("P2", "A2", "declined", 1)]


def test_a_case_grows_more_urgent_and_never_less(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", datetime.fromisoformat("2026-11-24T08:00"))
    chat.work()
    chat.text("P1", "no")
    chat.text("P1", "yes i will come")
    chat.text("P1", "no i cant")
    assert ("urgent", "correction") in chat.escalations()
    assert chat.escalations().count(("routine", "declined")) == 1


def test_what_closes_with_one_loop_leaves_the_case_of_another(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.text("P1", "thanks")
    recall = chat.open("recall", "P1", kind="a1c")
    chat.report(recall, "unreachable")
    chat.open("transition", "P1")
    chat.pass_time(timedelta(days=4))
    assert chat.loop("transition", "P1").step != "day1"
    silent = [case for case in chat.escalations() if case[1] == "silence"]
    assert silent == [("routine", "silence"), ("urgent", "silence")], "one for each, however often it is silent"
    chat.report(recall, "done")
    assert [case for case in chat.escalations() if case[1] == "silence"] == [("urgent", "silence")]
