"""The clinic whose days are counted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.config import Settings
from bot.runtime import build_clinic
from tests.services.reporting.ledger import Ledger


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    """A clinic on each kind of database, on a Monday evening."""
    made = Ledger(build_clinic(settings))
    yield made
    made.clinic.database.dispose()
