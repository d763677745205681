"""Replies kept ready: English words, translations that count once approved, and fields filled in when one is used."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, insert, update

from bot.services import audit
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow, new_id
from bot.store.database import once_more
from bot.store.queries import canned as queries
from bot.store.tables import CannedReply, ReviewState

SOURCE: Final = "en"
LONGEST: Final = 1600
SHORTCUT: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
FIELD: Final = re.compile(r"\{(\w*)\}")

_REPLY = insert(CannedReply.__table__)  # type: ignore[arg-type]


class Field(StrEnum):
    """What may be filled in."""

    GIVEN_NAME = "given_name"
    VISIT = "visit"
    CLINIC = "clinic"
    PHONE = "phone"


class Fault(StrEnum):
    """Why a text is not taken."""

    SHORTCUT = "shortcut"
    TAKEN = "taken"
    TITLE = "title"
    BODY = "body"
    UNKNOWN_FIELD = "unknown-field"
    FIELDS_DIFFER = "fields-differ"
    REVIEWER = "reviewer"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was changed."""

    fault: Fault
    about: str = ""


@dataclass(frozen=True, slots=True)
class Wording:
    """A reply's words in one language, and who stands behind them."""

    language: str
    body: str
    approved: bool
    outdated: bool
    """The English words have changed since."""
    reviewer: str
    qualification: str
    reviewed_on: date | None


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply kept ready."""

    id: str
    shortcut: str
    title: str
    active: bool
    body: str
    wordings: Mapping[str, Wording]


@dataclass(frozen=True, slots=True)
class Offer:
    """A reply as one patient would get it."""

    id: str
    shortcut: str
    title: str
    body: str
    language: str
    missing: Sequence[Field]
    """What is not known here: with anything missing it cannot be used."""


def digest(body: str) -> str:
    """What tells whether the English words are still those that were translated."""
    return hashlib.sha256(body.encode()).hexdigest()


def fields_in(body: str) -> set[str]:
    """The names between braces."""
    return set(FIELD.findall(body))


def all_of(connection: Connection, *, active_only: bool = False) -> Sequence[Reply]:
    """Every reply with its words in every language."""
    rows = queries.replies(connection, active_only=active_only)
    texts = queries.texts(connection, [row.id for row in rows])
    return [_reply(row, texts[row.id]) for row in rows]


def one(connection: Connection, reply_id: str) -> Reply | None:
    """One reply with its words in every language."""
    row = queries.reply(connection, reply_id)
    return None if row is None else _reply(row, queries.texts(connection, [reply_id])[reply_id])


def offers(connection: Connection, language: str, values: Mapping[str, Mapping[Field, str]]) -> Sequence[Offer]:
    """Those in use, in that language where its words are approved, else in English; filled in, by language."""
    rows = queries.replies(connection, active_only=True)
    texts = queries.texts(connection, [row.id for row in rows], [SOURCE, language])
    return [_offer(_reply(row, texts[row.id]), language, values) for row in rows]


def _offer(reply: Reply, wanted: str, values: Mapping[str, Mapping[Field, str]]) -> Offer:
    there = reply.wordings.get(wanted)
    body, language = (there.body, wanted) if there is not None and there.approved else (reply.body, SOURCE)
    known = values[language]
    missing = [field for field in Field if field in fields_in(body) and not known.get(field)]
    filled = FIELD.sub(lambda found: known.get(Field(found[1])) or found[0], body)
    return Offer(reply.id, reply.shortcut, reply.title, filled, language, missing)


def _reply(row: AnyRow, texts: Mapping[str, AnyRow]) -> Reply:
    source = texts[SOURCE].body if SOURCE in texts else ""
    now_said = digest(source)
    wordings = {
        language: Wording(
            language=language,
            body=text.body,
            approved=text.state is ReviewState.APPROVED and text.source_digest == now_said,
            outdated=text.source_digest != now_said,
            reviewer=text.reviewer or "",
            qualification=text.qualification or "",
            reviewed_on=text.reviewed_on,
        )
        for language, text in sorted(texts.items())
        if language != SOURCE
    }
    return Reply(row.id, row.shortcut, row.title, row.active, source, wordings)


@once_more
def save(
    clinic: Clinic, *, reply_id: str | None, shortcut: str, title: str, body: str, actor_id: str, now: datetime
) -> str | Refused:
    """Add a reply or change it, and give its id. Other English words withdraw every approval of a translation."""
    shortcut, title, body = shortcut.strip().lstrip("/").lower(), " ".join(title.split()), _tidy(body)
    if fault := _fault(shortcut, title, body):
        return fault
    with clinic.database.begin() as connection:
        known = queries.reply(connection, reply_id, lock=True) if reply_id else None
        if reply_id and known is None:
            return Refused(Fault.GONE)
        taken = queries.by_shortcut(connection, shortcut)
        if taken is not None and taken.id != reply_id:
            return Refused(Fault.TAKEN, shortcut)
        reply_id = reply_id or new_id()
        values = {"shortcut": shortcut, "title": title, "updated_at": now}
        if known is None:
            connection.execute(_REPLY, {"id": reply_id, "created_by": actor_id, "created_at": now, **values})
        else:
            connection.execute(update(CannedReply).where(CannedReply.id == reply_id).values(**values))
        withdrawn = _withdraw(connection, reply_id, body, now)
        queries.write(connection, reply_id, SOURCE, **_draft(body, body, now))
        _record(connection, "add" if known is None else "edit", reply_id, actor_id, now, withdrawn=sorted(withdrawn))
    return reply_id


@once_more
def translate(
    clinic: Clinic, *, reply_id: str, language: str, body: str, actor_id: str, now: datetime
) -> str | Refused:
    """Write a reply down in another language; nobody stands behind new words yet."""
    body = _tidy(body)
    if not 0 < len(body) <= LONGEST:
        return Refused(Fault.BODY)
    with clinic.database.begin() as connection:
        if queries.reply(connection, reply_id, lock=True) is None:
            return Refused(Fault.GONE)
        texts = queries.texts(connection, [reply_id])[reply_id]
        source = texts[SOURCE].body if SOURCE in texts else ""
        if fields_in(body) != fields_in(source):
            return Refused(Fault.FIELDS_DIFFER, ", ".join(f"{{{name}}}" for name in sorted(fields_in(source))))
        before = texts.get(language)
        if before is None or before.body != body or before.source_digest != digest(source):
            queries.write(connection, reply_id, language, **_draft(body, source, now))
            _record(connection, "translate", reply_id, actor_id, now, language=language)
    return reply_id


@once_more
def approve(
    clinic: Clinic,
    *,
    reply_id: str,
    language: str,
    reviewer: str,
    qualification: str,
    on: date,
    actor_id: str,
    now: datetime,
) -> str | Refused:
    """Somebody qualified stands behind a translation of the English words as they are now."""
    reviewer, qualification = " ".join(reviewer.split()), " ".join(qualification.split())
    if not (0 < len(reviewer) <= 80 and 0 < len(qualification) <= 120) or on > now.date():
        return Refused(Fault.REVIEWER)
    with clinic.database.begin() as connection:
        queries.reply(connection, reply_id, lock=True)
        texts = queries.texts(connection, [reply_id], [SOURCE, language])[reply_id]
        if language == SOURCE or SOURCE not in texts or language not in texts:
            return Refused(Fault.GONE)
        queries.write(
            connection, reply_id, language, state=ReviewState.APPROVED, source_digest=digest(texts[SOURCE].body),
            reviewer=reviewer, qualification=qualification, reviewed_on=on, updated_at=now,
        )  # fmt: skip
        _record(connection, "approve", reply_id, actor_id, now, language=language)
    return reply_id


@once_more
def switch(clinic: Clinic, *, reply_id: str, active: bool, actor_id: str, now: datetime) -> str | Refused:
    """Offer a reply, or no longer."""
    with clinic.database.begin() as connection:
        if queries.reply(connection, reply_id, lock=True) is None:
            return Refused(Fault.GONE)
        connection.execute(update(CannedReply).where(CannedReply.id == reply_id).values(active=active, updated_at=now))
        _record(connection, "activate" if active else "deactivate", reply_id, actor_id, now)
    return reply_id


def _tidy(body: str) -> str:
    return body.replace("\r\n", "\n").strip()


def _fault(shortcut: str, title: str, body: str) -> Refused | None:
    if not SHORTCUT.fullmatch(shortcut):
        return Refused(Fault.SHORTCUT)
    if not 0 < len(title) <= 80:
        return Refused(Fault.TITLE)
    if not 0 < len(body) <= LONGEST:
        return Refused(Fault.BODY)
    known: Collection[str] = set(Field)
    unknown = sorted(fields_in(body) - set(known))
    return Refused(Fault.UNKNOWN_FIELD, f"{{{unknown[0]}}}") if unknown else None


def _withdraw(connection: Connection, reply_id: str, body: str, now: datetime) -> list[str]:
    """Translations of other words are drafts again; gives those that had been approved."""
    withdrawn = []
    for language, text in queries.texts(connection, [reply_id])[reply_id].items():
        if language != SOURCE and text.state is ReviewState.APPROVED and text.source_digest != digest(body):
            queries.write(connection, reply_id, language, state=ReviewState.DRAFT, updated_at=now)
            withdrawn.append(language)
    return withdrawn


def _draft(body: str, source: str, now: datetime) -> dict[str, object]:
    nobody = {"reviewer": None, "qualification": None, "reviewed_on": None}
    return {"body": body, "source_digest": digest(source), "state": ReviewState.DRAFT, **nobody, "updated_at": now}


def _record(
    connection: Connection, what: str, reply_id: str, actor_id: str, now: datetime, **detail: str | list[str]
) -> None:
    audit.record(
        connection, at=now, actor=actor_id, action=f"canned.{what}", object_type="canned-reply", object_id=reply_id,
        detail=detail,
    )  # fmt: skip
