"""Loops as reports count them: recalls on their 30th and 90th day, referrals by state, contact after discharge."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.reports import business_day_after
from bot.services.reporting import roll_up
from bot.services.reporting.loops import CONTACT
from bot.store.tables import Discharge
from tests.services.reporting.ledger import DAY, MONDAY, Ledger


def worked_out(ledger: Ledger, day: date = DAY) -> Ledger:
    ledger.now = datetime(day.year, day.month, day.day, 23, tzinfo=UTC) + timedelta(hours=6)
    roll_up.run_all(ledger.clinic, since=day)
    return ledger


def test_a_recall_counts_on_its_30th_and_on_its_90th_day(ledger: Ledger) -> None:
    for name in ("ana", "ben", "eve", "joe"):
        ledger.patient(name)
    taken_up = MONDAY - timedelta(days=30)
    ledger.loop("recall", "ana", taken_up, kind="eye", outcome="booked", ended_at=taken_up + timedelta(days=29))
    ledger.loop("recall", "ben", taken_up, kind="eye", outcome="done", ended_at=taken_up + timedelta(days=31))
    ledger.loop("recall", "eve", taken_up, kind="foot", outcome="letter", ended_at=taken_up + timedelta(days=9))
    ledger.loop("recall", "joe", taken_up, kind="foot", outcome="excluded", ended_at=taken_up)  # Was never due.
    ledger.loop("recall", "joe", MONDAY - timedelta(days=90), kind="eye", outcome="done", ended_at=taken_up)
    worked_out(ledger)
    assert ledger.parts("recall_30") == {"eye": (1, 2), "foot": (0, 1)}
    assert ledger.parts("recall_90") == {"eye": (1, 1)}


def test_a_referral_counts_in_each_state_that_it_left_that_day(ledger: Ledger) -> None:
    ledger.patient("ana")
    sent, scheduled = MONDAY - timedelta(days=10), MONDAY - timedelta(days=4)
    ledger.loop(
        "referral", "ana", sent - timedelta(hours=6),
        ("", "sent", "opened", sent - timedelta(hours=6)), ("sent", "sent", "silence", sent + timedelta(days=2)),
        ("sent", "scheduled", "scheduled", scheduled), ("scheduled", "attended", "i-went", MONDAY),
    )  # fmt: skip
    worked_out(ledger)
    assert ledger.parts("referral_days") == {"scheduled": (4 * 86_400, 1)}
    worked_out(ledger, scheduled.date())
    # A chase does not begin the state anew.
    assert ledger.parts("referral_days")["sent"] == (6 * 86_400 + 6 * 3600, 1)


def test_a_discharge_counts_when_its_second_business_day_ends_and_only_staff_close_it(ledger: Ledger) -> None:
    friday, tuesday = MONDAY - timedelta(days=3), MONDAY + timedelta(days=1)
    for name, home in (("ana", friday), ("ben", friday), ("eve", friday), ("joe", MONDAY)):
        ledger.patient(name)
        ledger.add(
            Discharge, discharge_id=f"D-{name}", patient_id=name, discharged_at=home, risk="high", created_at=home,
            updated_at=home,
        )  # fmt: skip

    def loop(name: str, at: datetime, *moves: tuple[str, str, str, datetime]) -> None:
        ledger.loop("transition_contact", name, at, *moves, subject_id=f"D-{name}")

    loop("ana", friday, ("due", "reached", CONTACT, tuesday))
    # Known late, and called the day after.
    loop("ben", tuesday, ("due", "reached_late", CONTACT, tuesday + timedelta(days=1)))
    loop("eve", friday, ("due", "due", "attempt-logged", MONDAY))  # Tried is not reached.
    loop("joe", MONDAY, ("due", "reached", CONTACT, MONDAY))
    worked_out(ledger, DAY + timedelta(days=1))
    assert ledger.total("discharge_contact", DAY + timedelta(days=1)) == (1, 3)
    assert ledger.total("discharge_contact", DAY) == (0, 0)


@pytest.mark.parametrize(
    ("day", "count", "found"),
    [("2026-11-20", 2, "2026-11-24"), ("2026-11-21", 1, "2026-11-23"), ("2026-11-25", 2, "2026-11-30")],
)
def test_business_days_leave_out_weekends_and_holidays(day: str, count: int, found: str) -> None:
    thanksgiving = date(2026, 11, 26)
    assert str(business_day_after(date.fromisoformat(day), count, [thanksgiving])) == found
