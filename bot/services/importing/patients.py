"""Patients from rows: names, birth dates, phones and consent read, and written where they have changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from bot.core.consent import Statement
from bot.core.localtimes import zone_name
from bot.core.people import ConsentBasis, ConsentStatus, PatientStatus
from bot.core.phones import read_phone
from bot.services.importing import naming
from bot.services.importing.cells import Cells
from bot.services.importing.contacts import Wish, link, state
from bot.services.importing.context import Context, Stored, digests
from bot.services.importing.languages import LONGEST_TAG, language_tag
from bot.services.importing.merging import bring_over
from bot.services.importing.times import read_birth_date
from bot.services.importing.words import read_consent, read_yes
from bot.store.tables import Patient

COLUMNS = (
    "patient_id", "given_name", "family_name", "birth_date", "phone", "language", "timezone", "consent", "interpreter",
)  # fmt: skip
REQUIRED = ("patient_id", "phone")
KEY = "patient_id"
# Cells that only FHIR resources give: other numbers to try, and whether the patient lives or has been merged away.
MORE_PHONES = tuple(f"phone_{place}" for place in range(2, 6))
FHIR_COLUMNS = (*COLUMNS, *MORE_PHONES, "status", "replaced_by")

_DEFAULT_LANGUAGE = "en"
_LONGEST_NAME = 120
_NAME_COLUMNS = frozenset({"given_name", "family_name"})
_LONGEST_OF_INITIALS = 2
# "ZZTEST", "ZZ-Test 2", "ZZZ": sorted to the end of every list, so that nobody takes them for people.
_FOR_TESTS = re.compile(r"z{2,}(?:[\W_]*test.*)?", re.IGNORECASE)
_INITIALS = re.compile(r"(?:\s+\w\.?)+$")

_KNOWN = select(Patient.patient_id, Patient.row_hash).where(
    Patient.patient_id.in_(bindparam("patients", expanding=True))
)
_CHANGING = (
    select(Patient.patient_id, Patient.language, Patient.language_basis, Patient.status)
    .where(Patient.patient_id.in_(bindparam("patients", expanding=True)))
    .order_by(Patient.patient_id)
    .with_for_update()
)
_ADD = insert(Patient.__table__)  # type: ignore[arg-type]
_SET = update(Patient.__table__).where(Patient.patient_id == bindparam("of_patient"))  # type: ignore[arg-type]
_FOUND = (
    update(Patient)
    .where(Patient.patient_id == bindparam("of_patient"), Patient.status == PatientStatus.WRONG_NUMBER)
    .values(status=PatientStatus.ACTIVE)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One patient as read. `said` is what the row says about consent; `phone_given` whether it speaks of a phone."""

    line: int
    patient_id: str
    given_name: str
    family_name: str
    birth_date: str
    phone: str | None
    phone_given: bool
    language: str | None
    timezone: str | None
    interpreter: bool | None
    """Whether visits need one; None where the file does not say."""
    status: PatientStatus | None
    said: tuple[ConsentStatus, ConsentBasis] | None
    replaced_by: str | None
    columns: frozenset[str]

    def values(self) -> tuple[Any, ...]:
        """All that decides whether the row has changed."""
        parts = (self.patient_id, self.given_name, self.family_name, self.birth_date, self.phone, self.phone_given)
        merged = (self.replaced_by,) if self.replaced_by else ()
        spoken = () if self.interpreter is None else (self.interpreter,)
        return (*parts, self.language, self.timezone, self.status, self.said, sorted(self.columns), *merged, *spoken)


def parse(cells: Cells, context: Context) -> Row:
    """One patient from one row. Raises BadCell."""
    patient_id = cells.identifier("patient_id")
    given, family = _names(
        cells.text("given_name", limit=_LONGEST_NAME), cells.text("family_name", limit=_LONGEST_NAME)
    )
    birth_date = cells.text("birth_date")
    if birth_date:
        birth_date = read_birth_date("birth_date", birth_date, country=context.country, now=context.now).isoformat()
    phone, phone_given = _phone(cells, context)
    return Row(
        line=cells.line,
        patient_id=patient_id,
        given_name=given,
        family_name=family,
        birth_date=birth_date,
        phone=phone,
        phone_given=phone_given,
        language=_language(cells),
        timezone=_timezone(cells),
        interpreter=_interpreter(cells),
        status=_status_said(cells, given, family),
        said=_consent(cells, context),
        replaced_by=cells.identifier("replaced_by") if cells.text("replaced_by") else None,
        columns=cells.columns,
    )


