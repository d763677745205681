"""Recalls from files: who is invited, who is left out, what is one gap, and what closes it."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import select, update

from bot.core.people import NumberStatus
from bot.core.rows import Kind
from bot.services.importing.run import run_import
from bot.store.tables import Appointment, ContactPoint, Enrollment, Escalation, Recall
from tests.transcripts.chat import Chat

HEADER = "recall_id,patient_id,measure,due_date,payer,status,sex,exclusions"


@pytest.fixture
def asked(chat: Chat) -> Chat:
    chat.patient("P1", "Maria")
    return chat


def load(chat: Chat, *rows: str) -> None:
    body = "\n".join((HEADER, *rows, "")).encode()
    report = run_import(chat.clinic, Kind.RECALLS, BytesIO(body), file_name="r.csv", actor="test", dry_run=False)
    assert not report.faults, report.faults
    chat.work()


def found(chat: Chat) -> list[tuple[str, str, str | None]]:
    query = select(Enrollment.subject_id, Enrollment.kind, Enrollment.outcome).order_by(Enrollment.subject_id)
    with chat.clinic.database.read() as connection:
        return [tuple(row) for row in connection.execute(query.where(Enrollment.journey == "recall"))]


def test_a_measure_is_one_whatever_files_call_it(asked: Chat) -> None:
    load(asked, "R1,P1,BCS-E,2026-11-23,Acme,,,", "R2,P1,Mammography,2026-11-24,,,,")
    assert found(asked) == [("R1", "mammogram", None)]
    asked.report(asked.loop("recall", "P1").id, "booked")
    assert found(asked) == [("R1", "mammogram", "booked")]


def test_whoever_is_left_out_is_not_asked(asked: Chat) -> None:
    load(
        asked,
        "R1,P1,mammogram,2026-11-23,,,,Mastectomy",
        "R2,P1,mammogram,2026-11-23,,,m,",
        "R3,P1,a1c,2026-11-23,,,,hospice",
    )
    assert found(asked) == []
    with asked.clinic.database.read() as connection:
        kept = connection.execute(select(Recall.status, Recall.extra).order_by(Recall.recall_id)).all()
    assert [(row.status, row.extra["why"]) for row in kept] == [
        ("excluded", "excluded"),
        ("excluded", "other-sex"),
        ("excluded", "excluded"),
    ]


def test_done_rests_for_a_month(asked: Chat) -> None:
    load(asked, "R1,P1,a1c,2026-11-23,,,,")
    load(asked, "R1,P1,a1c,2026-11-23,,done,,", "R2,P1,HbA1c,2026-11-25,,,,")
    assert found(asked) == [("R1", "a1c", "done")]
    asked.now += timedelta(days=31)
    asked.work()
    assert found(asked) == [("R1", "a1c", "done"), ("R2", "a1c", None)]


def test_two_gaps_are_asked_one_after_the_other(asked: Chat) -> None:
    load(asked, "R1,P1,a1c,2026-11-23,,,,", "R2,P1,mammogram,2026-11-23,,,,")
    assert len(found(asked)) == 1
    asked.pass_time(timedelta(hours=2))
    asked.text("P1", "1")
    asked.work()
    assert [row[1] for row in found(asked)] == ["a1c", "mammogram"]


@pytest.mark.parametrize(("status", "outcome"), [("booked", "booked"), ("fulfilled", "done")])
def test_the_visit_itself_closes_the_gap(asked: Chat, status: str, outcome: str) -> None:
    load(asked, "R1,P1,annual physical,2026-11-23,,,,")
    starts = asked.now + timedelta(hours=1)
    asked.visit("A1", "P1", starts, status)
    asked.work()
    assert found(asked)[0][2] is None, "a visit for something else closes nothing"
    with asked.clinic.database.begin() as connection:
        connection.execute(update(Appointment).values(service="Annual wellness visit"))
    asked.work()
    assert found(asked)[0][2] == outcome


def test_whoever_has_the_visit_already_is_not_invited(asked: Chat) -> None:
    asked.visit("A1", "P1", asked.now + timedelta(days=40), "booked")
    with asked.clinic.database.begin() as connection:
        connection.execute(update(Appointment).values(service="Annual wellness visit"))
    asked.now += timedelta(minutes=5)
    load(asked, "R1,P1,annual physical,2026-11-23,,,,")
    asked.pass_time(timedelta(days=3))
    assert found(asked)[0][2] == "booked"
    assert not [text for text in asked.sent if text.kind.startswith("recall/")]


def test_what_was_kept_under_a_files_own_name_is_asked_about_under_the_measures(asked: Chat) -> None:
    load(asked, "R1,P1,a1c,2027-06-01,,,,")
    with asked.clinic.database.begin() as connection:
        connection.execute(update(Recall).values(measure="HbA1c", due_date=asked.now.date()))
    asked.work()
    asked.work()
    assert found(asked) == [("R1", "a1c", None)]


def test_whoever_cannot_be_texted_is_with_a_person_at_once(chat: Chat) -> None:
    chat.patient("P1", "Maria", consent="no")
    chat.patient("P2", "Ana")
    chat.patient("P3", "Eva")
    chat.text("P2", "STOP")
    with chat.clinic.database.begin() as connection:
        connection.execute(
            update(ContactPoint)
            .where(ContactPoint.phone_index == chat.clinic.vault.index(chat.phones["P3"]))
            .values(status=NumberStatus.LANDLINE)
        )
    load(chat, *(f"R{number},P{number},a1c,2026-11-23,,,," for number in (1, 2, 3)))
    chat.pass_time(timedelta(hours=26))  # The text would have gone out at ten.
    where = {f"P{number}": chat.loop("recall", f"P{number}") for number in (1, 2, 3)}
    assert {name: (row.step, row.office_step) for name, row in where.items()} == dict.fromkeys(
        where, ("with_person", "call-or-letter")
    )
    assert chat.escalations().count(("routine", "silence")) == 3
    assert chat.sent == []


def test_the_wish_to_book_is_closed_with_the_visit(asked: Chat) -> None:
    load(asked, "R1,P1,a1c,2026-11-23,,,,")
    asked.pass_time(timedelta(hours=26))
    asked.text("P1", "1")
    asked.text("P1", "can I bring my daughter?")
    asked.visit("A1", "P1", asked.now + timedelta(days=9), service="Diabetes A1c check")
    asked.work()
    assert asked.loop("recall", "P1").outcome == "booked"
    query = select(Escalation.reason, Escalation.status, Escalation.outcome).order_by(Escalation.reason)
    with asked.clinic.database.read() as connection:
        cases = [tuple(map(str, row)) for row in connection.execute(query)]
    assert cases == [("booking", "resolved", "handled"), ("question", "open", "None")]
