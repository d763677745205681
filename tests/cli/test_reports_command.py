"""`bot reports`: figures worked out by hand, shown, and written as a file."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.config import Settings

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_roll_up_by_hand_says_how_much_was_done(settings: Settings) -> None:
    assert settings.database_url.startswith("sqlite")
    run = CliRunner()
    assert run.invoke(main, ["reports", "roll-up"]).output == "days and months worked out: 1\n"
    assert run.invoke(main, ["reports", "roll-up"]).output == "days and months worked out: 0\n"
    refused = run.invoke(main, ["reports", "roll-up", "--since", "last week"])
    assert refused.exit_code == 2
    assert "write a date" in refused.output
