"""Numbers and who holds them, as files say; a person's own opt-out goes with them to a new number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from bot.core import consent as rules
from bot.core.consent import NOTHING_SAID, Consent, Statement
from bot.core.people import Channel, ConsentBasis, ConsentStatus, NumberStatus, Relation, Scope
from bot.services import consent
from bot.services.consent import Link
from bot.services.importing.context import Context
from bot.store.columns import new_id
from bot.store.tables import ConsentEntry, ContactPoint, PatientContact

# Who may be told everything: the patient, and those who decide for a child.
FULLY_TOLD = frozenset({Relation.SELF, Relation.PARENT, Relation.GUARDIAN})

_POINTS = select(ContactPoint.id, ContactPoint.phone_index, ContactPoint.consent).where(
    ContactPoint.channel == Channel.SMS, ContactPoint.phone_index.in_(bindparam("indexes", expanding=True))
)
_LINKS = (
    select(
        PatientContact.patient_id,
        PatientContact.contact_point_id,
        PatientContact.relation,
        PatientContact.scope,
        PatientContact.rank,
        PatientContact.contact_id,
        PatientContact.active,
        PatientContact.consent,
        PatientContact.consent_basis,
        ContactPoint.phone_index,
    )
    .join(ContactPoint, ContactPoint.id == PatientContact.contact_point_id)
    .where(PatientContact.patient_id.in_(bindparam("patients", expanding=True)))
    .order_by(PatientContact.patient_id, PatientContact.contact_point_id)
    # Locked: an opt-out that comes by text meanwhile waits, and then has the last word.
    .with_for_update(of=PatientContact)
)
_SAID_IN_FILES = (
    select(ConsentEntry.patient_id, ConsentEntry.status)
    .where(
        ConsentEntry.patient_id.in_(bindparam("patients", expanding=True)),
        ConsentEntry.basis == ConsentBasis.IMPORT,
    )
    .order_by(ConsentEntry.at, ConsentEntry.id)
)
# What an import may change of a link beside consent.
_CHANGING = ("active", "relation", "scope", "rank", "contact_id")
_ADD_POINT = insert(ContactPoint.__table__)  # type: ignore[arg-type]
_ADD_LINK = insert(PatientContact.__table__)  # type: ignore[arg-type]
_SET_LINK = (
    update(PatientContact)
    .where(
        PatientContact.patient_id == bindparam("of_patient"),
        PatientContact.contact_point_id == bindparam("of_number"),
    )
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a row says about one patient and one phone. Without a phone, the patient's own are given up."""

    patient_id: str
    phone: str | None
    said: Statement | None = None
    relation: Relation = Relation.SELF
    rank: int = 1
    contact_id: str | None = None
    """The clinic's id of whoever holds the phone, where it is not the patient."""
    is_new: bool = False
    """The patient came with this very row, so there is nothing to look up."""
    replaces: bool = True
    """Other numbers of the patient's own are no longer in use."""


@dataclass(frozen=True, slots=True)
class _Point:
    id: str
    opted_out: bool


@dataclass(slots=True)
class _Writes:
    links: list[dict[str, Any]]
    activity: list[dict[str, Any]]
    consents: list[tuple[Link, Consent]]
    entries: list[dict[str, Any]]


def link(connection: Connection, wishes: Sequence[Wish], context: Context) -> tuple[set[str], set[str]]:
    """Write the links that rows ask for, with consent. Gives the patients newly linked, and those otherwise changed."""
    points = _points(connection, {wish.phone for wish in wishes if wish.phone}, context)
    held = _held(connection, [wish.patient_id for wish in wishes if not wish.is_new])
    moving = [
        wish.patient_id
        for wish in wishes
        if wish.phone and not wish.is_new and points[wish.phone].id not in held[wish.patient_id]
    ]
    said_before = consent.said_by(connection, moving)
    repeated = _repeated(connection, wishes, held)
    writes = _Writes([], [], [], [])
    new, changed = set(), set()
    for wish in wishes:
        before = len(writes.activity) + len(writes.entries)
        links = held[wish.patient_id]
        point = points[wish.phone] if wish.phone else None
        if wish.replaces and links:
            _retire(writes, wish, links, context)
        if wish.said and wish.said.status is ConsentStatus.OPTED_OUT and wish.patient_id not in repeated:
            others = [row for number, row in links.items() if point is None or number != point.id]
            _silence(writes, others, wish.said, context)
        if point and point.id in links:
            said = None if wish.patient_id in repeated else wish.said
            _renew(writes, wish, links[point.id], said, context)
        elif point:
            _add(writes, wish, point, said_before.get(wish.patient_id, NOTHING_SAID), context)
            new.add(wish.patient_id)
        if len(writes.activity) + len(writes.entries) > before:
            changed.add(wish.patient_id)
    _write(connection, writes)
    return new, changed


