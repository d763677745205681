"""Loops in the console: what is late first, one loop with its history, and reports that move it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.services.loops.opening import Opening, open_loop
from bot.store.queries import loops
from bot.store.tables import Enrollment, Role, User
from tests.web.console.desk import Browser, Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Sit = Callable[[str], Browser]
WEEK = timedelta(days=7)


def opened(desk: Desk, patient_id: str, subject: str, step: str | None = None, *, ago: timedelta = timedelta(0)) -> str:
    """A recall of theirs, opened so long ago."""
    opening = Opening(journey="recall", patient_id=patient_id, subject_id=subject, kind="a1c", step=step)
    with desk.clinic.database.begin() as connection:
        found = open_loop(connection, desk.clinic, opening, desk.clinic.clock() - ago)
    assert found is not None
    return found


@pytest.fixture
def late(desk: Desk) -> str:
    """A recall that the office should have booked some days ago."""
    return opened(desk, desk.patient(10, "Rosa", "Delgado"), "R1", "booking", ago=2 * WEEK)


def test_what_is_late_stands_first(desk: Desk, late: str, browser_of: Sit) -> None:
    opened(desk, desk.patient(11, "Linh", "Tran"), "R2")
    ana = browser_of("Ana Ruiz")
    page = ana.get("/console/loops").text
    assert f"/console/loops/{late}" in page
    assert "Rosa Delgado" in page
    assert "Offer times for the visit" in page
    assert "Linh Tran" not in page
    waiting = ana.get("/console/loops?view=patient").text
    assert "Linh Tran" in waiting
    assert "Rosa Delgado" not in waiting


def test_a_report_moves_it_and_stands_in_its_history(desk: Desk, late: str, browser_of: Sit) -> None:
    ana = browser_of("Ana Ruiz")
    page = ana.get(f"/console/loops/{late}").text
    assert "Visit booked" in page
    answer = ana.post(f"/console/loops/{late}/report", {"event": "booked"})
    assert answer.status_code == 303
    page = ana.get(f"/console/loops/{late}").text
    assert "Ended: booked" in page
    assert "Ana Ruiz" in page
    assert "Visit booked</button>" not in page
    ana.post(f"/console/loops/{late}/report", {"event": "booked"})
    assert "somebody has moved this on meanwhile" in ana.get(f"/console/loops/{late}").text
    assert "Rosa Delgado" in ana.get("/console/loops?view=ended").text


def test_somebody_sees_to_it_and_hands_it_back(desk: Desk, late: str, browser_of: Sit) -> None:
    ana = browser_of("Ana Ruiz")
    ana.post(f"/console/loops/{late}/owner", {"mine": "yes"})
    assert "Ana Ruiz" in ana.get("/console/loops?view=office").text
    ana.post(f"/console/loops/{late}/owner")
    with desk.clinic.database.read() as connection:
        row = loops.one(connection, late)
    assert row is not None
    assert row.owner_id is None


def test_pages_go_on_and_a_broken_mark_begins_anew(desk: Desk, browser_of: Sit) -> None:
    patient = desk.patient(10, "Rosa", "Delgado")
    for number in range(53):
        opened(desk, patient, f"R{number}", "booking", ago=timedelta(days=number))
    ana = browser_of("Ana Ruiz")
    first = ana.get("/console/loops?view=office").text
    assert first.count("loop-row") == 50
    after = first.split("after=")[1].split('"')[0].replace("&amp;", "&")
    assert ana.get(f"/console/loops?view=office&after={after}").text.count("loop-row") == 3
    assert ana.get("/console/loops?view=office&after=nonsense").text.count("loop-row") == 50


def test_another_places_loops_are_out_of_sight(desk: Desk, late: str, browser_of: Sit) -> None:
    desk.visit(1, "P-010", days=3)
    ben = browser_of("Ben Cole")
    desk.change(User, User.name == "Ben Cole", locations=["Elsewhere"])
    assert "Rosa Delgado" not in ben.get("/console/loops").text
    assert ben.get(f"/console/loops/{late}").status_code in (303, 403, 404)


def test_who_may_only_look_has_no_buttons(desk: Desk, late: str, browser_of: Sit) -> None:
    vera = browser_of("Vera Long")
    desk.change(User, User.name == "Vera Long", role=Role.READ_ONLY)
    assert "Visit booked</button>" not in vera.get(f"/console/loops/{late}").text
    assert vera.post(f"/console/loops/{late}/report", {"event": "booked"}).status_code == 403


def test_one_that_is_not_there(desk: Desk, browser_of: Sit) -> None:
    ana = browser_of("Ana Ruiz")
    assert ana.get("/console/loops/nothing").status_code == 404
    with desk.clinic.database.begin() as connection:
        connection.execute(update(Enrollment).values(journey="of the past"))
    assert ana.get("/console/loops").status_code == 200
