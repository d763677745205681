"""What holds sending back stands on top of every page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.services import brakes
from tests.web.console.desk import Browser, Desk


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_holds_sending_back_is_told_on_every_page(desk: Desk, browser_of: Callable[[str], Browser]) -> None:
    ana = browser_of("Ana Ruiz")
    assert 'class="trouble"' not in ana.get("/console/").text
    with desk.clinic.database.begin() as connection:
        brakes.refused(connection, 20003, desk.now)
    told = "No texts go out. The provider refuses our account SID or auth token (error 20003)."
    assert told in ana.get("/console/").text
    assert told in ana.get("/console/account").text
    with desk.clinic.database.begin() as connection:
        brakes.taken(connection)
    assert 'class="trouble"' not in ana.get("/console/").text
