"""A clinic of years: no page asks the database more often, reads more rows or looks through a table for its history."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert

from bot.core.escalation import EscalationStatus
from bot.services.clinic import Clinic
from bot.store.columns import new_id
from bot.store.tables import Conversation, Escalation, Message, Role, User
from tests.web.console.desk import Browser, Desk

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ONLY_POSTGRES = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
NAMED = {
    "conversation_id": "talk-10", "patient_id": "P-010", "language": "es", "key": "appointment/already_over",
    "measure": "no_show", "day": "2026-11-23",
}  # fmt: skip
UNBOUNDED = {"console.audit_export"}
"""A file of everything that was asked for, a thousand lines at a time."""
GROWS = re.compile(
    r"Seq Scan on (messages|patients|appointments|escalations|conversations|contact_points|patient_contacts"
    r"|audit_entries|decisions|appointment_changes|consent_entries|name_words)\b"
)
MOST_ROWS = 4_000
"""As many as any page reads: the messages in which a search looks."""


@dataclass(slots=True)
class Asked:
    """One statement, with what it was given, and how many rows came."""

    statement: str
    given: Any
    rows: int


@dataclass(slots=True)
class Watch:
    """The statements that a clinic's database is sent."""

    asked: list[Asked] = field(default_factory=list)


@pytest.fixture
def watch(desk: Desk) -> Iterator[Watch]:
    """Everything that is asked from now on."""
    seen = Watch()

    def note(_connection: Any, cursor: Any, statement: str, given: Any, *_rest: Any) -> None:
        seen.asked.append(Asked(statement, given, cursor.rowcount))

    event.listen(desk.clinic.database.engine, "after_cursor_execute", note)
    yield seen
    event.remove(desk.clinic.database.engine, "after_cursor_execute", note)


def pages(app: Flask, named: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Every page that can be opened when these things are there, with its path."""
    urls = app.url_map.bind("clinic.test")
    for rule in app.url_map.iter_rules():
        known = rule.endpoint.startswith("console.") and rule.arguments <= named.keys()
        if known and "GET" in (rule.methods or ()) and rule.endpoint not in UNBOUNDED:
            yield rule.endpoint, urls.build(rule.endpoint, {name: named[name] for name in rule.arguments})


def supervisor(desk: Desk, browser_of: Callable[[str], Browser]) -> Browser:
    browser = browser_of("Ana Ruiz")
    desk.change(User, User.name == "Ana Ruiz", role=Role.SUPERVISOR)
    return browser


def grow(desk: Desk, first: int, count: int) -> None:
    """So many more patients who write, and the same number of texts of the one whose page is opened."""
    for number in range(first, first + count):
        patient = desk.patient(number, "Rosa", f"Delgado {number}")
        desk.visit(number, patient, hours=9)
        desk.text(number, "do I have to fast?")
    with desk.clinic.database.begin() as connection:
        row = connection.execute(Message.__table__.select().where(Message.conversation_id == "talk-10")).first()
        assert row is not None
        body = desk.clinic.vault.open("messages.body", row.id, row.body)
        for number in range(10 * count):
            own = {"id": new_id(), "twilio_sid": f"SMx{first}-{number}"}
            sealed = desk.clinic.vault.seal("messages.body", own["id"], body)
            connection.execute(insert(Message).values(**{**row._mapping, **own, "body": sealed}))


@ONLY_SQLITE
def test_no_page_asks_more_often_when_there_is_more(
    desk: Desk, console: Flask, browser_of: Callable[[str], Browser], count_queries: Callable[[], int]
) -> None:
    browser = supervisor(desk, browser_of)

    def asked() -> dict[str, int]:
        counts = {}
        for endpoint, path in pages(console, NAMED):
            desk.clinic.known.forget()  # Else what is kept for half a minute would be read anew in one round only.
            before = count_queries()
            assert browser.get(path).status_code in (200, 303), path
            counts[endpoint] = count_queries() - before
        return counts

    grow(desk, 10, 4)
    asked()  # Sessions are touched and audit lines begun.
    few = asked()
    grow(desk, 20, 25)
    many = asked()
    assert {endpoint: count for endpoint, count in many.items() if count > few[endpoint]} == {}
    assert max(many.values()) <= 46, "the settings read anew included"


@pytest.mark.slow
@ONLY_POSTGRES
def test_no_page_reads_a_table_through(
    desk: Desk, console: Flask, browser_of: Callable[[str], Browser], watch: Watch
) -> None:
    benchmark = pytest.importorskip("benchmarks.large")
    size = benchmark.Size.of(10_000)
    benchmark.fill_large(desk.clinic, size, desk.clinic.clock(), staff=2)
    browser = supervisor(desk, browser_of)
    with desk.clinic.database.read() as connection:
        talk = connection.execute(Conversation.__table__.select().limit(1)).one()
        standing = Escalation.__table__.select().where(Escalation.status == EscalationStatus.OPEN).limit(1)
        escalation = connection.execute(standing).one()
    named = {**NAMED, "conversation_id": talk.id, "patient_id": "P7", "escalation_id": escalation.id}
    paths = [path for _, path in pages(console, named)]
    paths += [f"/console/inbox?view={view}" for view in ("mine", "urgent", "waiting", "snoozed", "all", "resolved")]
    for locations in ([], ["Main St"]):
        desk.change(User, User.name == "Ana Ruiz", locations=locations)
        for path in paths:
            watch.asked.clear()
            browser.get(path)
            _held_to(desk.clinic, path, list(watch.asked))
        for words in ("P77", "+12005550142", "zebra"):
            watch.asked.clear()
            assert browser.post("/console/search", {"q": words}).status_code in (200, 303)
            # Eighty of ten thousand patients are found as cheaply by reading all.
            _held_to(desk.clinic, "/console/search", list(watch.asked), but="patients")


def _held_to(clinic: Clinic, path: str, asked: list[Asked], *, but: str = "") -> None:
    for one in asked:
        if not one.statement.startswith(("SELECT", "WITH")) or "pg_advisory" in one.statement:
            continue
        assert one.rows <= MOST_ROWS, (path, one.statement)
        with clinic.database.read() as connection:
            plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {one.statement}", one.given))
        assert {table for table in GROWS.findall(plan) if table != but} == set(), (path, one.statement, plan)
