"""The night's work: nothing twice, nothing missed, and late outcomes still found."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import update

from bot.core.figures import LEAST, unpacked
from bot.core.messages import MessageStatus
from bot.services.reporting import roll_up
from bot.store.tables import Grain, Message
from tests.services.reporting.ledger import DAY, MONDAY, Ledger

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def rounds(ledger: Ledger) -> int:
    """How many days and months the scheduler's rounds work out until nothing is due."""
    done = 0
    while roll_up.run_next(ledger.clinic, ledger.now):
        done += 1
        assert done < 1000
    return done


def test_again_changes_nothing_and_late_outcomes_are_found(ledger: Ledger) -> None:
    ledger.patient("ana")
    ledger.sent("ana", status=MessageStatus.SENT)
    assert rounds(ledger) == 1
    assert ledger.total("delivery") == (0, 1)
    assert rounds(ledger) == 0
    with ledger.clinic.database.begin() as connection:
        connection.execute(update(Message).values(status=MessageStatus.DELIVERED))
    ledger.now += roll_up.FRESH + timedelta(seconds=1)
    assert rounds(ledger) == 1
    assert ledger.total("delivery") == (1, 1)
    roll_up.run_all(ledger.clinic, since=DAY)
    assert ledger.total("delivery") == (1, 1)


def test_a_day_is_worked_out_every_night_until_its_outcomes_are_in(ledger: Ledger) -> None:
    ledger.patient("ana")
    ledger.sent("ana")
    rounds(ledger)
    ledger.now += timedelta(days=1)
    assert rounds(ledger) == 2  # Yesterday once more, and today.
    ledger.now += timedelta(days=roll_up.LATE_DAYS)
    rounds(ledger)
    ledger.now += timedelta(days=1)
    # The first days are done with; what is left are the last two weeks, today, and the month that they reach into.
    assert rounds(ledger) == roll_up.LATE_DAYS + 2


def test_after_an_outage_every_day_is_caught_up_and_months_are_made(ledger: Ledger) -> None:
    ledger.patient("ana")
    ledger.sent("ana")
    rounds(ledger)
    ledger.sent("ana", at=MONDAY + timedelta(days=1))
    ledger.sent("ana", at=MONDAY + timedelta(days=12))
    ledger.now += timedelta(days=45)
    rounds(ledger)
    assert [row.day.isoformat() for row in ledger.figures("delivery")] == ["2026-11-23", "2026-11-24", "2026-12-05"]
    months = ledger.figures("delivery", grain=Grain.MONTH)
    assert [(row.day, row.denominator) for row in months] == [(date(2026, 11, 1), 2), (date(2026, 12, 1), 1)]


def test_a_month_follows_its_days(ledger: Ledger) -> None:
    ledger.patient("ana")
    ledger.sent("ana")
    ledger.now += timedelta(days=20)
    rounds(ledger)
    ledger.sent("ana")
    roll_up.run_all(ledger.clinic, since=DAY)
    rows = ledger.figures("delivery", grain=Grain.MONTH)
    assert [(row.day, row.denominator) for row in rows] == [(date(2026, 11, 1), 2)]


@ONLY_SQLITE
def test_a_day_that_cannot_be_read_is_passed_over_and_tried_again(ledger: Ledger) -> None:
    ledger.patient("ana")
    ledger.sent("ana")
    ledger.visit("V1", "ana")
    with ledger.clinic.database.begin() as connection:
        connection.exec_driver_sql("UPDATE appointments SET status = 'no such word'")
    assert rounds(ledger) == 1
    assert ledger.figures("delivery") == []
    with ledger.clinic.database.begin() as connection:
        connection.exec_driver_sql("UPDATE appointments SET status = 'fulfilled'")
    ledger.now += roll_up.FRESH + timedelta(seconds=1)
    assert rounds(ledger) == 1
    assert ledger.total("delivery") == (1, 1)


@ONLY_SQLITE
def test_it_goes_on_where_it_was_cut_off(ledger: Ledger) -> None:
    ledger.patient("ana")
    ledger.sent("ana", at=MONDAY - timedelta(days=3))
    assert roll_up.run_next(ledger.clinic, ledger.now)
    assert roll_up.next_due(ledger.clinic, ledger.now) == (Grain.DAY, DAY - timedelta(days=1))
    assert rounds(ledger) == 3


@ONLY_SQLITE
def test_a_row_keeps_enough_people_to_tell_a_small_group_and_no_more(ledger: Ledger) -> None:
    for number in range(14):
        ledger.patient(f"P{number}", language="es" if number < 3 else "en")
        ledger.sent(f"P{number}")
        ledger.sent(f"P{number}")
    roll_up.run_all(ledger.clinic)
    kept = {row.language: len(list(unpacked(row.people))) for row in ledger.figures("delivery")}
    assert kept == {"es": 3, "en": LEAST}
