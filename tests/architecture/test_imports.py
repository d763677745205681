"""The direction of imports, the purity of the core, and that importing does nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import ROOT, Module, modules

# What reads a clock, a file, a network or a log has no place in the core; `datetime` has, but for its clock.
IMPURE_MODULES = {
    "aiohttp", "alembic", "asyncio", "click", "flask", "http", "io", "logging", "os", "pathlib", "random", "redis",
    "requests", "rq", "secrets", "shutil", "socket", "sqlalchemy", "sqlite3", "structlog", "subprocess", "tempfile",
    "threading", "time", "twilio", "urllib.request", "uuid",
}  # fmt: skip
CLOCKS = {"now", "utcnow", "today", "time_ns", "monotonic", "perf_counter"}
IMPURE_CALLS = {"open", "print", "input", "exec", "eval"}

# Imports every module with sockets, databases, processes and writing forbidden.
IMPORT_ALL = """
import importlib, pkgutil, sys
import bot

FORBIDDEN = {"socket.connect", "sqlite3.connect", "subprocess.Popen", "os.mkdir", "os.remove"}

def hook(event, arguments):
    if event in FORBIDDEN or event == "open" and isinstance(arguments[1], str) and set("wax+") & set(arguments[1]):
        # Python itself writes byte code, by way of a file with a number for its suffix.
        if "__pycache__" not in str(arguments[0]):
            raise SystemExit(f"importing did {event}: {arguments!r}")

sys.addaudithook(hook)
for module in pkgutil.walk_packages(bot.__path__, "bot."):
    if not module.name.endswith(".__main__") and ".migrations." not in module.name:
        importlib.import_module(module.name)
"""


def test_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_importing_opens_nothing() -> None:
    ran = subprocess.run([sys.executable, "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_core_is_pure() -> None:
    assert not [fault for module in modules("bot/core", "bot/journeys") for fault in _impurities(module)]


def test_wall_clock_is_read_in_one_place() -> None:
    readers = [
        module.at(node)
        for module in modules("bot", "worker.py")
        if module.name != "bot/clock.py"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and _clock(node) in {"datetime.now", "datetime.utcnow", "date.today", "time.time"}
    ]
    assert not readers, "bot.clock.now() is the one place"


def _impurities(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        for name in _imported(node):
            if any(f"{name}.".startswith(f"{impure}.") for impure in IMPURE_MODULES):
                yield f"{module.name} imports {name}"
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
                yield f"{module.at(node)} calls {node.func.id}"
            if isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
                yield f"{module.at(node)} reads a clock"


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def _clock(node: ast.Call) -> str | None:
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        return f"{node.func.value.id}.{node.func.attr}"
    return None
