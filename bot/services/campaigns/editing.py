"""Changing a draft: its patients, texts, arms, pace and days. What was approved before is approved no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.campaigns import CampaignState
from bot.core.chores import ChoreKind
from bot.services import chores
from bot.services.campaigns.drawing import Phase, ask, draw
from bot.services.campaigns.making import (
    FRESH,
    Draft,
    Faulty,
    Refused,
    arms_of,
    back_to_draft,
    editors,
    faults_of,
    plain,
    record,
    text_rows,
)
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow, new_id
from bot.store.database import once_more
from bot.store.queries import campaigns as queries


@dataclass(frozen=True, slots=True)
class Edited:
    """What is another now: names of fields; none of them where all was as it stands."""

    changed: Sequence[str] = ()
    withdrew: bool = False
    """Whether it had been approved."""


def edit(
    clinic: Clinic, campaign_id: str, draft: Draft, *, redraw: bool, seen: int, actor_id: str, now: datetime
) -> Edited | Faulty | Refused:
    """Make the draft say this. `seen`: the version that was changed. Raises DatabaseDown.

    `redraw`: its patients are those who belong to the draft's cohort now. Otherwise they stay, and are drawn anew for
    the arms only where these are others.
    """
    if faults := faults_of(clinic, draft, now):
        return Faulty(faults)
    outcome, chore_id = _edit(clinic, campaign_id, draft, redraw=redraw, seen=seen, actor_id=actor_id, now=now)
    if chore_id is not None:
        chores.at_once(clinic, ChoreKind.DRAW, draw, chore_id)
    return outcome


@once_more
def _edit(
    clinic: Clinic, campaign_id: str, draft: Draft, *, redraw: bool, seen: int, actor_id: str, now: datetime
) -> tuple[Edited | Refused, str | None]:
    with clinic.database.begin() as connection:
        row = queries.campaign(connection, campaign_id, lock=True)
        if (refusal := _may_edit(row, seen)) is not None or row is None:
            return refusal or Refused.GONE, None
        values, texts = _values(row, draft), queries.texts(connection, campaign_id)
        words = _texts(texts, text_rows(campaign_id, draft.arms, now))
        changed = [name for name, value in values.items() if getattr(row, name) != value]
        changed += ["texts"] if words is not None else []
        changed += ["patients"] if redraw else []
        if not changed:
            return Edited(), None
        phase = _phase(row, draft, redraw=redraw)
        if phase is not None:
            values["chore_id"] = new_id()
        if redraw:
            values |= {"cohort": dict(draft.cohort), "size": 0, "zones": []}
        withdrew = row.state is CampaignState.APPROVED
        changed_by = editors(row.editors or (), actor_id, author_id=row.author_id)
        back_to_draft(connection, campaign_id, now, editors=changed_by, **values)
        if words is not None:
            queries.set_texts(connection, campaign_id, words)
        record(connection, "edit", campaign_id, actor_id, now, changed=changed, withdrew=withdrew)
        if phase is not None:
            ask(connection, campaign_id, phase, chore_id=values["chore_id"], actor_id=actor_id, now=now)
    return Edited(changed, withdrew), values.get("chore_id")


def _may_edit(row: AnyRow | None, seen: int) -> Refused | None:
    if row is None:
        return Refused.GONE
    if row.state not in FRESH:
        return Refused.WRONG_STATE
    return Refused.CHANGED if row.version != seen else None


def _values(row: AnyRow, draft: Draft) -> dict[str, Any]:
    values = plain(draft)
    rate = draft.response_rate
    # The page shows it in whole per cent: what was not touched keeps its fraction.
    kept = rate is None or (row.response_rate is not None and round(100 * rate) == round(100 * row.response_rate))
    return {**values, "response_rate": row.response_rate if kept else rate}


def _phase(row: AnyRow, draft: Draft, *, redraw: bool) -> Phase | None:
    """What becomes of its patients. Where they are not all there yet, they are drawn from the start."""
    if redraw or (row.chore_id is not None and row.size == 0):
        return Phase.CLEAR
    lots = [(arm["name"], arm["share"], arm["text_key"] is None) for arm in row.arms]
    wanted = [(arm.name, arm.share, arm.is_held_out) for arm in arms_of(draft)]
    return Phase.DEAL if row.chore_id is not None or lots != wanted else None


def _texts(rows: Sequence[AnyRow], wanted: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]] | None:
    """The clinic's own words from now on; None where they stay. Translations of other words wait to be approved."""
    standing = {(row.arm, row.language): row.body for row in rows if row.is_source}
    if {(one["arm"], one["language"]): one["body"] for one in wanted if one["is_source"]} == standing:
        return None
    arms, written = {one["arm"] for one in wanted}, {(one["arm"], one["language"]) for one in wanted}
    translations = [
        dict(row._mapping)
        for row in rows
        if not row.is_source and row.arm in arms and (row.arm, row.language) not in written
    ]
    return [{"reviewer": None, "qualification": None, "reviewed_on": None, **one} for one in (*wanted, *translations)]
