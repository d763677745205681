"""Who plans beside whom: PostgreSQL's advisory locks. With SQLite only one transaction writes at a time anyway."""

from __future__ import annotations

from sqlalchemy import Connection, text

# Any fixed number: PostgreSQL's advisory lock that puts rounds of due contacts in line, so that two of them never make
# two texts about one visit, nor take a household apart.
DUE_LOCK = 7_404_503
# Held together by all who plan visits, and for a moment alone by who goes on to what is due: a household of which half
# has been planned would be taken apart.
PLAN_LOCK = 7_404_504


def plan_beside(connection: Connection) -> None:
    """Until the end of the transaction we are among those who plan visits. Comes before any visit is locked."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": PLAN_LOCK})


def wait_for_planners(connection: Connection) -> None:
    """Wait until what others are planning at this moment is there to be seen. PostgreSQL only."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PLAN_LOCK})


def take_turn(connection: Connection) -> None:
    """Wait until nobody else makes messages of due contacts; until the end of the transaction it is our turn."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": DUE_LOCK})
