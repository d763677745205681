"""What the console shows of campaigns beside their figures: sample texts, and their patients as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from bot.services.campaigns.plan import Plan
from bot.services.campaigns.words import Unwritten, Written, write
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow
from bot.store.queries import campaign_cohorts, campaigns
from bot.store.vault import Undecryptable

BATCH: Final = 1_000
COLUMNS: Final = ("patient_id", "arm", "state", "reason", "text", "language", "segments", "sent_at")


@dataclass(frozen=True, slots=True)
class Sample:
    """One text as the patient would read it, and when."""

    arm: str
    language: str
    body: str
    segments: int
    at: datetime


def samples(
    clinic: Clinic, connection: Connection, plan: Plan, forecast_id: str, locations: Sequence[str]
) -> Sequence[Sample]:
    """For each arm and language the first text of the forecast, with its patient's own values."""
    found = []
    for row in campaign_cohorts.samples(connection, forecast_id, locations):
        written = _text(clinic, plan, row)
        if isinstance(written, Written) and row.at is not None:
            found.append(Sample(row.arm, written.language, written.body, written.segments, row.at))
    return found


def preview(clinic: Clinic, plan: Plan, arm: str, language: str, *, name: str, now: datetime) -> Written | Unwritten:
    """The arm's text for somebody of that name and language."""
    text_key = plan.arms[arm].text_key
    if text_key is None:
        return Unwritten.LANGUAGE
    return write(clinic, text_key, plan.words.get(arm, {}), language=language, name=name, now=now)


def as_csv(clinic: Clinic, campaign_id: str, *, batch: int = BATCH) -> Iterator[str]:
    """Its patients by their ids, with what became of each: no name, no number, no words."""
    yield _line(COLUMNS)
    after = ""
    while True:
        # A transaction for each batch: whoever saves a file slowly holds none open.
        with clinic.database.read() as connection:
            rows = campaigns.recipients(connection, campaign_id, after=after, limit=batch)
        yield "".join(_line(_cells(row)) for row in rows)
        if len(rows) < batch:
            return
        after = rows[-1].patient_id


def _text(clinic: Clinic, plan: Plan, row: AnyRow) -> Written | Unwritten:
    try:
        name = clinic.vault.maybe_open("patients.given_name", row.patient_id, row.given_name) or ""
    except Undecryptable:
        return Unwritten.UNREADABLE
    return preview(clinic, plan, row.arm, row.speaks, name=name, now=row.at)


def _cells(row: AnyRow) -> Sequence[str]:
    sent = row.sent_at.isoformat() if row.sent_at is not None else ""
    why = row.reason or row.decision_reason or ""
    return (row.patient_id, row.arm, row.state, why if why != "ok" else "", row.status or "", row.language or "",
            str(row.segments or ""), sent)  # fmt: skip


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    # What begins like a formula would be one in a spreadsheet.
    csv.writer(out).writerow([f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell for cell in cells])
    return out.getvalue()
