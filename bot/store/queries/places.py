"""What the clinic has set up: its locations, who is on call, service levels and resources; all of it small tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, exists, insert, select, update

from bot.store.columns import AnyRow
from bot.store.tables import Appointment, Location, OnCall, Resource, Role, ServiceLevel, User

VISITS_LOOKED_AT: Final = 5_000
"""The next visits name every place that is in use, and the index on `starts_at` gives them at once."""
MOST_ROWS: Final = 500

_LOCATIONS: Final = select(Location.__table__).order_by(Location.name).limit(MOST_ROWS)
_LEVELS: Final = select(ServiceLevel.__table__)
_LADDER: Final = (
    select(OnCall.__table__, User.name, User.email, User.active)
    .join(User, User.id == OnCall.user_id)
    .order_by(OnCall.rung, OnCall.after_minutes, OnCall.id)
    .limit(MOST_ROWS)
)
_RESOURCES: Final = (
    select(Resource.__table__).order_by(Resource.active.desc(), Resource.category, Resource.name).limit(MOST_ROWS)
)

TABLES: Final[Mapping[str, type[Location] | type[OnCall] | type[Resource]]] = {
    "location": Location,
    "on-call": OnCall,
    "resource": Resource,
}
"""What the audit trail calls it, and where it lies."""


def locations(connection: Connection) -> Sequence[AnyRow]:
    """Every location, by name."""
    return connection.execute(_LOCATIONS).all()


def service_levels(connection: Connection) -> Sequence[AnyRow]:
    """The service levels that differ from the built-in ones."""
    return connection.execute(_LEVELS).all()


def ladder(connection: Connection) -> Sequence[AnyRow]:
    """The rungs of the on-call ladder with the people on them, the first to hear first."""
    return connection.execute(_LADDER).all()


def resources(connection: Connection) -> Sequence[AnyRow]:
    """Community resources: those in use first, by category and name."""
    return connection.execute(_RESOURCES).all()


def unplaced(connection: Connection, now: datetime) -> Sequence[str]:
    """Places that visits ahead name and that are not set up."""
    ahead = (
        select(Appointment.location)
        .where(Appointment.starts_at > now)
        .order_by(Appointment.starts_at)
        .limit(VISITS_LOOKED_AT)
        .subquery()
    )
    known = exists().where(Location.name == ahead.c.location)
    found = select(ahead.c.location).where(ahead.c.location != "", ~known).distinct().order_by(ahead.c.location)
    return connection.execute(found.limit(MOST_ROWS)).scalars().all()


def may_be_on_call(connection: Connection) -> Sequence[AnyRow]:
    """Accounts that can act: id, name and e-mail address, by name."""
    people = select(User.id, User.name, User.email).where(User.active.is_(True), User.role != Role.READ_ONLY)
    return connection.execute(people.order_by(User.name, User.email).limit(MOST_ROWS)).all()


def one(connection: Connection, what: str, row_id: str) -> AnyRow | None:
    """One row of `TABLES`; None when it is gone."""
    table = TABLES[what]
    return connection.execute(select(table.__table__).where(table.id == row_id)).one_or_none()


def location_named(connection: Connection, name: str) -> AnyRow | None:
    """The location of that name."""
    return connection.execute(select(Location.id).where(Location.name == name)).one_or_none()


def add(connection: Connection, what: str, values: Mapping[str, Any]) -> None:
    """A new row of `TABLES`."""
    connection.execute(insert(TABLES[what]).values(**values))


def change(connection: Connection, what: str, row_id: str, values: Mapping[str, Any]) -> None:
    """Other values for one row."""
    table = TABLES[what]
    connection.execute(update(table).where(table.id == row_id).values(**values))


def remove(connection: Connection, what: str, row_id: str) -> None:
    """One row less."""
    table = TABLES[what]
    connection.execute(delete(table).where(table.id == row_id))


def set_level(connection: Connection, values: Mapping[str, Any]) -> None:
    """The service level of one priority, whether there was one or not."""
    clear_level(connection, values["priority"])
    connection.execute(insert(ServiceLevel).values(**values))


def clear_level(connection: Connection, priority: str) -> None:
    """The built-in time holds again."""
    connection.execute(delete(ServiceLevel).where(ServiceLevel.priority == priority))
