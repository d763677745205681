"""The run: patients of running campaigns become messages, batch by batch, each batch one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from bot.core.campaigns import CampaignState, LetGo, RecipientState, hour_of, slot_of
from bot.core.hours import local_day
from bot.core.intents import Context
from bot.core.journey import Enrollment as Loop
from bot.core.journey import Journey, QuestionState, Step, waits
from bot.services import audit
from bot.services.campaigns.deciding import Decided, Goes, InLine, Never, Waits
from bot.services.campaigns.letting_go import BATCH, step
from bot.services.campaigns.plan import Plan, read
from bot.services.campaigns.words import step_of
from bot.services.clinic import Clinic
from bot.services.outbox import row_of
from bot.store.bulk import put_many
from bot.store.columns import new_id
from bot.store.database import DatabaseDown, once_more
from bot.store.queries import campaigns as queries
from bot.store.queries import loops
from bot.store.queries.conversations import ensure_conversations
from bot.store.queries.planning import contacts
from bot.store.tables import Enrollment, EnrollmentMove, Message, Question

log = structlog.get_logger()

ACTOR: Final = "timer"
MOST: Final = 2_000
OVER: Final = "campaign-over"



def release(clinic: Clinic, now: datetime, *, batch: int = BATCH, most: int = MOST) -> Counter[str]:
    """Let go what is due of every running campaign; how many went. Raises DatabaseDown.

    Of each about `most` patients in one round: the next round goes on in the same slot, and what else the scheduler has
    to do need not wait for it.

    Safe in several processes at once, and to be killed at any moment: the campaign's row is the lock, and each batch
    one transaction in which a patient is let go and the text written down.
    """
    with clinic.database.read() as connection:
        ids = queries.running(connection)
    counts: Counter[str] = Counter()
    for campaign_id in ids:
        try:
            looked = 0
            while looked < most and (got := _batch(clinic, campaign_id, now, batch))["looked"]:
                counts += got
                looked += got["looked"]
        except DatabaseDown:
            raise
        except Exception as error:
            # One campaign that cannot go on keeps neither another nor anything else of the clinic back.
            log.error("a campaign cannot go on", campaign_id=campaign_id, error=type(error).__name__)
            counts["failed"] += 1
    if counts["goes"]:
        clinic.queue.deliver()
    return counts


@once_more
def _batch(clinic: Clinic, campaign_id: str, now: datetime, batch: int) -> Counter[str]:
    with clinic.database.begin() as connection:
        plan = read(connection, clinic, campaign_id, lock=True)
        if plan is None or plan.state is not CampaignState.RUNNING:
            return Counter()
        if plan.ends_at is not None and plan.ends_at <= now:
            queries.give_up_waiting(connection, plan.id, OVER, now)
        counts = step(connection, clinic, plan, Stored(connection, clinic, plan), now, limit=batch)
        if not counts["looked"] and _is_done(connection, plan.id):
            _finish(connection, plan, now)
    return counts


def _is_done(connection: Connection, campaign_id: str) -> bool:
    """Nobody waits, and everything has gone out: until then it can be paused and stopped."""
    return not (queries.anybody_waits(connection, campaign_id) or queries.anything_owed(connection, campaign_id))


def _finish(connection: Connection, plan: Plan, now: datetime) -> None:
    queries.change(connection, plan.id, now, state=CampaignState.FINISHED, ended_at=now)
    audit.record(connection, at=now, actor=ACTOR, action="campaign.finish", object_type="campaign", object_id=plan.id)
    log.info("campaign finished", campaign_id=plan.id)


class Stored:
    """The line in the database."""

    def __init__(self, connection: Connection, clinic: Clinic, plan: Plan) -> None:
        self._connection, self._clinic, self._plan = connection, clinic, plan

    def let_go(self, now: datetime) -> LetGo:
        """What went today, in this hour and in this slot."""
        pace, campaign = self._plan.pace, self._plan.id
        since = day_of(now, self._clinic.settings.clinic_timezone)
        today = queries.let_go(self._connection, campaign, since)[0] if pace.daily_cap is not None else 0
        hourly = pace.replies_an_hour is not None
        this_hour = queries.let_go(self._connection, campaign, hour_of(now))[0] if hourly else 0
        return LetGo(today, this_hour, queries.let_go(self._connection, campaign, slot_of(now))[1])

    def next(self, zones: Collection[str], now: datetime, limit: int) -> Sequence[InLine]:
        """Who is next, locked."""
        return queries.in_line(self._connection, self._plan.id, zones=zones, by=slot_of(now), limit=limit)

    def settle(self, decided: Sequence[Decided], now: datetime) -> None:
        """Texts, the questions that they ask, and where each patient stands."""
        goes = [one for one in decided if isinstance(one, Goes)]
        messages = write_down(self._connection, self._clinic, goes, now) if goes else {}
        settled = [{"campaign": self._plan.id, "at": now, **_stands(one, messages, now)} for one in decided]
        queries.settle(self._connection, settled)


def day_of(now: datetime, zone: str) -> datetime:
    """When that day began there."""
    return datetime.combine(local_day(now, zone), datetime.min.time(), ZoneInfo(zone)).astimezone(now.tzinfo)


def _stands(one: Decided, messages: Mapping[str, str], now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = {
        "patient": one.patient_id, "why": None, "until": None, "message": None, "size": 0, "went_at": None,
    }  # fmt: skip
    match one:
        case Goes():
            gone = {"message": messages[one.patient_id], "size": one.written.segments, "went_at": now}
            return {**row, **gone, "new_state": RecipientState.QUEUED}
        case Waits(until=until, reason=reason):
            return {**row, "new_state": RecipientState.WAITING, "why": str(reason), "until": until}
        case Never(reason=reason):
            return {**row, "new_state": RecipientState.SKIPPED, "why": str(reason)}


def write_down(connection: Connection, clinic: Clinic, goes: Sequence[Goes], now: datetime) -> Mapping[str, str]:
    """The rows of these texts: messages, enrollments, questions. Gives each patient's message."""
    talks = _conversations(connection, goes, now)
    messages, enrollments, questions, moves = [], [], [], []
    for one in goes:
        journey, step = _start(one)
        loop = Loop(new_id(), journey.name, one.patient_id, "", step.name)
        row = dict(row_of(one.draft, vault=clinic.vault, now=now))
        row |= {"conversation_id": talks[one.draft.contact_point_id], "enrollment_id": loop.id}
        messages.append(row)
        enrollments.append(_enrollment(loop, step, now))
        moves.append(loops.history(loop, "", cause="opened", actor=ACTOR, now=now))
        questions.append(_question(journey, step, row, now))
    for table, rows in ((Enrollment, enrollments), (EnrollmentMove, moves), (Message, messages), (Question, questions)):
        put_many(connection, table.__table__, rows)
    return {row["patient_id"]: row["id"] for row in messages}


