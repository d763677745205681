"""Views of the inbox that somebody has narrowed down and kept under a name, for themselves or for everybody."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import delete, func, insert, select

from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.inbox import Gone
from bot.store.columns import new_id
from bot.store.queries.inbox import View
from bot.store.queries.sieve import MOST_VIEWS, Sieve
from bot.store.tables import SavedView

LONGEST_NAME: Final = 60
_ADD = insert(SavedView.__table__)  # type: ignore[arg-type]


def save(
    clinic: Clinic, *, name: str, view: View, sieve: Sieve, shared: bool, owner_id: str, now: datetime
) -> bool:
    """Keep a view; False without a name, or when that person keeps as many as are ever shown."""
    name = " ".join(name.split())[:LONGEST_NAME]
    with clinic.database.begin() as connection:
        kept = select(func.count()).select_from(SavedView).where(SavedView.owner_id == owner_id)
        if not name or connection.execute(kept).scalar_one() >= MOST_VIEWS:
            return False
        row = {
            "id": new_id(), "name": name, "query": urlencode({"view": str(view), **sieve.asked()}),
            "owner_id": owner_id, "shared": shared, "created_at": now,
        }  # fmt: skip
        connection.execute(_ADD, row)
        audit.record(
            connection, at=now, actor=owner_id, action="view.save", object_type="saved-view", object_id=str(row["id"])
        )
    return True


def remove(clinic: Clinic, *, view_id: str, actor_id: str, now: datetime, force: bool = False) -> bool | Gone:
    """Forget a view of one's own; `force` forgets a shared one of somebody else. False when it is not theirs."""
    with clinic.database.begin() as connection:
        row = connection.execute(select(SavedView.__table__).where(SavedView.id == view_id)).first()
        if row is None:
            return Gone()
        if row.owner_id != actor_id and not (force and row.shared):
            return False
        connection.execute(delete(SavedView).where(SavedView.id == view_id))
        audit.record(
            connection, at=now, actor=actor_id, action="view.remove", object_type="saved-view", object_id=view_id
        )
    return True
