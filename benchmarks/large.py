"""A clinic of years: patients, their messages, visits and escalations by the hundred thousand, written by COPY."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg

from benchmarks.clinic import LANGUAGES, NAMES, phone_of
from benchmarks.copying import Row, copy
from benchmarks.polling import sit_down
from bot.core.escalation import EscalationStatus, Priority, Reason
from bot.core.messages import Direction, MessageStatus, Origin
from bot.core.names import looked_up_by
from bot.core.outreach import Verdict
from bot.core.people import AppointmentStatus, ConsentBasis, ConsentStatus, NumberStatus, Participation
from bot.services import audit
from bot.services.clinic import Clinic
from bot.store import tables
from bot.store.columns import Table

FAMILIES: Final = tuple(
    first + second
    for first in ("Del", "Mar", "Had", "Oka", "Kow", "Pet", "Sil", "Par", "Iva", "Rey")
    for second in ("gado", "tinez", "dari", "for", "alski", "erson", "vero", "kin", "nova", "nolds", "man", "well")
)
PLACES: Final = tuple(f"{street} St" for street in ("Main", "Elm", "Oak", "Pine", "Lake", "Hill", "Mill", "Bay"))
TEXTS: Final = ("Yes", "ok thank you", "can I come at another time?", "do I have to fast before the blood test?")
SAID: Final = "Willow Clinic: your visit is on Thursday at 10:30. Reply YES to confirm or NO to cancel. " * 2
ZONE: Final = "America/Chicago"
HEAVY: Final = 1_000
"""One patient in so many has written for years: a tenth of all messages is theirs."""
HOUSEHOLD: Final = 20
"""One patient in so many shares the phone of the one before."""
SPAN: Final = timedelta(days=270)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many of each."""

    patients: int = 100_000
    messages: int = 1_000_000
    visits: int = 300_000
    soon: int = 2_000
    """Visits of the next two days without an answer."""
    escalations: int = 20_000
    unresolved: int = 2_000

    @classmethod
    def of(cls, patients: int) -> Size:
        """In the same proportion."""
        few = patients // 50
        plenty = {"messages": patients * 10, "visits": patients * 3, "escalations": patients // 5}
        return cls(patients=patients, soon=few, unresolved=few, **plenty)


def fill_large(clinic: Clinic, size: Size, now: datetime, *, staff: int = 50) -> list[str]:
    """Everything, analysed; gives the secrets of the sessions of so many people, signed in with both factors."""
    people = sit_down(clinic, staff, now)
    made = _Made(clinic, size, now, [user for user, _ in people])
    url = clinic.settings.database_url.replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url, autocommit=True) as connection:
        # The rows are consistent; to look every foreign key up would take longer than the rest.
        connection.execute("SET session_replication_role = replica")
        for table, rows in made.everything():
            copy(connection, table, rows)
        connection.execute("VACUUM (ANALYZE)")
    return [secret for _, secret in people]


def name_of(n: int) -> str:
    """The full name of that patient: one in ten bears its first part, one in 120 its last."""
    return f"{NAMES[n % 10]} {'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[n // 1_200 % 26]}. {FAMILIES[n // 10 % 120]}"


