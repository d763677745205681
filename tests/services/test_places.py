"""Locations count: what texts about a visit say of the place, when somebody reads there, and how it is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select

from bot.core.escalation import Priority
from bot.services.setting import levels, locations
from bot.services.situation import visit_of
from bot.services.wording import text_key, values_for
from bot.store.queries import places as queries
from bot.store.tables import Appointment, Escalation, Location, Message
from tests.services.sending import Scene
from tests.services.test_pause import last_reply
from tests.web.console.desk import Desk

MAIN = {"name": "Main St", "text_name": "Main Street", "phone": "601-555-0142", "timezone": "America/Chicago"}
MORNINGS = {f"{day}_{end}": at for day in ("mon", "tue") for end, at in (("from", "08:00"), ("to", "12:00"))}
CHRISTMAS_EVE = datetime(2026, 12, 24, 16, tzinfo=UTC)


@pytest.fixture
def desk(scene: Scene) -> Desk:
    return Desk(scene.clinic)


def set_up(desk: Desk, **more: str) -> None:
    assert locations.save(desk.clinic, {**MAIN, **more}, location_id=None, actor_id="ana", now=desk.now) is None


def test_a_danger_is_answered_by_the_places_own_hours_and_number(desk: Desk) -> None:
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"), days=3)
    set_up(desk, **MORNINGS)
    desk.wait(hours=4)  # Monday, 14:00: the clinic is open, this place is not.
    desk.text(10, "my chest hurts")
    said = last_reply(desk)
    assert "601-555-0142" in said
    assert "Tue at 8:00 AM" in said
    assert text_key("general/emergency", desk.clinic, desk.now) == "general/emergency_open"


def test_a_patient_of_no_one_place_has_the_clinics(desk: Desk) -> None:
    rosa = desk.patient(10, "Rosa", "Delgado")
    desk.visit(1, rosa, days=3)
    desk.visit(2, rosa, days=4)
    desk.change(Appointment, Appointment.appointment_id == "V-2", location="Elm St")
    set_up(desk, **MORNINGS)
    desk.wait(hours=4)
    desk.text(10, "my chest hurts")
    assert "601-555-0142" not in last_reply(desk)


def test_a_holiday_is_closed_and_the_next_day_told(desk: Desk) -> None:
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"), days=40)
    set_up(desk, holidays="2026-12-24 2026-12-25")
    desk.now = CHRISTMAS_EVE
    desk.text(10, "my chest hurts")
    assert "Mon at 8:00 AM" in last_reply(desk)


def test_a_text_about_a_visit_names_the_place_as_texts_do(desk: Desk, scene: Scene) -> None:
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"), days=3)
    visit = visit_of(desk.row(Appointment), "Rosa")
    before = values_for(scene.clinic, now=desk.now, visits=[visit])
    assert before["location"] == "Main St"
    set_up(desk)
    after = values_for(scene.clinic, now=desk.now, visits=[visit])
    assert (after["location"], after["phone"]) == ("Main Street", "601-555-0142")


def test_an_inbound_asks_for_no_place_while_what_is_known_is_fresh(desk: Desk) -> None:
    desk.patient(10, "Rosa", "Delgado")
    asked: list[str] = []

    def note(*arguments: object) -> None:
        asked.append(str(arguments[2]))

    event.listen(desk.clinic.database.engine, "before_cursor_execute", note)
    desk.text(10, "hello")
    assert sum("FROM locations" in statement for statement in asked) == 1
    asked.clear()
    desk.text(10, "where do I park?")
    assert not [statement for statement in asked if "locations" in statement or "service_levels" in statement]


def test_a_malformed_row_costs_nobody_an_answer(desk: Desk) -> None:
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"), days=3)
    set_up(desk)
    desk.change(Location, Location.name == "Main St", timezone="Mars/Olympus")
    desk.clinic.known.forget()
    desk.text(10, "my chest hurts")
    assert "601-555-0142" not in last_reply(desk)
    with desk.clinic.database.read() as connection:
        assert connection.execute(select(Message.id).where(Message.kind.like("general/emergency%"))).all()


def test_closed_hours_stop_a_routine_clock_and_no_urgent_one(desk: Desk) -> None:
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"), days=3)
    set_up(desk, **MORNINGS)
    form = {"emergency": "5", "urgent": "30", "routine": "120", "routine_hours": "yes"}
    assert levels.save(desk.clinic, form, actor_id="ana", now=desk.now) is None
    desk.wait(hours=1)  # 11:00; an hour is left until noon, and one is due on Tuesday from 8:00.
    desk.text(10, "where do I park?")
    case = desk.row(Escalation)
    assert case.priority is Priority.ROUTINE
    assert case.respond_by == datetime(2026, 11, 24, 15, tzinfo=UTC)
    assert desk.clinic.set_up().due(Priority.EMERGENCY, desk.now) == desk.now + timedelta(minutes=5)


def test_places_in_use_and_not_set_up_are_found(desk: Desk) -> None:
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"), days=3)
    with desk.clinic.database.read() as connection:
        assert queries.unplaced(connection, desk.now) == ["Main St"]
    set_up(desk)
    with desk.clinic.database.read() as connection:
        assert queries.unplaced(connection, desk.now) == []
