"""A campaign's patients put into its line step by step, behind the page; and dealt out anew where its arms change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection

from bot.core.campaigns import HELD_OUT, Arm, RecipientState, arm_of
from bot.core.chores import ChoreKind
from bot.core.cohort import Condition
from bot.core.cohort_data import Malformed, read
from bot.services import chores, cohorts
from bot.services.campaigns.making import Draft, Faulty, Refused, arms_of, faults_of, put, recipient, record
from bot.services.chores import GivenUp, Held
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow, new_id
from bot.store.database import once_more
from bot.store.queries import campaign_cohorts
from bot.store.queries import campaigns as queries
from bot.store.queries import chores as chore_queries

TOGETHER: Final = 2_000
"""Patients looked at in one step."""


class Phase(StrEnum):
    """What a chore of this kind is at."""

    CLEAR = "clear"
    """Those whom it had leave the line."""
    DRAW = "draw"
    """Those who belong to its segment come into the line."""
    DEAL = "deal"
    """Those who are in it are drawn for the arms that it has now."""


@dataclass(frozen=True, slots=True)
class Begun:
    """The draft is there. Whether all its patients are, its row says."""

    campaign_id: str


@once_more
def begin(clinic: Clinic, draft: Draft, *, actor_id: str, now: datetime, expected: int | None = None) -> Begun | Faulty:
    """A draft for whoever belongs to its cohort now. Raises DatabaseDown.

    A small one is complete at once; of a large one a worker goes on. `expected`: how many there may be, for whoever
    watches it grow.
    """
    if faults := faults_of(clinic, draft, now):
        return Faulty(faults)
    campaign_id, chore_id = new_id(), new_id()
    with clinic.database.begin() as connection:
        put(connection, campaign_id, draft, actor_id=actor_id, now=now, chore_id=chore_id)
        ask(connection, campaign_id, Phase.DRAW, chore_id=chore_id, actor_id=actor_id, now=now, expected=expected)
        detail = {"cohort": dict(draft.cohort), "arms": [arm.name for arm in arms_of(draft)]}
        record(connection, "make", campaign_id, actor_id, now, **detail)
    chores.at_once(clinic, ChoreKind.DRAW, draw, chore_id)
    return Begun(campaign_id)


@once_more
def again(clinic: Clinic, campaign_id: str, *, actor_id: str, now: datetime) -> Refused | None:
    """Begin anew what was given up: drawing its patients, or dealing those there are to its arms. None: done."""
    with clinic.database.begin() as connection:
        row = queries.campaign(connection, campaign_id, lock=True)
        if row is None:
            return Refused.GONE
        chore = chore_queries.one(connection, row.chore_id)
        if chore is None or chore.finished_at is None:
            return Refused.WRONG_STATE
        fresh, dealing = new_id(), chore.data["phase"] == Phase.DEAL
        queries.change(connection, campaign_id, now, chore_id=fresh, **({} if dealing else {"size": 0}))
        phase = Phase.DEAL if dealing else Phase.CLEAR
        ask(connection, campaign_id, phase, chore_id=fresh, actor_id=actor_id, now=now, expected=chore.total)
        record(connection, "again", campaign_id, actor_id, now)
    chores.at_once(clinic, ChoreKind.DRAW, draw, fresh)
    return None


def ask(
    connection: Connection,
    campaign_id: str,
    phase: Phase,
    *,
    chore_id: str,
    actor_id: str,
    now: datetime,
    expected: int | None = None,
) -> None:
    """Have a worker do that. What another one still does for it is of no use any more: it finds that out itself."""
    data = {"phase": phase, "after": "", "zones": []}
    chores.add(
        connection, ChoreKind.DRAW, campaign_id, chore_id=chore_id, author_id=actor_id, now=now, data=data,
        total=expected,
    )  # fmt: skip


def draw(clinic: Clinic, held: Held, *, together: int = TOGETHER) -> Generator[None]:
    """Go on until everybody stands in the line, so many in one step."""
    steps = {Phase.CLEAR: _clear, Phase.DRAW: _draw, Phase.DEAL: _deal}
    while not held.is_finished:
        with held.step() as connection:
            row = queries.campaign(connection, held.subject_id, lock=True)
            if row is None or row.chore_id != held.id:
                raise GivenUp("not-wanted")
            steps[Phase(held.data["phase"])](connection, clinic, held, row, together)
        yield


def _clear(connection: Connection, _clinic: Clinic, held: Held, row: AnyRow, together: int) -> None:
    _condition(row)  # Nobody leaves the line for a segment that cannot be read.
    if queries.take_out(connection, row.id, limit=together) < together:
        held.data["phase"] = Phase.DRAW


def _draw(connection: Connection, clinic: Clinic, held: Held, row: AnyRow, together: int) -> None:
    page = _page(connection, clinic, held, row, together)
    now, arms = clinic.clock(), _arms(row)
    known = queries.zones_of(connection, page.ids)
    rows = [recipient(row.id, one, known[one], clinic, arms, now) for one in page.ids if one in known]
    queries.add_recipients(connection, rows)
    held.done += len(rows)
    held.data["zones"] = sorted({*held.data["zones"], *(one["zone"] for one in rows)})
    if page.after is not None:
        held.data["after"] = page.after
        return
    _end(connection, held, now, size=held.done, zones=held.data["zones"])
    record(connection, "draw", row.id, held.author_id, now, size=held.done)


def _page(connection: Connection, clinic: Clinic, held: Held, row: AnyRow, together: int) -> cohorts.Page:
    return cohorts.page(
        clinic, connection, _condition(row), locations=row.cohort.get("locations", ()), now=held.asked_at,
        after=held.data["after"], limit=together,
    )  # fmt: skip


def _condition(row: AnyRow) -> Condition:
    try:
        return read(row.cohort.get("definition"))
    except Malformed:
        raise GivenUp("segment-of-another-version") from None


def _deal(connection: Connection, clinic: Clinic, held: Held, row: AnyRow, together: int) -> None:
    rows = campaign_cohorts.page_of(connection, row.id, after=held.data["after"], limit=together)
    now, arms = clinic.clock(), _arms(row)
    groups: dict[tuple[str, RecipientState, str | None], list[str]] = defaultdict(list)
    for one in rows:
        stands = _dealt(one, arm_of(row.id, one.patient_id, arms))
        if stands != (one.arm, one.state, one.reason):
            groups[stands].append(one.patient_id)
    for (arm, state, reason), ids in groups.items():
        campaign_cohorts.deal(connection, row.id, ids, arm=arm, state=state, reason=reason, now=now)
    held.done += len(rows)
    if len(rows) == together:
        held.data["after"] = rows[-1].patient_id
        return
    _end(connection, held, now)


def _dealt(one: AnyRow, arm: Arm) -> tuple[str, RecipientState, str | None]:
    """Where that patient stands in this arm. Who has left the segment stays out of the line."""
    if arm.is_held_out:
        return arm.name, RecipientState.HELD_OUT, HELD_OUT
    if one.state is RecipientState.HELD_OUT:
        return arm.name, RecipientState.WAITING, None
    return arm.name, one.state, one.reason


def _end(connection: Connection, held: Held, now: datetime, **values: Any) -> None:
    queries.complete(connection, held.subject_id, now, **values)
    held.is_finished = True


def _arms(row: AnyRow) -> Sequence[Arm]:
    return [Arm(name=arm["name"], share=arm["share"], text_key=arm["text_key"]) for arm in row.arms]
