"""Many open consoles: what is read and drawn once for all of them, and what stays everybody's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from bot.services.lately import Lately
from bot.store.tables import Escalation, Role, User
from bot.web.app import create_app
from tests.web.console.desk import Browser, Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PIECE = re.compile(r'<(?:div|section|nav)[^>]* id="([a-z]+)"')
COUNT = re.compile(r'view=(\w+)"[^>]*><span>[^<]*</span> <span class="count"[^>]*>(\d+)<')
OPEN = "/console/live?view=open"


class Seat:
    """Somebody whose browser asks one or another process what is new, and keeps the version it was given."""

    def __init__(self, browsers: Sequence[Browser]) -> None:
        self.browsers = browsers
        self.mark = ""

    def look(self, path: str = OPEN, *, at: int = 0) -> TestResponse:
        answer = self.browsers[at].get(path, headers={"If-None-Match": self.mark} if self.mark else {})
        self.mark = answer.headers["ETag"]
        return answer

    def act(self, path: str, *, at: int = 0) -> TestResponse:
        answer = self.browsers[at].post(path, headers={"HX-Request": "true"})
        self.mark = answer.headers["ETag"]
        return answer


Sit = Callable[..., Seat]


@pytest.fixture
def sit(desk: Desk) -> Sit:
    """`sit("Ana Ruiz")`: signed in at two processes, each of which keeps for a second what it has read."""
    processes = [create_app(replace(desk.clinic, lately=Lately())) for _ in range(2)]

    def sit_down(name: str, role: Role = Role.COORDINATOR, **values: object) -> Seat:
        user_id = desk.user(name, role)
        if values:
            desk.change(User, User.id == user_id, **values)
        first, second = (Browser(process) for process in processes)
        assert first.sign_in(name.split()[0]).status_code == 303
        cookie = first.client.get_cookie("tendril_session", path="/console")
        assert cookie is not None
        second.client.set_cookie("tendril_session", cookie.value, path="/console")
        return Seat((first, second))

    return sit_down


@pytest.fixture
def talk(desk: Desk) -> str:
    """Rosa, of Main St, wants a person."""
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"))
    desk.patient(11, "Tom", "Okafor")
    return desk.text(10, "I want to talk to a person please")


def counts(answer: TestResponse) -> dict[str, str]:
    return dict(COUNT.findall(answer.text))


def test_the_second_of_them_asks_only_who_is_signed_in(
    desk: Desk, sit: Sit, talk: str, count_queries: Callable[[], int]
) -> None:
    ana, ben = sit("Ana Ruiz"), sit("Ben Cole")
    assert "Rosa Delgado" in ana.look().text
    before = count_queries()
    answer = ben.look()
    assert "Rosa Delgado" in answer.text
    assert count_queries() - before <= 2  # BEGIN is one
    desk.wait(seconds=0.9)
    assert (ana.look().status_code, ben.look().status_code) == (304, 304)


def test_what_comes_in_is_seen_with_the_next_look(desk: Desk, sit: Sit, talk: str) -> None:
    ana, ben = sit("Ana Ruiz"), sit("Ben Cole")
    ana.look()
    ben.look("/console/alarm")
    desk.text(11, "my chest hurts and I can't breathe")
    desk.wait(seconds=3)
    news = ana.look()
    assert set(PIECE.findall(news.text)) >= {"views", "list", "alarm"}
    assert "Tom Okafor" in news.text
    assert "1 emergency waits" in news.text
    desk.wait(seconds=1)
    assert "1 emergency waits" in ben.look("/console/alarm").text


@pytest.mark.parametrize("act", [0, 1])
def test_nobody_sees_what_they_did_undone(desk: Desk, sit: Sit, talk: str, act: int) -> None:
    ana, ben = sit("Ana Ruiz"), sit("Ben Cole")
    for process in (0, 1):
        # So that both processes hold what was so before.
        assert counts(ben.look(at=process))["open"] == "1"
        ben.mark = ""
    ana.look(at=0)
    desk.wait(seconds=0.3)
    claimed = ana.act(f"/console/conversations/{talk}/claim?view=open", at=act)
    assert counts(claimed)["mine"] == "1"
    for process in (0, 1):
        desk.wait(seconds=0.1)
        answer = ana.look(f"{OPEN}&c={talk}", at=process)
        assert counts(answer).get("open", "0") == "0", process
        assert "Rosa Delgado" not in answer.text.partition('id="case"')[0], process


def test_what_was_read_a_moment_ago_is_of_the_same_places(desk: Desk, sit: Sit, talk: str) -> None:
    everywhere = sit("Ana Ruiz")
    here, away = sit("Ben Cole", locations=["Main St"]), sit("Eve Stone", locations=["Elm St"])
    assert "Rosa Delgado" in everywhere.look().text
    assert "Rosa Delgado" in here.look().text
    nothing = away.look()
    assert "Rosa Delgado" not in nothing.text
    assert counts(nothing)["open"] == "0"


def test_the_list_is_drawn_for_each_as_they_see_it(desk: Desk, sit: Sit, talk: str) -> None:
    ana, ben = sit("Ana Ruiz"), sit("Ben Cole")
    reader = sit("Rita Lane", Role.READ_ONLY)
    spanish = sit("Eva Sol", language="es")
    ana.act(f"/console/conversations/{talk}/claim?view=all")
    ana.mark = ""
    mine, theirs = (seat.look("/console/live?view=all").text for seat in (ana, ben))
    assert "</svg>you</span>" in mine
    assert "</svg>Ana Ruiz</span>" in theirs
    assert 'name="pick"' in theirs
    assert 'name="pick"' not in reader.look("/console/live?view=all").text
    assert "Conversaciones" in spanish.look("/console/live?view=all").text
    assert counts(ana.look("/console/live?view=open")).get("mine", "1") == "1"


@pytest.mark.parametrize("view", ["open", "urgent", "all", "snoozed", "waiting"])
def test_what_is_drawn_for_all_is_the_same_for_each(desk: Desk, sit: Sit, talk: str, view: str) -> None:
    (one,) = desk.escalations(talk)
    held = {"waiting_since": desk.now} if view == "waiting" else {}
    asleep = {"snoozed_until": desk.now + timedelta(hours=1)} if view == "snoozed" else {}
    desk.change(Escalation, Escalation.id == one, priority="urgent", priority_rank=1, **held, **asleep)
    # Each is the first to ask in a process of their own, so that each has it drawn.
    lists = [
        sit(name, of).look(f"/console/live?view={view}", at=process).text.partition('<div id="alarm"')[0]
        for process, (name, of) in enumerate((("Ana Ruiz", Role.COORDINATOR), ("Ben Cole", Role.ADMIN)))
    ]
    assert "Rosa Delgado" in lists[0]
    assert lists[0] == lists[1]


def test_the_own_view_is_nobody_elses(desk: Desk, sit: Sit, talk: str) -> None:
    ana, ben = sit("Ana Ruiz"), sit("Ben Cole")
    ana.act(f"/console/conversations/{talk}/claim?view=mine")
    ana.mark = ""
    own, empty = (seat.look("/console/live?view=mine") for seat in (ana, ben))
    assert ("Rosa Delgado" in own.text, counts(own)["mine"]) == (True, "1")
    assert ("Rosa Delgado" in empty.text, counts(empty)["mine"]) == (False, "0")


def test_today_is_drawn_only_when_it_is_another(desk: Desk, sit: Sit, talk: str) -> None:
    ana, path = sit("Ana Ruiz"), "/console/today/live"
    assert "Rosa Delgado" in ana.look(path).text
    # console.js keeps no version without a dot.
    assert "." in ana.mark
    assert drawn_within(40, desk, ana, path) <= 1
    desk.text(11, "my chest hurts and I can't breathe")
    desk.wait(seconds=4)
    assert "Tom Okafor" in ana.look(path).text
    assert drawn_within(40, desk, ana, path) <= 1


def drawn_within(seconds: int, desk: Desk, seat: Seat, path: str) -> int:
    """How often something came back though nothing had happened; once a minute, ages are told anew."""
    statuses = []
    for number in range(seconds // 4):
        desk.wait(seconds=4)
        statuses.append(seat.look(path, at=number % 2).status_code)
    assert set(statuses) <= {200, 304}
    return statuses.count(200)


def test_a_version_that_is_none_of_ours_is_none(sit: Sit, talk: str) -> None:
    ana = sit("Ana Ruiz")
    for mark in ("x", "a-b-c.d.e", "--.", f"a-b-{'9' * 400}.c", "²", "alarm.²"):
        for path in (OPEN, "/console/alarm", "/console/today/live"):
            ana.mark = mark
            assert ana.look(path).status_code == 200, (mark, path)
