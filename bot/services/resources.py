"""Community resources: taken over from HSDS (Open Referral) or a table, and found for a patient's need."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from bot.core.people import years_between
from bot.core.resources import Place, category_of, matching
from bot.services import audit
from bot.services.clinic import Clinic
from bot.store.columns import new_id
from bot.store.database import once_more
from bot.store.tables import Appointment, Patient, Resource

AGES: Final = ("minimum_age", "maximum_age")
LONGEST: Final = {"name": 120, "phone": 40, "url": 300, "area": 120, "note": 300}


class UnreadableResources(ValueError):
    """The file cannot be taken; the message is one line."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of an import."""

    new: int
    changed: int
    faults: Sequence[str]


def read(data: bytes) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of an HSDS 3.0 file (services, nested or as a list) or of a CSV, and what is wrong with others."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableResources("the file is not UTF-8: save it as UTF-8 and try again") from None
    if text.lstrip().startswith(("{", "[")):
        try:
            found = json.loads(text)
        except ValueError as error:
            raise UnreadableResources(f"the file is no JSON: {error}") from None
        raw = [_of_hsds(service) for service in _services(found)]
    else:
        table = csv.DictReader(io.StringIO(text))
        if "name" not in (table.fieldnames or ()) or "category" not in (table.fieldnames or ()):
            raise UnreadableResources("a CSV of resources needs the columns name and category")
        raw = [dict(row) for row in table]
    rows, faults = [], []
    for number, one in enumerate(raw, 1):
        row = _row(one)
        if isinstance(row, str):
            faults.append(f"entry {number}: {row}")
        else:
            rows.append(row)
    return rows, faults


def _services(found: Any) -> Iterable[Mapping[str, Any]]:
    listed = found if isinstance(found, list) else found.get("services") or found.get("contents") or [found]
    if not isinstance(listed, list):
        raise UnreadableResources("the file has no list of services")
    return [one for one in listed if isinstance(one, dict)]


def _of_hsds(service: Mapping[str, Any]) -> dict[str, Any]:
    terms = [item.get("taxonomy_term") or {} for item in service.get("attributes") or ()]
    kind = " ".join(str(term.get("name") or "") for term in terms) or str(service.get("description") or "")
    phones = [*(service.get("phones") or ()), *((service.get("organization") or {}).get("phones") or ())]
    return {
        "name": service.get("name"),
        "category": kind,
        "phone": next((str(one["number"]) for one in phones if one.get("number")), ""),
        "url": service.get("url") or "",
        "languages": ",".join(str(one.get("code") or one.get("name") or "") for one in service.get("languages") or ()),
        "area": ",".join(str(one.get("name") or "") for one in service.get("service_areas") or ()),
        "eligibility": service.get("eligibility_description") or "",
        "minimum_age": service.get("minimum_age"),
        "maximum_age": service.get("maximum_age"),
        "verified_on": service.get("assured_date") or str(service.get("last_modified") or "")[:10],
    }


def _row(raw: Mapping[str, Any]) -> dict[str, Any] | str:
    cells = {key: "" if value is None else str(value).strip() for key, value in raw.items() if isinstance(key, str)}
    if not cells.get("name"):
        return "it has no name"
    verified = cells.get("verified_on") or cells.get("last_verified") or ""
    try:
        verified_on = date.fromisoformat(verified) if verified else None
    except ValueError:
        return f"verified_on {verified!r} is no date: write it as 2026-03-31"
    ages = {key: cells.get(key, "") for key in AGES}
    if odd := next((key for key, age in ages.items() if age and not age.isdigit()), None):
        return f"{odd} {ages[odd]!r} is no whole number of years"
    row: dict[str, Any] = {
        **{key: int(age) if age else None for key, age in ages.items()},
        "name": cells["name"],
        "phone": cells.get("phone", ""),
        "url": cells.get("url", ""),
        "area": cells.get("area") or cells.get("postal_codes", ""),
        "note": cells.get("eligibility") or cells.get("note", ""),
    }
    if long := next((key for key, most in LONGEST.items() if len(str(row[key])) > most), None):
        return f"{long} has more than {LONGEST[long]} characters"
    languages = [tag.strip() for tag in cells.get("languages", "").replace(";", ",").split(",") if tag.strip()]
    return {
        **row,
        "category": category_of(cells.get("category", "")),
        "languages": languages,
        "verified_on": verified_on,
    }


@once_more
def take_over(clinic: Clinic, data: bytes, *, actor: str, now: datetime) -> Taken:
    """Write the file's resources down; one of the same name and category is brought up to date."""
    rows, faults = read(data)
    new = changed = 0
    with clinic.database.begin() as connection:
        for row in rows:
            same = (Resource.name == row["name"], Resource.category == row["category"])
            known = connection.execute(select(Resource.id).where(*same)).scalar()
            if known is None:
                fresh = {**row, "id": new_id(), "active": True, "created_at": now, "updated_at": now}
                connection.execute(insert(Resource).values(**fresh))
                new += 1
            else:
                connection.execute(update(Resource).where(Resource.id == known).values(**row, updated_at=now))
                changed += 1
        detail = {"new": new, "changed": changed, "faults": len(faults)}
        audit.record(connection, at=now, actor=actor, action="resources.import", object_type="resources", detail=detail)
    return Taken(new, changed, faults)


def for_patient(
    connection: Connection, clinic: Clinic, patient_id: str, category: str, today: date
) -> tuple[Place, ...]:
    """At most two resources for this need of the patient's, by language, age and the places where they are seen."""
    rows = connection.execute(
        select(Resource.__table__).where(Resource.active.is_(True), Resource.category == category)
    ).all()
    patient = connection.execute(
        select(Patient.language, Patient.birth_date).where(Patient.patient_id == patient_id)
    ).one()
    born = clinic.vault.maybe_open("patients.birth_date", patient_id, patient.birth_date)
    age = years_between(date.fromisoformat(born), today) if born else None
    seen = connection.execute(
        select(Appointment.location).where(Appointment.patient_id == patient_id).distinct()
    ).scalars()
    every = [
        Place(
            row.id,
            row.name,
            row.category,
            row.phone,
            tuple(row.languages),
            row.area,
            row.verified_on,
            (row.minimum_age, row.maximum_age),
        )
        for row in rows
    ]
    places = [place for place in seen if place]
    return matching(every, category, language=patient.language, places=places, today=today, age=age)
