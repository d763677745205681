"""A few of our messages in a folder of their own: enough for every rule to be broken, and little to read."""

from __future__ import annotations

import re
import shutil
from functools import cache
from pathlib import Path

from bot.content.catalogues import Msgid
from bot.content.messages import Messages
from bot.content.paths import data_root

KEYS = ("appointment/household", "appointment/same_day", "general/thanks")
"""One that counts, one that fits a single segment with a time and a place in it, and one of a single sentence."""
_MSGID = re.compile(r'^msgid "(.+)"$', re.MULTILINE)


def copy_messages(root: Path) -> None:
    """Copy these templates there."""
    for key in KEYS:
        target = root / f"templates/messages/{key}.txt"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(data_root() / f"templates/messages/{key}.txt", target)


def copy_language(root: Path, tag: str, *, replies: bool = True) -> None:
    """Copy that language there, its catalogue with no more than what these templates say."""
    folder = root / "locales" / tag
    left = [] if replies else ["replies.toml"]
    shutil.copytree(data_root() / "locales" / tag, folder, ignore=shutil.ignore_patterns(*left))
    catalogue = folder / "LC_MESSAGES/messages.po"
    head, *entries = catalogue.read_text(encoding="utf-8").split("\n\n")
    kept = [entry for entry in entries if (found := _MSGID.search(entry)) and found[1] in _said()]
    assert len(kept) == len(_said()), tag
    catalogue.write_text("\n\n".join([head, *kept]) + "\n", encoding="utf-8")


@cache
def _said() -> frozenset[str]:
    messages = Messages.load()
    return frozenset(_first(msgid) for key in KEYS for msgid in messages.source(key).msgids)


def _first(msgid: Msgid) -> str:
    return msgid if isinstance(msgid, str) else msgid[0]
