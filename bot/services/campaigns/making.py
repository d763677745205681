"""Making a campaign and deciding on it: a draft from a cohort, its words, a second person's yes, start to stop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, insert

from bot.core.campaigns import HELD_OUT, Arm, CampaignState, Goal, RecipientState, arm_of, place_of
from bot.services import audit
from bot.services.campaigns.measures import usual_response_rate
from bot.services.campaigns.plan import read
from bot.services.campaigns.words import OWN_WORDS, Found, digest, template_faults, words_faults
from bot.services.clinic import Clinic
from bot.store.columns import new_id
from bot.store.database import once_more
from bot.store.queries import campaigns as queries
from bot.store.tables import Campaign

TOGETHER: Final = 2_000
"""Patients put into the line in one transaction."""
LONGEST_NAME: Final = 120
LONGEST_ARM: Final = 40
MOST_ARMS: Final = 6
FRESH: Final = (CampaignState.DRAFT, CampaignState.APPROVED)
"""So long it can still be changed."""


class Refused(StrEnum):
    """Why nothing was changed."""

    GONE = "gone"
    WRONG_STATE = "wrong-state"
    """It is not in a state from which that is possible."""
    CHANGED = "changed"
    """Somebody has changed it since it was looked at."""
    NEEDS_APPROVAL = "needs-approval"
    OWN_CAMPAIGN = "own-campaign"
    """Nobody approves what they have made."""
    NOT_IN_CHARGE = "not-in-charge"
    """Only supervisors and admins approve."""
    NOBODY = "nobody-in-it"
    FUSE_BLOWN = "fuse-blown"
    BEING_MADE = "being-made"
    """Its patients are still being put into the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmText:
    """One arm as it is asked for: its share, and its template or the clinic's own words; neither: the hold-out."""

    name: str
    share: int = 1
    text_key: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    """The clinic's own words by language; the first is the source, the others are translations to be approved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A campaign as it is asked for."""

    name: str
    arms: Sequence[ArmText]
    goal: Goal = Goal.REPLIED
    cohort: Mapping[str, Any] = field(default_factory=dict)
    """Where its patients come from, for the record: `{"segment": id}` or `{"list": id}`."""
    daily_cap: int | None = None
    replies_an_hour: int | None = None
    response_rate: float | None = None
    location: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Faulty:
    """What is wrong: by field, or by `arm:language` for words."""

    faults: Mapping[str, Sequence[Found] | str]


@dataclass(frozen=True, slots=True)
class Made:
    """It is there: its id, how many patients are in it, and how many ids were not known here."""

    campaign_id: str
    size: int
    unknown: int


def create(clinic: Clinic, draft: Draft, patient_ids: Iterable[str], *, actor_id: str, now: datetime) -> Made | Faulty:
    """A draft for these patients. Raises DatabaseDown.

    The patients are put in batch by batch; only with the last one does it get its size, and only then can it start.
    """
    if faults := faults_of(clinic, draft, now):
        return Faulty(faults)
    campaign_id = new_id()
    arms = arms_of(draft)
    with clinic.database.begin() as connection:
        put(connection, campaign_id, draft, actor_id=actor_id, now=now)
    size, unknown, zones = _fill(clinic, campaign_id, patient_ids, arms, now)
    with clinic.database.begin() as connection:
        queries.change(connection, campaign_id, now, size=size, zones=sorted(zones))
        detail = {"size": size, "cohort": dict(draft.cohort), "arms": [arm.name for arm in arms]}
        record(connection, "make", campaign_id, actor_id, now, **detail)
    return Made(campaign_id, size, unknown)


def put(
    connection: Connection, campaign_id: str, draft: Draft, *, actor_id: str, now: datetime, chore_id: str | None = None
) -> None:
    """Write the draft down, its patients still to come."""
    rate = draft.response_rate
    if rate is None:
        rate = usual_response_rate(connection, now).rate
    connection.execute(
        insert(Campaign).values(
            id=campaign_id, state=CampaignState.DRAFT, zones=[], author_id=actor_id, chore_id=chore_id,
            cohort=dict(draft.cohort), response_rate=rate, created_at=now, updated_at=now, **plain(draft),
        )
    )  # fmt: skip
    queries.set_texts(connection, campaign_id, text_rows(campaign_id, draft.arms, now))


