"""The console over a clinic of years: every page's latency and queries, and the webhook beside 50 open consoles.

Run: python -m benchmarks.console [--patients N] [--requests N] [--seconds N] [--rates N …] [--only PART]
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import event, text, update

from benchmarks import polling
from benchmarks.clinic import bench_clinic, phone_of, postgres
from benchmarks.large import Size, fill_large, name_of
from benchmarks.load import Result, pace, saturate
from benchmarks.polling import Ask, Asked
from benchmarks.webhook import Forms, cpu_seconds, environment_of, serve, valkey
from bot import clock, log
from bot.services.clinic import Clinic
from bot.services.reporting import roll_up
from bot.store.queries.inbox import View
from bot.store.tables import Session
from bot.web.app import create_app
from bot.web.console.guard import COOKIE
from bot.web.current import clinic as current

MEDIAN: Final = 200
P99: Final = 500
CONSOLES: Final = 50
OK, NOT_MODIFIED = 200, 304
LONGEST: Final = 7
"""Number of a patient who has written for years."""


def app(clinic: Clinic | None = None) -> Flask:
    """Ours, with a page that does the least a console page can: who is signed in, and SELECT 1."""
    made = create_app(clinic)
    made.add_url_rule("/console/floor", endpoint="console.floor", view_func=_floor)
    return made


def _floor() -> str:
    with current().database.read() as connection:
        connection.execute(text("SELECT 1"))
    return "ok"


@dataclass(frozen=True, slots=True)
class Target:
    """Something to be asked for again and again: `make(number)` gives the next one. Status 0: a page, or on to one."""

    name: str
    make: Callable[[int], Asked]
    status: int = OK


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rates", type=float, nargs="+", default=[20, 100])
    parser.add_argument("--only", choices=["pages", "webhook", "reports"])
    options = parser.parse_args()
    log.configure("warning")
    with tempfile.TemporaryDirectory() as name, postgres(Path(name)) as database_url, valkey(Path(name)) as redis_url:
        clinic = bench_clinic(database_url)
        begun = time.perf_counter()
        sessions = fill_large(clinic, Size.of(options.patients), clock.now(), staff=CONSOLES)
        print(f"{options.patients:,} patients written in {time.perf_counter() - begun:,.0f} s, {_load()}")
        begun = time.perf_counter()
        days = roll_up.run_all(clinic)
        print(f"{days:,} days and months worked out in {time.perf_counter() - begun:,.0f} s, {_load()}", flush=True)
        _awake(clinic)
        measure(clinic, environment_of(clinic.settings, redis_url), sessions, options)
        clinic.database.dispose()


def measure(clinic: Clinic, environment: Mapping[str, str], sessions: list[str], options: argparse.Namespace) -> None:
    """Pages in this process, pages through gunicorn, and the webhook with and without consoles beside it."""
    cookie = f"{COOKIE}={sessions[0]}"
    if options.only != "webhook":
        ours = app(clinic)
        print(f"\nFlask's test client, {options.requests} requests each, {_load()}")
        _pages(_through_client(ours), cookie, clinic, options, counted=True)
        if options.only == "reports":
            return
        with serve("console", environment, 1) as (port, _):
            print(f"\ngunicorn, one worker, {options.requests} requests each, {_load()}")
            _pages(polling.through_socket(port), cookie, clinic, options)
    if options.only in (None, "webhook"):
        _beside(clinic, environment, sessions, options)


def targets(ask: Ask, cookie: str, patients: int) -> list[Target]:
    """All that is measured, the floor first."""
    chance = random.Random(2)
    token, cookie = polling.token(ask, cookie)

    def get(path: Callable[[], str]) -> Callable[[int], Asked]:
        return lambda _number: Asked("GET", path(), {"Cookie": cookie})

    def anybody() -> int:
        return chance.randrange(patients)

    def find(words: Callable[[], str], page: str = "find") -> Callable[[int], Asked]:
        form = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        return lambda _number: Asked(
            "POST", f"/console/{page}", form, urlencode({"q": words(), "csrf_token": token}).encode()
        )

    def poll(path: str, *, had: bool) -> Callable[[int], Asked]:
        # The version grows old within the half minute in which ages are drawn anew: asked for again just before.
        def make(number: int) -> Asked:
            if had and number % 10 == 0:
                marks[path] = ask(Asked("GET", path, {"Cookie": cookie})).headers.get("etag", "")
            return Asked("GET", path, {"Cookie": cookie, "If-None-Match": marks.get(path, "") if had else '"x.y"'})

        marks: dict[str, str] = {}
        return make

    with_talk = f"/console/live?view=open&c={_conversation(LONGEST)}"
    return [
        Target("floor: session, SELECT 1", get(lambda: "/console/floor")),
        Target("today", get(lambda: "/console/")),
        Target("today, poll, the same", poll("/console/today/live", had=True), NOT_MODIFIED),
        Target("today, poll, another", poll("/console/today/live", had=False)),
        *(Target(f"inbox, {view}", get(lambda view=view: f"/console/inbox?view={view}")) for view in View),
        Target("conversation", get(lambda: f"/console/conversations/{_conversation(anybody())}")),
        Target("conversation, years long", get(lambda: f"/console/conversations/{_conversation(LONGEST)}")),
        Target("live, the same", poll(with_talk, had=True), NOT_MODIFIED),
        Target("live, another", poll(with_talk, had=False)),
        Target("alarm, the same", poll("/console/alarm", had=True), NOT_MODIFIED),
        Target("patient", get(lambda: f"/console/patients/P{anybody()}")),
        Target("patient, years long", get(lambda: f"/console/patients/P{LONGEST}")),
        Target("find by id", find(lambda: f"P{anybody()}"), 303),
        Target("find by phone", find(lambda: phone_of(anybody())), 0),
        Target("find by full name", find(lambda: name_of(anybody())), 0),
        Target("find by a common name", find(lambda: "Ana")),
        Target("find by beginnings", find(lambda: "mar lu")),
        Target("search, found often", find(lambda: "blood test", "search")),
        Target("search, found nowhere", find(lambda: "zebra", "search")),
        Target("reports, 30 days", get(lambda: "/console/reports")),
        Target("reports, a year", get(lambda: "/console/reports?period=365")),
        Target("reports, a year, Spanish", get(lambda: "/console/reports?period=365&language=es")),
        Target("report, a year", get(lambda: "/console/reports/no_show?period=365")),
        Target("report by text, a year", get(lambda: "/console/reports/delivery?period=365")),
        Target("report, a year, one place", get(lambda: "/console/reports/delivery?period=365&location=Main+St")),
    ]


def _conversation(n: int) -> str:
    return f"e{n:031x}"


def _pages(ask: Ask, cookie: str, clinic: Clinic, options: argparse.Namespace, *, counted: bool = False) -> None:
    sent: list[str] = []
    event.listen(clinic.database.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    floor = 0.0
    print(f"{'':<28}{'median':>10}{'p99':>10}{'KB':>8}{'of floor':>10}{'queries':>9}")
    wanted = targets(ask, cookie, options.patients)
    if options.only == "reports":
        wanted = [wanted[0], *(target for target in wanted if target.name.startswith("report"))]
    for target in wanted:
        spent, sizes, queries = [], [], 0
        for number in range(options.requests):
            asked = target.make(number)
            before, begun = len(sent), time.perf_counter()
            answer = ask(asked)
            if target.status == NOT_MODIFIED and answer.status == OK:
                continue  # A minute has passed, and what it changes on the page: that is the other target.
            spent.append((time.perf_counter() - begun) * 1000)
            queries = max(queries, len(sent) - before)
            sizes.append(len(answer.body))
            assert answer.status in ({target.status} if target.status else {200, 303}), (target.name, answer.status)
        median, p99 = statistics.median(spent), sorted(spent)[int(len(spent) * 0.99) - 1]
        floor = floor or median
        late = "  LATE" if median > MEDIAN or p99 > P99 else ""
        print(
            f"{target.name:<28}{median:>7.1f} ms{p99:>7.1f} ms{statistics.median(sizes) / 1024:>8.0f}"
            f"{median / floor:>10.1f}{queries if counted else '':>9}{late}"
        )


def _through_client(ours: Flask) -> Ask:
    client = ours.test_client(use_cookies=False)

    def ask(asked: Asked) -> polling.Answer:
        answer = client.open(asked.path, method=asked.method, headers=list(asked.headers.items()), data=asked.body)
        return polling.Answer(answer.status_code, polling.lower(answer.headers.items()), answer.data)

    return ask


def _awake(clinic: Clinic) -> None:
    """Consoles only poll, and polling keeps nobody signed in."""
    with clinic.database.begin() as connection:
        connection.execute(update(Session).values(seen_at=clock.now()))


def _beside(clinic: Clinic, environment: Mapping[str, str], sessions: list[str], options: argparse.Namespace) -> None:
    form = Forms(clinic.settings, options.patients)
    for rate in options.rates:
        alone, beside, polls = Run(), Run(), []
        for _ in range(options.rounds):
            _awake(clinic)
            with serve("console", environment, 2) as (port, pid):
                saturate(port, form.make(100), connections=4, seconds=3)
                alone.add(port, pid, form, rate, options.seconds)
                with polling.consoles(port, sessions, View.OPEN) as polled:
                    beside.add(port, pid, form, rate, options.seconds)
                polls.append(polled)
        _print_beside(rate, alone, beside, polls)


@dataclass(slots=True)
class Run:
    """Texts at a rate, of all rounds together: one round has too few of them for a p99."""

    latencies: list[float] = field(default_factory=list)
    processor: float = 0.0

    def add(self, port: int, pid: int, form: Forms, rate: float, seconds: float) -> None:
        """One round."""
        requests, before = form.make(int(rate * seconds) + 1), cpu_seconds(pid)
        result = pace(port, requests, rate=rate, seconds=seconds)
        assert set(result.statuses) == {"200"}, result.statuses
        self.processor += cpu_seconds(pid) - before
        self.latencies += result.latencies

    def quantile(self, share: float) -> float:
        """Milliseconds that this share of texts did not exceed."""
        return Result(latencies=self.latencies).quantile(share)


def _print_beside(rate: float, alone: Run, beside: Run, polls: list[polling.Polled]) -> None:
    print(f"\nwebhook at {rate:,.0f} texts/s, two workers, {len(alone.latencies):,} texts each, {_load()}")
    for name, run in (("alone", alone), (f"beside {CONSOLES} consoles", beside)):
        print(f"{name:<28}p50 {run.quantile(0.5):6.1f} ms   p99 {run.quantile(0.99):6.1f} ms")
    p50, p99 = (beside.quantile(share) / alone.quantile(share) for share in (0.5, 0.99))
    spent = (beside.processor - alone.processor) / sum(polled.same + polled.fresh for polled in polls)
    print(f"{'ratio':<28}p50 {p50:6.2f}      p99 {p99:6.2f}      (needed 1.20)")
    print(f"  the workers' processor time: {alone.processor / len(alone.latencies) * 1000:.1f} ms a text, ", end="")
    print(f"{spent * 1000:.1f} ms a poll")
    for polled in polls:
        print(f"  polls: {polled}")


def _load() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores at {datetime.now().astimezone():%H:%M}"


if __name__ == "__main__":
    socket.setdefaulttimeout(60)
    main()
