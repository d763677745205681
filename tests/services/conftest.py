"""The scene that tests of sending play in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.config import Settings
from tests.services.sending import Scene


@pytest.fixture
def scene(settings: Settings) -> Iterator[Scene]:
    """A clinic on each kind of database, with no patients yet."""
    made = Scene(settings)
    yield made
    made.clinic.database.dispose()