def give_up(
    connection: Connection, phones: Mapping[tuple[str, str], str | None], context: Context
) -> set[tuple[str, str]]:
    """End the links of people who are on another phone now, or on none. `phones` by (patient, contact); gives whose."""
    held = _held(connection, sorted({patient for patient, _ in phones}))
    ended, writes = set(), []
    for (patient, contact), phone in phones.items():
        kept = context.vault.indexes(phone) if phone else ()
        for row in held[patient].values():
            if row.active and contact and row.contact_id == contact and row.phone_index not in kept:
                ended.add((patient, contact))
                writes.append(_changed(row, active=False))
    if writes:
        connection.execute(_SET_LINK, writes)
    return ended


def state(connection: Connection, said: Mapping[str, Statement], context: Context) -> set[str]:
    """Write what these patients are said to have agreed to, at every number of theirs. Gives those it changes."""
    held = _held(connection, list(said))
    standing = consent.said_by(connection, [patient for patient in said if not held[patient]])
    writes = _Writes([], [], [], [])
    changed = set()
    for patient, statement in said.items():
        links = [row for row in held[patient].values() if row.active and row.relation in FULLY_TOLD]
        before = len(writes.entries)
        for row in links:
            _say(writes, _link_of(row), statement, context)
        known = standing.get(patient, NOTHING_SAID)
        if not held[patient] and rules.after(known, statement) is not known:
            writes.entries.append(_entry(statement, patient, None, context))
        if len(writes.entries) > before:
            changed.add(patient)
    _write(connection, writes)
    return changed


def _points(connection: Connection, phones: set[str], context: Context) -> dict[str, _Point]:
    if not phones:
        return {}
    by_index = {index: phone for phone in phones for index in context.vault.indexes(phone)}
    points = {
        by_index[row.phone_index]: _Point(row.id, row.consent is ConsentStatus.OPTED_OUT)
        for row in connection.execute(_POINTS, {"indexes": list(by_index)})
    }
    added = []
    # Sorted: two imports at once that bring the same numbers then wait for each other in one order.
    for phone in sorted(phones - points.keys()):
        number = new_id()
        points[phone] = _Point(number, opted_out=False)
        added.append(
            {
                "id": number,
                "phone": context.vault.seal("contact_points.phone", number, phone),
                "phone_index": context.vault.index(phone),
                "channel": Channel.SMS,
                "status": NumberStatus.ACTIVE,
                "consent": ConsentStatus.UNKNOWN,
                "consent_at": None,
                "created_at": context.now,
            }
        )
    if added:
        connection.execute(_ADD_POINT, added)
    return points


def _held(connection: Connection, patients: Sequence[str]) -> defaultdict[str, dict[str, Any]]:
    held: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    if patients:
        for row in connection.execute(_LINKS, {"patients": patients}):
            held[row.patient_id][row.contact_point_id] = row
    return held