def plain(draft: Draft) -> dict[str, Any]:
    """What a draft says that goes into its row as it is."""
    return {
        "name": draft.name.strip(), "goal": draft.goal, "arms": [_arm_row(arm) for arm in arms_of(draft)],
        "daily_cap": draft.daily_cap, "replies_an_hour": draft.replies_an_hour, "location": draft.location,
        "starts_at": draft.starts_at, "ends_at": draft.ends_at,
    }  # fmt: skip


def arms_of(draft: Draft) -> list[Arm]:
    """Its arms as patients are drawn for them."""
    return [_arm(arm) for arm in draft.arms]


def faults_of(clinic: Clinic, draft: Draft, now: datetime) -> Mapping[str, Sequence[Found] | str]:
    """What is wrong with a draft; empty when all is well."""
    faults: dict[str, Sequence[Found] | str] = {}
    if not 0 < len(draft.name.strip()) <= LONGEST_NAME:
        faults["name"] = "missing"
    names = [arm.name for arm in draft.arms]
    if not names or len(set(names)) < len(names) or not all(0 < len(name) <= LONGEST_ARM for name in names):
        faults["arms"] = "names"
    elif len(names) > MOST_ARMS or any(not 0 < arm.share <= 1_000 for arm in draft.arms):
        faults["arms"] = "shares"
    elif all(arm.text_key is None and not arm.words for arm in draft.arms):
        faults["arms"] = "no-text"
    for name in ("daily_cap", "replies_an_hour"):
        value = getattr(draft, name)
        if value is not None and value < 1:
            faults[name] = "number"
    if draft.response_rate is not None and not 0 < draft.response_rate <= 1:
        faults["response_rate"] = "number"
    if draft.ends_at is not None and draft.ends_at <= (draft.starts_at or now):
        faults["ends_at"] = "order"
    for arm in draft.arms:
        faults.update(_text_faults(clinic, arm, now))
    return faults


def _text_faults(clinic: Clinic, arm: ArmText, now: datetime) -> Mapping[str, Sequence[Found]]:
    found: dict[str, Sequence[Found]] = {}
    if arm.words:
        for language, body in arm.words.items():
            if wrong := words_faults(clinic, body, language, now):
                found[f"{arm.name}:{language}"] = wrong
    elif arm.text_key is not None and (wrong := template_faults(clinic, arm.text_key, now)):
        found[arm.name] = wrong
    elif arm.text_key == OWN_WORDS:
        found[arm.name] = [Found(words_faults(clinic, "", clinic.texts.source_language, now)[0].fault)]
    return found


def _arm(arm: ArmText) -> Arm:
    return Arm(name=arm.name, share=arm.share, text_key=(arm.text_key or OWN_WORDS) if arm.words else arm.text_key)


def _arm_row(arm: Arm) -> dict[str, Any]:
    return {"name": arm.name, "share": arm.share, "text_key": arm.text_key}


def text_rows(campaign_id: str, arms: Iterable[ArmText], now: datetime) -> list[dict[str, Any]]:
    """The clinic's own words of these arms, as rows."""
    rows = []
    for arm in arms:
        source = next(iter(arm.words.values()), "")
        for number, (language, body) in enumerate(arm.words.items()):
            rows.append(
                {
                    "campaign_id": campaign_id, "arm": arm.name, "language": language, "body": body,
                    "is_source": number == 0, "source_digest": digest(source), "updated_at": now,
                }
            )  # fmt: skip
    return rows


