"""The audit page: filters in the address, names of people, the state of the chain, reasons, and the file."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from bot.store.tables import AuditEntry, Role, User
from tests.web.console.desk import Browser, Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def supervisor(console: Flask, desk: Desk) -> Browser:
    """A supervisor at his browser."""
    desk.user("Sam Lee", Role.SUPERVISOR)
    browser = Browser(console)
    browser.sign_in("Sam")
    return browser


def test_who_looked_at_whom(desk: Desk, supervisor: Browser, browser_of: Callable[[str], Browser]) -> None:
    desk.patient(10, "Rosa", "Delgado")
    ana = browser_of("Ana Ruiz")
    ana.get("/console/patients/P-010")
    page = supervisor.get("/console/audit?object=P-010").text
    assert "Ana Ruiz" in page
    assert "Looked at a patient" in page
    assert 'href="/console/patients/P-010"' in page
    assert "The chain holds from line" in page
    assert "Rosa" not in page
    hers = desk.row(User, User.name == "Ana Ruiz").id
    assert "Looked at a patient" in listed(supervisor.get(f"/console/audit?person={hers}").text)
    assert "Looked at a patient" not in listed(supervisor.get(f"/console/audit?person={hers}&action=sign-in").text)
    assert "Nothing in this time" in supervisor.get("/console/audit?to=2020-01-01").text


def listed(page: str) -> str:
    """The lines without the form above them."""
    return page[page.index('class="trail"') :]


def test_nonsense_in_the_address_is_left_out(supervisor: Browser) -> None:
    for asked in ("from=x&to=9999-12-31", "from=0001-01-01", "before=x", "before=" + "9" * 30, "person=" + "x" * 500):
        assert supervisor.get(f"/console/audit?{asked}").status_code == 200, asked


def test_a_changed_line_is_told(desk: Desk, supervisor: Browser) -> None:
    supervisor.get("/console/audit")
    desk.change(AuditEntry, AuditEntry.seq == 1, actor="nobody")
    page = supervisor.get("/console/audit").text
    assert "The record is not whole: line 1" in page


def test_looking_and_taking_away_are_on_record(desk: Desk, supervisor: Browser) -> None:
    answer = supervisor.get("/console/audit/export?action=sign-in")
    assert answer.content_type.startswith("text/csv")
    assert "audit-2026-10-24-2026-11-23.csv" in answer.headers["Content-Disposition"]
    assert answer.text.count("sign-in") == 1
    entry = desk.row(AuditEntry, AuditEntry.action == "audit.export")
    assert entry.detail == {"action": "sign-in", "from": "2026-10-24", "to": "2026-11-23"}
    supervisor.get("/console/audit")
    assert desk.row(AuditEntry, AuditEntry.action == "audit.view").object_type == "audit"


def test_reasons_are_there_for_review(desk: Desk, supervisor: Browser, browser_of: Callable[[str], Browser]) -> None:
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"))
    ana = browser_of("Ana Ruiz")
    desk.change(User, User.name == "Ana Ruiz", locations=["Elm St"])
    ana.post("/console/break-glass", {"kind": "patient_id", "object": "P-010", "reason": "Covers for <Main> St"})
    page = supervisor.get("/console/audit").text
    assert "Covers for &lt;Main&gt; St" in page
    assert "Opened a patient at another location" in page


def test_what_changed_of_a_person_stands_there(desk: Desk, supervisor: Browser) -> None:
    ben = desk.user("Ben Cole")
    desk.change(User, User.name == "Sam Lee", role=Role.ADMIN)
    supervisor.post(f"/console/people/{ben}/place", {"role": "read-only", "location": "Elm St"})
    page = supervisor.get("/console/audit").text
    assert "role: Coordinator → Read-only · locations: Whole clinic → Elm St" in page
    assert f'href="/console/people/{ben}"' in page


def test_the_page_takes_a_bounded_number_of_statements(
    desk: Desk, supervisor: Browser, count_queries: Callable[[], int]
) -> None:
    supervisor.get("/console/audit")
    before = count_queries()
    supervisor.get("/console/audit")
    few = count_queries() - before
    for _ in range(20):
        supervisor.get("/console/people")
        supervisor.get("/console/audit")
    before = count_queries()
    supervisor.get("/console/audit")
    assert count_queries() - before == few