def store(connection: Connection, rows: Sequence[Row], context: Context) -> Stored:
    """Write these patients, their numbers and their consent; a row that has not changed touches nothing."""
    hashes = dict(connection.execute(_KNOWN, {"patients": [row.patient_id for row in rows]}).all())
    stored = Stored()
    new, old = [], []
    for row in rows:
        marks = digests(context.vault, row.values())
        if row.patient_id not in hashes:
            new.append((row, marks[0]))
        elif hashes[row.patient_id] in marks:
            stored.unchanged += 1
        else:
            old.append((row, marks[0]))
    stored.added, stored.changed = len(new), len(old)
    if new:
        connection.execute(_ADD, [_new_values(row, mark, context) for row, mark in new])
        naming.add(connection, _names_of(new), context.vault)
    if old:
        _change(connection, old, context)
    wishes = [_wish(row, context, is_new=True) for row, _ in new if row.phone]
    wishes += [_wish(row, context, is_new=False) for row, _ in old if row.phone_given]
    linked, _ = link(connection, wishes, context)
    # A cell too damaged to tell the number still leaves the row's yes or no: it holds for the numbers on file.
    unheard = {row.patient_id: said for row, _ in old if not row.phone and (said := _statement(row, context))}
    state(connection, unheard, context)
    found = [{"of_patient": row.patient_id} for row, _ in old if row.patient_id in linked]
    if found:
        connection.execute(_FOUND, found)
    if touched := [row.patient_id for row, _ in (*new, *old)]:
        bring_over(connection, touched, context)
    if context.dry_run:
        context.promised.update(row.patient_id for row, _ in new)
    return stored


def _wish(row: Row, context: Context, *, is_new: bool) -> Wish:
    return Wish(patient_id=row.patient_id, phone=row.phone, said=_statement(row, context), is_new=is_new)


def _statement(row: Row, context: Context) -> Statement | None:
    return Statement(*row.said, context.now) if row.said else None


def _change(connection: Connection, rows: Sequence[tuple[Row, str]], context: Context) -> None:
    before = {
        found.patient_id: found
        for found in connection.execute(_CHANGING, {"patients": [row.patient_id for row, _ in rows]})
    }
    changes = [_changed_values(row, mark, before[row.patient_id], context) for row, mark in rows]
    connection.execute(_SET, changes)
    naming.renew(connection, _names_of(pair for pair in rows if pair[0].columns & _NAME_COLUMNS), context.vault)


def _names_of(rows: Iterable[tuple[Row, str]]) -> dict[str, tuple[str, str]]:
    return {row.patient_id: (row.given_name, row.family_name) for row, _ in rows}


def _new_values(row: Row, mark: str, context: Context) -> dict[str, Any]:
    return {
        "patient_id": row.patient_id,
        **_sealed(row, context),
        "language": row.language or _DEFAULT_LANGUAGE,
        "language_basis": ConsentBasis.IMPORT,
        "timezone": row.timezone,
        "interpreter": row.interpreter,
        "status": row.status or PatientStatus.ACTIVE,
        "replaced_by": row.replaced_by,
        "row_hash": mark,
        "created_at": context.now,
        "updated_at": context.now,
    }


def _changed_values(row: Row, mark: str, before: Any, context: Context) -> dict[str, Any]:
    """What the row sets; columns that the file lacks, and what the patient chose or told us, stay."""
    values: dict[str, Any] = {"of_patient": row.patient_id, "row_hash": mark, "updated_at": context.now}
    sealed = _sealed(row, context)
    if row.columns & _NAME_COLUMNS:
        values |= {name: sealed[name] for name in ("given_name", "family_name", "name_index")}
    if "birth_date" in row.columns:
        values["birth_date"] = sealed["birth_date"]
    if "language" in row.columns:
        ours = row.language is None or before.language_basis not in (ConsentBasis.IMPORT, ConsentBasis.ASSUMED)
        values["language"] = before.language if ours else row.language
    if "timezone" in row.columns:
        values["timezone"] = row.timezone
    if "interpreter" in row.columns:
        values["interpreter"] = row.interpreter
    if "replaced_by" in row.columns:
        values["replaced_by"] = row.replaced_by
    if row.status:
        values["status"] = _status(before.status, row.status)
    return values


