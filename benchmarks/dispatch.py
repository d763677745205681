"""Dispatch: messages a second to a stand-in that answers after 80 ms, beside what 64 in flight or SEND_RATE allow.

Run: python -m benchmarks.dispatch [--messages N] [--rate SEGMENTS_PER_SECOND]

The floor is a bare loop in the same run: the same provider, 64 calls in flight, no database, no gate.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import func, select

from benchmarks.clinic import bench_clinic, fill, postgres
from bot import clock
from bot.core.provider import OutgoingText
from bot.gateways.rate import LocalRate
from bot.runtime import build_provider
from bot.services.clinic import Clinic
from bot.services.deliver import deliver
from bot.services.plan import plan_due
from bot.services.ports import Provider
from bot.store.tables import Message

LATENCY_SECONDS = 0.08
IN_FLIGHT = 64
UNLIMITED = 100_000.0
ACCOUNT = "AC" + "b" * 32
TOKEN = "token"
CREDENTIALS = {
    "TWILIO_ACCOUNT_SID": ACCOUNT,
    "TWILIO_AUTH_TOKEN": TOKEN,
    "TWILIO_PHONE_NUMBER": "+16015550199",
}


def main() -> None:
    """Print the bare loop's rate, ours, and the ratios; then ours under a send rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=6_000)
    parser.add_argument("--rate", type=float, default=100.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, postgres(Path(folder)) as url, network() as api:
        clinic = bench_clinic(url)
        settings = clinic.settings.model_copy(
            update={
                "twilio_api_url": api,
                "twilio_account_sid": ACCOUNT,
                "twilio_auth_token": [SecretStr(TOKEN)],
                "send_rate": UNLIMITED,
            }
        )
        clinic = replace(clinic, settings=settings)
        asyncio.run(measure(clinic, options.messages, options.rate))


async def measure(clinic: Clinic, messages: int, limit: float) -> None:
    """Fill, plan, send; the first text of each provider is not counted, since it loads the SDK."""
    provider = build_provider(clinic.settings)
    try:
        await provider.send(text_number(0))
        bare = await bare_loop(provider, messages)
        fill(clinic, messages, starts_in=timedelta(hours=23))
        plan_due(clinic, at=clock.now())
        begun = time.perf_counter()
        done = await deliver(clinic, provider, LocalRate(UNLIMITED), in_flight=IN_FLIGHT)
        ours = messages / (time.perf_counter() - begun)
        ceiling = IN_FLIGHT / LATENCY_SECONDS
        print(f"64 in flight at 80 ms allow  {ceiling:8,.0f} messages/s")
        print(f"a bare loop                  {bare:8,.0f} messages/s   {bare / ceiling:5.2f} of that")
        print(f"ours, gate and rows and all  {ours:8,.0f} messages/s   {ours / ceiling:5.2f} of that")
        print(f"ours over the bare loop      {ours / bare:8.2f}   {done}")
        await limited(clinic, provider, limit)
    finally:
        await provider.aclose()


async def limited(clinic: Clinic, provider: Provider, limit: float) -> None:
    """How close to SEND_RATE it keeps; ours send one segment a text here, or two in Arabic."""
    count = int(limit * 10)
    clinic = replace(clinic, settings=clinic.settings.model_copy(update={"send_rate": limit}))
    fill(clinic, count, starts_in=timedelta(hours=22), first=1_000_000)
    plan_due(clinic, at=clock.now())
    before = clock.now()
    begun = time.perf_counter()
    await deliver(clinic, provider, LocalRate(limit), in_flight=IN_FLIGHT)
    segments = segments_since(clinic, before)
    print(f"SEND_RATE {limit:.0f}: {segments / (time.perf_counter() - begun):.1f} segments/s")


def segments_since(clinic: Clinic, moment: datetime) -> int:
    """Segments of what was sent since."""
    with clinic.database.read() as connection:
        total = connection.execute(select(func.sum(Message.segments)).where(Message.sent_at >= moment)).scalar_one()
    return int(total)


async def bare_loop(provider: Provider, messages: int) -> float:
    """Messages a second of the provider alone, this many in flight."""
    numbers = iter(range(messages))

    async def one() -> None:
        for number in numbers:
            await provider.send(text_number(number))

    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(IN_FLIGHT)))
    return messages / (time.perf_counter() - begun)


def text_number(number: int) -> OutgoingText:
    """A text of about the length of a reminder."""
    to = f"+1{200 + number // 10_000:03d}555{number % 10_000:04d}"
    return OutgoingText(f"m{number}", to, "x" * 150, f"http://127.0.0.1:9/webhooks/twilio/status?id=m{number}")


@contextmanager
def network() -> Iterator[str]:
    """The emulated Twilio as a process of its own, calling nobody back."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "bot.demo.network", "--port", str(port), "--latency-ms", "80"]
    command += ["--keywords", "off", "--faults", '{"faults": {"callback-lose": 1}}']
    child = subprocess.Popen(command, env={**os.environ, **CREDENTIALS})
    try:
        for _ in range(400):
            assert child.poll() is None, "the emulated network has ended"
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/network/phones", timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait(10)


if __name__ == "__main__":
    main()
