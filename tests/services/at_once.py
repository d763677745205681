"""Several things at one moment, and one thing held up in the middle."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from bot.core.intents import Evidence, Understanding
from bot.core.understanding import Asked
from bot.services.ports import Understands

T = TypeVar("T")


def at_once(*calls: Callable[[], T]) -> list[T]:
    """Call all of these at the same moment, each in a thread; gives the results in order, or raises the first error."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        barrier.wait(10)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(60) for future in [pool.submit(run, call) for call in calls]]


class HeldUp:
    """An understander that stops in the middle of a text until it is let go on."""

    def __init__(self, inner: Understands) -> None:
        self.inner = inner
        self.entered = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, text: str, asked: Asked = Asked()) -> Understanding:  # noqa: B008 - a frozen value
        self.entered.set()
        assert self.go_on.wait(30)
        return self.inner(text, asked)

    def scan(self, text: str) -> tuple[Evidence, ...]:
        return self.inner.scan(text)


class Broken:
    """An understander that fails, and whose scan works."""

    def __init__(self, inner: Understands) -> None:
        self.inner = inner

    def __call__(self, text: str, asked: Asked = Asked()) -> Understanding:  # noqa: B008 - a frozen value
        raise RuntimeError("broken")

    def scan(self, text: str) -> tuple[Evidence, ...]:
        return self.inner.scan(text)
