"""The console's own language: English as written, or what the person's account or browser asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from flask import Flask, g, has_request_context, request

from bot.runtime import Catalogue, console_catalogue

SOURCE: Final = "en"
LANGUAGES: Final = {"en": "English", "es": "Español"}
"""What coordinators may choose, each by its own name."""

Key = TypeVar("Key")


def tongue() -> str:
    """The language of the page that is being made: the account's choice, else the browser's, else English."""
    if not has_request_context():
        return SOURCE
    if "tongue" not in g:
        person = g.get("person")
        chosen = person.language if person is not None else None
        g.tongue = chosen if chosen in LANGUAGES else tongue_of_browser()
    return str(g.tongue)


def tongue_of_browser() -> str:
    """The language that the browser asks for, of those that there are."""
    return str(request.accept_languages.best_match(list(LANGUAGES), SOURCE))


def say(text: str, **values: object) -> str:
    """A sentence in the page's language. `%(name)s` stands for a value, `%%` for a per cent sign."""
    return _catalogue().gettext(text) % values


def say_count(one: str, many: str, count: int, **values: object) -> str:
    """A sentence that counts, in the form which the number takes; `%(num)s` is the number."""
    return _catalogue().ngettext(one, many, count) % {"num": count, **values}


class Said(Mapping[Key, str]):
    """Words of the console by what they are for, each in the page's language; with `%(name)s` still to be filled in."""

    def __init__(self, source: Mapping[Key, str]) -> None:
        self.source = source

    def __getitem__(self, key: Key) -> str:
        return _catalogue().gettext(self.source[key])

    def __iter__(self) -> Iterator[Key]:
        return iter(self.source)

    def __len__(self) -> int:
        return len(self.source)


def install(app: Flask) -> None:
    """Give templates `_`, `gettext`, `ngettext` and `{% trans %}`."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: _catalogue().gettext(text),
        lambda one, many, count: _catalogue().ngettext(one, many, count),
        newstyle=True,
    )


def _catalogue() -> Catalogue:
    return console_catalogue(tongue())
