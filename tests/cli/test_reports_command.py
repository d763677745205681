"""`bot reports`: figures worked out by hand, shown, and written as a file."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from click.testing import CliRunner

from bot import clock
from bot.cli import main
from bot.config import Settings
from bot.runtime import build_clinic
from bot.services.reporting import roll_up
from tests.services.reporting.ledger import Ledger

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_roll_up_by_hand_says_how_much_was_done(settings: Settings) -> None:
    assert settings.database_url.startswith("sqlite")
    run = CliRunner()
    assert run.invoke(main, ["reports", "roll-up"]).output == "days and months worked out: 1\n"
    assert run.invoke(main, ["reports", "roll-up"]).output == "days and months worked out: 0\n"
    refused = run.invoke(main, ["reports", "roll-up", "--since", "last week"])
    assert refused.exit_code == 2
    assert "write a date" in refused.output


def test_figures_are_shown_and_written_as_a_file(settings: Settings) -> None:
    ledger = Ledger(build_clinic(settings))
    now = ledger.now = clock.now()
    for number in range(12):
        ledger.sent(ledger.patient(f"P{number}"), at=now - timedelta(days=1))
    roll_up.run_all(ledger.clinic)
    ledger.clinic.database.dispose()
    run = CliRunner()
    shown = run.invoke(main, ["reports", "show", "--days", "7"]).output
    assert "Delivery: 100.0 % (12 delivered, of 12 texts given to the carrier)" in shown
    assert "Of all texts given to the carrier, those reported as delivered." in shown
    assert "Delivery: too few people to show" not in shown
    rows = list(csv.DictReader(io.StringIO(run.invoke(main, ["reports", "csv", "delivery"]).output)))
    assert {row["cut"] for row in rows} == {"total", "before", "time", "template", "location", "language", "age"}
    assert next(row["denominator"] for row in rows if row["cut"] == "template") == "12"
    assert run.invoke(main, ["reports", "csv", "nonsense"]).exit_code == 2