def _repeated(connection: Connection, wishes: Iterable[Wish], held: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Patients who opted in themselves since a file said no, where this file says no more than that one did."""
    asked = [
        wish.patient_id
        for wish in wishes
        if wish.said
        and wish.said.status is ConsentStatus.OPTED_OUT
        and any(
            row.consent is ConsentStatus.OPTED_IN and row.consent_basis in rules.UNDOING
            for row in held.get(wish.patient_id, {}).values()
        )
    ]
    if not asked:
        return set()
    latest = {row.patient_id: row.status for row in connection.execute(_SAID_IN_FILES, {"patients": asked})}
    return {patient for patient, status in latest.items() if status is ConsentStatus.OPTED_OUT}


def _retire(writes: _Writes, wish: Wish, links: Mapping[str, Any], context: Context) -> None:
    """The patient's own other numbers are not in use any more. One number on two channels is not another number."""
    kept = context.vault.indexes(wish.phone) if wish.phone else ()
    for row in links.values():
        if row.active and row.relation is Relation.SELF and row.phone_index not in kept:
            writes.activity.append(_changed(row, active=False))


def _silence(writes: _Writes, links: Iterable[Any], said: Statement, context: Context) -> None:
    """A no is about the patient: it holds at every number in use, a yes only where it was given."""
    for row in links:
        if row.active:
            _say(writes, _link_of(row), said, context)


def _renew(writes: _Writes, wish: Wish, row: Any, said: Statement | None, context: Context) -> None:
    changes: dict[str, Any] = {} if row.active else {"active": True}
    # A phone that two people share is shown as that of the first; the patient's own is the patient's.
    theirs = row.contact_id == wish.contact_id or not row.active or row.contact_id is None
    if wish.contact_id and theirs and not (row.active and row.relation is Relation.SELF):
        # Who may be told nothing any more, by staff or since the child is of age, is told nothing by a file.
        scope = row.scope if row.scope is Scope.NOTHING else _scope(wish.relation)
        told = {"relation": wish.relation, "scope": scope, "rank": wish.rank}
        changes |= {**told, "contact_id": wish.contact_id}
    if any(getattr(row, name) != value for name, value in changes.items()):
        writes.activity.append(_changed(row, **changes))
    if said:
        _say(writes, _link_of(row), said, context)


def _add(writes: _Writes, wish: Wish, point: _Point, person: Consent, context: Context) -> None:
    """A new link. Whoever opted out before, on another number or on this one, stays opted out."""
    patient, now = wish.patient_id, context.now
    consent_now = NOTHING_SAID
    if person.is_binding_opt_out and person.basis:
        consent_now = Consent(person.status, person.basis, now)
    elif point.opted_out:
        consent_now = Consent(ConsentStatus.OPTED_OUT, ConsentBasis.PATIENT, now)
    if consent_now.basis:
        carried = Statement(consent_now.status, consent_now.basis, now)
        writes.entries.append(_entry(carried, patient, point.id, context))
    if wish.said and (after := rules.after(consent_now, wish.said)) is not consent_now:
        writes.entries.append(_entry(wish.said, patient, point.id, context))
        consent_now = after
    writes.links.append(
        {
            "patient_id": patient,
            "contact_point_id": point.id,
            "relation": wish.relation,
            "scope": _scope(wish.relation),
            "rank": wish.rank,
            "contact_id": wish.contact_id,
            "active": True,
            "consent": consent_now.status,
            "consent_basis": consent_now.basis,
            "created_at": now,
        }
    )


def _say(writes: _Writes, held: Link, said: Statement, context: Context) -> None:
    after = rules.after(held.consent, said)
    if after is not held.consent:
        writes.consents.append((held, after))
        writes.entries.append(_entry(said, held.patient_id, held.contact_point_id, context))


def _entry(said: Statement, patient: str, number: str | None, context: Context) -> dict[str, Any]:
    return consent.entry(
        said, patient_id=patient, contact_point_id=number, actor=context.actor, evidence=context.import_id
    )


def _link_of(row: Any) -> Link:
    return Link(
        patient_id=row.patient_id,
        contact_point_id=row.contact_point_id,
        consent=Consent(row.consent, row.consent_basis),
    )


def _scope(relation: Relation) -> Scope:
    return Scope.ALL if relation in FULLY_TOLD else Scope.LOGISTICS


def _changed(row: Any, **changes: Any) -> dict[str, Any]:
    after = {f"new_{name}": changes.get(name, getattr(row, name)) for name in _CHANGING}
    return {"of_patient": row.patient_id, "of_number": row.contact_point_id, **after}


def _write(connection: Connection, writes: _Writes) -> None:
    if writes.links:
        connection.execute(_ADD_LINK, writes.links)
    if writes.activity:
        connection.execute(_SET_LINK, writes.activity)
    consent.apply(connection, writes.consents)
    consent.append(connection, writes.entries)
