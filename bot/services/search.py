"""Search: patients by id, phone and the beginnings of name words; messages by their text, as far back as one looks.

Names are found by a blind index of words and of three letters each, which finds too many: what it finds is opened and
looked at. Bodies have no index at all. The newest are opened and read, so many at a time, and the page says how far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from bot.core.messages import Direction
from bot.core.names import BEGINNING, fits, folded, words
from bot.core.phones import read_phone
from bot.services.clinic import Clinic
from bot.services.inbox_list import name_of
from bot.store.columns import AnyRow
from bot.store.queries import search as queries
from bot.store.vault import Vault

SHOWN: Final = 20
CANDIDATES: Final = 1500
"""So many names are opened for one search at most."""
LOOKED_THROUGH: Final = 4000
"""So many messages are opened for one search, and for each look further back."""
AT_ONCE: Final = 500
HITS: Final = 30
SHORTEST: Final = 2
AROUND: Final = 70
LATER_SHOWN: Final = 20
"""So many messages are shown below the one that was found."""


@dataclass(frozen=True, slots=True)
class Found:
    """A patient that a search has found. `once` is another name: that of a record merged into this one."""

    patient_id: str
    name: str
    birth_date: str
    once: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """The patients found; `more` when there are others that more words would find.

    `elsewhere`: ids of those at other locations who have exactly this id or phone; no name, before a reason is given.
    """

    found: Sequence[Found] = ()
    more: bool = False
    elsewhere: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A message in which the asked words stand."""

    message_id: str
    conversation_id: str
    title: str
    inbound: bool
    at: datetime
    excerpt: str
    marks: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What was found among so many messages, back to that moment; `before` looks on from there."""

    hits: Sequence[Hit] = ()
    looked: int = 0
    since: datetime | None = None
    before: str | None = None


def find_people(clinic: Clinic, connection: Connection, asked: str, *, locations: Sequence[str] = ()) -> People:
    """Patients with exactly this id or phone number, and those whose name has these words or beginnings of words."""
    number = read_phone(asked, country=clinic.settings.country).e164
    phones = clinic.vault.indexes(number) if number is not None else ()
    rows = list(queries.exactly(connection, patient_id=asked, phones=phones, locations=locations))
    by_name, more = _named(clinic.vault, connection, words(asked), locations) if not rows else ([], False)
    elsewhere: Sequence[str] = ()
    if locations and not rows:
        others = queries.exactly(connection, patient_id=asked, phones=phones, locations=())
        elsewhere = [row.replaced_by or row.patient_id for row in others][:SHOWN]
    rows += by_name
    stay = queries.people(connection, {row.replaced_by for row in rows if row.replaced_by})
    found: dict[str, Found] = {}
    for row in rows:
        kept = stay.get(row.replaced_by or "", row)
        once = name_of(clinic.vault, row) if kept is not row else ""
        found.setdefault(kept.patient_id, _found(clinic.vault, kept, once))
    return People(tuple(found.values())[:SHOWN], more or len(found) > SHOWN, elsewhere)


def find_texts(
    clinic: Clinic,
    connection: Connection,
    asked: str,
    *,
    before: str | None = None,
    locations: Sequence[str] = (),
    limit: int = LOOKED_THROUGH,
) -> Texts:
    """Messages in which every asked word stands, among the newest, or among those before that message."""
    wanted = tuple(dict.fromkeys(folded(asked).split()))
    if sum(map(len, wanted)) < SHORTEST:
        return Texts()
    rows = queries.latest_texts(connection, before=before, limit=limit)
    hits, looked = _matching(clinic.vault, connection, rows, wanted, locations)
    more = looked < len(rows) or len(rows) == limit
    return Texts(
        hits=_hits(clinic.vault, connection, hits, wanted),
        looked=looked,
        since=rows[looked - 1].created_at if looked else None,
        before=rows[looked - 1].id if more and looked else None,
    )


def _matching(
    vault: Vault, connection: Connection, rows: Sequence[AnyRow], wanted: Sequence[str], locations: Sequence[str]
) -> tuple[list[tuple[AnyRow, str]], int]:
    """At most HITS messages of these places that have the words, and how many rows that took."""
    hits: list[tuple[AnyRow, str]] = []
    for start in range(0, len(rows), AT_ONCE):
        matching = []
        for number, row in enumerate(rows[start : start + AT_ONCE], start + 1):
            body = vault.open("messages.body", row.id, row.body)
            text = folded(body)
            if all(word in text for word in wanted):
                matching.append((number, row, body))
        for number, row, body in _of_places(connection, matching, locations):
            hits.append((row, body))
            if len(hits) == HITS:
                return hits, number
    return hits, len(rows)


def _of_places(
    connection: Connection, matching: list[tuple[int, AnyRow, str]], locations: Sequence[str]
) -> list[tuple[int, AnyRow, str]]:
    if not locations or not matching:
        return matching
    theirs = queries.visible(connection, {row.patient_id for _, row, _ in matching if row.patient_id}, locations)
    # A text about nobody in particular belongs to whoever is on that phone.
    nobodys = {row.conversation_id for _, row, _ in matching if row.patient_id is None}
    talks = queries.visible_talks(connection, nobodys, locations)
    return [
        found
        for found in matching
        if (found[1].patient_id in theirs if found[1].patient_id else found[1].conversation_id in talks)
    ]


def _named(
    vault: Vault, connection: Connection, asked: Sequence[str], locations: Sequence[str]
) -> tuple[list[AnyRow], bool]:
    """First those with the very words, then those with words that begin so; whether there are more."""
    if not asked:
        return [], False
    found: dict[str, AnyRow] = {}
    more = False
    for part in (None, BEGINNING):
        indexes = [vault.indexes(word[:part]) for word in asked]
        rows = queries.named(connection, indexes, limit=CANDIDATES, locations=locations)
        for row in rows[:CANDIDATES]:
            if len(found) <= SHOWN and row.patient_id not in found and _fits(vault, row, asked):
                found[row.patient_id] = row
        if len(found) > SHOWN:
            return list(found.values()), True
        more = len(rows) > CANDIDATES
    return list(found.values()), more


def _fits(vault: Vault, row: AnyRow, asked: Sequence[str]) -> bool:
    given = vault.maybe_open("patients.given_name", row.patient_id, row.given_name) or ""
    family = vault.maybe_open("patients.family_name", row.patient_id, row.family_name) or ""
    return fits(asked, given, family)


def _found(vault: Vault, row: AnyRow, once: str) -> Found:
    birth_date = vault.maybe_open("patients.birth_date", row.patient_id, row.birth_date) or ""
    return Found(row.patient_id, name_of(vault, row) or row.patient_id, birth_date, once)


def _hits(
    vault: Vault, connection: Connection, found: Sequence[tuple[AnyRow, str]], wanted: Sequence[str]
) -> Sequence[Hit]:
    people = queries.people(connection, {row.patient_id for row, _ in found if row.patient_id})
    names = {patient_id: name_of(vault, row) for patient_id, row in people.items()}
    nameless = {row.contact_point_id for row, _ in found if not names.get(row.patient_id)}
    phones = {
        key: vault.open("contact_points.phone", key, sealed)
        for key, sealed in (queries.numbers(connection, nameless) if nameless else {}).items()
    }
    hits = []
    for row, body in found:
        excerpt, marks = excerpt_of(body, wanted)
        title = names.get(row.patient_id) or phones.get(row.contact_point_id, "")
        inbound = row.direction is Direction.INBOUND
        hits.append(
            Hit(
                message_id=row.id, conversation_id=row.conversation_id, title=title, inbound=inbound,
                at=row.created_at, excerpt=excerpt, marks=marks,
            )
        )  # fmt: skip
    return hits


def excerpt_of(body: str, wanted: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The part of a text in which the words stand, and the words as they are written there."""
    plain = " ".join(body.split())
    letters = [(letter, at) for at, whole in enumerate(plain) for letter in folded(whole)]
    text = "".join(letter for letter, _ in letters)
    marks, first = [], len(plain)
    for word in wanted:
        at = text.find(word)
        if at >= 0:
            start, end = letters[at][1], letters[at + len(word) - 1][1] + 1
            marks.append(plain[start:end])
            first = min(first, start)
    begin = max(0, first - AROUND) if first < len(plain) else 0
    end = begin + 2 * AROUND
    return f"{'…' if begin else ''}{plain[begin:end]}{'…' if end < len(plain) else ''}", marks
