"""What stands around the clinic of a chat: a queue that nobody listens to, who signs, places nearby, closed cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select

from bot.core.series import AllSeries
from bot.services import inbox
from bot.services.clinic import Clinic
from bot.services.resources import take_over
from bot.store.tables import Escalation


def signed(every: AllSeries) -> AllSeries:
    """The same lessons, read by a clinician."""
    return AllSeries(
        {
            name: replace(
                series,
                lessons=tuple(
                    replace(one, reviewed_by="Ana Reyes, RN", reviewed_on=date(2026, 11, 2)) for one in series.lessons
                ),
            )
            for name, series in every.by_name.items()
        }
    )


class QuietQueue:
    """A queue that nobody listens to: the chat sends by itself."""

    def deliver(self) -> None:
        """Nothing."""

    def reconcile(self) -> None:
        """Nothing."""

    def work(self) -> None:
        """Nobody is told."""

    def ping(self) -> None:
        """Always there."""


def place(clinic: Clinic, name: str, phone: str, category: str, now: datetime) -> None:
    """A place nearby that helps with that, verified today."""
    rows = f"name,category,phone,verified_on\n{name},{category},{phone},{now:%Y-%m-%d}\n"
    taken = take_over(clinic, rows.encode(), actor="test", now=now)
    assert taken.new == 1, taken.faults


def resolve(clinic: Clinic, patient_id: str, reason: str, outcome: str, now: datetime) -> None:
    """Somebody closes what stands open about the patient for that reason."""
    waits = (Escalation.patient_id == patient_id, Escalation.reason == reason, Escalation.status != "resolved")
    with clinic.database.read() as connection:
        case = connection.execute(select(Escalation.id).where(*waits)).scalar_one()
    done = inbox.resolve(clinic, escalation_id=case, actor_id="u1", now=now, outcome=outcome)
    assert isinstance(done, inbox.Done), done
