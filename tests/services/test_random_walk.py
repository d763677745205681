"""Random conversations: patients text, the clinic books, moves and cancels, time passes; what must hold, holds."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select

from bot.core.messages import Direction, Origin
from bot.store.tables import Message
from tests.transcripts.chat import Chat

TEXTS = (
    *("yes", "Y", "1", "2", "3", "7", "no", "N", "ok", "k", "sure", "thanks", "hi", "👍", "?", "hmm", "maybe"),
    *("yes but running late", "running 10 min late", "on my way", "im here", "cant make it", "I need to cancel"),
    *("can i come friday instead", "what else do you have", "is parking free?", "yes, do I need to fast?"),
    *("STOP", "START", "HELP", "CANCEL", "END", "stop texting me", "unstop", "i do want the messages"),
    *(
        "chest pain and cant breathe",
        "i want to kill myself",
        "lol jk",
        "I have a rash and a fever",
        "120/80",
        "210/130",
    ),
    *("wrong number", "this is not Ana", "Ana passed away", "Luis can't come", "yes for Luis", "Ana is coming"),
    *("both", "all of us", "I need a ride", "how much is it", "refill please", "call me", "you people are useless"),
    *("sí, ahí estaré", "no puedo ir", "otra fecha por favor", "gracias", "español", "no me manden más mensajes"),
    *("me duele el pecho", "quién es", "نعم", "لا أستطيع الحضور", "ألم في الصدر", "شكرا", "عربي"),
    *("somali please", "10", "purple monday", "I'm driving right now, I'll get back to you", "", "x" * 1700),
)

pytestmark = pytest.mark.slow
SMALL_TALK = {"acknowledge", "greeting", "help", "opt_in", "opt_out"}
SAID = {"confirm": "accepted", "decline": "declined", "reschedule": "tentative"}
QUIET = (time(20), time(8))
NEWS = ("moved", "cancelled")


class Walk:
    """One random life of a clinic with two patients on one phone, and one on another."""

    def __init__(self, chat: Chat, seed: int) -> None:
        self.chat, self.random = chat, random.Random(seed)
        self.said: list[str] = []
        self.texts = self.visits = self.moments = 0
        chat.patient("P1", "Ana")
        chat.patient("P2", "Luis", "es", phone=chat.phones["P1"])
        chat.patient("P3", "Maria", "ar")
        for _first in range(3):
            self.book()

    def step(self) -> None:
        """Something happens."""
        acts: tuple[tuple[int, Callable[[], None]], ...] = (
            (12, self.text),
            (2, self.again),
            (4, self.wait),
            (2, self.book),
            (2, self.move),
            (1, self.cancel),
            (2, self.start),
            (1, self.hold),
            (1, self.unhold),
        )
        act = self.random.choices([act for _weight, act in acts], [weight for weight, _act in acts])[0]
        act()
        self.look_at_what_went_out()

    # --- what may happen

    def text(self) -> None:
        who, body = self.random.choice(["P1", "P3", "+16015550188"]), self.random.choice(TEXTS)
        self.texts += 1
        sid = f"SMw{self.texts}"
        self.said.append(f"{who}: {body[:40]!r}")
        silent, held = self.is_silent(who), self.is_held(who)
        before = self.state()
        replies = self.chat.text(who, body, sid)
        origin, kind = self.row_of(sid)
        assert len(replies) <= 1, self.said
        if replies and silent and not self.is_started(who):
            assert origin == Origin.SAFETY, self.said
        done = replies or self.state() != before or held
        known = SAID.get(kind) in self.chat.responses().values()
        assert done or kind in SMALL_TALK or known, (self.said, kind)
        if kind == "emergency":
            assert ("emergency", "emergency") in self.chat.escalations(), self.said
        assert self.chat.inbound_count() == self.texts, self.said
        assert self.chat.text(who, body, sid) == replies, self.said

    def again(self) -> None:
        if self.texts:
            before = self.state()
            self.chat.text("P1", "yes", f"SMw{self.random.randint(1, self.texts)}")
            assert self.state() == before, self.said

    def wait(self) -> None:
        hours = self.random.choice([0.2, 1, 5, 13, 26])
        self.said.append(f"({hours} h)")
        self.chat.pass_time(timedelta(hours=hours))

    def book(self) -> None:
        self.visits += 1
        who = self.random.choice(["P1", "P2", "P3"])
        self.said.append(f"(A{self.visits} of {who})")
        self.chat.visit(f"A{self.visits}", who, self.moment())
        self.chat.work()

    def move(self) -> None:
        which = f"A{self.random.randint(1, self.visits)}"
        self.said.append(f"(move {which})")
        self.chat.move(which, self.moment())
        if self.random.random() < 0.5:
            self.chat.work()

    def cancel(self) -> None:
        which = f"A{self.random.randint(1, self.visits)}"
        self.said.append(f"(cancel {which})")
        self.chat.cancel(which)

    def start(self) -> None:
        who = self.random.choice(["P1", "P2", "P3"])
        kind = self.random.choice(["survey_scale", "checkin_yes_no", "recall_invite", "waitlist_offer", "education"])
        self.said.append(f"(start {kind} {who})")
        slot = self.chat.now + timedelta(days=2) if kind == "waitlist_offer" else None
        self.chat.start(who, kind, slot=slot)

    def hold(self) -> None:
        self.said.append("(hold)")
        self.chat.hold("P1", "u1")

    def unhold(self) -> None:
        self.said.append("(unhold)")
        self.chat.hold("P1", None)

    def moment(self) -> datetime:
        local = self.chat.now.astimezone(self.chat.zone).replace(tzinfo=None, minute=0, second=0, microsecond=0)
        self.moments += 1  # No two visits at one time: their texts would read alike.
        day = local + timedelta(days=self.random.randint(1, 6))
        return day.replace(hour=self.random.randint(7, 18), minute=self.moments % 60)

    # --- what must hold

    def look_at_what_went_out(self) -> None:
        sent, self.chat.sent = self.chat.sent, []
        for text in sent:
            local = text.at.astimezone(self.chat.zone).time()
            assert QUIET[1] <= local < QUIET[0], (self.said, text)
            assert text.origin == Origin.OUTREACH, (self.said, text)
            assert self.chat.consent(self.owner(text.phone)) != "opted-out", (self.said, text)
        # What the clinic asks for twice goes out twice; what planning finds by itself, once.
        planned = [(text.at, text.phone, text.body) for text in sent if text.kind.startswith("appointment/")]
        assert len(set(planned)) == len(planned), (self.said, planned)

    def owner(self, phone: str) -> str:
        return next(patient_id for patient_id, number in self.chat.phones.items() if number == phone)

    def is_silent(self, who: str) -> bool:
        return who in self.chat.phones and self.chat.consent(who) == "opted-out"

    def is_started(self, who: str) -> bool:
        return who in self.chat.phones and self.chat.consent(who) == "opted-in"

    def is_held(self, who: str) -> bool:
        return who == "P1" and any(word == "(hold)" for word in self.said) and self.last_of("(hold)", "(unhold)")

    def last_of(self, one: str, other: str) -> bool:
        marks = [word for word in self.said if word in (one, other)]
        return bool(marks) and marks[-1] == one

    def state(self) -> dict[str, str]:
        return self.chat.records()

    def row_of(self, sid: str) -> tuple[str | None, str]:
        with self.chat.clinic.database.read() as connection:
            inbound = connection.execute(select(Message.id, Message.kind).where(Message.twilio_sid == sid)).one()
            reply = select(Message.origin).where(
                Message.reply_to == inbound.id, Message.direction == Direction.OUTBOUND
            )
            return connection.execute(reply).scalar(), str(inbound.kind)


def walk(chat: Chat, seed: int, steps: int) -> None:
    life = Walk(chat, seed)
    for _step in range(steps):
        life.step()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", range(2))
def test_a_short_life(chat: Chat, seed: int) -> None:
    walk(chat, seed, 60)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(102, 106))
def test_a_long_life(chat: Chat, seed: int) -> None:
    walk(chat, seed, 200)
