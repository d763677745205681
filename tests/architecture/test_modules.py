"""The shape of each module: short, opened by a sentence, named for what it holds, its imports at the top."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator

from tests.architecture.source import Module, modules

LONGEST_MODULE = 350
LONG_FUNCTION = 40
NAMELESS = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "common", "misc"}

OURS = modules("bot", "worker.py")
ALL = (*OURS, *modules("tests", "benchmarks"))


def test_modules_are_short() -> None:
    long = {module.name: len(module.lines) for module in ALL if len(module.lines) > LONGEST_MODULE}
    assert not long


def test_modules_open_with_a_sentence() -> None:
    mute = [module.name for module in ALL if not _opening(module).endswith((".", "?", ":"))]
    assert not mute, "say in one sentence what lives there"


def test_modules_are_named_for_what_they_hold() -> None:
    nameless = [module.name for module in ALL if NAMELESS & set(re.split(r"[/_.]", module.name))]
    assert not nameless


def test_imports_stand_at_the_top() -> None:
    inner = [(module, node) for module in OURS for node in _inner_imports(module.tree)]
    hidden = [module.at(node) for module, node in inner if not _explained(module, node)]
    assert not hidden, "an import inside a function wants a comment, above it or on its line, that says why"


def test_annotations_are_postponed() -> None:
    line = "\nfrom __future__ import annotations\n"
    assert not [module.name for module in ALL if _has_code(module) and line not in module.text]


def test_functions_are_short() -> None:
    lengths = {module.at(node): _length(node) for module in OURS for node in _functions(module.tree)}
    assert statistics.median(lengths.values()) < 10
    long = {place: length for place, length in lengths.items() if length > LONG_FUNCTION}
    assert len(long) <= len(lengths) / 50, f"more than one in fifty is longer than {LONG_FUNCTION} lines: {long}"


def _opening(module: Module) -> str:
    return (ast.get_docstring(module.tree) or "").split("\n\n")[0]


def _has_code(module: Module) -> bool:
    return any(not isinstance(node, ast.Expr) for node in module.tree.body)


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    documented = ast.get_docstring(node) is not None and len(node.body) > 1
    body = node.body[1:] if documented else node.body
    return (node.end_lineno or node.lineno) - body[0].lineno + 1


def _inner_imports(tree: ast.Module) -> Iterator[ast.stmt]:
    for function in _functions(tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield node


def _explained(module: Module, node: ast.stmt) -> bool:
    """A comment on the line, or above the block of imports that it belongs to."""
    if _comment(module.lines[node.lineno - 1]):
        return True
    above = node.lineno - 2
    while module.lines[above].lstrip().startswith(("import ", "from ")):
        if _comment(module.lines[above]):
            return True
        above -= 1
    return module.lines[above].lstrip().startswith("# ")


def _comment(line: str) -> bool:
    _, mark, comment = line.partition("  # ")
    return bool(mark) and not comment.startswith("noqa")
