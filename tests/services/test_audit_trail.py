"""Reading the audit trail: by time and filters, page by page, with the chain checked over what is shown."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from bot.services import audit, audit_trail
from bot.store.queries.audit import PAGE, Filters
from bot.store.tables import AuditEntry
from tests.services.sending import Scene
from tests.web.console.desk import MORNING, Desk

ALL = Filters(since=MORNING - timedelta(days=1), until=MORNING + timedelta(days=30))


@pytest.fixture
def desk(scene: Scene) -> Desk:
    return Desk(scene.clinic)


def act(desk: Desk, number: int, *, actor: str = "cli", action: str = "patient.view", minutes: float = 1) -> None:
    for at in range(number):
        desk.wait(minutes=minutes)
        with desk.clinic.database.begin() as connection:
            audit.record(
                connection, at=desk.now, actor=actor, action=action, object_type="patient", object_id=f"P-{at}"
            )


def read(desk: Desk, filters: Filters = ALL, before: int | None = None, checked: int = 99) -> audit_trail.TrailPage:
    with desk.clinic.database.read() as connection:
        return audit_trail.read(connection, filters, before=before, checked=checked)


def test_pages_follow_each_other_without_a_gap(desk: Desk) -> None:
    act(desk, PAGE + 5, minutes=0)  # all at one moment: only their numbers tell them apart
    first = read(desk)
    second = read(desk, before=first.before)
    numbers = [line.seq for line in (*first.lines, *second.lines)]
    assert numbers == list(range(PAGE + 5, 0, -1))
    assert second.before is None


def test_filters_and_names(desk: Desk) -> None:
    ana = desk.user("Ana Ruiz")
    act(desk, 2)
    act(desk, 2, actor=ana, action="note.add")
    [line] = read(desk, replace(ALL, actor=ana, object_id="P-1")).lines
    assert (line.actor_name, line.action, line.object_id) == ("Ana Ruiz", "note.add", "P-1")
    assert len(read(desk, replace(ALL, action="patient.view")).lines) == 2
    assert len(read(desk, replace(ALL, since=desk.now)).lines) == 1
    assert not read(desk, replace(ALL, until=MORNING)).lines


def test_the_chain_is_checked_over_what_is_shown(desk: Desk) -> None:
    act(desk, 6)
    chain = read(desk).chain
    assert chain == audit_trail.Chain(first=1, last=6, whole=True, broken=None)
    desk.change(AuditEntry, AuditEntry.seq == 3, actor="nobody")
    shown = read(desk).chain
    assert shown is not None
    assert shown.broken == 3
    later = read(desk, replace(ALL, since=MORNING + timedelta(minutes=5))).chain
    assert later == audit_trail.Chain(first=5, last=6, whole=True, broken=None)


def test_a_line_taken_out_between_those_shown_is_noticed(desk: Desk) -> None:
    act(desk, 3)
    act(desk, 3, action="note.add")
    with desk.clinic.database.begin() as connection:
        connection.execute(delete(AuditEntry).where(AuditEntry.seq == 4))
    chain = read(desk, replace(ALL, action="note.add")).chain
    assert chain is not None
    assert chain.broken == 5
    assert read(desk, replace(ALL, action="patient.view")).chain == audit_trail.Chain(1, 3, True, None)


def test_a_long_stretch_is_checked_in_part(desk: Desk) -> None:
    act(desk, 1, action="note.add")
    act(desk, 6)
    act(desk, 1, action="note.add")
    notes = replace(ALL, action="note.add")
    assert read(desk, notes, checked=4).chain == audit_trail.Chain(first=5, last=8, whole=False, broken=None)
    desk.change(AuditEntry, AuditEntry.seq == 5, actor="nobody")
    shown = read(desk, notes, checked=4).chain
    assert shown is not None
    assert shown.broken == 5
    with desk.clinic.database.begin() as connection:
        connection.execute(update(AuditEntry).where(AuditEntry.seq == 5).values(actor="cli"))
    assert read(desk, notes, checked=8).chain == audit_trail.Chain(first=1, last=8, whole=True, broken=None)


def test_the_file_holds_every_line_and_no_formula(desk: Desk) -> None:
    act(desk, 6)
    act(desk, 1, actor="=cmd()")
    rows = list(csv.DictReader("".join(audit_trail.as_csv(desk.clinic, ALL, batch=3)).splitlines()))
    assert [row["number"] for row in rows] == ["7", "6", "5", "4", "3", "2", "1"]
    assert rows[0]["actor"] == "'=cmd()"
    assert "more lines" in list(audit_trail.as_csv(desk.clinic, ALL, batch=3, at_most=6))[-1]
