"""The clinic that services work for: its database, keys, settings, texts and queue, built once by the runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.config import Settings
from bot.core.measures import Measures
from bot.core.preparation import Protocol
from bot.core.sensitive import Sensitive
from bot.core.series import AllSeries
from bot.services.lately import Lately
from bot.services.looks import Looks
from bot.services.places import Known, SetUp
from bot.services.ports import Queue, Texts, Understands
from bot.store.database import Database
from bot.store.vault import Vault


@dataclass(frozen=True, slots=True)
class Clinic:
    """Everything a service needs, in one value. `clock` gives aware UTC."""

    settings: Settings
    database: Database
    vault: Vault
    texts: Texts
    understand: Understands
    queue: Queue
    clock: Callable[[], datetime]
    protocols: tuple[Protocol, ...] = ()
    """What the patients of some services are to do before a visit."""
    sensitive: Sensitive = field(default_factory=Sensitive, repr=False, compare=False)
    """Which visits are nobody's business but the patient's."""
    series: AllSeries = field(default_factory=AllSeries, repr=False, compare=False)
    measures: Measures = field(default_factory=Measures, repr=False, compare=False)
    known: Known = field(default_factory=Known, repr=False, compare=False)
    lately: Lately = field(default_factory=Lately, repr=False, compare=False)
    looks: Looks = field(default_factory=Looks, repr=False, compare=False)

    def set_up(self) -> SetUp:
        """The clinic's places and service levels, as of half a minute ago at most."""
        return self.known.read(self.database, self.settings)
