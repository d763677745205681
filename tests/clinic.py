"""A clinic that runs as in production: the processes of the `Procfile`, beside an emulated phone network."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from bot.config import Settings
from tests.servers import Child, free_port, wait_until

ROOT = Path(__file__).parents[1]


class RunningClinic:
    """Runs nothing until `start_all()` or `start(name)`; `stop()` ends everything, and more than once if need be."""

    def __init__(self, settings_env: Mapping[str, str], *, folder: Path) -> None:
        self.folder = folder
        self.network_url = f"http://127.0.0.1:{free_port()}"
        self.env = {**settings_env, "TWILIO_API_URL": self.network_url}
        self.web_url = self.env["PUBLIC_URL"]
        self.children: dict[str, list[Child]] = {}

    def start_all(self, *, workers: int = 1) -> None:
        """Network, release, web, workers and scheduler; ready when this returns."""
        network = self.start_network()
        self.run("db", "upgrade")
        for name in ("web", *["worker"] * workers, "scheduler"):
            self.start(name)
        wait_until(lambda: answers(self.network_url), seconds=60, what="network", alive=network.running)
        self.wait_ready()

    def start_network(self, *options: str) -> Child:
        """The emulated phone network, with options of `python -m bot.demo.network`."""
        port = self.network_url.rpartition(":")[2]
        return self._child("network", [sys.executable, "-m", "bot.demo.network", "--port", port, *options])

    def start(self, name: str) -> Child:
        """Start one more process of that name from the `Procfile`, and do not wait for it."""
        return self._child(name, ["sh", "-c", f"exec {commands()[name]}"])

    def run(self, *command: str, seconds: float = 60) -> str:
        """Run a `bot` command to its end with this clinic's settings; what it printed. Raises if it fails."""
        bot = [sys.executable, "-m", "bot", *command]
        done = subprocess.run(
            bot, env=self._environment(), cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"bot {' '.join(command)}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def pids(self, name: str) -> list[int]:
        """Process ids of those of that name that still run."""
        return [child.pid for child in self.children.get(name, ()) if child.running()]

    def output(self) -> str:
        """What all of them have printed."""
        children = [(name, child) for name, several in self.children.items() for child in several]
        return "\n".join(f"== {name} ({child.pid})\n{child.output()}" for name, child in children)

    def ready(self) -> bool:
        """Whether `/readyz` says so."""
        return answers(f"{self.web_url}/readyz")

    def wait_ready(self, seconds: float = 90) -> None:
        """Return once `/readyz` is 200. Raises TimeoutError."""
        web = self.children["web"][-1]
        wait_until(self.ready, seconds=seconds, what="web", alive=web.running)

    def stop(self) -> None:
        """End every process, the network last, so that nobody talks to a dead one."""
        for name in ("scheduler", "worker", "web", "network"):
            for child in self.children.get(name, ()):
                child.stop()

    def _child(self, name: str, command: list[str]) -> Child:
        several = self.children.setdefault(name, [])
        log = self.folder / f"{name}-{len(several) + 1}.log"
        several.append(Child(command, log=log, env=self._environment(), cwd=ROOT))
        return several[-1]

    def _environment(self) -> dict[str, str]:
        # Production listens on every address, a test on loopback only: HOST.
        settings = {name.upper() for name in Settings.model_fields}
        inherited = {name: value for name, value in os.environ.items() if name not in settings}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**inherited, **self.env, "PATH": path, "PYTHONUNBUFFERED": "1", "HOST": "127.0.0.1"}


def commands() -> dict[str, str]:
    """What the `Procfile` runs, by name."""
    return dict(re.findall(r"^(\w+): (.+)$", (ROOT / "Procfile").read_text(), re.M))


def answers(url: str) -> bool:
    """Whether GET of that address succeeds."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def get_json(url: str, *, token: str | None = None) -> object:
    """GET of an API address, read as JSON."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)
