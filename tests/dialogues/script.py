"""One scripted dialogue, played on a stage and judged: every step by what must never be, the end by what may."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from bot.core.messages import Direction
from bot.store.tables import ContactPoint, Message
from tests.dialogues.stage import Stage, Theatre

Dialogue = Mapping[str, Any]

# Of the visit in a script's words: the answer that the API shows for it.
RESPONSES = {
    "scheduled": "needs-action",
    "confirmed": "accepted",
    "cancelled": "declined",
    "reschedule_requested": "tentative",
}
PRIORITIES = {"emergency": "urgent", "urgent": "high", "routine": "normal"}
SETUP: Dialogue = {
    "now": "2025-03-10T09:00",
    "tz": "America/Chicago",
    "subscribed": True,
    "patients": [{"id": "P1", "name": "Maria Lopez", "lang": "en"}],
    "appointments": [{"id": "A1", "patient": "P1", "start": "2025-03-11T10:00"}],
}
SPAN = re.compile(r"(\d+)([dhms])")
UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
LOUDEST = ("emergency", "urgent", "routine")


@dataclass
class Played:
    """How it went: what is wrong with it, and a trace that a person can read."""

    problems: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)


def dialogues_of(path: Path) -> list[dict[str, Any]]:
    """The dialogues of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def play(dialogue: Dialogue, theatre: Theatre, *, scheduler: bool = False) -> Played:
    """Play it from its first event to its last."""
    setup = {**SETUP, **dialogue.get("setup", {})}
    now = datetime.fromisoformat(setup["now"]).replace(tzinfo=ZoneInfo(setup["tz"]))
    with theatre.stage(now, setup["tz"]) as stage:
        stage.scheduler = scheduler
        return Player(dialogue, setup, stage, now).play()


