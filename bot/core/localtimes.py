"""Local time and IANA zone to an instant, with the hour that clocks skip and the hour that they repeat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

# Names in the zone database that are no places.
_NO_PLACES = frozenset({"factory", "localtime", "posixrules"})


class NoSuchLocalTime(ValueError):
    """Clocks in that zone skip this time: it never is."""


@dataclass(frozen=True, slots=True)
class Instant:
    """An aware UTC time, and whether the local time it was read from happens twice (the first is taken)."""

    at: datetime
    repeated: bool = False


def instant(local: datetime, zone: str) -> Instant:
    """The instant of a naive local time in that IANA zone. Raises NoSuchLocalTime."""
    if local.tzinfo is not None:
        raise ValueError("a local time carries no offset")
    place = _zone(zone)
    first = local.replace(tzinfo=place, fold=0)
    at = first.astimezone(UTC)
    if at.astimezone(place).replace(tzinfo=None, fold=0) != local.replace(fold=0):
        raise NoSuchLocalTime(f"does not exist in {zone}: clocks skip it")
    return Instant(at, repeated=first.utcoffset() != local.replace(tzinfo=place, fold=1).utcoffset())


def zone_name(text: str) -> str | None:
    """The zone database's own spelling of this name, or None where it has no such zone."""
    return _zones().get(text.strip().replace(" ", "_").casefold())


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    names = {name.casefold(): name for name in available_timezones()}
    return {folded: name for folded, name in names.items() if folded not in _NO_PLACES}


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
