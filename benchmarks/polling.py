"""Browsers that have the console open: what one asks, over a socket or otherwise, and many that poll as console.js."""

from __future__ import annotations

import multiprocessing
import random
import re
import secrets
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import insert, update

from bot.services import sessions
from bot.services.clinic import Clinic
from bot.store.tables import Role, Session, User
from bot.web.console.guard import COOKIE

EVERY: Final = 3.0
"""Seconds between two looks of an open inbox."""
SETTLED: Final = 3 * EVERY
TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Ask: TypeAlias = Callable[[Asked], Answer]


def lower(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by name; of several under one name, the last."""
    return {name.lower(): value for name, value in headers}


def through_socket(port: int) -> Ask:
    """Ask a server on this machine, one connection for each request, as gunicorn's sync workers have it."""

    def ask(asked: Asked) -> Answer:
        lines = [f"{asked.method} {asked.path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in asked.headers.items()]
        if asked.body:
            lines.append(f"Content-Length: {len(asked.body)}")
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall("\r\n".join((*lines, "", "")).encode() + asked.body)
            received = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = received.partition(b"\r\n\r\n")
        first, *rest = head.decode().split("\r\n")
        return Answer(int(first.split()[1]), lower((n, v) for n, _, v in (line.partition(": ") for line in rest)), body)

    return ask


def token(ask: Ask, cookie: str) -> tuple[str, str]:
    """A form's token, and the cookies that it goes with."""
    answer = ask(Asked("GET", "/console/find", {"Cookie": cookie}))
    found = TOKEN.search(answer.body.decode())
    assert found is not None, answer.status
    return found[1], f"{cookie}; {answer.headers['set-cookie'].partition(';')[0]}"


def sit_down(clinic: Clinic, staff: int, now: datetime) -> list[tuple[str, str]]:
    """So many supervisors, signed in with both factors: their ids and the secrets of their sessions."""
    people = []
    for number in range(staff):
        user_id = f"{number:032x}"
        with clinic.database.begin() as connection:
            connection.execute(
                insert(User).values(
                    id=user_id, email=f"u{number}@clinic.test", name=f"Colleague {number}", role=Role.SUPERVISOR,
                    password_hash=secrets.token_hex(8), created_at=now,
                )
            )  # fmt: skip
        secret = sessions.begin(clinic, user_id=user_id, now=now)
        with clinic.database.begin() as connection:
            session = update(Session).where(Session.id == sessions.digest(secret))
            connection.execute(session.values(second_factor_at=now))
        people.append((user_id, secret))
    return people


@dataclass(slots=True)
class Polled:
    """What many consoles saw."""

    fresh: int = 0
    same: int = 0
    failed: int = 0
    spent: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        spent = sorted(self.spent) or [0.0]
        p50, p99 = statistics.median(spent) * 1000, spent[int((len(spent) - 1) * 0.99)] * 1000
        return f"{self.same} the same, {self.fresh} drawn, {self.failed} failed, p50 {p50:.0f} ms, p99 {p99:.0f} ms"


@contextmanager
def consoles(port: int, sessions: Sequence[str], view: str) -> Iterator[Polled]:
    """That many inboxes open for the length of the block, in a process of their own; counted when it ends."""
    context = multiprocessing.get_context("spawn")
    over, results = context.Event(), context.Queue()
    child = context.Process(target=_poll_all, args=(port, list(sessions), view, over, results))
    child.start()
    polled = Polled()
    try:
        results.get(timeout=60)  # All of them have been open for a while, as they are on any day.
        yield polled
    finally:
        over.set()
        for name, value in results.get(timeout=60).items():
            setattr(polled, name, value)
        child.join()


def _poll_all(port: int, sessions: Sequence[str], view: str, over: Any, results: Any) -> None:
    polled, lock = Polled(), threading.Lock()
    threads = [
        threading.Thread(target=_poll, args=(through_socket(port), secret, number, view, over, polled, lock))
        for number, secret in enumerate(sessions)
    ]
    for thread in threads:
        thread.start()
    over.wait(SETTLED)
    with lock:
        polled.fresh = polled.same = polled.failed = 0
        polled.spent.clear()
    results.put("begun")
    for thread in threads:
        thread.join()
    results.put({name: getattr(polled, name) for name in Polled.__slots__})


def _poll(ask: Ask, secret: str, number: int, view: str, over: Any, polled: Polled, lock: Any) -> None:
    """One console: every second one has a conversation open."""
    open_one = f"&c=e{number * 50:031x}" if number % 2 else ""
    headers = {"Cookie": f"{COOKIE}={secret}"}
    over.wait(random.random() * EVERY)
    while not over.is_set():
        begun = time.perf_counter()
        try:
            answer = ask(Asked("GET", f"/console/live?view={view}{open_one}", headers))
        except OSError:
            answer = Answer(0, {}, b"")
        with lock:
            polled.spent.append(time.perf_counter() - begun)
            polled.same += answer.status == 304
            polled.fresh += answer.status == 200
            polled.failed += answer.status not in (200, 304)
        if mark := answer.headers.get("etag"):
            headers["If-None-Match"] = mark
        over.wait(EVERY)
