"""How a test runs a command: as a user does in a process of its own, or sooner in this one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from click.testing import CliRunner, Result

from bot.cli import main
from bot.config import Settings


def run_bot(env: Mapping[str, str], *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """`bot WORDS` with these settings and no others."""
    settings = {name.upper() for name in Settings.model_fields}
    inherited = {name: value for name, value in os.environ.items() if name not in settings}
    command = [sys.executable, "-m", "bot", *words]
    return subprocess.run(
        command, env={**inherited, **env}, input=stdin, capture_output=True, text=True, timeout=120, check=False
    )


def call_bot(env: Mapping[str, str], *words: str) -> Result:
    """The same in this process, for tests of many commands: has `exit_code`, `stdout`, `stderr`."""
    nothing = dict.fromkeys((name.upper() for name in Settings.model_fields), None)
    return CliRunner(env={**nothing, **env}).invoke(main, words)