class Player:
    """One dialogue on its way."""

    def __init__(self, dialogue: Dialogue, setup: Dialogue, stage: Stage, now: datetime) -> None:
        self.dialogue, self.setup, self.stage, self.start = dialogue, setup, stage, now
        self.result = Played()
        self.sent_when_due: list[bool] = []
        self.closed_by_staff: set[str] = set()
        self.seen: dict[str, Any] = {}

    def play(self) -> Played:
        """Everything in its order."""
        self._set_up()
        for number, event in enumerate(self.dialogue["events"]):
            self.stage.move_to(self.start + span_of(event["at"]))
            self.result.trace.append(f"{event['at']:>8} {event['dir']}: {_words(event)}")
            getattr(self, f"_{event['dir']}")(event, number)
            self._look()
        self.result.problems.extend(self._end())
        return self.result

    def _set_up(self) -> None:
        chat = self.stage.chat
        for patient in self.setup["patients"]:
            shared = patient.get("phone_of")
            agreed = "yes" if patient.get("subscribed", self.setup["subscribed"]) else "no"
            phone = chat.phones[shared] if shared else None
            chat.patient(patient["id"], patient["name"].split()[0], patient.get("lang", "en"), phone, agreed)
        for visit in self.setup["appointments"]:
            who, comma, what = visit.get("what", "").rpartition(", ")
            said = {"clinician": who if comma else "", "service": what}
            chat.visit(visit["id"], visit["patient"], datetime.fromisoformat(visit["start"]), **said)

    # --- events

    def _out(self, event: Dialogue, _number: int) -> None:
        status, answer, went = self.stage.send(self._request(event))
        self._note(f"  gate: {status} {answer.get('decision')} {answer.get('reason')}, sent {went}")
        wanted = event.get("status", 201)
        if status != wanted:
            self._problem(f"outreach answered {status}, not {wanted}: {answer}")
        sent = self.stage.chat.carrier.sent
        if "says" in event and not (went and re.search(event["says"], sent[-1].body, re.I)):
            self._problem(f"what went out is not like {event['says']!r}: {sent[-1].body if sent else None}")

    def _due(self, event: Dialogue, _number: int) -> None:
        status, answer, went = self.stage.send(self._request(event))
        self._note(f"  gate: {status} {answer.get('decision')} {answer.get('reason')}, sent {went}")
        self.sent_when_due.append(went)

    def _request(self, event: Dialogue) -> dict[str, Any]:
        visit = event.get("appointment")
        owners = {one["id"]: one["patient"] for one in self.setup["appointments"]}
        patient = event.get("patient") or owners.get(visit or "") or self.setup["patients"][0]["id"]
        asked = {"patient_id": patient, "kind": event["kind"], "appointment_id": visit, "prompt": event.get("prompt")}
        asked |= {"slot": event.get("slot"), "expires_at": event.get("expires_at")}
        return {name: value for name, value in asked.items() if value is not None}

    def _in(self, event: Dialogue, number: int) -> None:
        who = event.get("from", self.setup["patients"][0]["id"])
        phone = self.stage.chat.phones.get(who, who)
        before = self._outbound(phone)
        replies = self.stage.text(phone, event.get("text", ""), event["message_id"], **event.get("form", {}))
        fresh = self._outbound(phone) - before
        self.result.trace.extend(f"  bot: {reply}" for reply in replies)
        limit = self.dialogue.get("max_replies", {}).get(str(number), 1)
        if fresh > limit:
            self._problem(f"event {number}: {fresh} replies, {limit} allowed")
        said = event.get("says")
        if said is not None and not (re.search(said, "\n".join(replies), re.I) if said else not replies):
            self._problem(f"event {number}: the answer is {replies}, not like {said!r}")

    def _outbound(self, phone: str) -> int:
        """How many texts to this phone have been written down."""
        clinic = self.stage.chat.clinic
        query = (
            select(func.count(Message.id))
            .join(ContactPoint, ContactPoint.id == Message.contact_point_id)
            .where(ContactPoint.phone_index == clinic.vault.index(phone), Message.direction == Direction.OUTBOUND)
        )
        with clinic.database.read() as connection:
            return connection.execute(query).scalar_one()

    def _event(self, event: Dialogue, number: int) -> None:
        getattr(self, f"_staff_{event['do']}")(event, number)

    def _staff_book(self, event: Dialogue, _number: int) -> None:
        self.stage.chat.visit(event["appointment"], event["patient"], datetime.fromisoformat(event["start"]))
        self.setup["appointments"] = [*self.setup["appointments"], {"id": event["appointment"], **event}]
        self.stage.chat.deliver()

    def _staff_move(self, event: Dialogue, _number: int) -> None:
        self.stage.chat.move(event["appointment"], datetime.fromisoformat(event["to"]))

    def _staff_cancel(self, event: Dialogue, _number: int) -> None:
        self.stage.chat.cancel(event["appointment"])

    def _staff_plan(self, event: Dialogue, number: int) -> None:
        before = len(self.stage.chat.sent)
        self.stage.chat.work()
        sent = self.stage.chat.sent[before:]
        self.result.trace.extend(f"  sent {text.kind}: {text.body}" for text in sent)
        wanted = event.get("sends")
        kinds = [text.kind for text in sent]
        if wanted is not None and kinds != wanted:
            self._problem(f"event {number}: sent {kinds}, not {wanted}")

    def _staff_claim(self, event: Dialogue, number: int) -> None:
        self._change("claim", number)

    def _staff_release(self, event: Dialogue, number: int) -> None:
        self._change("release", number)

    def _staff_resolve(self, event: Dialogue, number: int) -> None:
        self._change("resolve", number)

    def _change(self, what: str, number: int) -> None:
        waiting = [case for case in self._cases() if case["status"] != "resolved"]
        if not waiting:
            self._problem(f"event {number}: nothing to {what}")
        for case in waiting:
            if what == "resolve":
                self.closed_by_staff.add(case["id"])
            status, answer = self.stage.post(f"escalations/{case['id']}/{what}", {})
            if status != 200:
                self._problem(f"event {number}: {what} answered {status}: {answer}")

    # --- what there is to see

    def _cases(self) -> list[dict[str, Any]]:
        return list(self.stage.get("escalations")["items"])

    def _visits(self) -> dict[str, str]:
        found = {}
        for visit in self.setup["appointments"]:
            shown = self.stage.get(f"appointments/{visit['id']}")
            off = shown["status"] == "cancelled"
            names = [name for name, word in RESPONSES.items() if word == shown["response"]]
            found[visit["id"]] = "cancelled" if off else names[0]
        return found

    def _look(self) -> None:
        visits, cases = self._visits(), self._cases()
        now = {"visits": visits, "cases": [f"{c['reason']}/{c['priority']}/{c['status']}" for c in cases]}
        if now != self.seen:
            self._note(f"  -> {visits} {now['cases']}")
            self.seen = now
        for word in self.dialogue.get("forbid", ()):
            subject, _, state = word.partition(":")
            if visits.get(subject) == state:
                self._problem(f"{subject} was {state}")
        closed = {case["id"] for case in cases if case["status"] == "resolved"} - self.closed_by_staff
        if closed:
            self._problem("an escalation was closed by the bot")

    def _end(self) -> Iterator[str]:
        expect, visits, cases = self.dialogue["expect"], self._visits(), self._cases()
        for visit, allowed in expect.get("appointments", {}).items():
            if visits[visit] not in allowed:
                yield f"{visit} ends {visits[visit]}, not {allowed}"
        for word in self.dialogue.get("forbid", ()):
            subject, _, state = word.partition(":")
            if state.endswith("_at_end") and visits.get(subject) == state.removesuffix("_at_end"):
                yield f"{subject} ends {visits[subject]}"
        if "escalated" in expect and bool(cases) not in _any_of(expect["escalated"]):
            yield f"escalated: {bool(cases)}"
        if "priority" in expect:
            yield from self._priority(expect["priority"], cases)
        yield from self._patients(expect)
        if "due_sent" in expect and self.sent_when_due != expect["due_sent"]:
            yield f"sent when due: {self.sent_when_due}, not {expect['due_sent']}"
        reasons = sorted(case["reason"] for case in cases)
        for reason in expect.get("reasons", ()):
            if reason not in reasons:
                yield f"nobody is told of {reason}: {reasons}"

    def _priority(self, allowed: Any, cases: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        loudest = min((LOUDEST.index(case["priority"]) for case in cases), default=None)
        found = None if loudest is None else LOUDEST[loudest]
        names = {None: {None}, "emergency": {"urgent"}, "urgent": {"high", "urgent"}, "routine": {"low", "normal"}}
        if not names[found] & set(_any_of(allowed)):
            yield f"priority {found}, not {allowed}"

    def _patients(self, expect: Dialogue) -> Iterator[str]:
        shown = {patient["id"]: self.stage.get(f"patients/{patient['id']}") for patient in self.setup["patients"]}
        first = next(iter(shown.values()))
        out = first["consent"]["sms"] == "opted-out"
        if "opted_out" in expect and out not in _any_of(expect["opted_out"]):
            yield f"opted out: {out}"
        if "language" in expect and first["language"] not in _any_of(expect["language"]):
            yield f"language {first['language']}, not {expect['language']}"
        for patient_id, status in expect.get("status", {}).items():
            if shown[patient_id]["status"] != status:
                yield f"{patient_id} is {shown[patient_id]['status']}, not {status}"

    def _note(self, line: str) -> None:
        self.result.trace.append(line)

    def _problem(self, what: str) -> None:
        self.result.problems.append(what)
        self._note(f"  PROBLEM {what}")


def span_of(text: str) -> timedelta:
    """`+23h30m` as a span."""
    return timedelta(**{UNITS[unit]: int(number) for number, unit in SPAN.findall(text)})


def _any_of(allowed: Any) -> Sequence[Any]:
    return allowed if isinstance(allowed, list) else [allowed]


def _words(event: Dialogue) -> str:
    shown = {name: value for name, value in event.items() if name not in ("at", "dir", "message_id")}
    return " ".join(f"{name}={value}" for name, value in shown.items())
