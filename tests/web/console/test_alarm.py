"""The alarm on every page: how many emergencies nobody has, for how long, and whether nobody on call was told."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from bot.services.ladder import climb
from tests.web.console.desk import Browser, Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Sit = Callable[[str], Browser]


def alarm(browser: Browser, path: str = "/console/account") -> str:
    """What stands there, as it is read out."""
    page = browser.get("/console/alarm" if path == "/console/account" else path).text
    found = re.search(r'<a class="alarm"(.*?)</a>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", found[0]).split()) if found else ""


def test_it_says_how_long_the_oldest_has_waited(desk: Desk, browser_of: Sit) -> None:
    desk.patient(10, "Rosa", "Delgado")
    desk.patient(11, "Tom", "Okafor")
    ana = browser_of("Ana Ruiz")
    assert alarm(ana) == ""
    desk.text(10, "my chest hurts")
    assert alarm(ana) == "1 emergency waits"
    desk.wait(minutes=7)
    talk = desk.text(11, "my chest hurts")
    for path in ("/console/account", "/console/", "/console/inbox", f"/console/conversations/{talk}"):
        assert alarm(ana, path) == "2 emergencies wait 7 min"


def test_a_minute_more_is_news(desk: Desk, browser_of: Sit) -> None:
    desk.patient(10, "Rosa", "Delgado")
    desk.text(10, "my chest hurts")
    ana = browser_of("Ana Ruiz")
    mark = {"If-None-Match": ana.get("/console/alarm").headers["ETag"]}
    desk.wait(seconds=50)
    assert ana.get("/console/alarm", headers=mark).status_code == 304
    desk.wait(seconds=10)
    assert ana.get("/console/alarm", headers=mark).status_code == 200


def test_it_says_when_nobody_could_be_told(desk: Desk, browser_of: Sit) -> None:
    desk.patient(10, "Rosa", "Delgado")
    talk = desk.text(10, "my chest hurts")
    ana = browser_of("Ana Ruiz")
    desk.wait(minutes=10)
    assert climb(desk.clinic, desk.now) == 1
    assert alarm(ana) == "1 emergency waits 10 min nobody on call was told"
    assert "tendril_emergencies_untold 1.0" in ana.get("/metrics").text
    ana.post(f"/console/conversations/{talk}/claim")
    assert alarm(ana) == ""
    assert "tendril_emergencies_untold 0.0" in ana.get("/metrics").text
