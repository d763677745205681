"""Pages of a list: an opaque cursor that holds the last row's sort key, and the URL of the next page."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

from flask import request

from bot.store.columns import AnyRow
from bot.store.queries.api import Key
from bot.web.api.problems import ApiProblem, Fault
from bot.web.current import clinic

DEFAULT_LIMIT: Final = 200
LONGEST: Final = 1000

Item = TypeVar("Item")


def cursor_of(key: Key) -> str:
    """The key in a form that fits a URL. The first part is an instant, the rest are words and ids."""
    text = json.dumps([key[0].isoformat(), *map(str, key[1:])], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def key_of(cursor: str | None, *, parts: int) -> Key | None:
    """What `cursor_of` was given. Raises ApiProblem for anything else."""
    if cursor is None:
        return None
    try:
        at, *rest = json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
        key = (datetime.fromisoformat(at), *rest)
        good = key[0].tzinfo is not None and len(key) == parts and all(isinstance(part, str) for part in rest)
    except (ValueError, TypeError, binascii.Error):
        good = False
    if not good or any("\0" in part for part in rest):
        raise ApiProblem(422, "Not valid: after", errors=[Fault(field="after", reason="take it from a page's `next`")])
    return key


def page(
    rows: Sequence[AnyRow], limit: int, *, key: Callable[[AnyRow], Key], item: Callable[[AnyRow], Item]
) -> dict[str, Any]:
    """The items of one page, out of at most one row more than it holds, and `next` if there is that one."""
    shown = rows[:limit]
    more = len(rows) > limit
    return {"items": [item(row) for row in shown], "next": next_url(cursor_of(key(shown[-1]))) if more else None}


def next_url(cursor: str) -> str:
    """The URL of this list from there on, by the name under which the caller knows us."""
    public = urlsplit(clinic().settings.public_url)
    root = clinic().settings.public_url if request.host == public.netloc else request.host_url.rstrip("/")
    asked = {name: value for name, value in request.args.items() if name != "after"}
    return f"{root}{request.path}?{urlencode({**asked, 'after': cursor})}"
