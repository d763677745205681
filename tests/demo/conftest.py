"""An emulated network with an app at its other end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.demo.network import RunningNetwork
from tests.demo.ends import ACCOUNT, QUIET, App


@pytest.fixture
def app() -> Iterator[App]:
    running = App()
    yield running
    running.close()


@pytest.fixture
def network(app: App) -> Iterator[RunningNetwork]:
    with RunningNetwork(replace(ACCOUNT, app_url=app.url), QUIET) as running:
        yield running
