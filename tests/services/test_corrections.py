"""What a coordinator says that a text meant comes out as a labelled line that can be scored."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.core.intents import Intent
from bot.services import audit
from bot.services.corrections import correct, export
from bot.services.inbox import Gone
from bot.store.tables import AuditEntry, Conversation, Message
from tests.transcripts.chat import Chat

ANA = "user-of-ana"


def newest(chat: Chat, direction: str) -> str:
    with chat.clinic.database.read() as connection:
        query = select(Message.id).where(Message.direction == direction).order_by(Message.created_at.desc())
        return str(connection.execute(query.limit(1)).scalar_one())


@pytest.fixture
def asked(chat: Chat) -> Chat:
    """Rosa was asked a question of the clinic's own and answered in words that mean little."""
    chat.patient("p1", "Rosa")
    assert chat.start("p1", "checkin_yes_no", prompt="Did you get your medicines, Rosa?") == "send"
    chat.now += timedelta(minutes=2)
    chat.text("p1", "purple umbrella")
    return chat


def test_a_correction_becomes_a_line_with_its_question(asked: Chat) -> None:
    text = newest(asked, "inbound")
    first = correct(asked.clinic, message_id=text, intent=Intent.QUESTION, actor_id=ANA, now=asked.now)
    asked.now += timedelta(days=1)
    correct(asked.clinic, message_id=text, intent=Intent.CONFIRM, actor_id=ANA, now=asked.now)
    with asked.clinic.database.read() as connection:
        assert first == connection.execute(select(Conversation.id)).scalar_one()
    (line,) = export(asked.clinic, since=None, now=asked.now)
    assert line == {
        "id": text,
        "text": "purple umbrella",
        "lang": "en",
        "context": "checkin_yes_no",
        "prompt": "Did you get your medicines, Rosa?",
        "expect": ["confirm"],
        "must_not": [],
        "tags": ["correction"],
        "read": ["unclear"],
        "corrected_at": asked.now.isoformat(),
    }
    assert list(export(asked.clinic, since=asked.now + timedelta(seconds=1), now=asked.now)) == []


def test_a_text_that_answers_nothing_has_no_context(chat: Chat) -> None:
    chat.text("+16015550177", "purple umbrella")
    correct(chat.clinic, message_id=newest(chat, "inbound"), intent=Intent.UNCLEAR, actor_id=ANA, now=chat.now)
    (line,) = export(chat.clinic, since=None, now=chat.now)
    assert (line["context"], "options" in line, "prompt" in line) == ("none", False, False)


def test_only_what_a_patient_wrote_is_corrected(asked: Chat) -> None:
    for message_id in ("nothing", newest(asked, "outbound")):
        outcome = correct(asked.clinic, message_id=message_id, intent=Intent.CONFIRM, actor_id=ANA, now=asked.now)
        assert outcome == Gone()
    assert list(export(asked.clinic, since=None, now=asked.now)) == []


def test_correcting_and_exporting_are_audited_without_the_words(asked: Chat) -> None:
    correct(asked.clinic, message_id=newest(asked, "inbound"), intent=Intent.CONFIRM, actor_id=ANA, now=asked.now)
    list(export(asked.clinic, since=None, now=asked.now))
    with asked.clinic.database.read() as connection:
        rows = connection.execute(select(AuditEntry.__table__)).all()
        assert audit.first_broken(connection) is None
        kept = {row.action: row.detail for row in rows}
    assert kept["message.correct"] == {"read": "unclear", "meant": "confirm"}
    assert "corrections.export" in kept
    assert "umbrella" not in str(kept)
