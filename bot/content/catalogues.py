"""gettext catalogues, read straight from their .po files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from gettext import c2py
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po

Msgid = str | tuple[str, ...]
"""A sentence as the templates have it; singular and plural where it counts something."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The translations of one language that are there and not marked fuzzy."""

    singular: Mapping[str, str]
    plural: Mapping[str, tuple[str, ...]]
    form: Callable[[int], int]

    def gettext(self, message: str) -> str:
        """The translation, or the source itself."""
        return self.singular.get(message, message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        """The translation in the form that this number takes."""
        forms = self.plural.get(one)
        if forms is None:
            return one if count == 1 else many
        return forms[self.form(count)]

    def has(self, msgid: Msgid) -> bool:
        """Whether this sentence is translated in full."""
        return msgid in self.singular if isinstance(msgid, str) else msgid[0] in self.plural


PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def is_usable(source: str, translation: str) -> bool:
    """Whether the translation can be filled in with what its source is given."""
    known, used = set(PLACEHOLDER.findall(source)), set(PLACEHOLDER.findall(translation))
    rest = PLACEHOLDER.sub("", translation).replace("%%", "")
    return bool(translation) and used <= known and "%" not in rest


EMPTY = Catalogue({}, {}, lambda count: int(count != 1))


def read_catalogue(file: Path) -> Catalogue:
    """The catalogue in that file; an empty one when there is no such file."""
    if not file.is_file():
        return EMPTY
    catalog = read_raw(file)
    singular: dict[str, str] = {}
    plural: dict[str, tuple[str, ...]] = {}
    for message in catalog:
        if not message.id or message.fuzzy:
            continue
        # A translation that cannot be filled in would break a reply; it counts as missing, and the lint says so.
        if isinstance(message.string, str):
            if is_usable(str(message.id), message.string):
                singular[str(message.id)] = message.string
        elif message.string and all(is_usable(message.id[-1], form) for form in message.string):
            plural[message.id[0]] = tuple(message.string)
    return Catalogue(singular, plural, c2py(catalog.plural_expr))


def read_raw(file: Path) -> Catalog:
    """The catalogue with everything in it, fuzzy and empty entries too. Raises ValueError that names the file."""
    with file.open("rb") as stream:
        try:
            # Plural forms come from the file's own header; Babel need not know the locale (it lacks some we have).
            return read_po(stream, abort_invalid=True)
        except PoFileError as fault:
            raise ValueError(f"{file}: {fault}") from fault
