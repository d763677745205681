"""Every sentence of the console, from templates and code; as a program it brings the catalogues up to date."""

from __future__ import annotations

import html
import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

import bot.web.console
from bot.core import delivery
from bot.web.console.language import LANGUAGES, SOURCE, Said

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "templates/console"
MODULES = ROOT / "bot/web/console"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "say": None, "say_count": (1, 2)}

GAP = "\0"
SPOKEN_ELSEWHERE = re.compile(
    r"\{#.*?#\}|\{%-?\s*trans.*?endtrans\s*-?%\}|\{% block kind %\}.*?\{% endblock %\}|\{%.*?%\}|\{\{.*?\}\}"
    r"|<(kbd|svg|script|style|code)\b.*?</\1>",
    re.DOTALL,
)
TAG = re.compile(r"<[^>]*>", re.DOTALL)
ATTRIBUTE = re.compile(r"\b(?:aria-label|title|placeholder|alt)=\"([^\"]*)\"")
# Names that are the same in every language, and pieces of attributes that a macro puts together.
SAID_BY_ALL = {"Tendril", "WhatsApp", 'aria-describedby="', "-hint", "-fault", 'aria-invalid="true"'}

Sentence = str | tuple[str, str]


def sentences() -> dict[Sentence, str]:
    """Each sentence, or singular and plural, with the first place that says it."""
    found: dict[Sentence, str] = {}
    for sentence, place in (*_in_files(), *_in_tables(), *_of_the_carrier()):
        found.setdefault(sentence, place)
    return found


def catalogue_file(tag: str) -> Path:
    """Where a language's sentences stand."""
    return ROOT / "locales" / tag / "LC_MESSAGES/console.po"


def _in_files() -> Iterator[tuple[Sentence, str]]:
    for folder, pattern, method, options in (
        (TEMPLATES, "*.html", "jinja2.ext:babel_extract", {"newstyle_gettext": "true", "trimmed": "true"}),
        (MODULES, "*.py", "python", {}),
    ):
        for file in sorted(folder.glob(pattern)):
            with file.open("rb") as stream:
                for _line, message, _comments, _context in extract(method, stream, KEYWORDS, options=options):
                    sentence = tuple(message) if isinstance(message, tuple | list) else message
                    if sentence:
                        yield sentence, file.name  # type: ignore[misc]


def _in_tables() -> Iterator[tuple[Sentence, str]]:
    for found in pkgutil.iter_modules(bot.web.console.__path__):
        module = importlib.import_module(f"bot.web.console.{found.name}")
        for table in vars(module).values():
            if isinstance(table, Said):
                for sentence in table.source.values():
                    yield sentence, f"{found.name}.py"


def _of_the_carrier() -> Iterator[tuple[Sentence, str]]:
    for rule in (*delivery.ERROR_RULES.values(), delivery.rule_for(None), delivery.rule_for(99_999)):
        yield rule.reason, "delivery.py"


def bare(file: Path) -> list[str]:
    """Words of a template that stand in no catalogue: between tags, or where a screen reader would say them."""
    text = SPOKEN_ELSEWHERE.sub(GAP, file.read_text())
    attributes = [value for found in ATTRIBUTE.findall(text) for value in found.split(GAP)]
    pieces = [*re.split(f"[\n{GAP}]", TAG.sub("\n", text)), *attributes]
    words = (html.unescape(piece).strip(" ·\t") for piece in pieces)
    return [f"{file.name}: {word}" for word in words if re.search("[A-Za-z]{2}", word) and word not in SAID_BY_ALL]


def update(tag: str) -> int:
    """Write the catalogue anew: what is new stands empty in it, what nobody says any more is left out."""
    file, kept = catalogue_file(tag), {}
    if file.is_file():
        with file.open("rb") as stream:
            kept = {message.id: message.string for message in read_po(stream, locale=tag) if message.id}
    catalogue = Catalog(locale=tag, project="Tendril", fuzzy=False)
    catalogue.header_comment = f"# {LANGUAGES[tag]}: the console. A draft until a qualified translator has reviewed it."
    missing = 0
    for sentence, place in sorted(sentences().items(), key=lambda item: (item[1], str(item[0]))):
        string = kept.get(sentence, ("", "") if isinstance(sentence, tuple) else "")
        missing += not (all(string) if isinstance(string, tuple | list) else string)
        catalogue.add(sentence, string, auto_comments=[place])
    written = BytesIO()
    write_po(written, catalogue, width=0, omit_header=False, no_location=True, sort_output=False)
    lines = written.getvalue().decode().splitlines()
    # Who made the file, and when, is the repository's to say.
    noise = (
        '"Project-Id',
        '"Report-Msgid',
        '"POT-Creation',
        '"PO-Revision',
        '"Last-Translator',
        '"Language-Team',
        '"Generated',
    )
    file.write_text("\n".join(line for line in lines if not line.startswith(noise)) + "\n")
    return missing


if __name__ == "__main__":
    for tag in LANGUAGES:
        if tag != SOURCE:
            sys.stdout.write(f"{catalogue_file(tag).relative_to(ROOT)}: {update(tag)} sentences to translate\n")
