"""One file at a time through the console: each takes a web process for itself, and another must be left for texts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from bot.core.rows import Unreadable
from bot.services.clinic import Clinic
from bot.store.columns import new_id
from bot.store.queries import leases

LEASE = "import-in-web"
LONGEST = timedelta(minutes=2)
"""More than a web process may take for one request: who has not given it up by then was killed."""


@contextmanager
def turn(clinic: Clinic) -> Iterator[None]:
    """Hold the turn for as long as the block takes. Raises Unreadable when somebody else has it."""
    holder, now = new_id(), clinic.clock()
    with clinic.database.begin() as connection:
        taken = leases.take(connection, LEASE, holder=holder, until=now + LONGEST, now=now)
    if not taken:
        raise Unreadable("another file is being read; try again in a minute")
    try:
        yield
    finally:
        with clinic.database.begin() as connection:
            leases.give_up(connection, LEASE, holder=holder)