class _Made:
    """The rows, worked out from numbers, so that each table's can be made on their own and none is kept."""

    def __init__(self, clinic: Clinic, size: Size, now: datetime, staff: list[str]) -> None:
        self.vault, self.size, self.now, self.staff = clinic.vault, size, now, staff
        self._random = random.Random(1)
        self._every = max(size.patients // max(size.escalations, 1), 1)
        self._light = max(size.messages * 9 // 10 // size.patients, 1)
        self._heavy = max(size.messages // 10 * HEAVY // size.patients, 1)

    def everything(self) -> Iterator[tuple[type[Table], Iterator[Row]]]:
        """Table by table, those that others point to first."""
        yield tables.Patient, self._patients()
        yield tables.NameWord, self._name_words()
        yield tables.ContactPoint, self._phones()
        yield tables.PatientContact, self._links()
        yield tables.ConsentEntry, self._consents()
        yield tables.Conversation, self._conversations()
        yield tables.Appointment, self._visits()
        yield tables.AppointmentChange, self._changes()
        yield tables.Message, self._messages()
        yield tables.Decision, self._decisions()
        yield tables.Escalation, self._escalations()
        yield tables.Note, self._notes()
        yield tables.AuditEntry, self._audit()

    def _patients(self) -> Iterator[Row]:
        for n in range(self.size.patients):
            patient, name = f"P{n}", name_of(n)
            given, _, family = name.rpartition(" ")
            yield {
                "patient_id": patient,
                "given_name": self.vault.seal("patients.given_name", patient, given),
                "family_name": self.vault.seal("patients.family_name", patient, family),
                "birth_date": self.vault.seal("patients.birth_date", patient, f"19{30 + n % 70}-04-17"),
                "name_index": self.vault.index(name.casefold()),
                "language": LANGUAGES[n % 3],
                "created_at": self.now - SPAN,
                "updated_at": self.now - SPAN,
            }

    def _name_words(self) -> Iterator[Row]:
        indexes: dict[str, str] = {}
        for n in range(self.size.patients):
            given, _, family = name_of(n).rpartition(" ")
            for word in looked_up_by(given, family):
                if word not in indexes:
                    indexes[word] = self.vault.index(word)
                yield {"word_index": indexes[word], "patient_id": f"P{n}"}

    def _phones(self) -> Iterator[Row]:
        for n in range(self.size.patients):
            contact = _id("c", n)
            yield {
                "id": contact,
                "phone": self.vault.seal("contact_points.phone", contact, phone_of(n)),
                "phone_index": self.vault.index(phone_of(n)),
                "channel": "sms",
                "status": NumberStatus.INVALID if n % 200 == 150 else NumberStatus.ACTIVE,
                "created_at": self.now - SPAN,
            }

    def _links(self) -> Iterator[Row]:
        for n in range(self.size.patients):
            numbers = [n, n - 1] if n % HOUSEHOLD == HOUSEHOLD - 1 else [n]
            for rank, number in enumerate(numbers, 1):
                yield {
                    "patient_id": f"P{n}",
                    "contact_point_id": _id("c", number),
                    "rank": rank,
                    "consent": ConsentStatus.OPTED_IN,
                    "consent_basis": ConsentBasis.IMPORT,
                    "created_at": self.now - SPAN,
                }

    def _consents(self) -> Iterator[Row]:
        for n in range(self.size.patients):
            yield {
                "id": _id("f", n),
                "patient_id": f"P{n}",
                "contact_point_id": _id("c", n),
                "status": ConsentStatus.OPTED_IN,
                "basis": ConsentBasis.IMPORT,
                "actor": "import",
                "at": self.now - SPAN,
            }

    def _conversations(self) -> Iterator[Row]:
        held = {
            row["conversation_id"]: (row["claimed_by"], row["claimed_at"])
            for row in self._escalations()
            if row["status"] is EscalationStatus.CLAIMED
        }
        for n in range(self.size.patients):
            conversation, heard = _id("e", n), self._spoken(n)
            holder, since = held.get(conversation, (None, None))
            yield {
                "id": conversation,
                "contact_point_id": _id("c", n),
                "held_by": holder,
                "held_since": since,
                "last_inbound_at": heard,
                "last_outbound_at": heard - timedelta(minutes=1) if n % 3 else heard + timedelta(seconds=2),
                "version": 10,
                "created_at": self.now - SPAN,
            }

    def _spoken(self, n: int) -> datetime:
        """When that patient last wrote."""
        return self.now - SPAN * (n * 7_919 % self.size.patients) / self.size.patients

    def _visits(self) -> Iterator[Row]:
        for n in range(self.size.patients):
            for turn in range(self.size.visits // self.size.patients):
                yield self._visit(n, turn)

    def _visit(self, n: int, turn: int) -> Row:
        number = n * 13 + turn * 181
        status, response = AppointmentStatus.BOOKED, Participation.NEEDS_ACTION
        if turn == 0 and n < self.size.soon:
            starts = self.now + timedelta(hours=1, minutes=n * 2_800 // self.size.soon)
        elif turn == 0 and n < 10 * self.size.soon:
            starts = self.now + timedelta(days=3 + number % 57)
            response = Participation.ACCEPTED if n % 2 else response
        else:
            starts = self.now - timedelta(days=2 + number % 700, minutes=number % 400)
            status = AppointmentStatus.NOSHOW if number % 9 == 0 else AppointmentStatus.FULFILLED
            response = Participation.ACCEPTED
        return {
            "appointment_id": f"A{n}-{turn}",
            "patient_id": f"P{n}",
            "starts_at": starts,
            "timezone": ZONE,
            "location": PLACES[n % 8],
            "service": "Primary care",
            "status": status,
            "response": response,
            "planned_version": 1,
            "created_at": starts - timedelta(days=40),
            "updated_at": self.now - SPAN,
        }

    def _changes(self) -> Iterator[Row]:
        for number, visit in enumerate(self._visits()):
            if visit["response"] is Participation.NEEDS_ACTION:
                continue
            at = min(visit["starts_at"], self.now) - timedelta(days=1)
            yield {
                "id": _id("d", number),
                "appointment_id": visit["appointment_id"],
                "at": at,
                "actor": "patient",
                "field": "response",
                "before": Participation.NEEDS_ACTION,
                "after": visit["response"],
                "charted_at": None if visit["starts_at"] > self.now and number % 20 == 0 else at,
            }

    def _messages(self) -> Iterator[Row]:
        """The oldest of everybody first, as they would have come: those of one patient lie apart."""
        for turn in range(self._light - 1, -1, -1):
            for n in range(self.size.patients):
                yield self._message(n, turn, timedelta(days=5))
        for turn in range(self._heavy - 1, self._light - 1, -1):
            for n in range(7, self.size.patients, HEAVY):
                yield self._message(n, turn, timedelta(hours=6))

    def _message(self, n: int, turn: int, apart: timedelta) -> Row:
        inbound, message = turn % 3 == 0, _message_id(n, turn)
        at = self._spoken(n) - apart * turn
        about = f"A{n}-0" if turn == 1 and n < self.size.soon else f"A{n}-1"
        return {
            "id": message,
            "conversation_id": _id("e", n),
            "contact_point_id": _id("c", n),
            "patient_id": f"P{n}",
            "appointment_id": about,
            "direction": Direction.INBOUND if inbound else Direction.OUTBOUND,
            "origin": None if inbound else Origin.OUTREACH,
            "kind": "confirm" if inbound else f"appointment/reminder_{'first' if turn % 3 == 1 else 'last'}",
            "body": self.vault.seal("messages.body", message, TEXTS[n % 4] if inbound else SAID),
            "language": LANGUAGES[n % 3],
            "segments": 1 if inbound else 2,
            "status": MessageStatus.RECEIVED if inbound else MessageStatus.DELIVERED,
            "twilio_sid": "SM" + message,
            "decision": None if inbound else Verdict.SEND,
            "created_at": at,
            "sent_at": at,
            "updated_at": at,
        }

    def _decisions(self) -> Iterator[Row]:
        for turn in range(self._light - 1, -1, -1):
            for n in range(self.size.patients if turn % 3 else 0):
                at = self._spoken(n) - timedelta(days=5) * turn
                made = {"message_id": _message_id(n, turn), "decision": Verdict.SEND, "reason": "ok", "at": at}
                yield {"id": _id("a", turn * self.size.patients + n), **made}

    def _escalations(self) -> Iterator[Row]:
        size, closed = self.size, self.size.escalations - self.size.unresolved
        for number in range(size.escalations):
            n = number * self._every % size.patients
            priority = Priority.EMERGENCY if number % 100 == 3 else Priority.URGENT if number % 10 == 1 else None
            priority = priority or Priority.ROUTINE
            resolved = number < closed
            at = self.now - (SPAN * (closed - number) / closed if resolved else timedelta(minutes=number - closed))
            row = {
                "id": _id("b", number),
                "patient_id": f"P{n}",
                "conversation_id": _id("e", n),
                "message_id": _message_id(n, 0),
                "appointment_id": f"A{n}-0",
                "priority": priority,
                "priority_rank": priority.rank,
                "reason": Reason.EMERGENCY if priority is Priority.EMERGENCY else Reason.QUESTION,
                "evidence": self.vault.seal("escalations.evidence", _id("b", number), _evidence(number)),
                "respond_by": at + timedelta(hours=4),
                "created_at": at,
                "updated_at": at,
            }
            yield {**row, **(self._closed(number, at) if resolved else self._standing(number, at))}

    def _closed(self, number: int, at: datetime) -> Row:
        who, when = self.staff[number % len(self.staff)], at + timedelta(minutes=30)
        done = {"status": EscalationStatus.RESOLVED, "resolved_by": who, "resolved_at": when, "outcome": "handled"}
        return {**done, "claimed_by": who, "claimed_at": at, "snoozed_until": None, "waiting_since": None}

    def _standing(self, number: int, at: datetime) -> Row:
        who = self.staff[number % len(self.staff)] if number % 7 == 0 else None
        return {
            "status": EscalationStatus.CLAIMED if who else EscalationStatus.OPEN,
            "resolved_by": None,
            "resolved_at": None,
            "outcome": None,
            "claimed_by": who,
            "claimed_at": at if who else None,
            "snoozed_until": self.now + timedelta(hours=3) if number % 20 == 4 else None,
            "waiting_since": at if who and number % 3 == 0 else None,
        }

    def _notes(self) -> Iterator[Row]:
        for number in range(self.size.escalations):
            note, author = _id("9", number), self.staff[number % len(self.staff)]
            where = _id("e", number * self._every % self.size.patients)
            body = self.vault.seal("notes.body", note, "Called, will come in the afternoon.")
            yield {"id": note, "conversation_id": where, "author_id": author, "body": body, "at": self.now - SPAN / 2}

    def _audit(self) -> Iterator[Row]:
        before = audit.FIRST
        for number in range(self.size.messages // 4):
            at = self.now - SPAN + SPAN * number * 4 / self.size.messages
            row: Mapping[str, Any] = {
                "at": at, "actor": self.staff[number % len(self.staff)], "action": "conversation.view",
                "object_type": "conversation", "object_id": _id("e", number % self.size.patients), "detail": {},
            }  # fmt: skip
            before = audit.chained(before, row)
            yield {**row, "detail": "{}", "digest": before}


def _id(kind: str, number: int) -> str:
    return f"{kind}{number:031x}"


def _message_id(n: int, turn: int) -> str:
    return f"1{9_999 - turn:015x}{n:016x}"


def _evidence(number: int) -> str:
    return json.dumps([{"words": TEXTS[number % 4], "rules": []}])
