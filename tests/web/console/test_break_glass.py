"""A patient of elsewhere: refused, opened for a reason, on record, and closed again after four hours."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.store.tables import AuditEntry, BreakGlass, Message, Role, User
from tests.web.console.desk import Browser, Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
REASON = "Covers for Main St today"


@pytest.fixture
def talk(desk: Desk) -> str:
    """Rosa's conversation; her visit is at Main St."""
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"))
    return desk.text(10, "my chest hurts")


@pytest.fixture
def away(desk: Desk, browser_of: Callable[[str], Browser]) -> Browser:
    """Somebody who works elsewhere."""
    browser = browser_of("Ana Ruiz")
    desk.change(User, User.name == "Ana Ruiz", locations=["Elm St"])
    return browser


def form(talk: str, reason: str = REASON) -> dict[str, str]:
    where = f"/console/conversations/{talk}?view=all"
    return {"kind": "conversation_id", "object": talk, "next": where, "reason": reason}


def test_a_reason_opens_it_for_four_hours(desk: Desk, away: Browser, talk: str) -> None:
    refused = away.get(f"/console/conversations/{talk}?view=all")
    assert (refused.status_code, "Rosa" in refused.text) == (403, False)
    assert f'name="next" value="/console/conversations/{talk}?view=all"' in refused.text
    assert "Open with a reason" in refused.text
    short = away.post("/console/break-glass", form(talk, "   because  "))
    assert (short.status_code, "10 characters or more" in short.text) == (422, True)
    assert away.get(f"/console/conversations/{talk}").status_code == 403
    assert away.post("/console/break-glass", form(talk)).headers["Location"].endswith("?view=all")
    for path in (f"conversations/{talk}", "patients/P-010", f"live?c={talk}"):
        assert away.get(f"/console/{path}").status_code == 200, path
    assert away.post(f"/console/conversations/{talk}/claim").status_code in (200, 303)
    for _ in range(24):
        desk.wait(minutes=10)
        away.post("/console/active")
    assert away.get("/console/patients/P-010").status_code == 403


def test_the_reason_is_sealed_and_the_act_on_record(desk: Desk, away: Browser, talk: str) -> None:
    away.post("/console/break-glass", form(talk))
    row = desk.row(BreakGlass)
    assert REASON.encode() not in row.reason
    assert desk.clinic.vault.open("break_glass.reason", row.id, row.reason) == REASON
    entry = desk.row(AuditEntry, AuditEntry.action == "break-glass")
    assert entry.object_id == "P-010"
    assert REASON not in str(entry)


def test_it_opens_to_nobody_else_and_nothing_else(
    desk: Desk, away: Browser, talk: str, browser_of: Callable[[str], Browser]
) -> None:
    desk.visit(2, desk.patient(11, "James", "Hill"))
    away.post("/console/break-glass", form(talk))
    assert away.get("/console/patients/P-011").status_code == 403
    other = browser_of("Ben Cole")
    desk.change(User, User.name == "Ben Cole", locations=["Elm St"])
    assert other.get("/console/patients/P-010").status_code == 403


def test_a_message_or_a_form_leads_to_the_same_door(desk: Desk, away: Browser, talk: str) -> None:
    heard = desk.row(Message, Message.direction == "inbound").id
    for kind, value in (("message_id", heard), ("appointment_id", "V-1"), ("patient_id", "P-010")):
        asked = away.post("/console/today/charted", {kind: value})
        assert (asked.status_code, "Open with a reason" in asked.text) == (403, True)
    assert away.get(f"/console/live?c={talk}").status_code == 403
    away.post("/console/break-glass", {"kind": "message_id", "object": heard, "reason": REASON})
    assert away.get("/console/patients/P-010").status_code == 200


def test_who_may_only_look_may_open_to_look(desk: Desk, away: Browser, talk: str) -> None:
    desk.change(User, User.name == "Ana Ruiz", role=Role.READ_ONLY)
    assert away.post("/console/break-glass", form(talk)).status_code == 303
    assert away.get(f"/console/conversations/{talk}").status_code == 200
    assert away.post(f"/console/conversations/{talk}/claim").status_code == 403


def test_what_is_not_there_opens_nothing(away: Browser) -> None:
    assert away.post("/console/break-glass", form("none")).status_code == 404
    assert away.post("/console/break-glass", {**form("none"), "kind": "user_id"}).status_code == 400


def test_a_search_by_phone_leads_to_the_door_without_a_name(desk: Desk, away: Browser) -> None:
    desk.visit(3, desk.patient(12, "Hazel", "Nguyen"))
    for asked in (desk.phone(12), "P-012"):
        page = away.post("/console/find", {"q": asked}).text
        assert 'href="/console/patients/P-012"' in page
        assert "opens with a reason" in page
        assert "Hazel" not in page
    assert "P-012" not in away.post("/console/find", {"q": "Hazel Nguyen"}).text
