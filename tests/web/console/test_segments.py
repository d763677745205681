"""Segments in the console: built by buttons alone, counted, kept, changed, shared; lists uploaded and forgotten."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from bot.core.cohort import Age, All, AtRisk, Either, Language, Not, Spoke, Upcoming
from bot.core.cohort_data import read, written
from bot.services import cohorts
from bot.store.tables import Appointment, Cohort, PatientList, Role, User
from bot.web.console.segment_form import filled
from tests.web.console.desk import Browser, Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Sit = Callable[[str], Browser]
NEW = "/console/segments/new"


@pytest.fixture
def clinic_of_three(desk: Desk) -> Desk:
    """Rosa with a visit, Linh, and James at another place."""
    desk.visit(1, desk.patient(10, "Rosa", "Delgado", language="es"), days=3)
    desk.patient(11, "Linh", "Tran", language="vi")
    desk.visit(2, desk.patient(12, "James", "Whitfield"), days=3)
    desk.change(Appointment, Appointment.appointment_id == "V-2", location="Elm St")
    return desk


@pytest.fixture
def ana(clinic_of_three: Desk, browser_of: Sit) -> Browser:
    """A coordinator."""
    return browser_of("Ana Ruiz")


def fields_of(page: str) -> dict[str, list[str]]:
    """What the builder's form would send, but for its buttons."""
    form = page[page.index('id="builder"') :]
    form = form[: form.index("</form>")]
    sent: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            sent.setdefault(name[1], []).append(value[1] if value else "")
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        sent[name] = [chosen[1]] if chosen else []
    return sent


def press(browser: Browser, path: str, page: str, do: str, **changed: Any) -> TestResponse:
    """Press a button of the form that is on the page, some fields being changed."""
    return browser.post(path, {**fields_of(page), **changed, "do": do})


def test_a_segment_is_built_by_buttons_alone(clinic_of_three: Desk, ana: Browser) -> None:
    page = ana.get(NEW).text
    page = press(ana, NEW, page, "add.0", **{"new.0": "language"}).text
    assert 'value="vi"' in page
    page = press(ana, NEW, page, "add.0", **{"new.0": "upcoming", "among.0.0": ["es", "vi"]}).text
    assert re.search(r'name="among.0.0" value="vi" checked', page)
    assert re.search(r'name="within_days.0.1"[^>]*value="14"', page)
    page = press(ana, NEW, page, "block", **{"match.0": "any"}).text
    page = press(ana, NEW, page, "add.1", **{"new.1": "age"}).text
    page = press(ana, NEW, page, "count", **{"least.1.0": "60", "not.0.1": "yes"}).text
    assert "2 patients" in page
    assert "Speaks Spanish, Vietnamese or Not: Visit within 14 days" in page
    answer = press(ana, NEW, page, "save", name="Older speakers", shared="yes")
    assert answer.status_code == 303
    row = clinic_of_three.row(Cohort)
    assert (row.name, row.shared) == ("Older speakers", True)
    assert read(row.definition) == All(
        (Either((Language(among=("es", "vi")), Not(Upcoming(within_days=14)))), All((Age(least=60),)))
    )
    page = ana.get(answer.location).text
    assert "2 patients" in page
    assert clinic_of_three.row(Cohort).counted == 2
    assert "2 patients" in ana.get("/console/segments").text


def test_a_condition_and_a_group_can_be_taken_away(ana: Browser) -> None:
    page = ana.get(NEW).text
    for do, new in (("add.0", "age"), ("add.0", "missed"), ("block", ""), ("add.1", "risk")):
        page = press(ana, NEW, page, do, **{f"new.{do[-1]}": new}).text
    page = press(ana, NEW, page, "drop.0.0").text
    assert [kind for kind in ("age", "missed", "risk") if f'value="{kind}">' in fields_line(page)] == ["missed", "risk"]
    page = press(ana, NEW, page, "unblock.1").text
    assert 'name="kind.1.0"' not in page
    for nonsense in ("drop.7.7", "add.9", "unblock.0", "add.x", "drop", "0.0", "add.0"):
        assert press(ana, NEW, page, nonsense, **{"new.0": "colour"}).status_code == 200


def fields_line(page: str) -> str:
    return "".join(re.findall(r'<input type="hidden" name="kind[^>]*>', page))


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_kept(clinic_of_three: Desk, ana: Browser) -> None:
    page = press(ana, NEW, ana.get(NEW).text, "add.0", **{"new.0": "missed"}).text
    answer = press(ana, NEW, page, "save", name="Missed", **{"months.0.0": "twelve"})
    assert answer.status_code == 422
    assert "Write a whole number, 1-60." in answer.text
    assert 'value="twelve"' in answer.text
    answer = press(ana, NEW, page, "save", name="Missed", **{"months.0.0": ""})
    assert "Fill this in." in answer.text
    answer = press(ana, NEW, page, "save", name="  ")
    assert answer.status_code == 422
    with clinic_of_three.clinic.database.read() as connection:
        assert connection.execute(select(Cohort.id)).all() == []


