"""Timings are shared by processes that were forked after they were made, and none is lost."""

from __future__ import annotations

import subprocess
import sys
import threading

from bot.web.timings import BOUNDS, Timings

# In a process of its own: this one may have threads, of which forking would warn.
FORK = """
import os
from bot.web.timings import Timings

timings = Timings(["message"])
children = []
for _ in range(4):
    pid = os.fork()
    if not pid:
        for _ in range(2_000):
            timings.observe("message", 0.25)
        os._exit(0)
    children.append(pid)
for pid in children:
    os.waitpid(pid, 0)
buckets, total = timings.read()["message"]
print(buckets[-1][1], total)
"""


def test_observations_fall_into_buckets() -> None:
    timings = Timings(["message", "status"])
    for seconds in (0.001, BOUNDS[0], 0.25, 99.0):
        timings.observe("message", seconds)
    timings.observe("no-such-name", 1.0)
    buckets, total = timings.read()["message"]
    assert dict(buckets)[str(BOUNDS[0])] == 2
    assert dict(buckets)["0.5"] == 3
    assert buckets[-1] == ("+Inf", 4)
    assert total == 0.001 + BOUNDS[0] + 0.25 + 99.0
    assert timings.read()["status"][1] == 0


def test_threads_lose_none() -> None:
    timings = Timings(["message"])
    threads = [threading.Thread(target=lambda: [timings.observe("message", 0.5) for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert timings.read()["message"][0][-1] == ("+Inf", 2_000)


def test_processes_lose_none() -> None:
    ran = subprocess.run([sys.executable, "-c", FORK], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["8000.0", "2000.0"]
