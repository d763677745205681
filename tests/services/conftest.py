"""The scene that tests of sending play in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.config import Settings
from tests.services.sending import Scene
from tests.transcripts.chat import Chat

MONDAY_9 = datetime(2026, 11, 23, 15, tzinfo=UTC)


@pytest.fixture
def scene(settings: Settings) -> Iterator[Scene]:
    """A clinic on each kind of database, with no patients yet."""
    made = Scene(settings)
    yield made
    made.clinic.database.dispose()


@pytest.fixture
def chat(database_url: str) -> Iterator[Chat]:
    """A clinic whose patients text, on each kind of database; it is Monday, 9:00."""
    made = Chat.at(database_url, MONDAY_9)
    yield made
    made.clinic.database.dispose()
