"""Lessons begin by a condition in a file, end with it, and begin by nothing that nobody has signed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.rows import Kind
from tests.services.loops.test_handoffs import load
from tests.transcripts.chat import Chat

HEADER = "condition_id,patient_id,condition,status"


@pytest.fixture
def maria(chat: Chat) -> Chat:
    """A patient at a clinic whose lessons are signed."""
    chat.sign()
    chat.patient("P1", "Maria")
    return chat


@pytest.mark.parametrize("said", ["E11.9", "44054006", "Type 2 Diabetes", "diabetes"])
def test_a_condition_begins_its_series_once(maria: Chat, said: str) -> None:
    load(maria, Kind.CONDITIONS, HEADER, f"C1,P1,{said},active", f"C2,P1,{said},active")
    first = maria.loop("series", "P1")
    assert (first.kind, first.subject_id) == ("diabetes", "P1:diabetes")
    maria.report(first.id, "stopped")
    maria.pass_time(timedelta(days=1))
    assert maria.loop("series", "P1").id == first.id, "who has stopped it is not told it again"


def test_what_no_series_is_about_begins_nothing(maria: Chat) -> None:
    load(maria, Kind.CONDITIONS, HEADER, "C1,P1,E78.5,active", "C2,P1,E1,active", "C3,P1,I10,resolved")
    assert maria.loop("series", "P1") is None


def test_unsigned_lessons_wait_for_a_clinician(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    load(chat, Kind.CONDITIONS, HEADER, "C1,P1,I10,active")
    assert chat.loop("series", "P1") is None
    chat.sign()
    chat.work()
    assert chat.loop("series", "P1").kind == "hypertension"


def test_a_condition_that_is_over_ends_its_lessons(maria: Chat) -> None:
    load(maria, Kind.CONDITIONS, HEADER, "C1,P1,Z34.01,active")
    maria.pass_time(timedelta(days=1))
    load(maria, Kind.CONDITIONS, HEADER, "C1,P1,Z34.01,resolved")
    assert maria.loop("series", "P1").outcome == "stopped"
