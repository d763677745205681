"""Every kind of chore, with what does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from bot.core.chores import ChoreKind
from bot.services import chores, patient_lists
from bot.services.campaigns import drawing, forecast
from bot.services.chores import Leaving, Work
from bot.services.clinic import Clinic

KINDS: Final[Mapping[ChoreKind, Work]] = {
    ChoreKind.DRAW: drawing.draw,
    ChoreKind.FORECAST: forecast.fulfil,
    ChoreKind.LIST: patient_lists.look_up,
}
LEAVING: Final[Mapping[ChoreKind, Leaving]] = {ChoreKind.LIST: patient_lists.forget}


def work_off(clinic: Clinic, stop: Callable[[], bool]) -> int:
    """Do what waits, the oldest first, until there is nothing more or `stop` says so; how many were taken up."""
    taken = 0
    while not stop() and chores.run(clinic, KINDS, stop=stop, leaving=LEAVING):
        taken += 1
    return taken
