"""What is wrong with the messages, before a patient reads it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Message

from bot.content.catalogues import PLACEHOLDER, Msgid, is_usable, read_raw
from bot.content.discretion import telling_words
from bot.content.languages import SOURCE, Language
from bot.content.messages import Messages, Source
from bot.content.samples import samples
from bot.core.segments import encoding, normalise

CARRIER_LINES = {
    "STOP to end texts.": "STOP",
    "STOP to end.": "STOP",
    "HELP for help.": "HELP",
    "Reply START to get texts again.": "START",
}
"""The only sentences that may name a carrier's keyword, and the keyword that every translation must keep."""

# Carriers and Twilio act on these by themselves, so none of them can be an answer to anything of ours.
KEYWORDS = (
    "STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT START UNSTOP YES HELP INFO "
    "ALTO PARAR PARE BAJA CANCELAR AYUDA ARRET ARRETER FIN AIDE CANCELE SAIR"
)
_KEYWORD = re.compile(rf"\b(?:{KEYWORDS.replace(' ', '|')})\b")
# In small letters too when the patient is told to send them.
_TOLD_TO_SEND = re.compile(
    r"\b(?:reply|text|send|answer|write|responda|escriba|env[ií]e)\s+(?:with\s+)?[\"']?"
    rf"({KEYWORDS.replace(' ', '|')})\b",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: where, and what to do about it."""

    file: Path
    message: str


def lint(messages: Messages) -> list[Finding]:
    """Every fault in templates, catalogues and language files; none when all is well."""
    keys, tags = messages.keys(), messages.languages()
    sources = [messages.source(key) for key in keys]
    languages = [messages.language(tag) for tag in tags]
    found: list[Finding] = []
    for source in sources:
        found += (Finding(source.file, fault) for fault in _template_faults(source))
    for language in languages:
        found += (Finding(language.catalogue, fault) for fault in _catalogue_faults(language, sources))
    for language in languages:
        for source in sources:
            found += (Finding(source.file, fault) for fault in _rendering_faults(messages, source, language))
    return found


def _template_faults(source: Source) -> Iterator[str]:
    text = _COMMENT.sub("", source.text)
    for line in CARRIER_LINES:
        text = text.replace(line, "")
    yield from _wording_faults(text)


def _catalogue_faults(language: Language, sources: list[Source]) -> Iterator[str]:
    if not language.catalogue.is_file():
        yield "there is no such catalogue"
        return
    wanted: dict[str, str] = {}
    for source in sources:
        for msgid in source.msgids:
            wanted.setdefault(_first(msgid), source.key)
    for message in read_raw(language.catalogue):
        if not message.id:
            continue
        first = _first(message.id)
        if first not in wanted:
            yield f'"{first}" stands in no template'
            continue
        del wanted[first]
        yield from _translation_faults(message, language)
    for first, key in wanted.items():
        yield f'"{first}" ({key}) is not translated'


def _translation_faults(message: Message, language: Language) -> Iterator[str]:
    first = _first(message.id)
    strings = [message.string] if isinstance(message.string, str) else list(message.string or ("",))
    if message.fuzzy:
        yield f'"{first}" is marked fuzzy'
    if not all(strings):
        yield f'"{first}" is not translated'
        return
    source = message.id if isinstance(message.id, str) else message.id[-1]
    wanted = set(PLACEHOLDER.findall(source))
    for string in strings:
        found = set(PLACEHOLDER.findall(string))
        # Of several plural forms some need no number: "one visit", "زيارتان".
        if found != wanted and not (len(strings) > 1 and found | {"count"} == wanted | {"count"}):
            yield f'"{first}": placeholders {_names(found)} instead of {_names(wanted)}'
        elif not is_usable(source, string):
            yield f'"{first}": a percent sign is written %%'
        if language.tag != SOURCE and string != first:
            yield from (f'"{first}": {fault}' for fault in _wording_faults(_without_keyword(first, string)))
        keyword = CARRIER_LINES.get(first)
        if keyword and keyword not in string:
            yield f'"{first}": the keyword {keyword} is missing'


def _wording_faults(text: str) -> Iterator[str]:
    keywords = {*_KEYWORD.findall(text), *(word.upper() for word in _TOLD_TO_SEND.findall(text))}
    for keyword in sorted(keywords):
        yield f"offers {keyword}, on which carriers act by themselves"
    for word in telling_words(text):
        yield f'"{word}" tells what the care is for'
    for character in sorted(set(text)):
        if _is_odd(character):
            yield f"has {_name(character)} (U+{ord(character):04X})"


def _rendering_faults(messages: Messages, source: Source, language: Language) -> Iterator[str]:
    if not messages.in_language(source.key, language.tag):
        return
    longest = None
    for values in samples(language):
        rendered = messages.render(source.key, language=language.tag, values=values)
        too_long = not source.fits(rendered)
        if too_long and (longest is None or len(rendered.text) > len(longest.text)):
            longest = rendered
        if language.rtl and "prompt" not in source.text and not _starts_rtl(rendered.text):
            yield f"{language.tag}: starts with a left-to-right letter, so phones lay it out from the left"
            return
    if longest:
        yield (
            f"{language.tag}: {longest.segments} segments ({len(longest.text)} characters, {encoding(longest.text)}) "
            f'with long values: "{longest.text}"'
        )


def _first(msgid: Msgid | list[str]) -> str:
    return msgid if isinstance(msgid, str) else msgid[0]


def _without_keyword(first: str, string: str) -> str:
    keyword = CARRIER_LINES.get(first)
    return string.replace(keyword, "") if keyword else string


def _is_odd(character: str) -> bool:
    """Curly quotes, narrow spaces and the like, and emoji."""
    if character == "\n":
        return False
    return normalise(character) != character or ord(character) > 0xFFFF or 0x2600 <= ord(character) <= 0x27BF


def _starts_rtl(text: str) -> bool:
    directions = (unicodedata.bidirectional(character) for character in text)
    return next((direction for direction in directions if direction in ("L", "R", "AL")), "L") != "L"


def _name(character: str) -> str:
    return unicodedata.name(character, "an odd character").lower()


def _names(placeholders: set[str]) -> str:
    return ", ".join(sorted(placeholders)) or "none"
