"""gettext catalogues, read straight from their .po files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from gettext import c2py
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

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
        if isinstance(message.string, str):
            if message.string:
                singular[str(message.id)] = message.string
        elif message.string and all(message.string):
            plural[message.id[0]] = tuple(message.string)
    return Catalogue(singular, plural, c2py(catalog.plural_expr))


def read_raw(file: Path) -> Catalog:
    """The catalogue with everything in it, fuzzy and empty entries too."""
    with file.open("rb") as stream:
        # Plural forms come from the file's own header; Babel need not know the locale (it lacks some that we have).
        return read_po(stream, abort_invalid=True)


def plural_forms(file: Path) -> int:
    """How many plural forms the catalogue's language has."""
    return read_raw(file).num_plurals


def synchronise(file: Path, wanted: Iterable[tuple[Msgid, str]]) -> None:
    """Rewrite a catalogue so that it has exactly these sentences, each with the template it first stands in."""
    old = read_raw(file)
    new = Catalog(locale=None, header_comment=old.header_comment, fuzzy=False, charset="utf-8")
    for msgid, template in wanted:
        first = msgid if isinstance(msgid, str) else msgid[0]
        known = old.get(first)
        strings = known.string if known else "" if isinstance(msgid, str) else ("",) * old.num_plurals
        flags = known.flags if known else ()
        new.add(msgid, string=strings, flags=flags, auto_comments=[template])
    with file.open("wb") as stream:
        stream.write(_header(old).encode())
        write_po(stream, new, width=0, omit_header=True)


def _header(catalog: Catalog) -> str:
    language = dict(catalog.mime_headers).get("Language", "")
    lines = (
        f"Language: {language}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {catalog.plural_forms}",
    )
    return 'msgid ""\nmsgstr ""\n' + "".join(f'"{line}\\n"\n' for line in lines) + "\n"
