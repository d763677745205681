"""Write the clinic's side of transcripts anew, for review: `python -m tests.transcripts.record [files]`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bot.store import migrations
from tests.transcripts.script import copy_of, files, play


def main(names: list[str]) -> int:
    """Record these files, or all; gives how many changed."""
    changed = 0
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.db"
        migrations.upgrade(f"sqlite:///{template}")
        for number, path in enumerate([Path(name) for name in names] or files()):
            before = path.read_text(encoding="utf-8")
            after = play(before, copy_of(template, Path(folder) / f"{number}.db"))
            if after != before:
                path.write_text(after, encoding="utf-8")
                changed += 1
                sys.stdout.write(f"{path}\n")
    return changed


if __name__ == "__main__":
    sys.stdout.write(f"{main(sys.argv[1:])} rewritten\n")