def _conversations(connection: Connection, goes: Sequence[Goes], now: datetime) -> Mapping[str, str]:
    known = {one.draft.contact_point_id: one.draft.conversation_id for one in goes if one.draft.conversation_id}
    missing = sorted({one.draft.contact_point_id for one in goes} - known.keys())
    if missing:
        ensure_conversations(connection, missing, now)
        fresh = contacts(connection, [one.patient_id for one in goes])
        known |= {row.contact_point_id: row.conversation_id for row in fresh.values()}
    return known


def _enrollment(loop: Loop, step: Step, now: datetime) -> dict[str, Any]:
    return {
        "id": loop.id,
        "journey": loop.journey,
        "patient_id": loop.patient_id,
        "subject_id": loop.id,
        "step": loop.step,
        "misses": 0,
        "data": {},
        "wake_at": now + waits(step.silence_after, loop) if step.silence_after is not None else None,
        "created_at": now,
        "updated_at": now,
    }


def _question(journey: Journey, step: Step, message: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    nothing = step.context in (Context.NONE, Context.EDUCATION)
    return {
        "id": new_id(),
        "conversation_id": message["conversation_id"],
        "message_id": message["id"],
        "enrollment_id": message["enrollment_id"],
        "patient_id": message["patient_id"],
        "journey": journey.name,
        "step": step.name,
        "context": step.context,
        "options": [] if nothing else list(step.options),
        "subjects": [],
        "state": QuestionState.PREPARED,
        "asked_at": now,
        "expires_at": message["expires_at"],
    }


def _start(one: Goes) -> tuple[Journey, Step]:
    found = step_of(one.written.kind)
    assert found is not None, "a campaign uses only texts that lead into a journey"
    return found
