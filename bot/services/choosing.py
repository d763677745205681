"""Which contacts that are due are made, on which phone and in which text; and why the others are not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from bot.core.message_kinds import DISCREET
from bot.core.people import ConsentStatus, PatientStatus, Scope, Visit
from bot.core.planning import REMINDERS, SAID_ALREADY, pick, too_late
from bot.core.preparation import PREFIX
from bot.services.clinic import Clinic
from bot.services.visit_texts import ASKED_TO_CALL, DAY_OF, checks_in, link_of, visit_of
from bot.services.wording import local
from bot.store.columns import AnyRow

JOURNEY = "appointment"
SENSITIVE = "sensitive-visit"
NO_NUMBER = "no-usable-number"
NOBODY: Mapping[str, AnyRow | None] = {}


@dataclass(frozen=True, slots=True)
class Due:
    """One contact to be made."""

    touch_id: str
    key: str
    step: str
    expires_at: datetime
    visit: Visit
    language: str
    previous: datetime | None
    contact: AnyRow
    """The phone that it goes to."""
    is_discreet: bool = False
    """Others read that phone, and are not to learn of the visit."""

    @property
    def text(self) -> str:
        """The contact that is made of it."""
        return DISCREET if self.is_discreet else self.step


def choose(
    clinic: Clinic,
    rows: Sequence[Any],
    contacts: Mapping[str, AnyRow],
    at: datetime,
    *,
    spoken: Container[str],
    lately: Container[str],
    stopped: Mapping[str, Collection[str]],
    apart: Mapping[str, AnyRow | None] = NOBODY,
) -> tuple[list[list[Due]], dict[str, list[str]]]:
    """Which of these contacts are made, in one text or several, and why the others are not: reason to touch ids.

    `spoken` are visits of which a text has told within hours, `lately` those of which one has a moment ago; `apart`
    those that may be told on that phone only, or on none.
    """
    wanted, skipped = _sort_out(rows, contacts, clinic, at, spoken, lately, apart)
    return _together(wanted, stopped), skipped


def _sort_out(
    rows: Sequence[Any],
    contacts: Mapping[str, AnyRow],
    clinic: Clinic,
    at: datetime,
    spoken: Container[str],
    lately: Container[str],
    apart: Mapping[str, AnyRow | None],
) -> tuple[list[Due], dict[str, list[str]]]:
    skipped: dict[str, list[str]] = defaultdict(list)
    by_visit: dict[tuple[str, bool], list[Due]] = defaultdict(list)
    for row in rows:
        contact = apart.get(row.appointment_id) or contacts.get(row.patient_id)
        if contact is None:
            skipped[NO_NUMBER].append(row.touch_id)
            continue
        due = _due_of(row, clinic, contact)
        reason = "visit-changed" if row.subject_version != row.version else None
        for_all = due.step == DAY_OF and (due.visit.is_video or checks_in(clinic, due.visit))
        reason = reason or too_late(due.step, due.visit, due.expires_at, at, for_all=for_all)
        if reason is None and row.appointment_id in apart and apart[row.appointment_id] is None:
            # Nobody may be told of it on any phone: who may know what it is about is asked to call.
            reason = None if due.step in ASKED_TO_CALL else SENSITIVE
            due = replace(due, is_discreet=True)
        if reason is None and due.step in ("booked", *REMINDERS) and due.visit.appointment_id in spoken:
            reason = SAID_ALREADY
        if reason is None and for_all and due.visit.appointment_id in lately:
            reason = SAID_ALREADY
        if reason is None:
            # How to prepare is said beside the reminder, and not in its place.
            by_visit[due.visit.appointment_id, due.step.startswith(PREFIX)].append(due)
        else:
            skipped[reason].append(due.touch_id)
    wanted = []
    for dues in by_visit.values():
        chosen = pick([due.step for due in dues])
        keep = max((due for due in dues if due.step == chosen), key=lambda due: due.expires_at)
        wanted.append(keep)
        skipped[SAID_ALREADY].extend(due.touch_id for due in dues if due is not keep)
    return wanted, {reason: ids for reason, ids in skipped.items() if ids}


def _due_of(row: Any, clinic: Clinic, contact: AnyRow) -> Due:
    name = clinic.vault.maybe_open("patients.given_name", row.patient_id, row.given_name) or ""
    visit = visit_of(row, name, link_of(clinic, row.appointment_id, row.telehealth_url))
    return Due(row.touch_id, row.key, row.step, row.expires_at, visit, row.language, row.previous_starts_at, contact)


def _may_share(contact: AnyRow, stopped: Mapping[str, Collection[str]]) -> bool:
    """Whether a text for the household may speak of this patient. Whom the gate would refuse is written for alone."""
    return (
        contact.patient_status is PatientStatus.ACTIVE
        and contact.paused_since is None
        and contact.consent is ConsentStatus.OPTED_IN
        and contact.scope is not Scope.NOTHING
        and JOURNEY not in stopped.get(contact.patient_id, ())
    )


def _together(wanted: Sequence[Due], stopped: Mapping[str, Collection[str]]) -> list[list[Due]]:
    """Same-day visits of one household in one text; everything else by itself."""
    bundles: dict[tuple[str, str, date], list[Due]] = defaultdict(list)
    alone: list[list[Due]] = []
    for due in wanted:
        if due.text in REMINDERS and _may_share(due.contact, stopped):
            bundles[(due.contact.contact_point_id, due.step, local(due.visit).date())].append(due)
        else:
            alone.append([due])
    ordered = [sorted(group, key=lambda due: (due.visit.starts_at, due.visit.name)) for group in bundles.values()]
    return [*alone, *ordered]
