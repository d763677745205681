"""Play a file of dialogues: `python -m tests.dialogues FILE.jsonl [--id ID] [--scheduler] [--trace]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bot import log
from bot.store import migrations
from tests.dialogues.script import dialogues_of, play
from tests.dialogues.stage import Theatre


def main() -> int:
    """Play them; gives 1 when one of them ends where it must not."""
    asked = argparse.ArgumentParser()
    asked.add_argument("file", type=Path)
    asked.add_argument("--id", default="")
    asked.add_argument("--scheduler", action="store_true", help="the clinic's own planning is at work too")
    asked.add_argument("--trace", action="store_true", help="show every dialogue, not only those that fail")
    options = asked.parse_args()
    log.configure("warning")
    failed = played = 0
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.db"
        migrations.upgrade(f"sqlite:///{template}")
        theatre = Theatre(template, Path(folder))
        for dialogue in dialogues_of(options.file):
            if options.id not in dialogue["id"]:
                continue
            played += 1
            result = play(dialogue, theatre, scheduler=options.scheduler)
            failed += bool(result.problems)
            if result.problems or options.trace:
                lines = [f"== {dialogue['id']} {dialogue['title']}", *result.trace, *result.problems, ""]
                sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.write(f"{played - failed} of {played} end right, {time.perf_counter() - began:.1f} s\n")
    return min(failed, 1)


if __name__ == "__main__":
    raise SystemExit(main())
