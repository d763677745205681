"""Test to me: a campaign's text to a phone of the staff, marked as a trial; never to a patient."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import phonenumbers
from sqlalchemy import Connection

from bot.core.escalation import NoticeState
from bot.core.people import Channel
from bot.core.provider import Accepted, OutgoingText
from bot.services import audit
from bot.services.campaigns.plan import Plan, read
from bot.services.campaigns.words import Unwritten, Written, write
from bot.services.clinic import Clinic
from bot.services.ports import Provider
from bot.store.columns import AnyRow, new_id
from bot.store.database import once_more
from bot.store.queries import notices
from bot.store.queries import trials as queries
from bot.store.vault import Undecryptable

MARK: Final = "[TEST] "
SAMPLE_NAME: Final = "Ana"


class NotTried(StrEnum):
    """Why no trial is sent."""

    GONE = "gone"
    NO_PHONE = "no-phone"
    """Nothing was typed, and the person is on no rung of the on-call ladder with a phone."""
    BAD_PHONE = "bad-phone"
    PATIENTS_PHONE = "patients-phone"
    """A patient is reached at that number."""
    UNWRITTEN = "unwritten"
    """There is no text in that language."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial to be sent: where to, and the words."""

    id: str
    phone: str
    body: str


@once_more
def ask(
    clinic: Clinic, campaign_id: str, *, arm: str, language: str, phone: str = "", actor_id: str, now: datetime
) -> str | NotTried:
    """Have the text of that arm sent to the person's own phone, or to the one typed in. The trial's id."""
    with clinic.database.begin() as connection:
        plan = read(connection, clinic, campaign_id)
        if plan is None or arm not in plan.arms or plan.arms[arm].text_key is None:
            return NotTried.GONE
        number = _number(connection, clinic, phone, actor_id)
        if isinstance(number, NotTried):
            return number
        if queries.is_a_patients(connection, clinic.vault.index(number), Channel.SMS):
            return NotTried.PATIENTS_PHONE
        if isinstance(words_of(clinic, plan, arm, language, now), Unwritten):
            return NotTried.UNWRITTEN
        trial_id = new_id()
        row = {
            "id": trial_id, "campaign_id": campaign_id, "arm": arm, "language": language,
            "phone": clinic.vault.seal("campaign_trials.phone", trial_id, number), "state": NoticeState.DUE,
            "author_id": actor_id, "created_at": now,
        }  # fmt: skip
        queries.add(connection, row)
        audit.record(
            connection, at=now, actor=actor_id, action="campaign.try", object_type="campaign", object_id=campaign_id,
            detail={"arm": arm, "language": language, "typed": bool(phone.strip()), "trial": trial_id},
        )  # fmt: skip
    clinic.queue.deliver()
    return trial_id


def words_of(clinic: Clinic, plan: Plan, arm: str, language: str, now: datetime) -> Written | Unwritten:
    """The text of an arm in that language, as a patient of that name would read it."""
    text_key = plan.arms[arm].text_key
    assert text_key is not None, "the hold-out has no text"
    return write(clinic, text_key, plan.words.get(arm, {}), language=language, name=SAMPLE_NAME, now=now)


def _number(connection: Connection, clinic: Clinic, typed: str, actor_id: str) -> str | NotTried:
    if not typed.strip():
        own = next(iter(notices.phones(connection, {actor_id})), None)
        if own is None:
            return NotTried.NO_PHONE
        try:
            return clinic.vault.open("on_call.phone", own.id, own.phone)
        except Undecryptable:
            return NotTried.NO_PHONE
    try:
        parsed = phonenumbers.parse(typed, clinic.settings.country)
    except phonenumbers.NumberParseException:
        return NotTried.BAD_PHONE
    if not phonenumbers.is_possible_number(parsed):
        return NotTried.BAD_PHONE
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def any_due(clinic: Clinic) -> bool:
    """Whether a trial waits. Raises DatabaseDown."""
    with clinic.database.read() as connection:
        return queries.any_due(connection)


async def send(clinic: Clinic, provider: Provider) -> int:
    """Send the trials that wait, each once; how many went. Raises DatabaseDown."""
    ready = await asyncio.to_thread(_claim, clinic)
    return sum(await asyncio.gather(*(_send(clinic, trial, provider) for trial in ready)))


@once_more
def _claim(clinic: Clinic) -> Sequence[Trial]:
    """Taken for good before the call: none is a lesser evil than two, and another can be asked for."""
    now = clinic.clock()
    found = []
    with clinic.database.begin() as connection:
        for row in queries.claim(connection):
            trial = _ready(connection, clinic, row, now)
            if trial is None:
                queries.record(connection, row.id, NoticeState.FAILED, error="unwritten")
            else:
                found.append(trial)
    return found


def _ready(connection: Connection, clinic: Clinic, row: AnyRow, now: datetime) -> Trial | None:
    plan = read(connection, clinic, row.campaign_id)
    if plan is None or row.arm not in plan.arms:
        return None
    written = words_of(clinic, plan, row.arm, row.language, now)
    try:
        phone = clinic.vault.open("campaign_trials.phone", row.id, row.phone)
    except Undecryptable:
        return None
    return None if isinstance(written, Unwritten) else Trial(row.id, phone, MARK + written.body)


async def _send(clinic: Clinic, trial: Trial, provider: Provider) -> bool:
    # No callback: it would be asked for among the patients' messages.
    answer = await provider.send(
        OutgoingText(message_id=trial.id, to=trial.phone, body=trial.body, status_callback=None)
    )
    went = isinstance(answer, Accepted)
    await asyncio.to_thread(_record, clinic, trial.id, went=went, answer=type(answer).__name__.lower())
    return went


@once_more
def _record(clinic: Clinic, trial_id: str, *, went: bool, answer: str) -> None:
    now = clinic.clock()
    with clinic.database.begin() as connection:
        state = NoticeState.SENT if went else NoticeState.FAILED
        queries.record(connection, trial_id, state, sent_at=now if went else None, error=None if went else answer)
