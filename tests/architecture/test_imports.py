"""The direction of imports, the purity of the core, and that importing does nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source import ROOT, Module, modules

# What reads a clock, a file, a network or a log has no place in the core; `datetime` has, but for its clock.
IMPURE_MODULES = {
    "aiohttp", "alembic", "asyncio", "click", "flask", "http", "io", "logging", "os", "pathlib", "random", "redis",
    "requests", "rq", "secrets", "shutil", "socket", "sqlalchemy", "sqlite3", "structlog", "subprocess", "tempfile",
    "threading", "time", "twilio", "urllib.request", "uuid",
}  # fmt: skip
# Part of another's interface, and never there without it.
COMPANIONS = {"markupsafe": "jinja2", "multidict": "aiohttp", "werkzeug": "flask", "yarl": "aiohttp"}
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


def test_what_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = _names(project["dependencies"])
    with_demo = declared | _names(project["optional-dependencies"]["demo"])
    undeclared = [
        f"{module.name}: {top}"
        for module in modules("bot", "worker.py")
        for top in {name.split(".")[0] for node in ast.walk(module.tree) for name in _imported(node)}
        if top not in sys.stdlib_module_names and top not in {"bot", "_typeshed"}
        if not _distributions(top) & (with_demo if module.name.startswith("bot/demo/") else declared)
    ]
    assert not undeclared


def test_wall_clock_is_read_in_one_place() -> None:
    readers = [
        module.at(node)
        for module in modules("bot", "worker.py")
        if module.name != "bot/clock.py"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and _clock(node) in {"datetime.now", "datetime.utcnow", "date.today", "time.time"}
    ]
    assert not readers, "bot.clock.now() is the one place"


def _names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


@cache
def _distributions(top: str) -> set[str]:
    return {canonicalize_name(name) for name in packages_distributions().get(COMPANIONS.get(top, top), ())}


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
