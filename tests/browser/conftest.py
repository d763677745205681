"""The console, served to a real browser, with a clinic behind it that the test fills."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from bot import clock
from bot.config import Settings
from bot.runtime import build_clinic
from bot.web.app import create_app
from tests.web.console.desk import PASSWORD, Desk


class Served:
    """A desk and the address at which browsers find its console."""

    def __init__(self, settings: Settings) -> None:
        self.ahead = timedelta()
        self.desk = Desk(build_clinic(settings), now=lambda: clock.now() + self.ahead)
        self._server = make_server("127.0.0.1", settings.port, create_app(self.desk.clinic), threaded=True)
        self.url = settings.public_url
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Serve nobody any more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.desk.clinic.database.dispose()


def sign_in(page: Page, name: str) -> None:
    """Through the form, on the page that shows it."""
    page.get_by_label("Email").fill(f"{name.split()[0].lower()}@clinic.test")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def served(settings: Settings) -> Iterator[Served]:
    """The console of a clinic with nobody in it."""
    made = Served(settings)
    yield made
    made.stop()


@pytest.fixture
def sit_down(served: Served, browser: Browser) -> Iterator[Callable[..., Page]]:
    """`sit_down("Ana Ruiz")`: a browser of her own, signed in to the inbox."""
    contexts = []

    def arrive(name: str = "Ana Ruiz", *, width: int = 1280, height: int = 800, **options: object) -> Page:
        served.desk.user(name)
        context = browser.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce", locale="en-US", **options
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{served.url}/console/")
        sign_in(page, name)
        page.wait_for_url("**/console/")
        return page

    yield arrive
    for context in contexts:
        context.close()
