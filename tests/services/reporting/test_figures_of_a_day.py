"""Each measure against the definition that stands beside it."""

from __future__ import annotations

from datetime import date, timedelta

from bot.core.escalation import EscalationStatus, Priority
from bot.core.messages import MessageStatus, Origin
from bot.core.people import AppointmentStatus, ConsentBasis, Participation
from bot.services.reporting import roll_up
from bot.store.tables import Cut
from tests.services.reporting.ledger import DAY, MONDAY, Ledger

HOUR = timedelta(hours=1)


def test_reach_counts_patients_and_delivery_counts_texts(ledger: Ledger) -> None:
    for name in ("ana", "ben", "eve"):
        ledger.patient(name)
    ledger.sent("ana", status=MessageStatus.FAILED)
    ledger.sent("ana", status=MessageStatus.DELIVERED, at=MONDAY + HOUR)
    ledger.sent("ben", status=MessageStatus.UNDELIVERED)
    ledger.sent("eve", kind="general/help", origin=Origin.REPLY)  # An answer is no outreach.
    ledger.sent("eve", status=MessageStatus.DROPPED, sent_at=None)  # Never went.
    ledger.sent("eve", at=MONDAY - timedelta(days=1))  # Another day.
    roll_up.run_all(ledger.clinic)
    assert ledger.total("reach") == (1, 2)
    assert ledger.total("delivery") == (2, 4)
    assert ledger.parts("delivery")["general/help"] == (1, 1)


def test_a_day_is_the_clinics_own(ledger: Ledger) -> None:
    ledger.patient("ana")
    ledger.sent("ana", at=MONDAY.replace(hour=5, minute=59))  # 23:59 on Sunday in Chicago.
    ledger.sent("ana", at=MONDAY.replace(hour=6))
    roll_up.run_all(ledger.clinic)
    assert [ledger.total("delivery", day) for day in (date(2026, 11, 22), DAY)] == [(1, 1), (1, 1)]


def test_an_answer_counts_for_72_hours(ledger: Ledger) -> None:
    for name in ("ana", "ben", "eve"):
        ledger.patient(name)
        ledger.sent(name)
    ledger.heard("ana", at=MONDAY + 71 * HOUR)
    ledger.heard("ben", at=MONDAY + 73 * HOUR)
    ledger.heard("eve", at=MONDAY - HOUR)
    ledger.now = MONDAY + timedelta(days=5)
    roll_up.run_all(ledger.clinic)
    assert ledger.total("response") == (1, 3)


def test_an_opt_out_is_laid_to_the_text_before_it(ledger: Ledger) -> None:
    for name in ("ana", "ben", "eve", "joe"):
        ledger.patient(name)
        ledger.sent(name, kind="recall/invite", at=MONDAY - HOUR)
        ledger.sent(name, kind="appointment/reminder_last", at=MONDAY)
    ledger.opted_out("ana", MONDAY - HOUR / 2)
    ledger.opted_out("ben", MONDAY + HOUR)
    ledger.opted_out("ben", MONDAY + 2 * HOUR)  # Said twice, counted once.
    ledger.opted_out("eve", MONDAY + HOUR, basis=ConsentBasis.STAFF)  # Staff did.
    ledger.opted_out("joe", MONDAY + HOUR, program="survey")  # Only of one program.
    roll_up.run_all(ledger.clinic)
    assert ledger.parts("opt_out") == {"recall/invite": (1, 4), "appointment/reminder_last": (1, 4)}
    assert ledger.total("opt_out") == (2, 8)


def test_segments_and_what_was_not_understood(ledger: Ledger) -> None:
    ledger.patient("ana")
    ledger.sent("ana", segments=3)
    ledger.heard("ana", kind="unclear")
    ledger.heard("ana", kind="confirm")
    roll_up.run_all(ledger.clinic)
    assert ledger.parts("segments") == {"appointment/reminder_last": (3, 1)}
    assert ledger.total("unclear") == (1, 2)


