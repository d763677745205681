"""Settings: who may change what, what is said beside a field, and what stands in the audit trail."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from bot.store.tables import AuditEntry, Escalation, Location, OnCall, Resource, Role, ServiceLevel, User
from tests.web.console.desk import Browser, Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

WEEK = {
    f"{day}_{end}": at
    for day in ("mon", "tue", "wed", "thu", "fri")
    for end, at in (("from", "09:00"), ("to", "16:00"))
}
ELM = {"name": "Elm St", "text_name": "Elm Street", "phone": "601-555-0142", "timezone": "America/Chicago", **WEEK}


@pytest.fixture
def sam(desk: Desk, console: Flask) -> Browser:
    """A supervisor, signed in."""
    desk.user("Sam Lee", Role.SUPERVISOR)
    browser = Browser(console)
    browser.sign_in("Sam")
    return browser


def audited(desk: Desk, action: str) -> Any:
    return desk.row(AuditEntry, AuditEntry.action == action)


def test_a_place_that_visits_name_is_offered_and_then_set_up(desk: Desk, sam: Browser) -> None:
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"))
    page = sam.get("/console/settings/locations").text
    assert "Named by visits, not set up" in page
    assert 'value="Main St"' in sam.get("/console/settings/locations?new=Main+St").text
    done = sam.post("/console/settings/locations", {**ELM, "name": "Main St", "holidays": "2026-12-25\n2026-11-26"})
    assert done.status_code == 303
    page = sam.get("/console/settings/locations").text
    assert "Named by visits, not set up" not in page
    assert "2026-11-26, 2026-12-25" in page
    row = desk.row(Location)
    assert (row.text_name, row.phone, row.hours["mon"]) == ("Elm Street", "+16015550142", "09:00-16:00")
    assert audited(desk, "location.add").detail["name"] == "Main St"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"text_name": ""}, "Fill this in."),
        ({"text_name": "Elm Oncology"}, "tells what the care is for"),
        ({"phone": "555-0142"}, "no phone number that can be called"),
        ({"timezone": "Mars/Olympus"}, "no such time zone"),
        ({"mon_to": ""}, "Give both times"),
        ({"mon_to": "08:00"}, "before the start"),
        ({"holidays": "Christmas"}, "Write each date as"),
        ({"name": "Old St"}, "a location of this name already"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(wrong: dict[str, str], told: str, desk: Desk, sam: Browser) -> None:
    sam.post("/console/settings/locations", {**ELM, "name": "Old St"})
    answer = sam.post("/console/settings/locations", {**ELM, **wrong})
    assert answer.status_code == 422
    assert told in answer.text
    assert "Nothing has been saved" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert 'value="16:00"' in answer.text, "what was typed stays"
    assert desk.row(Location).name == "Old St"


def test_a_change_keeps_the_old_words_in_the_trail(desk: Desk, sam: Browser) -> None:
    sam.post("/console/settings/locations", ELM)
    row = desk.row(Location)
    sam.post(
        f"/console/settings/locations/{row.id}", {**ELM, "text_name": "Elm", "sat_from": "09:00", "sat_to": "12:00"}
    )
    detail = audited(desk, "location.change").detail
    assert detail["text_name"] == ["Elm Street", "Elm"]
    assert "sat" not in detail["hours"][0]
    assert detail["hours"][1]["sat"] == "09:00-12:00"
    assert "Monday – Friday 09:00-16:00, Saturday 09:00-12:00" in sam.get("/console/settings/locations").text
    assert set(detail) == {"text_name", "hours"}
    assert sam.post(f"/console/settings/locations/{row.id}/remove").status_code == 303
    assert audited(desk, "location.remove").object_id == row.id
    assert sam.get(f"/console/settings/locations/{row.id}").status_code == 404


def test_who_works_at_some_places_sets_up_those_only(desk: Desk, sam: Browser) -> None:
    sam.post("/console/settings/locations", ELM)
    row = desk.row(Location)
    desk.change(User, User.name == "Sam Lee", locations=["Main St"])
    assert "Elm St" not in sam.get("/console/settings/locations").text
    for path in (f"locations/{row.id}", f"locations/{row.id}/remove", "locations"):
        assert sam.post(f"/console/settings/{path}", ELM).status_code == 403
    assert sam.post("/console/settings/locations", {**ELM, "name": "Main St"}).status_code == 303


def test_somebody_on_call_has_their_number_sealed(desk: Desk, sam: Browser) -> None:
    ben = desk.user("Ben Cole")
    entry = {"rung": "1", "user_id": ben, "after_minutes": "5", "phone": "(601) 555-0143"}
    assert sam.post("/console/settings/on-call", entry).status_code == 303
    row = desk.row(OnCall)
    assert desk.clinic.vault.open("on_call.phone", row.id, row.phone) == "+16015550143"
    assert not row.by_email
    page = sam.get("/console/settings/on-call").text
    assert "after 5 minutes · text to (601) 555-0143" in page
    assert "0143" not in str(audited(desk, "on-call.add").detail)
    sam.post(f"/console/settings/on-call/{row.id}", {**entry, "after_minutes": "10", "phone": "601-555-0144"})
    assert audited(desk, "on-call.change").detail == {"after_minutes": [5, 10], "number": "other"}
    assert sam.post(f"/console/settings/on-call/{row.id}/remove").status_code == 303
    assert "Nobody is on call" in sam.get("/console/settings").text


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"user_id": ""}, "Fill this in."),
        ({"user_id": "nobody"}, "Choose somebody"),
        ({"after_minutes": "-5"}, "a whole number within the limits"),
        ({"rung": "10"}, "a whole number within the limits"),
        ({"phone": "12"}, "no phone number"),
        ({"phone": ""}, "otherwise they hear nothing"),
    ],
)
def test_a_rung_that_helps_nobody_is_refused(wrong: dict[str, str], told: str, desk: Desk, sam: Browser) -> None:
    entry = {"rung": "1", "user_id": desk.user("Ben Cole"), "after_minutes": "5", "phone": "601-555-0143"}
    answer = sam.post("/console/settings/on-call", {**entry, **wrong})
    assert answer.status_code == 422
    assert told in answer.text


def test_who_may_only_look_is_on_no_ladder(desk: Desk, sam: Browser) -> None:
    looker = desk.user("Lou Park", Role.READ_ONLY)
    entry = {"rung": "1", "user_id": looker, "after_minutes": "5", "by_email": "yes"}
    assert sam.post("/console/settings/on-call", entry).status_code == 422
    assert "Lou Park" not in sam.get("/console/settings/on-call").text


def test_a_service_level_moves_the_clocks_of_what_comes_next(desk: Desk, sam: Browser) -> None:
    desk.patient(10, "Rosa", "Delgado")
    assert sam.post("/console/settings/service-levels", {"routine": "60"}).status_code == 303
    desk.text(10, "where do I park?")
    case = desk.row(Escalation)
    assert (case.respond_by - case.created_at).total_seconds() == 3600
    assert audited(desk, "service-levels.change").detail == {"routine": ["built-in", "60 min"]}
    sam.post("/console/settings/service-levels", {})
    with desk.clinic.database.read() as connection:
        assert not connection.execute(ServiceLevel.__table__.select()).all()  # type: ignore[attr-defined]


def test_an_emergencys_clock_never_waits_for_the_morning(desk: Desk, sam: Browser) -> None:
    levels = {"emergency": "5", "emergency_hours": "yes", "urgent": "30", "routine": "60", "routine_hours": "yes"}
    sam.post("/console/settings/service-levels", levels)
    assert not desk.row(ServiceLevel, ServiceLevel.priority == "emergency").office_hours
    assert desk.row(ServiceLevel, ServiceLevel.priority == "routine").office_hours
    page = sam.get("/console/settings/service-levels").text
    assert re.search(r'name="routine_hours" value="yes" checked', page)
    assert "emergency_hours" not in page


def test_what_is_more_urgent_has_no_more_time(sam: Browser) -> None:
    answer = sam.post("/console/settings/service-levels", {"urgent": "600"})
    assert answer.status_code == 422
    assert "cannot have more time" in answer.text


def test_a_resource_grows_stale_until_somebody_makes_sure_of_it(desk: Desk, sam: Browser) -> None:
    rides = {"name": "Delta Rides", "category": "transport", "url": "https://rides.example/", "languages": "en, es-MX",
             "verified_on": "2026-05-01"}  # fmt: skip
    assert sam.post("/console/settings/resources", rides).status_code == 303
    row = desk.row(Resource)
    assert row.languages == ["en", "es"]
    assert "make sure that it still holds" in sam.get("/console/settings/resources").text
    sam.post(f"/console/settings/resources/{row.id}/use", {"do": "verify"})
    assert "make sure that it still holds" not in sam.get("/console/settings/resources").text
    assert audited(desk, "resource.verify").detail == {"verified_on": ["2026-05-01", "2026-11-23"]}
    sam.post(f"/console/settings/resources/{row.id}/use", {"do": "retire"})
    assert "out of use" in sam.get("/console/settings/resources").text
    sam.post(f"/console/settings/resources/{row.id}", {**rides, "name": "Delta Vans"})
    assert audited(desk, "resource.change").detail["name"] == ["Delta Rides", "Delta Vans"]
    assert 'value="Delta Vans"' in sam.get(f"/console/settings/resources/{row.id}").text


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": ""}, "Fill this in."),
        ({"category": "cars"}, "Choose one from the list."),
        ({"url": "javascript:alert(1)"}, "beginning with https://"),
        ({"languages": "en, klingon"}, "language codes that the clinic has"),
        ({"verified_on": "2027-01-01"}, "not in the future"),
    ],
)
def test_a_resource_that_misleads_is_refused(wrong: dict[str, str], told: str, sam: Browser) -> None:
    answer = sam.post("/console/settings/resources", {"name": "Delta Rides", "category": "food", **wrong})
    assert answer.status_code == 422
    assert told in answer.text


@pytest.mark.parametrize("page", ["on-call/none", "resources/none", "locations/none"])
def test_what_is_gone_is_not_found(page: str, desk: Desk, sam: Browser) -> None:
    form = {
        **ELM, "category": "food", "rung": "1", "user_id": desk.user("Ben Cole"), "after_minutes": "5", "by_email": "y",
    }  # fmt: skip
    assert sam.get(f"/console/settings/{page}").status_code == 404
    assert sam.post(f"/console/settings/{page}", form).status_code == 404
    last = "use" if page.startswith("resources") else "remove"
    assert sam.post(f"/console/settings/{page}/{last}", {"do": "use"}).status_code == 404


def test_what_the_environment_says_is_shown_and_no_secret(desk: Desk, sam: Browser) -> None:
    page = sam.get("/console/settings").text
    settings = desk.clinic.settings
    assert settings.clinic_name in page
    assert settings.quiet_hours in page
    assert settings.auth_tokens[0] not in page
    assert settings.secret_key.get_secret_value() not in page


def test_settings_take_few_queries(sam: Browser, count_queries: Callable[[], int]) -> None:
    for path in ("", "/locations", "/on-call", "/service-levels", "/resources"):
        before = count_queries()
        assert sam.get(f"/console/settings{path}").status_code == 200
        assert count_queries() - before <= 12, path


def test_how_to_check_in_is_ticked_and_worded_by_language(desk: Desk, sam: Browser) -> None:
    sam.post("/console/settings/locations", ELM)
    row = desk.row(Location)
    assert (row.check_in, row.directions, row.spoken) == (False, {}, [])
    path = f"/console/settings/locations/{row.id}"
    words = {"directions_en": "Park behind the house.", "directions_ru": "Вход со двора."}
    sam.post(path, {**ELM, **words, "check_in": "yes", "speaks_en": "yes", "speaks_es": "yes"})
    row = desk.row(Location)
    assert row.check_in
    assert row.directions == {"en": "Park behind the house.", "ru": "Вход со двора."}
    assert row.spoken == ["en", "es"]
    assert audited(desk, "location.change").detail["check_in"] == [False, True]
    page = sam.get(path).text
    assert "Вход со двора." in page
    assert page.count("checked") == 3


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"directions_en": "Ask for the oncology desk."}, "tell what the care is for"),
        ({"directions_en": "Reply YES if you need a ramp."}, "a word on which carriers act"),
        ({"directions_es": "x" * 121}, "too long"),
    ],
)
def test_words_on_the_way_in_are_linted(desk: Desk, sam: Browser, typed: dict[str, str], why: str) -> None:
    answer = sam.post("/console/settings/locations", {**ELM, **typed})
    assert answer.status_code == 422
    assert why in answer.text
