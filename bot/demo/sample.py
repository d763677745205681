"""A clinic with a realistic day: made-up patients, their visits, and what some of them will text back."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

ZONE = "America/Chicago"
PLACES = ("Main Street", "Riverside")
SERVICES = ("primary care", "physical therapy", "eye clinic", "diabetes education", "pediatrics")


@dataclass(frozen=True, slots=True)
class SamplePatient:
    """One made-up patient. `day` and `hour` say when the visit is, counted from the demo's today, in local time."""

    patient_id: str
    given: str
    family: str
    language: str
    line: int
    """The last two digits of the phone: 601-555-01xx. Two patients with one line share a phone."""
    day: int
    hour: str
    consent: str = "yes"

    @property
    def phone(self) -> str:
        """E.164."""
        return f"+160155501{self.line:02d}"


@dataclass(frozen=True, slots=True)
class SampleText:
    """What a patient writes some seconds into the demo; `wants_reminder` waits until a text has arrived."""

    patient_id: str
    body: str


PATIENTS: Sequence[SamplePatient] = (
    SamplePatient("P-1001", "Maria", "Delgado", "es", 10, 1, "09:00"),
    SamplePatient("P-1002", "James", "Whitfield", "en", 11, 1, "08:30"),
    SamplePatient("P-1003", "Aisha", "Rahman", "ar", 12, 1, "09:15"),
    SamplePatient("P-1004", "Dolores", "Reyes", "es", 13, 1, "08:15"),
    SamplePatient("P-1005", "Robert", "Kowalski", "en", 14, 1, "09:30"),
    SamplePatient("P-1006", "Linh", "Tran", "vi", 15, 1, "09:45"),
    SamplePatient("P-1007", "Margaret", "Owens", "en", 16, 1, "08:45"),
    SamplePatient("P-1008", "Jean", "Baptiste", "ht", 17, 1, "09:40"),
    SamplePatient("P-1009", "Tomás", "Herrera", "es", 18, 1, "08:20"),
    SamplePatient("P-1010", "Grace", "Okafor", "en", 19, 1, "09:50"),
    SamplePatient("P-1011", "Ana", "Silva", "pt", 20, 1, "10:30"),
    SamplePatient("P-1012", "Diego", "Silva", "pt", 20, 1, "10:50"),
    SamplePatient("P-1013", "Wei", "Chen", "zh-Hans", 21, 1, "11:15"),
    SamplePatient("P-1014", "Ruth", "Abrams", "en", 22, 1, "13:00"),
    SamplePatient("P-1015", "Omar", "Haddad", "ar", 23, 1, "14:30"),
    SamplePatient("P-1016", "Min-ji", "Park", "ko", 24, 1, "15:15"),
    SamplePatient("P-1017", "Irina", "Volkova", "ru", 25, 3, "09:20"),
    SamplePatient("P-1018", "Carlos", "Mendoza", "es", 26, 3, "09:35"),
    SamplePatient("P-1019", "Denise", "Jackson", "en", 27, 3, "08:50"),
    SamplePatient("P-1020", "Priya", "Sharma", "hi", 28, 3, "10:45"),
    SamplePatient("P-1021", "Marie", "Dupont", "fr", 29, 3, "11:30"),
    SamplePatient("P-1022", "Jose", "Santos", "tl", 30, 3, "13:45"),
    SamplePatient("P-1023", "Reza", "Karimi", "fa", 31, 3, "14:10"),
    SamplePatient("P-1024", "Helen", "Nowak", "pl", 32, 3, "15:30"),
    SamplePatient("P-1025", "Samuel", "Brooks", "en", 33, 0, "14:00"),
    SamplePatient("P-1026", "Lucia", "Ortega", "es", 34, 0, "15:30"),
    SamplePatient("P-1027", "Walter", "Hughes", "en", 35, 0, "16:00", consent=""),
    SamplePatient("P-1028", "Fatima", "Nasser", "ar", 36, 6, "09:00"),
    SamplePatient("P-1029", "Kevin", "Murphy", "en", 37, 6, "10:00", consent="no"),
    SamplePatient("P-1030", "Elena", "Vargas", "es", 38, 9, "11:00"),
)
"""Thirty patients in the fourteen languages; the phones are of the range kept for fiction."""

BY_VIDEO = {"P-1010": "https://video.example/rooms/grace-4711", "P-1019": "https://video.example/rooms/denise-0815"}
"""Who joins the visit by a link."""

TEXTS: Sequence[SampleText] = (
    SampleText("P-1002", "yes I'll be there"),
    SampleText("P-1004", "si, pero no tengo quien me lleve"),
    SampleText("P-1007", "my chest hurts and I can't catch my breath"),
    SampleText("P-1009", "no puedo ir, puede ser otro dia?"),
    SampleText("P-1005", "can I take my blood pressure pill that morning?"),
    SampleText("P-1019", "call me please, question about the bill"),
)
"""A morning's replies. The others have not answered yet: their phones are yours to type on."""


def patients_csv() -> bytes:
    """The patients, as a clinic's export has them."""
    rows = [
        [
            p.patient_id,
            p.given,
            p.family,
            _birth_date(p),
            p.phone,
            p.language,
            ZONE,
            p.consent,
        ]
        for p in PATIENTS
    ]
    header = ["patient_id", "given_name", "family_name", "birth_date", "phone", "language", "timezone", "consent"]
    return _csv(header, rows)


def appointments_csv(today: date) -> bytes:
    """A visit for each patient, counted from `today`."""
    rows = []
    for number, p in enumerate(PATIENTS):
        starts = datetime.combine(today + timedelta(days=p.day), time.fromisoformat(p.hour))
        rows.append(
            [
                f"A-{2001 + number}",
                p.patient_id,
                starts.isoformat(timespec="minutes"),
                "30",
                ZONE,
                PLACES[number % len(PLACES)],
                f"Clinician {number % 5 + 1}",
                SERVICES[number % len(SERVICES)],
                "booked",
                BY_VIDEO.get(p.patient_id, ""),
            ]
        )
    header = [
        "appointment_id",
        "patient_id",
        "starts_at",
        "duration_minutes",
        "timezone",
        "location",
        "clinician",
        "service",
        "status",
        "telehealth_url",
    ]
    return _csv(header, rows)


def _birth_date(patient: SamplePatient) -> str:
    return date(1940 + patient.line, patient.line % 9 + 1, 10 + patient.line % 9).isoformat()


def labels() -> dict[str, dict[str, str]]:
    """For the page of phones: whose each one is, and in which language."""
    found: dict[str, dict[str, str]] = {}
    for p in PATIENTS:
        known = found.get(p.phone)
        name = f"{p.given} {p.family}"
        found[p.phone] = {"name": f"{known['name']}, {name}" if known else name, "language": p.language}
    return found


def _csv(header: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()
