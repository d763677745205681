"""The words of a transcript file: read into lines, and played against the real services."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.core.rows import Kind
from bot.services.loops.life import life_event
from bot.services.receive import Media
from bot.services.waitlist import Freed, put_on_offer
from tests.transcripts.around import place, resolve
from tests.transcripts.chat import Chat, Sent, utc

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
INDENT = " " * 11
CLINIC = re.compile(rf"^(?:{'|'.join(DAYS)}) \d\d:\d\d  Clinic(?: to [^:]+)?: |^ {{11}}(?:\| |-> )")
TURN = re.compile(rf"^({'|'.join(DAYS)}) (\d\d):(\d\d)  (.*)$")
NUMBER = re.compile(r"^\+\d+")

# What the clinic, or the world, does between two texts, in the words of the file.
ACTS: tuple[tuple[str, str], ...] = (
    ("nothing", r"\(time passes\)"),
    ("move", r"\(the clinic moves (\S+) to (\d{4}-\d\d-\d\d \d\d:\d\d)\)"),
    ("cancel", r"\(the clinic cancels (\S+)\)"),
    ("book", r"\(the clinic books (\S+) of (\S+) at (\d{4}-\d\d-\d\d \d\d:\d\d)\)"),
    (
        "start",
        r"\(the clinic starts (\w+) with (\S+?)(?: about (\S+?))?"
        r"(?: offering (\d{4}-\d\d-\d\d \d\d:\d\d))?(?:: (.*))?\)",
    ),
    ("open", r"\(the clinic opens (\w+)(?: (\S+))? for (\S+?)(?: with (.+))?\)"),
    ("free", r"\(a time for (\S+) comes free at (\d{4}-\d\d-\d\d \d\d:\d\d)\)"),
    ("missed", r"\((\S+) is marked as missed\)"),
    ("report", r"\(staff report ([\w-]+) on the (\w+) of (\S+?)(?: with (.+))?\)"),
    ("resolve", r"\(staff resolve the ([\w-]+) case of (\S+?)(?: as ([\w-]+))?\)"),
    ("life", r"\(staff report for (\S+): ([\w-]+)\)"),
    ("hold", r"\(a coordinator takes the conversation with (\S+)\)"),
    ("release", r"\(a coordinator hands back the conversation with (\S+)\)"),
    ("again", r"\(that text of (\S+) is delivered again\)"),
)
SETUP: tuple[tuple[str, str], ...] = (
    ("clock", r"clock (\d{4}-\d\d-\d\d \d\d:\d\d) (\S+)"),
    ("patient", r"patient (\S+) (\S+) (\S+)(?: on the phone of (\S+))?(?: consent (\w+))?"),
    ("waits", r"(\S+) waits for (\S+) with (\S+)"),
    ("nearby", r"place (.+) (\d{3}-\d{3}-\d{4}) for (\w+)"),
    ("signed", r"a clinician has signed every lesson()"),
    ("visit", r"visit (\S+) of (\S+) at (\d{4}-\d\d-\d\d \d\d:\d\d)(?: in (\S+))?(?: by (https\S+))?(?: for (.+))?"),
    ("place", r"(\S+) has patients check in(?:, and says in (\S+): (.+))?"),
)


@dataclass(frozen=True)
class Problem(Exception):
    """A line that says nothing we know."""

    line: str

    def __str__(self) -> str:
        return f"not understood: {self.line}"


def authored(text: str) -> list[str]:
    """The lines that a person wrote: all but the clinic's side."""
    return [line for line in text.splitlines() if not CLINIC.match(line)]


def play(text: str, database_url: str) -> str:
    """The whole transcript as it comes out today."""
    player = Player(database_url)
    try:
        out = [made for line in authored(text) for made in player.line(line)]
    finally:
        player.close()
    return "\n".join(out).rstrip() + "\n"


