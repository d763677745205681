"""FHIR R4 files, a Bundle as JSON or resources as NDJSON, gone through kind by kind."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from itertools import islice
from typing import IO, Any

from bot import clock
from bot.core.rows import Kind, RawRow, Unreadable
from bot.gateways import fhir_resources as resources
from bot.gateways.fhir_conditions import condition
from bot.gateways.fhir_resources import Mapper, NotUsable, Surroundings
from bot.gateways.fhir_values import Json, text

_TYPES: Mapping[Kind, tuple[str, Mapper]] = {
    Kind.PATIENTS: ("Patient", resources.patient),
    Kind.CONTACTS: ("RelatedPerson", resources.related_person),
    Kind.CONSENTS: ("Consent", resources.consent),
    Kind.APPOINTMENTS: ("Appointment", resources.appointment),
    Kind.REFERRALS: ("ServiceRequest", resources.referral),
    Kind.TASKS: ("Task", resources.task),
    Kind.DISCHARGES: ("Encounter", resources.discharge),
    Kind.CONDITIONS: ("Condition", condition),
}
_IMPORTED = frozenset(name for name, _ in _TYPES.values())
_PHONES = tuple(f"phone_{number}" for number in range(2, resources.MOST_PHONES + 1))
_PERSON = "patient_id given_name family_name birth_date phone language timezone interpreter status replaced_by"
_VISIT = "appointment_id patient_id starts_at duration_minutes location clinician service status response"
_REFERRAL = "referral_id patient_id specialty referred_to status requested_on urgency"
# What a resource of each kind speaks of: an element that is missing there says that there is none.
_COLUMNS: Mapping[Kind, frozenset[str]] = {
    Kind.PATIENTS: frozenset((*_PERSON.split(), *_PHONES)),
    Kind.CONTACTS: frozenset(("contact_id", "patient_id", "phone", "relation", "status", *_PHONES)),
    Kind.CONSENTS: frozenset(("patient_id", "consent")),
    Kind.APPOINTMENTS: frozenset((*_VISIT.split(), "telehealth_url")),
    Kind.REFERRALS: frozenset(_REFERRAL.split()),
    Kind.TASKS: frozenset(("referral_id", "stage")),
    Kind.DISCHARGES: frozenset(("discharge_id", "patient_id", "discharged_at", "facility")),
    Kind.CONDITIONS: frozenset(("condition_id", "patient_id", "condition", "status")),
}
_NO_CELLS: dict[str, str] = {}
_MARK = b"\xef\xbb\xbf"
_LINES_TO_TELL_BY = 5
_TRUNCATED = "is the file complete? Export it again"


class FhirFile:
    """One file, from a stream that can be rewound. Raises Unreadable where it is no FHIR JSON at all."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._entries = None if _is_ndjson(stream) else _entries(_whole(stream))
        self.unit = "line" if self._entries is None else "entry"
        self._types: Counter[str] = Counter()
        self._broken: list[RawRow] = []
        urls, places = self._survey()
        self._around = Surroundings(urls, places, clock.now().date())

    def of(self, kind: Kind) -> FhirRows:
        """The rows of one kind."""
        return FhirRows(self, kind)

    def skipped(self) -> Mapping[str, int]:
        """How many resources there are of each type that is not imported."""
        return {name: count for name, count in self._types.items() if name not in _IMPORTED}

    def rows(self, kind: Kind) -> Generator[RawRow]:
        """The rows of one kind; what is no resource at all is told of among the patients, which come first."""
        if kind is Kind.PATIENTS:
            yield from self._broken
        name, mapper = _TYPES[kind]
        rows = (self._row(place, resource, mapper) for place, resource in self._resources(name))
        found = (row for row in rows if row)
        yield from _latest(found) if kind is Kind.CONSENTS else found

    def _row(self, place: int, resource: Json, mapper: Mapper) -> RawRow | None:
        try:
            cells = mapper(resource, self._around)
        except NotUsable as error:
            return RawRow(place, _NO_CELLS, str(error))
        return None if cells is None else RawRow(place, cells)

    def _resources(self, name: str) -> Iterator[tuple[int, Json]]:
        """The resources of one type, with the line or the entry where each stands."""
        if self._entries is not None:
            for place, (url, resource) in enumerate(self._entries, start=1):
                if resource.get("resourceType") == name:
                    yield place, _identified(resource, url)
            return
        needle = f'"{name}"'.encode()
        for place, line in _lines(self._stream):
            if needle in line:
                for url, found in _on_line(line):
                    if isinstance(found, dict) and found.get("resourceType") == name:
                        yield place, _identified(found, url)

    def _survey(self) -> tuple[dict[str, str], dict[str, str]]:
        """Count types, and learn where references lead: full URLs of entries, names of locations."""
        urls: dict[str, str] = {}
        places: dict[str, str] = {}
        for place, url, resource in self._everything():
            kind = text(resource.get("resourceType")) if isinstance(resource, dict) else ""
            if not isinstance(resource, dict) or not kind:
                reason = "not JSON: " + _TRUNCATED if resource is None else "no resource: it has no resourceType"
                self._broken.append(RawRow(place, _NO_CELLS, reason))
                continue
            self._types[kind] += 1
            identity = text(_identified(resource, url).get("id"))
            if url:
                urls[url] = f"{kind}/{identity}"
            if kind == "Location" and identity:
                places[identity] = text(resource.get("name"))
        return urls, places

    def _everything(self) -> Iterator[tuple[int, str, object]]:
        if self._entries is None:
            for place, line in _lines(self._stream):
                for url, resource in _on_line(line):
                    yield place, url, resource
        else:
            for place, (url, resource) in enumerate(self._entries, start=1):
                yield place, url, resource


