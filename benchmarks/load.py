"""Load for a web server: ready-made requests over plain sockets, as fast as they are answered or at a given rate."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Result:
    """What one run brought: latencies in seconds, answers by status, and how long it took."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds

    def quantile(self, share: float) -> float:
        """Latency in milliseconds that this share of requests did not exceed."""
        return sorted(self.latencies)[min(int(len(self.latencies) * share), len(self.latencies) - 1)] * 1000


def saturate(port: int, requests: Sequence[bytes], *, connections: int, seconds: float) -> Result:
    """As many requests as the server answers, this many at a time."""
    begun = time.perf_counter()
    turn = iter(requests)
    lock = threading.Lock()

    def ask(result: Result) -> None:
        while time.perf_counter() - begun < seconds:
            with lock:
                request = next(turn, None)
            if request is None:
                return
            _one(port, request, time.perf_counter(), result)

    result = _in_threads(connections, ask)
    result.seconds = time.perf_counter() - begun
    return result


def pace(port: int, requests: Sequence[bytes], *, rate: float, seconds: float, connections: int = 64) -> Result:
    """Requests on a timetable, whatever the server does: a latency counts from the moment the request was due."""
    begun = time.perf_counter() + 0.1
    due: Iterator[tuple[float, bytes]] = (
        (begun + number / rate, request) for number, request in enumerate(requests[: int(rate * seconds)])
    )
    lock = threading.Lock()

    def ask(result: Result) -> None:
        while True:
            with lock:
                at, request = next(due, (0.0, b""))
            if not request:
                return
            time.sleep(max(0.0, at - time.perf_counter()))
            _one(port, request, at, result)

    result = _in_threads(connections, ask)
    result.seconds = time.perf_counter() - begun
    return result


def _in_threads(count: int, ask: Callable[[Result], None]) -> Result:
    results = [Result() for _ in range(count)]
    threads = [threading.Thread(target=ask, args=(result,)) for result in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = Result()
    for result in results:
        whole.latencies += result.latencies
        for status, count_of in result.statuses.items():
            whole.statuses[status] = whole.statuses.get(status, 0) + count_of
    return whole


def _one(port: int, request: bytes, since: float, result: Result) -> None:
    # gunicorn's sync workers close the connection after each answer, so the end of it is the end of the stream.
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        answer = connection.recv(65536)
        while connection.recv(65536):
            pass
    status = answer[9:12].decode()
    result.statuses[status] = result.statuses.get(status, 0) + 1
    result.latencies.append(time.perf_counter() - since)