def _fill(
    clinic: Clinic, campaign_id: str, patient_ids: Iterable[str], arms: Sequence[Arm], now: datetime
) -> tuple[int, int, set[str]]:
    seen: set[str] = set()
    size, unknown, zones = 0, 0, set[str]()
    fresh = (one for one in patient_ids if not (one in seen or seen.add(one)))  # type: ignore[func-returns-value]
    while ids := list(islice(fresh, TOGETHER)):
        with clinic.database.begin() as connection:
            known = queries.zones_of(connection, ids)
            rows = [recipient(campaign_id, one, known[one], clinic, arms, now) for one in ids if one in known]
            queries.add_recipients(connection, rows)
        size, unknown = size + len(rows), unknown + len(ids) - len(rows)
        zones |= {row["zone"] for row in rows}
    return size, unknown, zones


def recipient(
    campaign_id: str, patient_id: str, zone: str | None, clinic: Clinic, arms: Sequence[Arm], now: datetime
) -> dict[str, Any]:
    """One patient in the line: where, and in which arm."""
    arm = arm_of(campaign_id, patient_id, arms)
    return {
        "campaign_id": campaign_id,
        "patient_id": patient_id,
        "place": place_of(campaign_id, patient_id),
        "zone": zone or clinic.settings.clinic_timezone,
        "arm": arm.name,
        "state": RecipientState.HELD_OUT if arm.is_held_out else RecipientState.WAITING,
        "reason": HELD_OUT if arm.is_held_out else None,
        "segments": 0,
        "updated_at": now,
    }


@once_more
def translate(
    clinic: Clinic,
    campaign_id: str,
    *,
    arm: str,
    language: str,
    body: str,
    reviewer: str,
    qualification: str,
    reviewed_on: date,
    actor_id: str,
    now: datetime,
) -> Refused | Faulty | None:
    """Keep an approved translation of an arm's own words: from then on patients of that language get it.

    The words that a patient reads have changed then, so that an approval of the campaign is void, and whoever put them
    in gives none.
    """
    if faults := words_faults(clinic, body, language, now):
        return Faulty({f"{arm}:{language}": faults})
    if not (reviewer.strip() and qualification.strip()):
        return Faulty({"reviewer": "missing"})
    with clinic.database.begin() as connection:
        plan = read(connection, clinic, campaign_id, lock=True)
        if plan is None or arm not in plan.arms:
            return Refused.GONE
        source = next((words.body for words in plan.words.get(arm, {}).values() if words.is_source), None)
        if source is None or plan.state not in FRESH:
            return Refused.WRONG_STATE
        row = {
            "campaign_id": campaign_id, "arm": arm, "language": language, "body": body, "is_source": False,
            "source_digest": digest(source), "reviewer": reviewer.strip()[:80],
            "qualification": qualification.strip()[:120], "reviewed_on": reviewed_on, "updated_at": now,
        }  # fmt: skip
        queries.set_text(connection, row)
        changed_by = editors(plan.editors, actor_id, author_id=plan.author_id)
        back_to_draft(connection, campaign_id, now, editors=changed_by)
        detail = {"arm": arm, "language": language, "reviewer": row["reviewer"], "text": digest(body)[:12]}
        record(connection, "translate", campaign_id, actor_id, now, **detail)
    return None


def editors(before: Iterable[str], actor_id: str, *, author_id: str) -> Sequence[str]:
    """Whoever has changed it beside its author, that person now among them."""
    return sorted({*before, actor_id} - {author_id})


def back_to_draft(connection: Connection, campaign_id: str, now: datetime, **values: Any) -> None:
    """What was approved is not what it says any more."""
    gone = {"state": CampaignState.DRAFT, "approved_by": None, "approved_at": None, "edited_at": now}
    queries.change(connection, campaign_id, now, **gone, **values)


def record(connection: Connection, what: str, campaign_id: str, actor_id: str, now: datetime, **detail: Any) -> None:
    """A line in the audit trail: who did what to which campaign."""
    audit.record(
        connection, at=now, actor=actor_id, action=f"campaign.{what}", object_type="campaign",
        object_id=campaign_id, detail=detail,
    )  # fmt: skip
