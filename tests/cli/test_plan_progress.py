"""What `bot plan` shows while it works: one line on a terminal, nothing anywhere else."""

from __future__ import annotations

import io
import time

import pytest

from bot.cli import plan


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def shown(stream: io.StringIO, batches: int) -> str:
    with plan.Progress(stream) as progress:
        for batch in range(batches):
            time.sleep(plan.MOMENT * 1.1 if batch == 0 else 0)
            progress.told({"visits": 40_000, "messages": 2_000 * (batch + 1)})
    return stream.getvalue()


def test_a_terminal_shows_how_far_it_is_and_is_wiped_at_the_end() -> None:
    first, *rest = shown(Terminal(), 3).split(plan.WIPE)[1:]
    assert first.startswith("visits: 40,000, messages: 2,000 (")
    assert first.endswith(" a second)")
    assert rest == [""]  # The batches that followed at once are not worth another line.


@pytest.mark.parametrize(("stream", "batches"), [(io.StringIO(), 1), (Terminal(), 0)])
def test_nothing_is_shown_elsewhere_or_of_what_takes_no_time(stream: io.StringIO, batches: int) -> None:
    assert shown(stream, batches) == ""
