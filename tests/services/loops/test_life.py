"""A loss reaches every loop about the pregnancy, in silence, and keeps others from being opened."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.services.loops.life import NoSuchPatient, life_event
from bot.services.loops.opening import Opening, open_loop
from bot.services.silence import wake
from bot.store.queries import loops
from bot.store.tables import Enrollment, Message, Touch
from tests.transcripts.chat import Chat


def open_series(chat: Chat, kind: str) -> str | None:
    with chat.clinic.database.begin() as connection:
        opening = Opening(journey="series", patient_id="P1", subject_id=f"P1:{kind}:{chat.now}", kind=kind)
        opened = open_loop(connection, chat.clinic, opening, chat.now)
    wake(chat.clinic, chat.now)
    return opened


def test_it_ends_everything_about_the_pregnancy_and_no_file_begins_it_again(chat: Chat) -> None:
    chat.sign()
    chat.patient("P1", "Maria")
    prenatal, flu = open_series(chat, "prenatal"), open_series(chat, "flu")
    assert prenatal is not None
    assert flu is not None
    with chat.clinic.database.begin() as connection:
        visit = Opening(journey="recall", patient_id="P1", kind="postpartum")
        other = open_loop(connection, chat.clinic, visit, chat.now)
    assert life_event(chat.clinic, "P1", "pregnancy-lost", actor="staff", now=chat.now) == 2
    with chat.clinic.database.read() as connection:
        ended = set(connection.execute(select(Enrollment.id).where(Enrollment.ended_at.is_not(None))).scalars())
        waiting = connection.execute(select(Touch.subject_id).where(Touch.state == "planned")).scalars().all()
        assert connection.execute(select(Message.id)).first() is None
        assert loops.one(connection, flu).ended_at is None  # type: ignore[union-attr]
    assert ended == {prenatal, other}
    assert waiting == [flu]
    chat.now += timedelta(days=200)
    assert open_series(chat, "prenatal") is None
    chat.now += timedelta(days=120)
    assert open_series(chat, "prenatal") is not None, "there may be another"
    assert not chat.escalations()


def test_a_loss_that_no_loop_hears_of_is_kept_all_the_same(chat: Chat) -> None:
    chat.sign()
    chat.patient("P1", "Maria")
    assert life_event(chat.clinic, "P1", "pregnancy-lost", actor="staff", now=chat.now) == 0
    assert open_series(chat, "prenatal") is None
    assert open_series(chat, "asthma") is not None


def test_unknown_patients_and_events_are_refused(chat: Chat) -> None:
    with pytest.raises(NoSuchPatient):
        life_event(chat.clinic, "P9", "delivered", actor="staff", now=chat.now)
    with pytest.raises(ValueError, match="no event"):
        life_event(chat.clinic, "P9", "moved-house", actor="staff", now=chat.now)
