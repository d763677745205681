"""How soon an answer is due: what the clinic has set by priority, and nothing that slows an emergency."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, insert

from bot.core.escalation import Priority
from bot.store.tables import Escalation, ServiceLevel
from tests.services.sending import Scene
from tests.web.console.desk import Desk

SATURDAY_NOON = datetime(2026, 11, 21, 18, tzinfo=UTC)
MONDAY_8 = datetime(2026, 11, 23, 14, tzinfo=UTC)
DANGER, QUESTION, FEVER = "my chest hurts and I cannot breathe", "where do I park?", "I have a rash and a fever"


@pytest.fixture
def desk(scene: Scene) -> Desk:
    desk = Desk(scene.clinic)
    desk.now = SATURDAY_NOON
    desk.patient(10, "Rosa", "Delgado")
    return desk


@pytest.fixture
def asked(desk: Desk) -> Iterator[list[str]]:
    """Every statement that asks for the levels."""
    seen: list[str] = []

    def look(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "service_levels" in statement:
            seen.append(statement)

    event.listen(desk.clinic.database.engine, "before_cursor_execute", look)
    yield seen
    event.remove(desk.clinic.database.engine, "before_cursor_execute", look)


def level(desk: Desk, priority: Priority, minutes: int, *, office_hours: bool = False) -> None:
    row = {"priority": priority, "minutes": minutes, "office_hours": office_hours, "updated_at": desk.now}
    with desk.clinic.database.begin() as connection:
        connection.execute(insert(ServiceLevel).values(**row))


def due(desk: Desk, words: str) -> datetime:
    talk = desk.text(10, words)
    moment: datetime = desk.row(Escalation, Escalation.conversation_id == talk).respond_by
    return moment


@pytest.mark.parametrize(
    ("words", "within"),
    [(DANGER, timedelta(minutes=5)), (FEVER, timedelta(minutes=30)), (QUESTION, timedelta(hours=8))],
)
def test_without_a_setting_the_built_in_times_hold(desk: Desk, words: str, within: timedelta) -> None:
    assert due(desk, words) == SATURDAY_NOON + within


def test_the_clinics_own_time_holds(desk: Desk) -> None:
    level(desk, Priority.ROUTINE, 90)
    assert due(desk, QUESTION) == SATURDAY_NOON + timedelta(minutes=90)


def test_the_clock_stands_still_while_the_clinic_is_closed(desk: Desk) -> None:
    level(desk, Priority.ROUTINE, 120, office_hours=True)
    assert due(desk, QUESTION) == MONDAY_8 + timedelta(hours=2)


def test_never_for_an_emergency(desk: Desk) -> None:
    level(desk, Priority.EMERGENCY, 3, office_hours=True)
    assert due(desk, DANGER) == SATURDAY_NOON + timedelta(minutes=3)


def test_many_texts_ask_once(desk: Desk, asked: list[str]) -> None:
    for number in range(11, 16):
        desk.patient(number, "Ana", "Ruiz")
        desk.text(number, QUESTION)
    assert len(asked) == 1
    desk.clinic.known.forget()
    desk.text(10, QUESTION)
    assert len(asked) == 2
