"""RQ: every queue is used and served, every job that is named exists, and every one that exists is named."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator

from bot.gateways.queue import Job, Lane
from tests.architecture.source import Module, modules


def test_every_named_job_can_be_called() -> None:
    named = set(_named_jobs())
    assert named >= set(map(str, Job))
    for path in named:
        module, _, function = path.rpartition(".")
        assert callable(getattr(importlib.import_module(module), function))


def test_every_job_is_named_somewhere() -> None:
    named = {path.rpartition(".")[0] for path in _named_jobs()}
    there = {module.name.removesuffix(".py").replace("/", ".") for module in modules("bot/jobs") if _runs(module)}
    assert there <= named


def test_every_queue_is_used() -> None:
    text = next(module.text for module in modules("bot/gateways") if module.name.endswith("/queue.py"))
    assert not [lane for lane in Lane if not re.search(rf"\bLane\.{lane.name}\b", text)]


def test_worker_serves_every_queue() -> None:
    (worker,) = modules("bot/jobs/worker.py")
    names = {node.id for node in ast.walk(worker.tree) if isinstance(node, ast.Name)}
    words = {node.value for node in ast.walk(worker.tree) if isinstance(node, ast.Constant)}
    assert "Lane" in names or words >= set(map(str, Lane)), "the worker does not take from every lane"


def _runs(module: Module) -> bool:
    """Whether it is an entry point, and not what entry points share."""
    return any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in module.tree.body)


def _named_jobs() -> Iterator[str]:
    for module in modules("bot"):
        for node in ast.walk(module.tree):
            words = node.value if isinstance(node, ast.Constant) else None
            if isinstance(words, str) and re.fullmatch(r"bot\.jobs\.\w+\.\w+", words):
                yield words
