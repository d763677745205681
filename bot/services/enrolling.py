"""Staff put a patient on a journey: what each needs to know, and why somebody cannot be put on it just now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.core.people import ConsentStatus, PatientStatus
from bot.journeys.needs import SAID
from bot.services import audit, enrolling_rows
from bot.services.clinic import Clinic
from bot.services.enrolling_rows import Unusable
from bot.services.inbox import Gone
from bot.services.loops.opening import Opening, open_loop
from bot.services.patient_page import standing_of
from bot.store.columns import AnyRow
from bot.store.database import once_more
from bot.store.queries import gate, life, loops, patients

FURTHEST: Final = timedelta(days=180)
MORNING: Final = time(10, 0)
ONE_AT_A_TIME: Final = ("transition", "medication")
"""Journeys whose texts do not say which of two they are about."""


class Why(StrEnum):
    """Why nothing was begun."""

    NO_PHONE = "no-phone"
    NO_CONSENT = "no-consent"
    STOPPED = "stopped"
    """The patient wants no texts of this program."""
    NOT_ACTIVE = "not-active"
    """The number is wrong, the patient has died or is not the clinic's any more."""
    OPEN = "open"
    UNSIGNED = "unsigned"
    """No clinician has signed any of its lessons yet."""
    LOST = "lost"
    """A pregnancy has been lost: nothing about one is begun."""
    NOT_FOR_THEM = "not-for-them"
    """The measure is not for somebody of that age."""
    DATE = "date"
    MISSING = "missing"
    """Something that it needs was not said, or cannot be meant."""


@dataclass(frozen=True, slots=True)
class Program:
    """What staff may begin: its journey, what its form asks for, and by which consent its texts go."""

    journey: str
    fields: tuple[str, ...] = ()
    texts: str = ""
    """The program of its texts, by which a patient may refuse them."""
    has_start: bool = True
    """Whether it may begin on a later day."""
    only_texts: bool = True
    """Nothing is left of it without consent to texts."""


PROGRAMS: Final[Mapping[str, Program]] = {
    "series": Program("series", ("series",), texts="education"),
    "transition": Program(
        "transition", ("discharged_on", "risk", "facility"), "transition", has_start=False, only_texts=False
    ),
    "medication": Program("medication", ("due_on", "stage", "medicine", "pharmacy"), "medication"),
    "referral": Program(
        "referral", ("specialty", "urgency", "referred_to"), "referral", has_start=False, only_texts=False
    ),
    "recall": Program("recall", ("measure", "due_on"), "recall"),
    "needs": Program("needs", ("help", "visit"), "needs", has_start=False, only_texts=False),
    "needs_screen": Program("needs_screen", texts="survey"),
    "phq2": Program("phq2", texts="survey"),
    "readings": Program("readings", ("reading", "times", "gap"), "readings"),
    "feedback": Program("feedback", texts="survey"),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be begun: the program, from which day (None: at once), and what its form says."""

    program: str
    begins: date | None = None
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Begun:
    """It is open: its loop, and whether no text of it goes out, since there is no consent to any."""

    loop_id: str
    is_silent: bool = False


class _Refused(Exception):
    """Nothing of it is to stay."""

    def __init__(self, why: Why | Gone) -> None:
        super().__init__()
        self.why = why


@once_more
def enroll(clinic: Clinic, patient_id: str, wish: Wish, *, actor_id: str, now: datetime) -> Begun | Why | Gone:
    """Put the patient on it, or say why not. Raises KeyError for a program that is none, and DatabaseDown."""
    try:
        with clinic.database.begin() as connection:
            begun = _enroll(connection, clinic, patient_id, wish, actor_id=actor_id, now=now)
    except _Refused as refused:
        return refused.why
    clinic.queue.deliver()
    return begun


def _enroll(
    connection: Connection, clinic: Clinic, patient_id: str, wish: Wish, *, actor_id: str, now: datetime
) -> Begun:
    program = PROGRAMS[wish.program]
    patient = patients.patient(connection, patient_id)
    if patient is None:
        raise _Refused(Gone())
    if patient.status is not PatientStatus.ACTIVE:
        raise _Refused(Why.NOT_ACTIVE)
    begins = _moment(clinic, patient, wish, program, now)
    unreachable = _unreachable(connection, patients.phones(connection, patient_id), patient_id, program)
    if unreachable is not None and program.only_texts:
        raise _Refused(unreachable)
    silent = unreachable is not None
    opened = _begin(connection, clinic, patient, wish, begins, silent=silent, now=now, by=actor_id)
    audit.record(
        connection, at=now, actor=actor_id, action="loop.opened", object_type="loop", object_id=opened,
        detail={"journey": program.journey},
    )  # fmt: skip
    return Begun(opened, is_silent=silent)


def _moment(clinic: Clinic, patient: AnyRow, wish: Wish, program: Program, now: datetime) -> datetime | None:
    zone = ZoneInfo(patient.timezone or clinic.settings.clinic_timezone)
    today = now.astimezone(zone).date()
    if wish.begins is None or not program.has_start or wish.begins == today:
        return None
    if not today < wish.begins <= today + FURTHEST:
        raise _Refused(Why.DATE)
    return datetime.combine(wish.begins, MORNING, zone)


def _unreachable(connection: Connection, phones: Sequence[AnyRow], patient_id: str, program: Program) -> Why | None:
    """Why its texts would not go out."""
    standing = standing_of(phones)
    if standing is None:
        return Why.NO_PHONE
    if standing.status is not ConsentStatus.OPTED_IN:
        return Why.NO_CONSENT
    unwanted = gate.stopped_programs(connection, [patient_id]).get(patient_id, frozenset())
    return Why.STOPPED if program.texts in unwanted else None


def _begin(
    connection: Connection,
    clinic: Clinic,
    patient: AnyRow,
    wish: Wish,
    begins: datetime | None,
    *,
    silent: bool,
    now: datetime,
    by: str,
) -> str:
    try:
        openings = enrolling_rows.openings(connection, clinic, patient, wish.program, wish.values, now)
    except Unusable as error:
        raise _Refused(Why(str(error))) from None
    first, *others = openings
    kind = None if first.journey in ONE_AT_A_TIME else first.kind
    if loops.open_alike(connection, patient.patient_id, first.journey, kind, first.appointment_id) is not None:
        raise _Refused(Why.OPEN)
    first = _placed(first, begins, silent=silent)
    loop_id = open_loop(connection, clinic, first, now, actor=by)
    if loop_id is None:
        lost = life.lost_lately(connection, patient.patient_id, now)
        raise _Refused(Why.LOST if lost else Why.OPEN)
    for opening in others:
        open_loop(connection, clinic, opening, now, actor=by)
    return loop_id


def _placed(opening: Opening, begins: datetime | None, *, silent: bool) -> Opening:
    """The same from that day on; a need of somebody who gets no texts begins with the office."""
    step = SAID if silent and opening.journey == "needs" else opening.step
    return replace(opening, step=step, begins=begins)
