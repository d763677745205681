"""Fixtures that every test may ask for: both databases, Redis, a full set of settings, a running clinic, a browser."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot.config import Settings, load
from bot.store import migrations
from tests import servers
from tests.clinic import RunningClinic
from tests.servers import PostgresServer, RedisServer, Workspace

CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
# Root may have no sandbox; the rest keeps Chromium from calling its makers.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


EVERY_DAY_ON_POSTGRES = (
    "tests/store/", "tests/services/test_receive", "tests/services/test_deliver", "tests/services/test_settle",
)  # fmt: skip
"""Where the two databases differ most: locks, batches, claims. All else runs on both in the whole."""


LEFT_TO_THE_WHOLE = (
    "tests/transcripts/", "tests/services/campaigns/", "tests/services/reporting/", "tests/services/loops/",
    "tests/services/test_before_and_after", "tests/services/test_waitlist", "tests/services/test_random_walk",
    "tests/services/test_plan.py::test_whatever_the_lead_time", "tests/journeys/", "tests/services/test_families",
    "tests/core/understanding/test_corpus.py::test_no_line", "tests/services/test_patient_ahead",
)  # fmt: skip
"""What takes long and tells no more than a sample of it does."""
A_SAMPLE = (
    "[appointment/", "[safety/", "[consent/", "[recall/", "test_a_journey_has_no_fault", "[100-sqlite]", "[47-sqlite]",
)  # fmt: skip
"""The sample: these run every day all the same."""


def _is_left(item: pytest.Item) -> bool:
    left = item.nodeid.startswith(LEFT_TO_THE_WHOLE)
    return left and not any(name in item.nodeid for name in A_SAMPLE)


def _is_on_postgres(item: pytest.Item) -> bool:
    spec = getattr(item, "callspec", None)
    return spec is not None and "postgresql" in map(str, spec.params.values())


def pytest_configure(config: pytest.Config) -> None:
    """Forget the settings of whoever runs the tests: a test that needs one sets it."""
    for name in Settings.model_fields:
        os.environ.pop(name.upper(), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives the browser, and what the everyday part leaves to the whole: most of the second database.

    Long modules first: with several workers, none is to start on one at the end.
    """
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
        if _is_left(item) or (_is_on_postgres(item) and not item.nodeid.startswith(EVERY_DAY_ON_POSTGRES)):
            item.add_marker("slow")
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the clinic's processes printed, when a test of them fails."""
    report = yield
    clinic = getattr(item, "funcargs", {}).get("running_clinic")
    if report.failed and isinstance(clinic, RunningClinic):
        report.sections.append(("The clinic's processes", clinic.output()[-8000:]))
    return report


@pytest.fixture(scope="session")
def workspace() -> Iterator[Workspace]:
    """A private folder for servers and databases, removed at the end."""
    made = Workspace()
    yield made
    made.remove()


@pytest.fixture(scope="session")
def redis_server(workspace: Workspace) -> Iterator[RedisServer]:
    """The session's Redis-compatible server. Tests that stop it start it again; most want `redis_url`."""
    server = RedisServer(workspace.folder("redis"))
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """A Redis with nothing in it."""
    redis_server.flush()
    return redis_server.url


@pytest.fixture(scope="session")
def postgres_server(workspace: Workspace) -> Iterator[PostgresServer]:
    """The session's PostgreSQL; tests want `database_url`."""
    server = PostgresServer(workspace.folder("postgres"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def migrated_sqlite(workspace: Workspace) -> Path:
    """A migrated SQLite file, to be copied."""
    path = workspace.folder("sqlite") / "template.db"
    migrations.upgrade(f"sqlite:///{path}")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: PostgresServer) -> str:
    """The name of a migrated PostgreSQL database, to be copied."""
    name = postgres_server.create()
    migrations.upgrade(postgres_server.url(name))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database with all migrations applied. A test that asks for it runs once on each kind; for one only:

    `@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)`
    """
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "clinic.db")
        yield f"sqlite:///{copy}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        name = server.create(template=request.getfixturevalue("migrated_postgres"))
        yield server.url(name)
        server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def blank_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database in which no migration has run."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'blank.db'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        name = server.create()
        yield server.url(name)
        server.drop(name)


@pytest.fixture
def data_keys() -> str:
    """A fresh field-encryption key, in the form that DATA_KEYS takes."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Gives TCP ports on loopback that nobody listens on."""
    return servers.free_port


@pytest.fixture
def settings_env(database_url: str, redis_url: str, data_keys: str) -> dict[str, str]:
    """A full and valid environment. Its Twilio answers nobody: nothing a test does leaves the machine."""
    port = servers.free_port()
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "TWILIO_ACCOUNT_SID": "AC" + "0123456789abcdef" * 2,
        "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        "TWILIO_PHONE_NUMBER": "+16015550199",
        "TWILIO_API_URL": f"http://127.0.0.1:{servers.free_port()}",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "SECRET_KEY": secrets.token_hex(32),
        "DATA_KEYS": data_keys,
        "CLINIC_NAME": "Willow Clinic",
        "CLINIC_PHONE": "+16015550100",
        "CLINIC_TIMEZONE": "America/Chicago",
        "TOTP_REQUIRED": "no",
        "SEND_RATE": "100",
    }


@pytest.fixture
def settings(settings_env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of `settings_env`, which are then this process's environment too."""
    for name, value in settings_env.items():
        monkeypatch.setenv(name, value)
    return load()


@pytest.fixture
def running_clinic(settings_env: dict[str, str], tmp_path: Path) -> Iterator[RunningClinic]:
    """The `Procfile`'s processes and a phone network, ready. They end with the test; a failure shows what they said."""
    clinic = RunningClinic(settings_env, folder=tmp_path)
    try:
        clinic.start_all()
        yield clinic
    except BaseException as error:
        error.add_note(clinic.output()[-8000:])
        raise
    finally:
        clinic.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium. For one module at a time: while it runs, `asyncio.run` would find an event loop running."""
    if CHROMIUM is None:
        # CI must not pass for want of a browser; elsewhere `make test` has said loudly that these are left out.
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no chromium; set CHROMIUM=/path/to/it")
    expect.set_options(timeout=20_000)  # A busy machine is no fault of the page's.
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own, with nothing remembered and nothing that moves."""
    context = browser.new_context(reduced_motion="reduce", locale="en-US")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()