class Player:
    """One transcript being played. Everything between two lines is in the database."""

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self.chat: Chat | None = None
        self.names: dict[str, str] = {}
        self.known: dict[str, str] = {}
        self.shown = 0
        self.last: dict[str, tuple[str, str]] = {}

    def close(self) -> None:
        """Let go of the database."""
        if self.chat is not None:
            self.chat.clinic.database.dispose()

    def line(self, line: str) -> Iterator[str]:
        """What this line turns into: itself, with what the clinic said before and after it."""
        if not line.strip() or line.startswith("#"):
            yield line
            return
        turn = TURN.match(line)
        if turn is None:
            self._set_up(line)
            yield line
            return
        assert self.chat is not None, "a transcript begins with its clock"
        self.chat.reload()
        self.chat.until(self._moment(turn[1], int(turn[2]), int(turn[3])))
        yield from self._news()
        yield line
        yield from self._turn(turn[4], line)
        yield from self._news(always=True)

    def _set_up(self, line: str) -> None:
        for name, pattern in SETUP:
            if match := re.fullmatch(pattern, line.strip()):
                getattr(self, f"_{name}")(*match.groups())
                if self.chat is not None:
                    self.known = self.chat.records()
                return
        raise Problem(line)

    def _clock(self, at: str, zone: str) -> None:
        self.chat = Chat.at(self.database_url, datetime.fromisoformat("2026-01-01T00:00+00:00"), zone)
        self.chat.now = utc(datetime.fromisoformat(at), self.chat.zone)

    def _signed(self, _nothing: str) -> None:
        assert self.chat is not None
        self.chat.sign()

    def _nearby(self, name: str, phone: str, category: str) -> None:
        assert self.chat is not None
        place(self.chat.clinic, name, phone, category, self.chat.now)

    def _patient(self, patient_id: str, name: str, language: str, with_phone: str | None, consent: str | None) -> None:
        assert self.chat is not None
        phone = self.chat.phones[with_phone] if with_phone else None
        self.chat.patient(patient_id, name, language, phone, consent or "yes")
        self.names[name] = patient_id

    def _visit(
        self,
        appointment_id: str,
        patient_id: str,
        at: str,
        place: str | None = None,
        link: str | None = None,
        service: str | None = None,
    ) -> None:
        assert self.chat is not None
        more = {"location": place, "telehealth_url": link, "service": service}
        self.chat.visit(appointment_id, patient_id, datetime.fromisoformat(at), **more)

    def _place(self, name: str, language: str | None, words: str | None) -> None:
        assert self.chat is not None
        self.chat.checks_in(name, {language: words} if language and words else {})

    def _waits(self, patient_id: str, service: str, appointment_id: str) -> None:
        assert self.chat is not None
        listed = (f"L{patient_id}", patient_id, service, appointment_id)
        self.chat._import(Kind.WAITLIST, "waitlist_id,patient_id,service,appointment_id", listed)

    def _moment(self, day: str, hour: int, minute: int) -> datetime:
        """The next time that it is so on the clinic's clock."""
        assert self.chat is not None
        local = self.chat.now.astimezone(self.chat.zone).replace(tzinfo=None)
        moment = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
        moment += timedelta(days=(DAYS.index(day) - moment.weekday()) % 7)
        return utc(moment if moment >= local.replace(second=0) else moment + timedelta(days=7), self.chat.zone)

    def _turn(self, words: str, line: str) -> Iterator[str]:
        assert self.chat is not None
        for name, pattern in ACTS:
            if match := re.fullmatch(pattern, words):
                act: Callable[..., Iterator[str]] = getattr(self, f"_act_{name}")
                yield from act(*match.groups())
                return
        who, colon, body = words.partition(": ")
        sender = self.names.get(who) or (who if NUMBER.match(who) else None)
        if sender is None or not colon:
            raise Problem(line)
        yield from self._text(sender, body)

    def _text(self, sender: str, body: str) -> Iterator[str]:
        assert self.chat is not None
        media: tuple[Media, ...] = ()
        if body.startswith("[picture]"):
            media, body = (Media("image/jpeg", "http://127.0.0.1/media/1"),), body.removeprefix("[picture]").strip()
        body, _, carrier = body.partition(" [the carrier answers ")
        sid = f"SM{len(self.last):032d}{len(body):02d}"[-34:]
        self.last[sender] = (sid, body)
        self.last[sid] = (sid, body)
        for reply in self.chat.text(sender, body, sid, media, carrier.rstrip("]") or None):
            yield from self._said(self.chat.now, "", reply)

    def _said(self, at: datetime, to: str, body: str) -> Iterator[str]:
        assert self.chat is not None
        local = at.astimezone(self.chat.zone)
        first, *rest = body.split("\n")
        yield f"{DAYS[local.weekday()]} {local:%H:%M}  Clinic{to}: {first}"
        yield from (f"{INDENT}| {line}" for line in rest)

    def _news(self, *, always: bool = False) -> Iterator[str]:
        """What went out by itself, and what is recorded now that was not."""
        assert self.chat is not None
        sent, self.shown = self.chat.sent[self.shown :], len(self.chat.sent)
        for text in sent:
            yield from self._said(text.at, self._to(text), text.body)
        now = self.chat.records()
        changes = [f"{self._label(key)}{value}" for key, value in now.items() if self.known.get(key) != value]
        self.known = now
        if changes or always:
            yield f"{INDENT}-> {'; '.join(changes) or 'nothing new on record'}"

    def _to(self, text: Sent) -> str:
        assert self.chat is not None
        if len(set(self.chat.phones.values())) == 1:
            return ""
        ids = [patient_id for patient_id, phone in self.chat.phones.items() if phone == text.phone]
        return " to " + " and ".join(name for name, patient_id in self.names.items() if patient_id in ids)

    @staticmethod
    def _label(key: str) -> str:
        kind, _, rest = key.partition(" ")
        spoken = {"case": "for a person: ", "visit": f"{rest} ", "finding": "kept: ", "loop": "loop: "}
        return spoken.get(kind, f"{key}: ")

    # --- acts

    def _act_nothing(self) -> Iterator[str]:
        yield from ()

    def _act_move(self, appointment_id: str, at: str) -> Iterator[str]:
        assert self.chat is not None
        self.chat.move(appointment_id, datetime.fromisoformat(at))
        yield from ()

    def _act_cancel(self, appointment_id: str) -> Iterator[str]:
        assert self.chat is not None
        self.chat.cancel(appointment_id)
        yield from ()

    def _act_book(self, appointment_id: str, patient_id: str, at: str) -> Iterator[str]:
        self._visit(appointment_id, patient_id, at)
        yield from ()

    def _act_start(
        self, kind: str, patient_id: str, appointment_id: str | None, slot: str | None, prompt: str | None
    ) -> Iterator[str]:
        assert self.chat is not None
        offered = utc(datetime.fromisoformat(slot), self.chat.zone) if slot else None
        decision = self.chat.start(patient_id, kind, appointment_id, prompt, offered)
        yield f"{INDENT}-> the gate says: {decision}"

    def _act_open(self, journey: str, kind: str | None, patient_id: str, with_what: str | None) -> Iterator[str]:
        """`with visit=A1, series=asthma`: the visit that it speaks of, and its data."""
        assert self.chat is not None
        data = _pairs(with_what)
        visit = data.pop("visit", None)
        details = {name.removeprefix("the "): data.pop(name) for name in list(data) if name.startswith("the ")}
        self.chat.open(journey, patient_id, kind or "", appointment_id=visit, data=data, details=details)
        yield from ()

    def _act_free(self, service: str, at: str) -> Iterator[str]:
        assert self.chat is not None
        starts_at = utc(datetime.fromisoformat(at), self.chat.zone)
        freed = Freed(starts_at=starts_at, timezone=str(self.chat.zone), service=service)
        put_on_offer(self.chat.clinic, freed, actor="staff", now=self.chat.now)
        self.chat.work()
        yield from ()

    def _act_missed(self, appointment_id: str) -> Iterator[str]:
        assert self.chat is not None
        self.chat.close(appointment_id, "noshow")
        yield from ()

    def _act_report(self, name: str, journey: str, patient_id: str, with_what: str | None) -> Iterator[str]:
        assert self.chat is not None
        loop = self.chat.loop(journey, patient_id)
        assert loop is not None, f"{patient_id} is on no {journey}"
        self.chat.report(loop.id, name, **_pairs(with_what))
        yield from ()

    def _act_resolve(self, reason: str, patient_id: str, outcome: str | None) -> Iterator[str]:
        assert self.chat is not None
        resolve(self.chat.clinic, patient_id, reason, outcome or "handled", self.chat.now)
        self.chat.work()
        yield from ()

    def _act_life(self, patient_id: str, name: str) -> Iterator[str]:
        """Something in the patient's life, that every loop hears of."""
        assert self.chat is not None
        life_event(self.chat.clinic, patient_id, name, actor="staff", now=self.chat.now)
        self.chat.work()
        yield from ()

    def _act_hold(self, patient_id: str) -> Iterator[str]:
        assert self.chat is not None
        self.chat.hold(patient_id, "u1")
        yield from ()

    def _act_release(self, patient_id: str) -> Iterator[str]:
        assert self.chat is not None
        self.chat.hold(patient_id, None)
        yield from ()

    def _act_again(self, name: str) -> Iterator[str]:
        assert self.chat is not None
        sender = self.names[name]
        sid, body = self.last[sender]
        for reply in self.chat.text(sender, body, sid):
            yield from self._said(self.chat.now, "", reply)


def _pairs(words: str | None) -> dict[str, str]:
    return dict(pair.strip().split("=", 1) for pair in (words or "").split(",") if pair.strip())


def files() -> list[Path]:
    """All transcripts."""
    return sorted(Path(__file__).parent.glob("*/*.txt"))


def copy_of(database: Path, to: Path) -> str:
    """The URL of a fresh copy of a migrated database."""
    to.write_bytes(database.read_bytes())
    return f"sqlite:///{to}"