class FhirRows:
    """The rows of one kind in a FHIR file."""

    remark: str | None = None

    def __init__(self, file: FhirFile, kind: Kind) -> None:
        self._file, self._kind = file, kind
        self.columns = _COLUMNS[kind]
        self.unit = file.unit

    def rows(self) -> Generator[RawRow]:
        """Every row, from the first."""
        return self._file.rows(self._kind)


def _latest(rows: Iterator[RawRow]) -> Iterator[RawRow]:
    """Of each patient's consents the one that counts."""
    best: dict[str, RawRow] = {}
    for row in rows:
        if row.fault:
            yield row
            continue
        patient = row.cells["patient_id"]
        if patient not in best or row.cells["order"] >= best[patient].cells["order"]:
            best[patient] = row
    yield from best.values()


def _is_ndjson(stream: IO[bytes]) -> bool:
    """Whether lines are resources of their own. A Bundle on one line, with nothing after it, is still a Bundle."""
    lines = list(islice((line for _, line in _lines(stream)), _LINES_TO_TELL_BY))
    if not lines:
        raise Unreadable("the file is empty")
    first, *others = lines
    found = _parsed(first)
    if isinstance(found, dict) and found.get("resourceType") != "Bundle":
        return True
    # The first line may be the broken one.
    return first.startswith(b"{") and any(_is_resource(_parsed(line)) for line in others)


def _is_resource(found: object) -> bool:
    return isinstance(found, dict) and bool(text(found.get("resourceType")))


def _on_line(line: bytes) -> Iterator[tuple[str, object]]:
    """What a line of NDJSON holds: a resource, or a Bundle's entries with the full URL of each."""
    found = _parsed(line)
    if isinstance(found, dict) and found.get("resourceType") == "Bundle":
        yield from _entries(found)
    else:
        yield "", found


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank, numbered from 1."""
    stream.seek(0)
    for number, line in enumerate(stream, start=1):
        bare = line.removeprefix(_MARK).strip()
        if bare:
            yield number, bare


def _parsed(line: bytes) -> Any:
    """The JSON of a line; None where it is none."""
    try:
        # Decoded here: left to itself, json takes UTF-16 too, in which no line ends where bytes say so.
        return json.loads(line.decode())
    except (ValueError, RecursionError):
        return None


def _whole(stream: IO[bytes]) -> Any:
    stream.seek(0)
    try:
        return json.loads(stream.read().removeprefix(_MARK).decode())
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Unreadable(f"{where}: not JSON ({error.msg}): {_TRUNCATED}") from None
    except (UnicodeDecodeError, RecursionError):
        raise Unreadable("not JSON in UTF-8: export it again as FHIR JSON") from None


def _entries(found: Any) -> list[tuple[str, Json]]:
    """A Bundle's entries, with the full URL of each; a list of resources, or a single one, does as well."""
    if isinstance(found, dict) and found.get("resourceType") == "Bundle":
        listed = found.get("entry")
        entries = [entry if isinstance(entry, dict) else {} for entry in listed] if isinstance(listed, list) else []
        return [(text(entry.get("fullUrl")), _object(entry.get("resource"))) for entry in entries]
    if isinstance(found, dict) and text(found.get("resourceType")):
        return [("", found)]
    if isinstance(found, list):
        return [("", _object(resource)) for resource in found]
    raise Unreadable("no FHIR: neither a Bundle nor resources, one on each line")


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _identified(resource: Json, url: str) -> Json:
    """The resource with an id: a transaction's entries may have no more than a temporary URL."""
    if text(resource.get("id")) or not url:
        return resource
    return {**resource, "id": url.rpartition("/")[2].rpartition(":")[2]}
