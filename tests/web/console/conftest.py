"""A desk with patients and coordinators, and browsers to sit down at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from bot.services.clinic import Clinic
from bot.services.plan import plan_due
from bot.store.tables import PatientContact, Role, User
from bot.web.app import create_app
from tests.web.console.desk import Browser, Desk


@pytest.fixture
def desk(clinic: Clinic) -> Desk:
    """A clinic whose clock the test moves."""
    return Desk(clinic)


@pytest.fixture
def console(desk: Desk) -> Flask:
    """Its web application."""
    return create_app(desk.clinic)


@pytest.fixture
def browser_of(console: Flask, desk: Desk) -> Callable[[str], Browser]:
    """`browser_of("Ana Ruiz")`: an account of that name, signed in."""

    def sit_down(name: str) -> Browser:
        desk.user(name)
        browser = Browser(console)
        assert browser.sign_in(name.split()[0]).status_code == 303
        return browser

    return sit_down


@pytest.fixture
def count_queries(desk: Desk) -> Iterator[Callable[[], int]]:
    """How many statements the database has been sent so far."""
    sent: list[str] = []

    def note(*arguments: Any) -> None:
        sent.append(arguments[2])

    event.listen(desk.clinic.database.engine, "before_cursor_execute", note)
    yield lambda: len(sent)
    event.remove(desk.clinic.database.engine, "before_cursor_execute", note)


@pytest.fixture
def rosa(desk: Desk) -> str:
    """A patient with a visit in eight days, planned for."""
    patient_id = desk.patient(10, "Rosa", "Delgado")
    desk.visit(1, patient_id, days=8)
    plan_due(desk.clinic, at=desk.now)
    return patient_id


@pytest.fixture
def town(desk: Desk) -> Desk:
    """Six patients: three speak Spanish, one of whom said no to texts; one speaks Arabic."""
    for number, language in enumerate(("es", "es", "es", "ar", "en", "en")):
        desk.patient(10 + number, "Rosa", "Delgado", language=language)
    desk.change(PatientContact, PatientContact.patient_id == "P-012", consent="opted-out")
    return desk


@pytest.fixture
def people(town: Desk, browser_of: Callable[[str], Browser]) -> tuple[Browser, Browser, Browser]:
    """Ana, who coordinates; Sam and Olga, who supervise."""
    seats = (browser_of("Ana Ruiz"), browser_of("Sam Lee"), browser_of("Olga Reyes"))
    town.change(User, User.name.in_(["Sam Lee", "Olga Reyes"]), role=Role.SUPERVISOR)
    return seats
