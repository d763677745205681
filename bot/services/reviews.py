"""Who stands behind a text in a language: approvals, and how an edit of the source or of the text voids them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.core.hours import local_day
from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.ports import Text, Texts
from bot.services.setting.checks import Fault, Faults, Fields
from bot.store.columns import AnyRow, new_id
from bot.store.queries import reviews as queries

NOON: Final = time(12)
SAFETY: Final = ("general/emergency", "general/self_harm", "general/danger_neutral", "general/symptom")
"""Replies to danger, in all their forms."""


class Standing(StrEnum):
    """How far the text of one message in one language may be trusted."""

    SOURCE = "source"
    """English, in which the texts are written."""
    APPROVED = "approved"
    CHANGED = "changed"
    """Approved once; source or text have been edited since, so nobody stands behind it."""
    DRAFT = "draft"
    MISSING = "missing"
    """Not translated in full, so it goes out in English."""


class Moved(Exception):
    """The text is another by now than the one that was read."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How the messages of one language stand."""

    language: str
    total: int
    approved: int
    changed: int
    missing: int
    in_english: int
    """How many of them go out in English."""

    @property
    def is_approved(self) -> bool:
        """Whether somebody stands behind every one of them."""
        return self.approved == self.total


def standing_of(texts: Texts, key: str, language: str, row: AnyRow | None) -> Standing:
    """How one text stands, by the approval that there is of it. A language approved as a whole in its file counts."""
    if language == texts.source_language:
        return Standing.SOURCE
    if texts.sent_in(key, language) != language:
        return Standing.MISSING
    if row is None:
        return Standing.APPROVED if texts.is_reviewed(language) else Standing.DRAFT
    fits = (row.source_digest, row.text_digest) == texts.digests(key, language)
    return Standing.APPROVED if fits else Standing.CHANGED


def standings(texts: Texts, connection: Connection, language: str) -> Mapping[str, Standing]:
    """How every message stands in that language, in one query."""
    rows = {row.text_key: row for row in queries.standing(connection, language)}
    return {key: standing_of(texts, key, language, rows.get(key)) for key in texts.keys()}  # noqa: SIM118


def across(texts: Texts, connection: Connection, key: str) -> Mapping[str, Standing]:
    """How one message stands in every language, in one query."""
    rows = {row.language: row for row in queries.standing(connection) if row.text_key == key}
    return {tag: standing_of(texts, key, tag, rows.get(tag)) for tag in texts.languages()}


def unapproved(
    texts: Texts, connection: Connection, sent: Iterable[tuple[str, str]]
) -> frozenset[tuple[str, str]]:
    """Those of these (message, language) whose translation nobody stands behind, in one query at most."""
    known = frozenset(texts.keys())
    translated = {(key, tag) for key, tag in sent if key in known and tag != texts.source_language}
    rows = {(row.text_key, row.language): row for row in queries.standing(connection)} if translated else {}
    return frozenset(
        one for one in translated if standing_of(texts, *one, rows.get(one)) in (Standing.DRAFT, Standing.CHANGED)
    )


def goes_out_in(clinic: Clinic, key: str, language: str, standing: Standing) -> str:
    """The language in which speakers of `language` get this text: the rule, and the only place where it stands.

    A text that is not translated in full is in English, never half and half. One that nobody has approved goes out as
    it is, unless the clinic has English in its place (DRAFT_TRANSLATIONS); a safety reply always goes out as it is,
    since somebody in danger is helped more by a draft than by a language that they do not read.
    """
    if standing in (Standing.SOURCE, Standing.MISSING):
        return clinic.texts.source_language
    sent = standing is Standing.APPROVED or clinic.settings.draft_translations == "send" or key.startswith(SAFETY)
    return language if sent else clinic.texts.source_language


