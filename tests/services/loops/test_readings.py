"""Readings from home: what is in front of a nurse, and what is told to a person when nothing more comes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.transcripts.chat import Chat

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def asked(chat: Chat) -> None:
    """A patient who has been asked for a pressure."""
    chat.patient("P1", "Maria")
    chat.open("readings", "P1", "pressure")
    chat.pass_time(timedelta(hours=2))


@SQLITE
@pytest.mark.parametrize("texts", [("190",), ("85",), ("130", "190")])
def test_half_a_pressure_that_is_grave_is_in_front_of_a_nurse(chat: Chat, texts: tuple[str, ...]) -> None:
    asked(chat)
    for words in texts:
        chat.text("P1", words)
    assert chat.loop("readings", "P1").step == "with_nurse"
    assert chat.escalations() == [("urgent", "survey-alert")]


@SQLITE
@pytest.mark.parametrize(("words", "told"), [("170", [("routine", "silence")]), ("130", [])])
def test_half_a_pressure_and_then_silence(chat: Chat, words: str, told: list[tuple[str, str]]) -> None:
    asked(chat)
    chat.text("P1", words)
    assert (chat.loop("readings", "P1").step, chat.escalations()) == ("both", [])
    chat.pass_time(timedelta(hours=4))
    assert chat.escalations() == told
