"""Child processes of one parent: started, watched, and all ended when the parent ends, however it ends."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

GRACE_SECONDS = 10.0
PR_SET_PDEATHSIG = 1


class Children:
    """The processes of one demo. `log` names the folder in which each one's output is kept."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start one; its output goes to a file of its own, so that the terminal shows what a person needs."""
        with (self._log / f"{name}.log").open("ab") as output:
            self._running[name] = subprocess.Popen(  # noqa: S603  our own command
                list(command),
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A group of its own: Ctrl-C in the terminal reaches the parent, which ends the others in order.
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509  no thread runs yet
            )

    def ended(self) -> str | None:
        """The name of one that has ended by itself, if any has."""
        return next((name for name, child in self._running.items() if child.poll() is not None), None)

    def last_words(self, name: str, lines: int = 12) -> str:
        """The end of what it printed."""
        return "\n".join((self._log / f"{name}.log").read_text(errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        """End all, the last started first, each given time to finish what it is at."""
        for child in reversed(self._running.values()):
            _signal(child, signal.SIGTERM)
        until = time.monotonic() + GRACE_SECONDS
        for child in self._running.values():
            try:
                child.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(child, signal.SIGKILL)
                child.wait()
        self._running.clear()


def _signal(child: subprocess.Popen[bytes], which: signal.Signals) -> None:
    if child.poll() is None:
        child.send_signal(which)


def _end_with_parent() -> None:
    # Linux: even a parent that is killed outright takes its children along.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == 1:
        os._exit(0)
