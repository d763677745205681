"""What a day's loops come to: recalls closed in time, how long referrals stood, contact after discharge."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.core import reports
from bot.core.figures import Count
from bot.core.reports import Measure, business_day_after
from bot.services.clinic import Clinic
from bot.services.reporting.people import People
from bot.store.columns import AnyRow
from bot.store.queries import report_facts as facts

RECALL: Final = "recall"
CLOSED: Final = frozenset({"booked", "done"})
"""Outcomes with which a recall is closed; a letter, a no and nobody reached are ends, too, but close no gap."""
NOT_MEANT: Final = frozenset({"excluded"})
"""Outcomes of recalls that were no gap to begin with."""
REFERRAL: Final = "referral"
TRANSITION: Final = "transition_contact"
CONTACT: Final = "contact-logged"
"""What staff report after they have spoken with the patient or caregiver."""
BUSINESS_DAYS: Final = 2
LOOKS_BACK: Final = timedelta(days=21)
"""So long before its second business day a discharge may have become known, holidays and a late list included."""


def count_recalls(connection: Connection, count: Count, people: People, since: datetime, until: datetime) -> None:
    """Recalls that come to their 30th or 90th day."""
    for measure, days in ((reports.RECALL_30, 30), (reports.RECALL_90, 90)):
        back = timedelta(days=days)
        taken_up = facts.loops(connection, RECALL, since - back, until - back)
        rows = [row for row in taken_up if row.outcome not in NOT_MEANT]
        people.meet(row.patient_id for row in rows)
        for row in rows:
            closed = row.outcome in CLOSED and row.ended_at is not None and row.ended_at <= row.created_at + back
            _add(count, people, measure, row, numerator=closed, part=row.kind)


def count_referrals(connection: Connection, count: Count, people: People, since: datetime, until: datetime) -> None:
    """States that referrals left in that time, and how long they had stood in them."""
    moves = facts.moves(connection, REFERRAL, since, until)
    people.meet(row.patient_id for row in moves)
    earlier = facts.moves_before(connection, sorted({row.enrollment_id for row in moves}), until)
    for row in moves:
        if row.from_step and row.from_step != row.to_step:
            came = [at for at, to in earlier.get(row.enrollment_id, ()) if at < row.at and to == row.from_step]
            stood = row.at - max(came, default=row.created_at)
            seconds = round(max(stood, timedelta()).total_seconds())
            _add(count, people, reports.REFERRAL_DAYS, row, numerator=seconds, part=row.from_step)


def count_discharges(
    clinic: Clinic, connection: Connection, count: Count, people: People, since: datetime, until: datetime
) -> None:
    """Discharges whose second business day ends with that day: whether staff had spoken with the patient by then."""
    zone = ZoneInfo(clinic.settings.clinic_timezone)
    day = since.astimezone(zone).date()
    known = facts.discharges(connection, TRANSITION, since - LOOKS_BACK, until)
    people.meet(row.patient_id for row in known)
    rows = []
    for row in known:
        went_home = (row.discharged_at or row.created_at).astimezone(zone).date()
        holidays = _holidays(clinic, row.location or people.group(row.patient_id).location)
        if business_day_after(went_home, BUSINESS_DAYS, holidays) == day:
            rows.append(row)
    contacted = facts.reported(connection, [row.id for row in rows], CONTACT)
    for row in rows:
        in_time = row.id in contacted and contacted[row.id] < until
        _add(count, people, reports.DISCHARGE, row, numerator=in_time)


def _holidays(clinic: Clinic, location: str) -> Iterable[date]:
    set_up = clinic.set_up()
    place = set_up.places.get(location)
    return (place.week if place is not None else set_up.week).holidays


def _add(count: Count, people: People, measure: Measure, row: AnyRow, *, numerator: int, part: str = "") -> None:
    group = people.group(row.patient_id, location=row.location)
    count.add(measure.name, group, row.patient_id, numerator=numerator, part=part)
