"""Child processes of one parent: started, watched, and all ended when the parent ends, however it ends."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

GRACE_SECONDS = 10.0
PR_SET_PDEATHSIG = 1


class Children:
    """The processes of one demo. `log` names the folder in which each one's output is kept."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._running: dict[str, tuple[subprocess.Popen[bytes], signal.Signals]] = {}

    def start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        stop_signal: signal.Signals = signal.SIGTERM,
        **options: Any,
    ) -> None:
        """Start one; its output goes to a file of its own, so that the terminal shows what a person needs.

        `options` are Popen's: who it runs as, which files it inherits.
        """
        with (self._log / f"{name}.log").open("ab") as output:
            child = subprocess.Popen(  # noqa: S603  our own command
                list(command),
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A group of its own: Ctrl-C in the terminal reaches the parent, which ends the others in order.
                start_new_session=True,
                preexec_fn=partial(_end_with_parent, stop_signal) if sys.platform == "linux" else None,  # noqa: PLW1509  no thread runs yet
                **options,
            )
        self._running[name] = (child, stop_signal)

    def ended(self) -> str | None:
        """The name of one that has ended by itself, if any has."""
        return next((name for name, (child, _) in self._running.items() if child.poll() is not None), None)

    def last_words(self, name: str, lines: int = 12) -> str:
        """The end of what it printed."""
        return "\n".join((self._log / f"{name}.log").read_text(errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        """End one after the other, the last started first, so that none talks to one that is gone."""
        until = time.monotonic() + GRACE_SECONDS
        for child, stop_signal in reversed(self._running.values()):
            if child.poll() is None:
                child.send_signal(stop_signal)
            try:
                child.wait(max(0.5, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._running.clear()


def _end_with_parent(stop_signal: signal.Signals) -> None:
    # Linux: even a parent that is killed outright takes its children along.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(stop_signal))
    if os.getppid() == 1:
        os._exit(0)
