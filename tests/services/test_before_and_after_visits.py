"""Around a visit: how to prepare, what hangs on it when it moves, and a kind word when it was missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.core.journey import OwedBy
from bot.core.preparation import Preparing, Protocol
from bot.core.rows import Kind
from bot.journeys import discover
from tests.transcripts.chat import Chat

CHICAGO = ZoneInfo("America/Chicago")
FRIDAY_10 = datetime(2026, 11, 27, 10, 0, tzinfo=CHICAGO)
FASTING = Protocol(
    "fasting",
    frozenset({"fasting labs"}),
    (Preparing("fasting", days=1),),
    reviewed_by="R. Example, RN",
    reviewed_on=date(2026, 11, 1),
)


def book(chat: Chat, appointment_id: str, at: datetime, status: str = "booked", service: str = "fasting labs") -> None:
    chat._import(
        Kind.APPOINTMENTS,
        "appointment_id,patient_id,starts_at,timezone,service,status",
        (appointment_id, "P1", at.isoformat(), "America/Chicago", service, status),
    )


def prepared(chat: Chat) -> Chat:
    chat.clinic = replace(chat.clinic, protocols=(FASTING,))
    chat.patient("P1", "Maria")
    return chat


def kinds(chat: Chat) -> list[str]:
    return [sent.kind for sent in chat.sent]


def test_a_signed_protocol_goes_out_beside_the_reminder(chat: Chat) -> None:
    prepared(chat)
    book(chat, "A1", FRIDAY_10)
    chat.until(FRIDAY_10)
    assert kinds(chat).count("appointment/prep_fasting") == 1
    assert kinds(chat).count("appointment/reminder_last") == 1
    (text,) = [sent for sent in chat.sent if sent.kind == "appointment/prep_fasting"]
    assert "Fri Nov 27 at 10:00 AM" in text.body
    assert text.at.astimezone(CHICAGO).date() == date(2026, 11, 26)


def test_a_yes_keeps_it_and_a_no_ends_it(chat: Chat) -> None:
    prepared(chat)
    book(chat, "A1", FRIDAY_10)
    chat.until(FRIDAY_10 - timedelta(days=2))
    chat.text("P1", "yes i will be there")
    chat.until(FRIDAY_10)
    assert "appointment/prep_fasting" in kinds(chat)
    book(chat, "A2", FRIDAY_10 + timedelta(days=14))
    chat.until(FRIDAY_10 + timedelta(days=12))
    chat.text("P1", "no i cant come")
    before = kinds(chat).count("appointment/prep_fasting")
    chat.until(FRIDAY_10 + timedelta(days=14))
    assert kinds(chat).count("appointment/prep_fasting") == before


def test_it_moves_with_the_visit(chat: Chat) -> None:
    prepared(chat)
    book(chat, "A1", FRIDAY_10)
    chat.work()
    book(chat, "A1", FRIDAY_10 + timedelta(days=7))
    chat.until(FRIDAY_10)
    assert "appointment/prep_fasting" not in kinds(chat)
    chat.until(FRIDAY_10 + timedelta(days=7))
    assert kinds(chat).count("appointment/prep_fasting") == 1


def test_a_missed_visit_has_a_kind_word_and_an_easy_way_back(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    book(chat, "A1", chat.now + timedelta(minutes=30))
    chat.until(chat.now + timedelta(hours=1))
    book(chat, "A1", chat.now - timedelta(minutes=30), "noshow")
    chat.pass_time(timedelta(hours=4))
    assert "we missed you at your visit" in chat.sent[-1].body
    chat.text("P1", "1")
    assert ("routine", "booking") in chat.escalations()
    loop = chat.loop("no_show", "P1")
    assert loop.step == "booking"
    assert discover()["no_show"].steps[loop.step].owed_by is OwedBy.OFFICE


def test_the_second_miss_asks_what_stood_in_the_way(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    book(chat, "A1", chat.now - timedelta(days=60), "noshow")
    chat.work()
    book(chat, "A2", chat.now - timedelta(hours=1), "noshow")
    chat.pass_time(timedelta(hours=4))
    assert [sent.kind for sent in chat.sent] == ["no_show/why"]
    chat.text("P1", "1")
    assert ("routine", "transport") in chat.escalations()
    assert chat.loop("no_show", "P1").step == "barrier"
    chat.pass_time(timedelta(days=4))
    assert ("urgent", "booking") in chat.escalations(), "nobody saw to it"