def test_visits_asked_about_are_confirmed_or_not_and_missed_by_how_they_were_asked(ledger: Ledger) -> None:
    kept, missed = AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW
    yes = Participation.ACCEPTED
    rows = (
        ("V1", kept, yes, True), ("V2", missed, yes, True), ("V3", missed, Participation.NEEDS_ACTION, True),
        ("V4", missed, Participation.NEEDS_ACTION, False), ("V5", AppointmentStatus.BOOKED, yes, True),
        ("V6", AppointmentStatus.ENTERED_IN_ERROR, yes, True),
    )  # fmt: skip
    for number, status, response, asked in rows:
        ledger.patient(f"of {number}")
        ledger.visit(number, f"of {number}", status=status, response=response)
        if asked:
            ledger.sent(f"of {number}", at=MONDAY - timedelta(days=1), appointment_id=number)
    ledger.sent("of V4", kind="appointment/booked", at=MONDAY - timedelta(days=1), appointment_id="V4")  # Asks nothing.
    roll_up.run_all(ledger.clinic)
    assert ledger.total("confirmation") == (3, 4)
    assert ledger.total("no_show") == (3, 4)
    assert ledger.parts("no_show") == {"confirmed": (1, 2), "asked": (1, 1), "not-asked": (1, 1)}


def test_slots_freed_in_time_and_filled_again(ledger: Ledger) -> None:
    for name in ("ana", "ben", "eve", "joe", "kim"):
        ledger.patient(name)
    day_before, hour_before = MONDAY - timedelta(hours=30), MONDAY - HOUR
    off = AppointmentStatus.CANCELLED
    ledger.visit("in time", "ana", status=off)
    ledger.changed("in time", "status", "booked", "cancelled", day_before)
    ledger.visit("too late", "ben", MONDAY + HOUR, status=off)
    ledger.changed("too late", "status", "booked", "cancelled", hour_before)
    later = MONDAY + timedelta(days=9)
    ledger.visit("moved", "eve", later, previous_starts_at=MONDAY + 2 * HOUR)
    ledger.changed("moved", "starts_at", (MONDAY + 2 * HOUR).isoformat(), later.isoformat(), day_before)
    ledger.visit("came called off", "kim", MONDAY + 3 * HOUR, status=off)
    ledger.visit("stands", "kim", MONDAY + 4 * HOUR)
    ledger.visit("fills", "joe", created_at=day_before + HOUR)
    ledger.visit("was there before", "joe", MONDAY + 2 * HOUR)
    roll_up.run_all(ledger.clinic)
    assert ledger.total("freed") == (2, 6)
    assert ledger.total("refilled") == (1, 2)


def test_help_by_priority_how_soon_and_how_late(ledger: Ledger) -> None:
    for name in ("ana", "ben", "eve", "joe"):
        ledger.patient(name)
    minute = timedelta(minutes=1)
    ledger.case("ana", Priority.EMERGENCY, claimed_at=MONDAY + 3 * minute)
    ledger.case("ben", Priority.EMERGENCY, claimed_at=MONDAY + 31 * minute)
    ledger.case("eve", Priority.ROUTINE, status=EscalationStatus.RESOLVED, resolved_at=MONDAY + 10 * minute)
    ledger.case("joe", Priority.ROUTINE)  # Nobody yet, twelve hours later.
    roll_up.run_all(ledger.clinic)
    assert ledger.total("escalations") == (4, 4)
    assert ledger.parts("breach") == {"emergency": (1, 2), "routine": (1, 2)}
    assert ledger.parts("answer_time") == {"emergency": (34 * 60, 2), "routine": (600, 1)}
    assert ledger.parts("answer_spread") == {"emergency|5": (1, 1), "emergency|60": (1, 1), "routine|10": (1, 1)}


def test_groups_are_by_the_visits_place_the_language_and_the_age_of_that_day(ledger: Ledger) -> None:
    ledger.patient("ana", language="es", born="2008-11-24")  # 18 tomorrow.
    ledger.patient("ben", born=None)
    ledger.visit("V1", "ana", location="Elm St", status=AppointmentStatus.NOSHOW)
    ledger.visit("V2", "ben", status=AppointmentStatus.FULFILLED)
    ledger.sent("ben")
    roll_up.run_all(ledger.clinic)
    rows = {(r.location, r.language, r.age_band, r.numerator) for r in ledger.figures("no_show", cut=Cut.AGE)}
    assert rows == {("Elm St", "es", "0-17", 1), ("Main St", "en", "", 0)}
    assert {(r.location, r.language) for r in ledger.figures("delivery")} == {("Main St", "en")}
