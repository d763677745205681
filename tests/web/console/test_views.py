"""Views of the inbox, narrowed by their address and kept under a name."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from bot.store.tables import SavedView, User
from tests.web.console.desk import Browser, Desk

Sit = Callable[[str], Browser]
NAME = re.compile(r'<bdi class="name">([^<]+)</bdi>')


@pytest.fixture
def three(desk: Desk) -> list[str]:
    """Rosa, James and Lena ask for a person; their escalations in that order."""
    found = []
    for number, given in ((10, "Rosa"), (11, "James"), (12, "Lena")):
        desk.patient(number, given, "Delgado", language="es" if number == 10 else "en")
        desk.visit(number, f"P-{number:03}", days=3)
        found += desk.escalations(desk.text(number, "can I talk to a person please"))
        desk.wait(seconds=1)
    return found


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("language=es", ["Rosa"]),
        ("location=Main+St", ["Rosa", "James", "Lena"]),
        ("location=Elm+St", []),
        ("priority=emergency", []),
        ("reason=human-requested&language=en", ["James", "Lena"]),
        ("holder=nobody", ["James", "Lena"]),
        ("holder=ANA", ["Rosa"]),
        ("priority=nonsense&reason=none", ["Rosa", "James", "Lena"]),
    ],
)
def test_a_view_is_narrowed_by_its_address(
    desk: Desk, browser_of: Sit, three: list[str], asked: str, names: list[str]
) -> None:
    browser = browser_of("Ana Ruiz")
    browser.post(f"/console/escalations/{three[0]}/claim")
    asked = asked.replace("ANA", desk.row(User).id)
    page = browser.get(f"/console/inbox?view=all&{asked}").text
    assert [name.split()[0] for name in NAME.findall(page)] == names
    if not names:
        assert "Nothing in this view fits the filter." in page


def test_a_narrowed_view_is_kept_under_a_name(desk: Desk, browser_of: Sit, three: list[str]) -> None:
    ana, ben = browser_of("Ana Ruiz"), browser_of("Ben Cole")
    form = {"view": "all", "language": "es", "name": " Spanish  speakers "}
    ana.post("/console/views", form)
    ana.post("/console/views", {**form, "name": "For all", "shared": "yes"})
    ana.post("/console/views", {**form, "name": " "})
    page = ana.get("/console/inbox").text
    assert "Spanish speakers" in page
    assert 'href="/console/inbox?view=all&amp;language=es"' in page
    page = ben.get("/console/inbox").text
    assert "For all" in page
    assert "Spanish speakers" not in page
    shared = desk.row(SavedView, SavedView.shared.is_(True))
    assert ben.post(f"/console/views/{shared.id}/remove").status_code == 403
    assert ana.post(f"/console/views/{shared.id}/remove").status_code == 303
    assert "For all" not in ben.get("/console/inbox").text


def test_the_list_costs_the_same_number_of_questions_however_long_it_is(
    desk: Desk, browser_of: Sit, three: list[str], count_queries: Callable[[], int]
) -> None:
    browser = browser_of("Ana Ruiz")

    def asked() -> int:
        before = count_queries()
        assert browser.get("/console/inbox?view=all&language=en&location=Main+St").status_code == 200
        return count_queries() - before

    few = asked()
    for number in range(20, 40):
        desk.patient(number, "Ann", "Smith")
        desk.visit(number, f"P-{number:03}", days=3)
        desk.text(number, "can I talk to a person please")
    assert asked() == few
    assert few <= 12
