"""What stands around the clinic of a chat: a queue that nobody listens to, and a clinician who signs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from bot.core.series import AllSeries


def signed(every: AllSeries) -> AllSeries:
    """The same lessons, read by a clinician."""
    return AllSeries(
        {
            name: replace(
                series,
                lessons=tuple(
                    replace(one, reviewed_by="Ana Reyes, RN", reviewed_on=date(2026, 11, 2)) for one in series.lessons
                ),
            )
            for name, series in every.by_name.items()
        }
    )


class QuietQueue:
    """A queue that nobody listens to: the chat sends by itself."""

    def deliver(self) -> None:
        """Nothing."""

    def reconcile(self) -> None:
        """Nothing."""

    def work(self) -> None:
        """Nobody is told."""

    def ping(self) -> None:
        """Always there."""