def render(clinic: Clinic, key: str, *, language: str | None, values: Mapping[str, object]) -> Text:
    """A text as it goes out to a speaker of that language. Raises LookupError."""
    tag = clinic.texts.supports(language) if language else None
    if tag is not None and clinic.settings.draft_translations != "send":
        standing = standing_of(clinic.texts, key, tag, clinic.set_up().approvals.get((tag, key)))
        tag = goes_out_in(clinic, key, tag, standing)
    return clinic.texts.render(key, language=tag, values=values)


def tallies(clinic: Clinic, connection: Connection) -> Sequence[Tally]:
    """How every translation stands, in one query; English is none."""
    texts = clinic.texts
    rows = {(row.language, row.text_key): row for row in queries.standing(connection)}
    keys = texts.keys()
    found = []
    for tag in texts.languages():
        if tag == texts.source_language:
            continue
        stands = {key: standing_of(texts, key, tag, rows.get((tag, key))) for key in keys}
        counted = Counter(stands.values())
        english = sum(goes_out_in(clinic, key, tag, standing) != tag for key, standing in stands.items())
        found.append(
            Tally(
                language=tag,
                total=len(keys),
                approved=counted[Standing.APPROVED],
                changed=counted[Standing.CHANGED],
                missing=counted[Standing.MISSING],
                in_english=english,
            )
        )
    return found


def approve(
    clinic: Clinic, form: Mapping[str, str], *, key: str, language: str, actor_id: str, now: datetime
) -> Faults | None:
    """Record that a qualified person has approved a text. Gives what is wrong, or None when it is done.

    `seen` in the form: the digest of the text that was read. Raises Moved when it is another by now, and LookupError
    for a text that cannot be approved: English, or not translated in full.
    """
    source_digest, text_digest = clinic.texts.digests(key, language)
    if standing_of(clinic.texts, key, language, None) in (Standing.SOURCE, Standing.MISSING):
        raise LookupError(key)
    if form.get("seen") != seen(clinic.texts, key, language):
        raise Moved
    fields = Fields(form)
    today = local_day(now, clinic.settings.clinic_timezone)
    reviewer = fields.line("reviewer", most=80)
    qualification = fields.line("qualification", most=120)
    day = fields.day("on", until=today)
    if day is None and "on" not in fields.faults:
        fields.faults["on"] = Fault.MISSING
    if fields.faults or day is None:
        return fields.faults
    row = {
        "id": new_id(), "text_key": key, "language": language, "source_digest": source_digest,
        "text_digest": text_digest, "reviewer": reviewer, "qualification": qualification, "author_id": actor_id,
        "at": _moment(day, today, now, clinic.settings.clinic_timezone),
    }  # fmt: skip
    with clinic.database.begin() as connection:
        queries.end(connection, key, language, now)
        queries.add(connection, row)
        detail = {
            "language": language, "reviewer": reviewer, "qualification": qualification, "on": day.isoformat(),
            "text": text_digest[:12],
        }  # fmt: skip
        audit.record(
            connection, at=now, actor=actor_id, action="text.approve", object_type="text", object_id=key, detail=detail
        )
    clinic.known.forget()
    return None


def withdraw(clinic: Clinic, *, key: str, language: str, actor_id: str, now: datetime) -> bool:
    """Nobody stands behind this text any more; whether anybody did."""
    with clinic.database.begin() as connection:
        done = queries.end(connection, key, language, now)
        if done:
            audit.record(
                connection, at=now, actor=actor_id, action="text.withdraw", object_type="text", object_id=key,
                detail={"language": language},
            )  # fmt: skip
    clinic.known.forget()
    return done


def seen(texts: Texts, key: str, language: str) -> str:
    """One word for source and text as they are now."""
    return "-".join(digest[:16] for digest in texts.digests(key, language))


def _moment(day: date, today: date, now: datetime, zone: str) -> datetime:
    """Now, for a review of today; else noon of its day."""
    return now if day == today else datetime.combine(day, NOON, ZoneInfo(zone)).astimezone(UTC)
