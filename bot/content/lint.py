"""What is wrong with the messages, before a patient reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Message

from bot.content.carriers import CARRIER_LINES, without_keyword, without_lines
from bot.content.catalogues import PLACEHOLDER, Msgid, is_usable, read_raw
from bot.content.direction import fragile_parts, is_balanced, starts_rightward
from bot.content.grade import hardness
from bot.content.languages import SOURCE, Language
from bot.content.messages import Messages
from bot.content.prepared import Rendered, Source
from bot.content.samples import samples
from bot.content.showing import plain_text, variants
from bot.content.wording import Wording
from bot.core.segments import encoding

_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: where, and what to do about it."""

    file: Path
    message: str


def lint(messages: Messages) -> list[Finding]:
    """Every fault in templates, catalogues and language files; none when all is well."""
    sources = [messages.source(key) for key in messages.keys()]  # noqa: SIM118
    languages = [messages.language(tag) for tag in messages.languages()]
    wordings = {language.tag: messages.wording(language.tag) for language in languages}
    found: list[Finding] = []
    for source in sources:
        found += (Finding(source.file, fault) for fault in _template_faults(source, wordings[SOURCE]))
    for language in languages:
        faults = _catalogue_faults(language, sources, wordings[language.tag])
        found += (Finding(language.catalogue, fault) for fault in faults)
    for language in languages:
        for source in sources:
            found += (Finding(source.file, fault) for fault in _rendering_faults(messages, source, language))
    return found


def _template_faults(source: Source, wording: Wording) -> Iterator[str]:
    yield from wording.faults(without_lines(_COMMENT.sub("", source.text)), tells=source.tells)


def _catalogue_faults(language: Language, sources: list[Source], wording: Wording) -> Iterator[str]:
    if not language.catalogue.is_file():
        yield "there is no such catalogue"
        return
    wanted: dict[str, str] = {}
    guarded: set[str] = set()
    for source in sources:
        for msgid in source.msgids:
            wanted.setdefault(_first(msgid), source.key)
            if not source.tells:
                guarded.add(_first(msgid))
    for message in read_raw(language.catalogue):
        if not message.id:
            continue
        first = _first(message.id)
        if first not in wanted:
            yield f'"{first}" stands in no template'
            continue
        del wanted[first]
        yield from _translation_faults(message, language, wording, tells=first not in guarded)
    for first, key in wanted.items():
        yield f'"{first}" ({key}) is not translated'


def _translation_faults(message: Message, language: Language, wording: Wording, *, tells: bool) -> Iterator[str]:
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
            yield from (f'"{first}": {fault}' for fault in wording.faults(without_keyword(first, string), tells=tells))
        keyword = CARRIER_LINES.get(first)
        if keyword and keyword not in string:
            yield f'"{first}": the keyword {keyword} is missing'


def _rendering_faults(messages: Messages, source: Source, language: Language) -> Iterator[str]:
    if not messages.in_language(source.key, language.tag):
        return
    longest = None
    sets = (variant for values in samples(language) for variant in variants(messages, source.key, values))
    for values in sets:
        rendered = messages.render(source.key, language=language.tag, values=values)
        too_long = not source.fits(rendered)
        if too_long and (longest is None or len(rendered.text) > len(longest.text)):
            longest = rendered
        for fault in _direction_faults(rendered) if language.rtl else ():
            yield f"{language.tag}: {fault}"
            return
    if longest:
        yield (
            f"{language.tag}: {longest.segments} segments ({len(longest.text)} characters, {encoding(longest.text)}) "
            f'with long values: "{longest.text}"'
        )
    text = plain_text(messages, source.key, language.tag)
    yield from (f'{language.tag}: {fault}: "{text}"' for fault in hardness(text, language.tag))


def _direction_faults(rendered: Rendered) -> Iterator[str]:
    if not starts_rightward(rendered.text):
        yield "starts with a left-to-right letter, so phones lay it out from the left"
    if not is_balanced(rendered.text):
        yield "an isolate does not end"
    for part in fragile_parts(rendered.text):
        yield f'"{part}" changes its order among letters from right to left: isolate it (U+2066, U+2069)'


def _first(msgid: Msgid | list[str]) -> str:
    return msgid if isinstance(msgid, str) else msgid[0]


def _names(placeholders: set[str]) -> str:
    return ", ".join(sorted(placeholders)) or "none"