def _status(before: PatientStatus, said: PatientStatus | None) -> PatientStatus:
    # A system that has not heard of a death, or of a number given up, does not undo either.
    if said in (None, PatientStatus.ACTIVE) and before in (PatientStatus.DECEASED, PatientStatus.WRONG_NUMBER):
        return before
    return said or before


def _sealed(row: Row, context: Context) -> dict[str, Any]:
    vault, key = context.vault, row.patient_id
    full_name = folded_name(row.given_name, row.family_name)
    return {
        "given_name": vault.maybe_seal("patients.given_name", key, row.given_name or None),
        "family_name": vault.maybe_seal("patients.family_name", key, row.family_name or None),
        "birth_date": vault.maybe_seal("patients.birth_date", key, row.birth_date or None),
        "name_index": vault.index(full_name) if full_name else None,
    }


def folded_name(given: str, family: str) -> str:
    """A full name as the blind index has it: "given family" without case and doubled blanks."""
    return " ".join(f"{given} {family}".casefold().split())


def _names(given: str, family: str) -> tuple[str, str]:
    """Given and family name; `LAST, FIRST M` in either cell is taken apart, initials after the first name dropped."""
    for whole, other in ((given, family), (family, given)):
        last, comma, first = (part.strip() for part in whole.partition(","))
        if comma and last and first and other.casefold() in ("", last.casefold(), whole.casefold()):
            return _as_called(_INITIALS.sub("", first.split(",")[0].strip())), _as_called(last)
    # "LOPEZ" beside "Ana" is how somebody writes it; both in capitals is how a system does.
    if len(given) > _LONGEST_OF_INITIALS and given.isupper() and (family.isupper() or not family):
        return _as_called(given), _as_called(family)
    return given, family


def _as_called(name: str) -> str:
    # "LOPEZ, ANA" shouts because the system does; a name in small letters or both is as somebody typed it.
    return name.title() if name.isupper() and len(name) > 1 else name


def _status_said(cells: Cells, given: str, family: str) -> PatientStatus | None:
    if any(_FOR_TESTS.fullmatch(name) for name in (given, family)):
        cells.warn("family_name", "name: one that stands for a test; kept, but never texted")
        return PatientStatus.INACTIVE
    return PatientStatus(word) if (word := cells.text("status")) else None


def _phone(cells: Cells, context: Context) -> tuple[str | None, bool]:
    """The number to text, and whether the row says anything about it: a damaged cell does not give a number up."""
    remark: str | None = None
    for column in ("phone", *MORE_PHONES):
        cell = cells.lines(column)
        if not cell:
            continue
        phone = read_phone(cell, country=context.country)
        if phone.e164:
            if phone.remark:
                cells.warn("phone", f"phone number: {phone.remark}")
            return phone.e164, True
        remark = remark or phone.remark
    cells.warn("phone", f"phone number: {remark or 'empty'}; cannot be texted")
    return None, remark is None and "phone" in cells.columns


def _language(cells: Cells) -> str | None:
    text = cells.text("language")
    if not text:
        return None
    tag = language_tag(text)
    if tag is None or len(tag) > LONGEST_TAG:
        cells.warn("language", "language: not one that we know; English is taken")
        return _DEFAULT_LANGUAGE
    return tag


def _timezone(cells: Cells) -> str | None:
    text = cells.text("timezone")
    if not text:
        return None
    zone = zone_name(text)
    if zone is None:
        cells.warn("timezone", "time zone: no IANA name such as America/Chicago; the clinic's is taken")
    return zone


def _interpreter(cells: Cells) -> bool | None:
    found = read_yes(cells.text("interpreter"))
    if found is None and cells.text("interpreter"):
        cells.warn("interpreter", "interpreter: neither yes nor no; left out")
    return found


def _consent(cells: Cells, context: Context) -> tuple[ConsentStatus, ConsentBasis] | None:
    status = read_consent(cells.text("consent"))
    if status is None:
        cells.warn("consent", "consent: neither yes nor no; unknown is taken")
        return None
    if status is not ConsentStatus.UNKNOWN:
        return status, ConsentBasis.IMPORT
    return (ConsentStatus.OPTED_IN, ConsentBasis.ASSUMED) if context.assume_consent else None
