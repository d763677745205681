"""How a visit was is asked by itself where the clinic wants it: the next morning, and not again for 90 days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.transcripts.chat import Chat

# A Monday at nine in the morning, in Chicago.
NINE = datetime(2026, 11, 23, 15, tzinfo=UTC)


@pytest.fixture
def seen(chat: Chat) -> Chat:
    """Maria, whose visit was this morning."""
    chat.patient("P1", "Maria")
    chat.now = NINE
    chat.visit("A1", "P1", NINE)
    chat.now = NINE + timedelta(hours=1)
    chat.close("A1", "fulfilled")
    return chat


def asks(chat: Chat) -> None:
    """The clinic wants visits asked about."""
    chat.clinic = replace(chat.clinic, settings=chat.clinic.settings.model_copy(update={"visit_feedback": True}))


def test_nobody_is_asked_unless_the_clinic_wants_it(seen: Chat) -> None:
    seen.pass_time(timedelta(days=2))
    assert seen.loop("feedback", "P1") is None


def test_the_next_morning_and_once_in_a_quarter(seen: Chat) -> None:
    asks(seen)
    seen.pass_time(timedelta(hours=30))
    (text,) = [text for text in seen.sent if text.kind == "survey/ask"]
    assert NINE + timedelta(days=1) < text.at < NINE + timedelta(days=1, hours=2)
    seen.text("P1", "9")
    first = seen.loop("feedback", "P1")
    assert first.outcome == "answered"
    seen.visit("A2", "P1", seen.now + timedelta(hours=1))
    seen.pass_time(timedelta(hours=2))
    seen.close("A2", "fulfilled")
    seen.pass_time(timedelta(days=2))
    assert seen.loop("feedback", "P1").id == first.id
