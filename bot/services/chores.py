"""Long work step by step: each step one transaction that says where it stands, so that a kill repeats nothing.

Whoever takes a chore up holds it for a while, and longer with each step. Without a word from them somebody else goes
on where the last step ended. A step is worth something only while it is still theirs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final, TypeAlias

import structlog
from sqlalchemy import Connection

from bot.core.chores import ChoreKind
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow, new_id
from bot.store.database import DatabaseDown, once_more
from bot.store.queries import chores as queries

log = structlog.get_logger()

HELD_FOR: Final = timedelta(seconds=60)
SAID_EVERY: Final = timedelta(seconds=3)
"""Within a long step, so often it is held anew, and whoever does it may be told to stop."""
AFTER_AN_ERROR: Final = timedelta(minutes=1)
MOST_TRIES: Final = 5
"""Taken up so often without a single step, it is given up and says so."""
AT_ONCE_SECONDS: Final = 0.25
"""So long, and one step at least, it is worked on while somebody waits: what is small is done then."""


class NotOurs(Exception):
    """Somebody else goes on with it, or nobody wants it any more."""


class GivenUp(Exception):
    """It cannot be done, and trying again would not help. The word says why."""


class Held:
    """One chore in one worker's hands."""

    def __init__(self, clinic: Clinic, row: AnyRow, holder: str) -> None:
        self.id, self.kind, self.subject_id = str(row.id), ChoreKind(row.kind), str(row.subject_id)
        self.author_id, self.asked_at = str(row.author_id), row.created_at
        self.data: dict[str, Any] = dict(row.data)
        """Where it goes on. Written down with each step."""
        self.done: int = row.done
        self.total: int | None = row.total
        self.file: bytes | None = row.file
        self.is_finished = False
        self._clinic, self._holder = clinic, holder
        self._said_at = clinic.clock()

    @property
    def is_due(self) -> bool:
        """Whether it is time to hold it anew and to give the word back, though no step is done."""
        return self._clinic.clock() - self._said_at >= SAID_EVERY

    @contextmanager
    def step(self) -> Iterator[Connection]:
        """One step, one transaction. Raises NotOurs, with nothing done."""
        with self._clinic.database.begin() as connection:
            if not queries.held(connection, self.id, self._holder):
                raise NotOurs(self.id)
            yield connection
            now = self._clinic.clock()
            values: dict[str, Any] = {"data": self.data, "done": self.done, "total": self.total, "tries": 0}
            if self.is_finished:
                values |= {"finished_at": now, "holder": None, "held_until": None, "file": None}
            else:
                values["held_until"] = now + HELD_FOR
            queries.change(connection, self.id, now, **values)
        self._said_at = now

    def renew(self) -> None:
        """Say that it is still being worked on, between two steps. Raises NotOurs.

        No step is done by that: what never comes to one is given up at last, however long it is worked on.
        """
        now = self._clinic.clock()
        with self._clinic.database.begin() as connection:
            if not queries.held(connection, self.id, self._holder):
                raise NotOurs(self.id)
            queries.change(connection, self.id, now, held_until=now + HELD_FOR)
        self._said_at = now

    def let_go(self) -> None:
        """Somebody else may go on at once."""
        with self._clinic.database.begin() as connection:
            if queries.held(connection, self.id, self._holder):
                queries.change(connection, self.id, self._clinic.clock(), holder=None, held_until=None, tries=0)

    def fail(self, word: str, *, for_good: bool) -> None:
        """It went wrong: tried again later, or given up."""
        now = self._clinic.clock()
        values: dict[str, Any] = {"holder": None, "held_until": now + AFTER_AN_ERROR}
        if for_good:
            values |= {"error": word[:64], "finished_at": now, "file": None, "held_until": None}
        with self._clinic.database.begin() as connection:
            if queries.held(connection, self.id, self._holder):
                queries.change(connection, self.id, now, **values)


Work: TypeAlias = Callable[[Clinic, Held], Generator[None]]
"""Does one kind of chore from where it stands; gives the word back after each step, and within a long one."""

Leaving: TypeAlias = Callable[[Connection, str], None]
"""Puts right what a chore that is given up would leave behind of its subject, in the same transaction."""


def add(
    connection: Connection,
    kind: ChoreKind,
    subject_id: str,
    *,
    author_id: str,
    now: datetime,
    data: Mapping[str, Any],
    total: int | None = None,
    chore_id: str | None = None,
    file: bytes | None = None,
) -> str:
    """Ask for it, in the caller's transaction; its id."""
    row = {
        "id": chore_id or new_id(), "kind": kind, "subject_id": subject_id, "data": dict(data), "done": 0,
        "total": total, "file": file, "tries": 0, "author_id": author_id, "created_at": now, "updated_at": now,
    }  # fmt: skip
    queries.add(connection, row)
    return str(row["id"])


def run(
    clinic: Clinic,
    kinds: Mapping[ChoreKind, Work],
    *,
    chore_id: str | None = None,
    stop: Callable[[], bool],
    leaving: Mapping[ChoreKind, Leaving] | None = None,
) -> bool:
    """Take up the oldest that nobody is at (or that one), and go on with it until it is done or `stop` says so.

    Whether there was one. Raises DatabaseDown: whoever finds it then goes on.
    """
    held = _take(clinic, chore_id, leaving or {})
    if held is None:
        return False
    try:
        steps = kinds[held.kind](clinic, held)
        for _ in steps:
            if stop() and not held.is_finished:
                steps.close()
                held.let_go()
                clinic.queue.work()
                break
    except NotOurs:
        log.info("chore is somebody else's", chore_id=held.id, kind=held.kind)
    except DatabaseDown:
        raise
    except GivenUp as error:
        held.fail(str(error), for_good=True)
    except Exception as error:
        log.error("chore failed", chore_id=held.id, kind=held.kind, error=type(error).__name__)
        held.fail(type(error).__name__, for_good=False)
    return True


def at_once(clinic: Clinic, kind: ChoreKind, work: Work, chore_id: str) -> None:
    """Do as much of it as somebody can wait for; the rest is a worker's, and so is all of it without a database."""
    end = monotonic() + AT_ONCE_SECONDS
    with suppress(DatabaseDown):
        run(clinic, {kind: work}, chore_id=chore_id, stop=lambda: monotonic() > end)


def any_free(clinic: Clinic) -> bool:
    """Whether there is something to do. Raises DatabaseDown."""
    with clinic.database.read() as connection:
        return queries.any_free(connection, clinic.clock())


@once_more
def _take(clinic: Clinic, chore_id: str | None, leaving: Mapping[ChoreKind, Leaving]) -> Held | None:
    now = clinic.clock()
    with clinic.database.begin() as connection:
        row = queries.free(connection, now, chore_id=chore_id)
        if row is None:
            return None
        if row.tries >= MOST_TRIES:
            log.error("chore given up", chore_id=row.id, kind=row.kind)
            gone = {"error": "failed", "finished_at": now, "file": None, "held_until": None, "holder": None}
            queries.change(connection, row.id, now, **gone)
            if (leave := leaving.get(ChoreKind(row.kind))) is not None:
                leave(connection, row.subject_id)
            return None
        holder = secrets.token_hex(8)
        queries.change(connection, row.id, now, holder=holder, held_until=now + HELD_FOR, tries=row.tries + 1)
    return Held(clinic, row, holder)