def test_two_do_not_write_over_each_other_and_others_keep_a_copy(
    clinic_of_three: Desk, ana: Browser, browser_of: Sit
) -> None:
    ben = browser_of("Ben Cole")
    page = press(ana, NEW, ana.get(NEW).text, "add.0", **{"new.0": "upcoming"}).text
    at = press(ana, NEW, page, "save", name="Soon", shared="yes").location.partition("?")[0]
    first = ana.get(at).text
    assert press(ana, at, first, "save", **{"within_days.0.0": "7"}).status_code == 303
    late = press(ana, at, first, "save", **{"within_days.0.0": "9"})
    assert late.status_code == 409
    assert "Somebody has changed it" in late.text
    page = ben.get(at).text
    assert ">Save as a new one<" in page
    assert 'value="save"' not in page
    assert press(ben, at, page, "save").status_code == 403
    assert press(ben, at, page, "copy", name="Ben’s").status_code == 303
    assert ben.post(f"{at}/remove").status_code == 403
    assert ana.post(f"{at}/remove").status_code == 303
    assert ana.get(at).status_code == 404


def test_what_is_not_shared_is_seen_by_nobody_else(clinic_of_three: Desk, ana: Browser, browser_of: Sit) -> None:
    at = press(ana, NEW, ana.get(NEW).text, "save", name="Mine").location.partition("?")[0]
    ben = browser_of("Ben Cole")
    assert ben.get(at).status_code == 404
    assert "Mine" not in ben.get("/console/segments").text


def test_who_works_at_some_places_counts_their_patients(clinic_of_three: Desk, ana: Browser) -> None:
    clinic_of_three.change(User, User.name == "Ana Ruiz", locations=["Elm St"])
    page = press(ana, NEW, ana.get(NEW).text, "add.0", **{"new.0": "location"}).text
    assert re.findall(r'name="among.0.0" value="([^"]+)"', page) == ["Elm St"]
    page = press(ana, NEW, page, "drop.0.0").text
    page = press(ana, NEW, page, "count").text
    assert "2 patients" in page
    assert "Patients of your locations only." in page
    at = press(ana, NEW, page, "save", name="All").location
    assert "2 patients" in ana.get(at).text
    assert clinic_of_three.row(Cohort).counted is None


def test_who_may_only_look_looks(clinic_of_three: Desk, ana: Browser, browser_of: Sit) -> None:
    at = press(ana, NEW, ana.get(NEW).text, "save", name="All", shared="yes").location
    vera = browser_of("Vera Kim")
    clinic_of_three.change(User, User.name == "Vera Kim", role=Role.READ_ONLY)
    page = vera.get(at).text
    assert "3 patients" in page
    assert "<form id" not in page
    assert "Upload the list" not in vera.get("/console/segments").text
    assert vera.post(NEW, {"do": "save", "name": "x", "match.0": "all"}).status_code == 403


def test_a_definition_from_elsewhere_is_shown_or_used_as_it_is(clinic_of_three: Desk, ana: Browser) -> None:
    deep = Not(All((Language(among=("es",)), Either((Spoke(side="patient", within_days=3), Not(Age(most=9)))))))
    assert filled(deep) is None
    single = Either((Language(among=("es",)), AtRisk(points=40, within_days=3)))
    for condition in (deep, single):
        owner = clinic_of_three.row(User, User.name == "Ana Ruiz").id
        at = cohorts.save(
            clinic_of_three.clinic, cohort_id=None, name="Made", condition=condition, shared=True, actor_id=owner,
            now=clinic_of_three.now,
        )  # fmt: skip
        page = ana.get(f"/console/segments/{at}?count=yes").text
        assert ("cannot show it" in page) == (condition is deep)
        assert "Not: (Speaks Spanish and (The patient wrote" in page or condition is single
    clinic_of_three.change(Cohort, Cohort.id == at, definition={**written(single), "version": 9})
    assert ana.get(f"/console/segments/{at}").status_code == 200
    assert "Of another version" in ana.get("/console/segments").text


def test_a_form_of_many_conditions_is_bounded(ana: Browser) -> None:
    sent: dict[str, Any] = {"do": "add.0", "new.0": "age"}
    for block in range(9):
        sent[f"match.{block}"] = "all"
        for row in range(13):
            sent[f"kind.{block}.{row}"] = "age"
            sent[f"least.{block}.{row}"] = "9"
    assert ana.post(NEW, sent).status_code == 200
    answer = ana.post(NEW, {**sent, "do": "save", "name": "Many"})
    assert answer.status_code == 422
    assert "A segment has 40 conditions at most." in answer.text


def test_a_list_is_uploaded_and_forgotten(clinic_of_three: Desk, ana: Browser, browser_of: Sit) -> None:
    lists = "/console/segments/lists"
    assert ana.post(lists, {"name": "Flu"}).status_code == 422
    sent = {"name": "Flu", "file": (io.BytesIO(b"patient_id\nP-010\nX-1\n"), "flu.csv")}
    page = ana.post(lists, sent, content_type="multipart/form-data").text
    assert "The list is kept: 1 patient." in page
    assert re.search(r"names nobody who is known here:</p>\s*<p class=\"lines\">3<", page)
    assert "X-1" not in page
    built = press(ana, NEW, ana.get(NEW).text, "add.0", **{"new.0": "list"}).text
    row = clinic_of_three.row(PatientList)
    page = press(ana, NEW, built, "count", **{"list_id.0.0": row.id}).text
    assert "1 patient<" in page
    assert "On the list “Flu”" in page
    bad = {"name": "Flu", "file": (io.BytesIO(b"who\nP-010\n"), "flu.csv")}
    assert "The file cannot be used" in ana.post(lists, bad, content_type="multipart/form-data").text
    ben = browser_of("Ben Cole")
    assert ben.post(f"{lists}/{row.id}/remove").status_code == 403
    assert ana.post(f"{lists}/{row.id}/remove").status_code == 303
    assert ana.post(f"{lists}/{row.id}/remove").status_code == 404
