"""Fuses at work: what has plainly gone wrong is stopped, people in charge are told, and one of them resets it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Connection

from bot.core.campaigns import CampaignState
from bot.core.escalation import EscalationStatus, NoticeChannel, Priority, Reason
from bot.core.fuses import Got, Guards, Limit, Limits, Trip, Went, of_import, of_patient, of_template
from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.escalations import Need, raise_to_person
from bot.services.limits import read_limits
from bot.store.batch import Batch
from bot.store.columns import AnyRow, new_id
from bot.store.database import once_more
from bot.store.queries import campaigns, gate, leases, notices
from bot.store.queries import fuses as queries
from bot.store.queries import inbox as inbox_queries
from bot.store.vault import Undecryptable

log = structlog.get_logger()

ACTOR: Final = "timer"
LEASE_NAME: Final = "fuses"
EVERY: Final = timedelta(minutes=1)
OWN_WORDS: Final = "outreach/prompt"
"""Each text of this kind says something else: what is wrong with one campaign's words is not with another's."""
FUSE: Final = "fuse"


def look(clinic: Clinic, now: datetime) -> int:
    """Judge what went of late, once a minute; how many fuses have blown. Raises DatabaseDown."""
    with clinic.database.begin() as connection:
        # A lease as a timer: whoever finds it run out looks.
        if not leases.take(connection, LEASE_NAME, holder=new_id(), until=now + EVERY, now=now):
            return 0
    with clinic.database.read() as connection:
        limits = read_limits(connection)
        blown = gate.blown_fuses(connection)
        found = [
            *_of_texts(connection, Guards.CAMPAIGN, now, limits),
            *_of_texts(connection, Guards.TEMPLATE, now, limits),
            *_of_patients(connection, clinic, now, limits),
        ]
    fresh = [(guards, subject, trip) for guards, subject, trip in found if (guards, subject) not in blown]
    return sum(blow(clinic, guards, subject, trip, now=now) for guards, subject, trip in fresh)


def _of_texts(
    connection: Connection, guards: Guards, now: datetime, limits: Limits
) -> Sequence[tuple[Guards, str, Trip]]:
    since = now - queries.LOOKED_BACK
    fared, heard = queries.fared(connection, since, guards), queries.heard(connection, since, guards)
    rows = {subject: (row, heard.get(subject, (0, 0))) for subject, row in fared.items()}
    for (guarded, subject), at in queries.last_resets(connection, since).items():
        if guarded is guards and rows.pop(subject, None) is not None:
            anew = queries.fared(connection, at, guards).get(subject)
            if anew is not None:
                rows[subject] = (anew, queries.heard(connection, at, guards).get(subject, (0, 0)))
    found = []
    for subject, (row, answers) in rows.items():
        trip = of_template(_went(row, *answers), limits)
        if trip is not None and not (guards is Guards.TEMPLATE and subject == OWN_WORDS):
            found.append((guards, str(subject), trip))
    return found


def _went(row: AnyRow, replies: int, opt_outs: int) -> Went:
    return Went(
        sent=row.sent,
        undelivered=int(row.undelivered or 0),
        filtered=int(row.filtered or 0),
        opt_outs=opt_outs,
        replies=replies,
    )


def _of_patients(
    connection: Connection, clinic: Clinic, now: datetime, limits: Limits
) -> Sequence[tuple[Guards, str, Trip]]:
    since = now - queries.LOOKED_BACK
    rows = queries.much_written_to(connection, since, more_than=limits[Limit.PATIENT_A_DAY])
    suspects = [str(row.patient_id) for row in rows]
    if not suspects:
        return []
    forgiven = queries.last_resets(connection, since)
    got: dict[str, list[AnyRow]] = defaultdict(list)
    for row in queries.texts_to(connection, suspects, since):
        if row.sent_at > forgiven.get((Guards.PATIENT, row.patient_id), since):
            got[row.patient_id].append(row)
    trips = ((who, of_patient(_got(clinic, texts), limits)) for who, texts in got.items())
    return [(Guards.PATIENT, who, trip) for who, trip in trips if trip is not None]


def _got(clinic: Clinic, texts: Sequence[AnyRow]) -> Got:
    said: Counter[str] = Counter()
    for row in texts:
        try:
            said[clinic.vault.open("messages.body", row.id, row.body)] += 1
        except Undecryptable:
            continue  # Nobody can say what it said.
    return Got(texts=len(texts), most_alike=max(said.values(), default=1))


def watch_import(connection: Connection, clinic: Clinic, import_id: str, begun: datetime, now: datetime) -> None:
    """Stop everything when an import that is under way has called off too many of the visits ahead.

    In the transaction that calls them off, so that no text about it can be on its way before.
    """
    agreed = queries.last_resets(connection, begun).get((Guards.CLINIC, ""), begun)
    trip = of_import(*queries.vanished(connection, now, since=agreed), read_limits(connection))
    if trip is not None and (Guards.CLINIC, "") not in gate.blown_fuses(connection):
        _blow(connection, clinic, Guards.CLINIC, "", trip, now=now, detail={"import": import_id})


@once_more
def blow(clinic: Clinic, guards: Guards, subject: str, trip: Trip, *, now: datetime) -> bool:
    """Stop what that fuse guards and tell those in charge; False where it has blown already."""
    with clinic.database.begin() as connection:
        if (guards, subject) in gate.blown_fuses(connection):
            return False
        _blow(connection, clinic, guards, subject, trip, now=now, detail={})
    return True


def _blow(
    connection: Connection,
    clinic: Clinic,
    guards: Guards,
    subject: str,
    trip: Trip,
    *,
    now: datetime,
    detail: Mapping[str, Any],
) -> None:
    escalation_id = _tell(connection, clinic, guards, subject, trip, now)
    fuse_id = new_id()
    queries.add(
        connection,
        {
            "id": fuse_id, "guards": guards, "subject": subject, "why": trip.why, "counted": trip.counted,
            "limit": trip.limit, "detail": dict(detail), "escalation_id": escalation_id, "blown_at": now,
        },
    )  # fmt: skip
    if guards is Guards.CAMPAIGN:
        _pause(connection, subject, now)
    audit.record(
        connection, at=now, actor=ACTOR, action="fuse.blow", object_type="fuse", object_id=fuse_id,
        detail={"guards": guards, "why": trip.why, "counted": round(trip.counted, 1), "limit": trip.limit, **detail},
    )  # fmt: skip
    log.error("a fuse has blown", guards=guards, reason=trip.why, fuse_id=fuse_id)


def _pause(connection: Connection, campaign_id: str, now: datetime) -> None:
    row = campaigns.campaign(connection, campaign_id, lock=True)
    if row is not None and row.state is CampaignState.RUNNING:
        campaigns.change(connection, campaign_id, now, state=CampaignState.PAUSED, reason=FUSE)


def _tell(connection: Connection, clinic: Clinic, guards: Guards, subject: str, trip: Trip, now: datetime) -> str:
    """Open a case for people, and have everybody in charge told, by text where they are on call."""
    batch = Batch(connection)
    need = Need(
        reason=Reason.FUSE,
        priority=Priority.URGENT,
        conversation_id=None,
        patient_id=subject if guards is Guards.PATIENT else None,
        evidence={"words": "", "rules": [f"{guards}:{trip.why}"]},
    )
    escalation_id = raise_to_person(batch, need, clinic=clinic, now=now)
    batch.flush()
    told = 0
    for user_id, channel in _in_charge(connection, clinic):
        notices.put(connection, escalation_id=escalation_id, user_id=user_id, channel=channel, rung=0, now=now)
        told += 1
    if not told:
        log.error("a fuse has blown and there is nobody to tell")
    return escalation_id


def _in_charge(connection: Connection, clinic: Clinic) -> Sequence[tuple[str, NoticeChannel]]:
    ladder = notices.on_call(connection)
    first = min((row.rung for row in ladder), default=0)
    calls = {(row.user_id, NoticeChannel.TEXT) for row in ladder if row.rung == first and row.texts}
    if clinic.settings.smtp_url is not None:
        calls |= {(row.user_id, NoticeChannel.EMAIL) for row in ladder if row.rung == first and row.by_email}
        calls |= {(user_id, NoticeChannel.EMAIL) for user_id in notices.in_charge(connection)}
    return sorted(calls)


@once_more
def reset(clinic: Clinic, fuse_id: str, *, actor_id: str, now: datetime) -> bool:
    """A person has looked and says: go on. What it counted until now is forgiven. False: it does not stand any more.

    A campaign that it paused stays paused until somebody resumes it.
    """
    with clinic.database.begin() as connection:
        row = queries.one(connection, fuse_id)
        if row is None or row.reset_at is not None:
            return False
        queries.reset(connection, fuse_id, actor_id=actor_id, now=now)
        if row.escalation_id is not None:
            inbox_queries.change_escalation(
                connection, row.escalation_id, now=now, status=EscalationStatus.RESOLVED, resolved_by=actor_id,
                resolved_at=now, outcome="fuse-reset",
            )  # fmt: skip
            notices.void(connection, row.escalation_id, now)
        audit.record(
            connection, at=now, actor=actor_id, action="fuse.reset", object_type="fuse", object_id=fuse_id,
            detail={"guards": row.guards, "why": row.why},
        )  # fmt: skip
    return True
