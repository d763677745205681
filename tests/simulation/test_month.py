"""Done when 2: a whole month with 2,000 patients, every journey on; nothing out of bounds, and nobody stuck."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.core.messages import Origin
from bot.store.tables import Enrollment, Escalation, Message
from tests.simulation.month import ZONE, Month

PATIENTS = 2_000
DAYS = 30
QUIET = (8, 20)

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def month(database_url: str) -> Month:
    """The month, lived through."""
    made = Month.begin(database_url, PATIENTS)
    made.run(DAYS)
    return made


def test_a_month(month: Month, capsys: pytest.CaptureFixture[str]) -> None:
    budgets_hold(month)
    nights_are_quiet(month)
    nobody_who_stopped_or_never_agreed_is_texted(month)
    nobody_is_stuck(month)
    with capsys.disabled():
        print_counts(month)
    month.clinic.database.dispose()


def budgets_hold(month: Month) -> None:
    """One unsolicited text a day, three in seven days."""
    by_patient = defaultdict(list)
    for patient_id, at, counts, _origin in month.sent():
        if counts:
            by_patient[patient_id].append(at)
    assert len(by_patient) > PATIENTS / 3, "the month was lived"
    for patient_id, moments in by_patient.items():
        days = Counter(at.astimezone(ZONE).date() for at in moments)
        assert max(days.values()) == 1, f"{patient_id}: {days}"
        for at in moments:
            week = [other for other in moments if at - timedelta(days=7) < other <= at]
            assert len(week) <= 3, f"{patient_id}: {week}"


def nights_are_quiet(month: Month) -> None:
    """Nothing that the clinic starts goes out between eight in the evening and eight in the morning."""
    for patient_id, at, _counts, origin in month.sent():
        if origin is Origin.OUTREACH:
            assert QUIET[0] <= at.astimezone(ZONE).hour < QUIET[1], f"{patient_id} at {at.astimezone(ZONE)}"


def nobody_who_stopped_or_never_agreed_is_texted(month: Month) -> None:
    """Not one text that the clinic starts after a STOP, or without consent."""
    by_id = {one.patient_id: one for one in month.patients.values()}
    assert month.stopped, "somebody said stop"
    for patient_id, at, _counts, origin in month.sent():
        if origin is not Origin.OUTREACH:
            continue
        patient = by_id[patient_id]
        assert patient.consents, f"{patient_id} never agreed"
        assert at <= month.stopped.get(patient.phone, at), f"{patient_id} said stop before {at}"


def nobody_is_stuck(month: Month) -> None:
    """Every loop has ended, waits for a time to come, or is in front of a person."""
    case = select(Escalation.patient_id).where(Escalation.status != "resolved")
    loops = select(Enrollment.__table__).where(Enrollment.ended_at.is_(None), Enrollment.journey != "appointment")
    with month.clinic.database.read() as connection:
        seen = set(connection.execute(case).scalars())
        stuck = [
            (row.journey, row.step, row.wake_at)
            for row in connection.execute(loops)
            if row.patient_id not in seen and (row.wake_at is None or row.wake_at < month.now - timedelta(hours=1))
        ]
        waiting = connection.execute(
            select(func.count()).select_from(Message).where(Message.status == "planned", Message.due_at < month.now)
        ).scalar_one()
    assert not stuck, stuck[:20]
    assert waiting == 0, "texts that are due and did not go out"


def print_counts(month: Month) -> None:
    """What a reader of the run wants to know."""
    with month.clinic.database.read() as connection:
        kinds = connection.execute(
            select(Message.kind, func.count()).where(Message.sent_at.is_not(None)).group_by(Message.kind)
        ).all()
        ends = connection.execute(
            select(Enrollment.journey, Enrollment.outcome, func.count()).group_by(
                Enrollment.journey, Enrollment.outcome
            )
        ).all()
        cases = connection.execute(select(Escalation.reason, func.count()).group_by(Escalation.reason)).all()
    lines = [f"{PATIENTS} patients, {DAYS} days: {dict(month.counts)}"]
    lines += ["sent: " + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds))]
    lines += ["loops: " + ", ".join(f"{name} {end or 'open'} {count}" for name, end, count in sorted(ends, key=str))]
    lines += ["cases: " + ", ".join(f"{reason} {count}" for reason, count in sorted(cases, key=str))]
    print("\n" + "\n".join(lines))  # noqa: T201
