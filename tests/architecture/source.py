"""What the checks of the tree read: the files that belong to the project, and their syntax trees."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Module:
    """A Python file of the project."""

    name: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return _parse(self.text, self.name)

    @property
    def lines(self) -> list[str]:
        """Its lines; the first has index 0."""
        return self.text.splitlines()

    def at(self, node: ast.stmt | ast.expr) -> str:
        """Where that node stands, as an editor wants it."""
        return f"{self.name}:{node.lineno}"


@cache
def files(*below: str) -> tuple[str, ...]:
    """Paths, relative to the root, of what is tracked or would be on the next `git add`."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *below]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(sorted(name for name in set(listed.split("\0")) if name and (ROOT / name).is_file()))


@cache
def modules(*below: str) -> tuple[Module, ...]:
    """The Python files below these folders."""
    return tuple(Module(name, (ROOT / name).read_text("utf-8")) for name in files(*below) if name.endswith(".py"))


def texts() -> Iterator[tuple[str, str]]:
    """Every file that is text, as (path, text)."""
    for name in files():
        raw = (ROOT / name).read_bytes()
        if b"\0" not in raw[:8192]:
            yield name, raw.decode("utf-8", errors="replace")


@cache
def _parse(text: str, name: str) -> ast.Module:
    return ast.parse(text, filename=name)
