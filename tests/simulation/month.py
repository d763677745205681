"""A month at the clinic, half hour by half hour: what the chart brings, what patients write, what staff see to."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from io import BytesIO
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.core.intents import Context
from bot.core.journey import QuestionState, Urgency
from bot.core.messages import MessageStatus, Origin
from bot.core.outreach import counts
from bot.core.provider import Accepted, OutgoingText, ProviderAnswer, Refused
from bot.core.rows import Kind
from bot.gateways.rate import LocalRate
from bot.journeys import discover
from bot.runtime import build_clinic
from bot.services import inbox, waitlist
from bot.services.clinic import Clinic
from bot.services.deliver import deliver
from bot.services.importing.run import run_import
from bot.services.loops.moving import happened
from bot.services.loops.opening import Opening, open_loop
from bot.services.plan import plan_due
from bot.services.receive import Inbound, receive
from bot.services.silence import wake
from bot.store.tables import Enrollment, Escalation, Message, Question
from tests.services.sending import Carrier
from tests.simulation.people import WORDS, Simulated, answer, people
from tests.transcripts.around import QuietQueue, signed
from tests.transcripts.chat import settings_for

ZONE = ZoneInfo("America/Chicago")
FIRST_DAY = date(2026, 11, 2)
STEP = timedelta(minutes=30)
OFFICE = (time(8), time(17))
BEGINS = datetime.combine(FIRST_DAY, time(7), ZONE)
UNLANDED = 21211
BY_THEMSELVES = ("appointment", "waitlist", "no_show", "recall")
"""From visits, from what is freed or missed, and from rows."""
STARTED_ONCE = ("outreach", "education", "checkin", "survey")
"""Conversations that somebody starts, and no loops."""
KINDS = {
    "series": ("diabetes", "hypertension", "asthma", "flu", "quit_smoking"),
    "needs": ("transport", "food", "housing", "other"),
    "referral": ("eyes", "heart"),
    "readings": ("pressure",),
}
READINGS = ("122/78", "131/84", "165/102", "184/96", "212/124", "120")
"""Most are well; some are to be taken again, some are for a nurse, one is an emergency, one is half of one."""
SHOWS_UP = 0.88
MOVES = 0.04
CALLED_OFF = 0.04
STAFF_FINISH = 0.7
"""What staff do about a loop that the office owes, when they come to it: the rest waits for the next time."""


@dataclass
class Month:
    """One clinic and its people."""

    clinic: Clinic
    random: Random
    now: datetime = BEGINS
    patients: dict[str, Simulated] = field(default_factory=dict)
    carrier: Carrier = field(default_factory=Carrier)
    coming: list[tuple[datetime, int, str, str]] = field(default_factory=list)
    """Texts that patients will write: when, a running number, the phone, the words."""
    visits: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    stopped: dict[str, datetime] = field(default_factory=dict)
    """When a phone has said stop."""
    _seen: int = 0

    @classmethod
    def begin(cls, database_url: str, patients: int, seed: int = 1) -> Month:
        """A clinic with so many patients, their visits of the month, and every journey begun for somebody."""
        month = cls(build_clinic(settings_for(database_url, str(ZONE))), Random(seed))
        month.clinic = replace(
            month.clinic, clock=lambda: month.now, queue=QuietQueue(), series=signed(month.clinic.series)
        )
        everybody = people(patients, month.random)
        month.patients = {one.phone: one for one in everybody}
        month.carrier.answer = month._carry
        month._enrol(everybody)
        return month

    def _enrol(self, everybody: list[Simulated]) -> None:
        rows = [
            f"{one.patient_id},Name,{one.language},{one.phone},{ZONE},{'yes' if one.consents else ''}"
            for one in everybody
        ]
        self._import(Kind.PATIENTS, "patient_id,given_name,language,phone,timezone,consent", rows)
        chosen = self.random.sample(everybody, len(everybody) * 6 // 10)
        for number, one in enumerate(chosen):
            starts = self._slot(self.random.randint(1, 27))
            self.visits[f"A{number:05d}"] = (one.patient_id, starts)
        self._chart(list(self.visits), "booked")
        due = [f"R{one.patient_id},{one.patient_id},a1c,{FIRST_DAY}" for one in self.random.sample(everybody, 200)]
        self._import(Kind.RECALLS, "recall_id,patient_id,measure,due_date", due)
        listed = [f"W{visit},{self.visits[visit][0]},visit,{visit}" for visit in list(self.visits)[:120]]
        self._import(Kind.WAITLIST, "waitlist_id,patient_id,service,appointment_id", listed)

    def _slot(self, day: int) -> datetime:
        on = FIRST_DAY + timedelta(days=day)
        while on.weekday() > 4:
            on += timedelta(days=1)
        return datetime.combine(on, time(self.random.randint(8, 16), self.random.choice((0, 30))), ZONE)

    def _chart(self, visits: list[str], status: str) -> None:
        rows = [
            f"{visit},{self.visits[visit][0]},{self.visits[visit][1].isoformat()},{ZONE},visit,{status}"
            for visit in visits
        ]
        self._import(Kind.APPOINTMENTS, "appointment_id,patient_id,starts_at,timezone,service,status", rows)

    def _import(self, kind: Kind, header: str, rows: list[str]) -> None:
        if rows:
            file = BytesIO("\n".join([header, *rows, ""]).encode())
            report = run_import(self.clinic, kind, file, file_name="rows.csv", actor="test", dry_run=False)
            assert not [fault for fault in report.faults if not fault.warning], report.faults

    # --- time

    def run(self, days: int) -> None:
        """Let so many days pass."""
        until = self.now + timedelta(days=days)
        while self.now < until:
            # At night, when the clinic starts nothing, a round every two hours will do.
            self.now += STEP if 7 <= self.now.astimezone(ZONE).hour < 20 else 4 * STEP
            self._texts_come_in()
            if self._is_morning():
                self._charted()
                self._begin_loops()
            if self._at_work():
                self._staff()
            self._tick()

    def _is_morning(self) -> bool:
        local = self.now.astimezone(ZONE)
        return (local.hour, local.minute) == (9, 0)

    def _at_work(self) -> bool:
        local = self.now.astimezone(ZONE)
        return local.weekday() < 5 and OFFICE[0] <= local.time() < OFFICE[1] and local.minute == 0

    def _tick(self) -> None:
        waitlist.settle_booked(self.clinic, self.now)
        waitlist.offer(self.clinic, self.now)
        plan_due(self.clinic, at=self.now)
        wake(self.clinic, self.now)
        asyncio.run(deliver(self.clinic, self.carrier, LocalRate(10_000.0)))
        fresh, self._seen = self.carrier.sent[self._seen :], len(self.carrier.sent)
        for text in fresh:
            self._think(text)

    def _carry(self, text: OutgoingText) -> ProviderAnswer:
        if self.patients[text.to].dead_number:
            return Refused(UNLANDED, 400)
        taken = self.carrier.take(text)
        assert isinstance(taken, Accepted)
        return taken

    # --- patients

    def _think(self, text: OutgoingText) -> None:
        """A patient reads a text, and may answer it later."""
        patient = self.patients[text.to]
        with self.clinic.database.read() as connection:
            asked = connection.execute(
                select(Question.context, Question.options, Question.journey).where(
                    Question.message_id == text.message_id, Question.state == QuestionState.OPEN
                )
            ).first()
        if asked is None or patient.dead_number:
            return
        said = answer(patient, Context(asked.context), len(asked.options), self.random)
        if said is not None:
            words, later = said
            if asked.journey == "readings" and words in WORDS[patient.language]["yes"]:
                words = self.random.choice(READINGS)
            heapq.heappush(self.coming, (self.now + later, len(self.coming), text.to, words))

    def _texts_come_in(self) -> None:
        while self.coming and self.coming[0][0] <= self.now:
            _at, _number, phone, words = heapq.heappop(self.coming)
            self.counts["inbound"] += 1
            sid = f"SMin{self.counts['inbound']:030d}"
            receive(self.clinic, Inbound(message_sid=sid, sender=phone, body=words), self.now)
            if words.upper() in ("STOP", "ALTO", "СТОП"):
                self.stopped.setdefault(phone, self.now)

    # --- the clinic

    def _charted(self) -> None:
        """Yesterday's visits were kept or missed; some to come move, or are called off."""
        past = [visit for visit, (_patient, at) in self.visits.items() if at < self.now]
        kept = [visit for visit in past if self.random.random() < SHOWS_UP]
        self._chart(kept, "fulfilled")
        self._chart([visit for visit in past if visit not in kept], "noshow")
        self.counts["visits over"] += len(past)
        for visit in past:
            del self.visits[visit]
        ahead = [visit for visit, (_patient, at) in self.visits.items() if at > self.now + timedelta(days=2)]
        moved = [visit for visit in ahead if self.random.random() < MOVES / 10]
        for visit in moved:
            patient_id, at = self.visits[visit]
            self.visits[visit] = (patient_id, at + timedelta(days=1 if at.weekday() < 4 else 3))
        self._chart(moved, "booked")
        off = [visit for visit in ahead if visit not in moved and self.random.random() < CALLED_OFF / 10]
        self._chart(off, "cancelled")
        for visit in off:
            del self.visits[visit]
        self.counts["visits moved or off"] += len(moved) + len(off)

    def _begin_loops(self) -> None:
        """Every other journey begins for a few patients a day."""
        for name in sorted(set(discover()) - {*BY_THEMSELVES, *STARTED_ONCE}):
            for patient in self.random.sample(list(self.patients.values()), 2):
                opening = opening_of(name, patient.patient_id, self.random)
                with self.clinic.database.begin() as connection:
                    self.counts[f"begun {name}"] += open_loop(connection, self.clinic, opening, self.now) is not None

    def _staff(self) -> None:
        """An hour at the desk: open cases are seen to, oldest first; what the office owes is done, mostly."""
        with self.clinic.database.read() as connection:
            cases = connection.execute(
                select(Escalation.id)
                .where(Escalation.status != "resolved")
                .order_by(Escalation.priority_rank, Escalation.created_at)
                .limit(40)
            ).all()
            owed = connection.execute(
                select(Enrollment.id, Enrollment.journey)
                .where(Enrollment.office_step.is_not(None), Enrollment.ended_at.is_(None))
                .order_by(Enrollment.office_due_at)
                .limit(20)
            ).all()
        for case in cases:
            inbox.resolve(self.clinic, escalation_id=case.id, actor_id="staff", now=self.now)
            self.counts["cases closed"] += 1
        for loop in owed:
            if self.random.random() < STAFF_FINISH:
                name = self.random.choice(sorted(discover()[loop.journey].staff))
                self.counts["reports"] += happened(self.clinic, loop.id, name, actor="staff", now=self.now)

    # --- what came of it

    def sent(self) -> Iterator[tuple[str, datetime, bool, Origin]]:
        """(patient, when, counts against the budget, origin) of every text that went out, in order."""
        query = (
            select(
                Message.patient_id,
                Message.sent_at,
                Message.budget_exempt,
                Message.origin,
                Message.kind,
                Message.lane,
            )
            .where(Message.sent_at.is_not(None), Message.status != MessageStatus.DROPPED)
            .order_by(Message.sent_at)
        )
        with self.clinic.database.read() as connection:
            for row in connection.execute(query):
                exempt = row.budget_exempt or not counts(row.kind, row.lane)
                yield row.patient_id, row.sent_at, row.origin is Origin.OUTREACH and not exempt, row.origin


def opening_of(journey: str, patient_id: str, random: Random) -> Opening:
    """A loop of that journey for this patient."""
    kind = random.choice(KINDS.get(journey, ("",)))
    priority = random.choice(list(Urgency))
    return Opening(journey=journey, patient_id=patient_id, kind=kind, priority=priority)
