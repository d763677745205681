"""What patients read: templates filled in, in the patient's language, counted in SMS segments."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from jinja2 import Environment, StrictUndefined, Template, meta
from jinja2.ext import InternationalizationExtension

from bot.content.carriers import CARRIER_LINES, Keywords
from bot.content.catalogues import Catalogue, Msgid, read_catalogue
from bot.content.languages import SOURCE, Language, Languages, Review
from bot.content.paths import data_root
from bot.content.prepared import Prepared, Rendered, Source
from bot.content.values import context, one_line
from bot.content.wording import Wording

TEMPLATES = "templates/messages"
LOCALES = "locales"

_BUDGET = re.compile(r"\{#.*?\bsegments: (\d+)(?:, translated: (\d+))?.*?#\}", re.DOTALL)
_TELLS = re.compile(r"\{#.*?\btells: yes\b.*?#\}", re.DOTALL)
_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


class UnknownMessage(LookupError):
    """No template of that name."""


class Messages:
    """All messages in all languages. Templates and catalogues are read on first use, then kept."""

    def __init__(self, *, root: Path, languages: Languages) -> None:
        self._root = root
        self._languages = languages
        self._catalogues: dict[str, Catalogue] = {}
        self._environments: dict[str, Environment] = {}
        self._sources: dict[str, Source] = {}
        self._prepared: dict[tuple[str, str], Prepared] = {}
        self._digests: dict[tuple[str, str], tuple[str, str]] = {}
        self._wordings: dict[str, Wording] = {}
        # Only preparing takes it; a prepared template is read without.
        self._lock = threading.RLock()
        self._keys = _find_keys(root / TEMPLATES)

    @classmethod
    def load(cls, root: Path | None = None) -> Messages:
        """The messages under that folder, which holds `templates/` and `locales/`; by default the project's own."""
        where = root or data_root()
        languages = Languages.load(where / LOCALES)
        if SOURCE not in languages.by_tag:
            raise ValueError(f"{where / LOCALES / SOURCE}: the source language is missing")
        return cls(root=where, languages=languages)

    def render(self, key: str, *, language: str | None, values: Mapping[str, object]) -> Rendered:
        """The text `<journey>/<step>` in that language, or in English where it is lacking. Raises UnknownMessage."""
        tag = (self.supports(language) if language else None) or SOURCE
        prepared = self._prepared.get((key, tag)) or self._prepare(key, tag)
        found = context(values, prepared.language, self._languages.discretion, prepared.source.uses)
        return prepared.render(found)

    def keys(self) -> tuple[str, ...]:
        """Every message there is, as `<journey>/<step>`, sorted."""
        return tuple(self._keys)

    def languages(self) -> tuple[str, ...]:
        """The languages that have a folder, sorted, as BCP 47 tags."""
        return tuple(self._languages.by_tag)

    def supports(self, tag: str) -> str | None:
        """The language that serves this tag (es-MX is es, zh-TW is zh-Hant), or None."""
        return self._languages.supports(tag)

    def language(self, tag: str) -> Language:
        """What is known of one of `languages()`. Raises KeyError."""
        return self._languages.by_tag[tag]

    def language_name(self, tag: str) -> str:
        """What speakers call the language that serves this tag; the tag itself when none does."""
        served = self.supports(tag)
        return self.language(served).name if served else tag

    @property
    def source_language(self) -> str:
        """The language that templates are written in."""
        return SOURCE

    def is_reviewed(self, tag: str) -> bool:
        """Whether the file of one of `languages()` says that all of it has been reviewed."""
        return bool(self.language(tag).reviewed)

    def offers(self, text: str) -> tuple[str, ...]:
        """Words that the text offers as an answer and on which carriers act by themselves."""
        return self._keywords.offered_in(text)

    def wording(self, tag: str) -> Wording:
        """What no text in one of `languages()` may say."""
        with self._lock:
            if tag not in self._wordings:
                self._wordings[tag] = Wording(self.language(tag), self.language(SOURCE), lambda: self._keywords)
            return self._wordings[tag]

    @cached_property
    def _keywords(self) -> Keywords:
        return Keywords(language.carriers for language in self._languages.by_tag.values())

    def tells(self, text: str) -> bool:
        """Whether it says what the care is for: a place of such a name is left out of every text."""
        return bool(self._languages.discretion.telling_words(text))

    def review_state(self, language: str | None) -> Review:
        """How far the wording that this tag would get may be trusted."""
        served = self.supports(language) if language else None
        return self.language(served or SOURCE).review

    def review_states(self) -> dict[str, Review]:
        """The same for every language."""
        return {tag: language.review for tag, language in self._languages.by_tag.items()}

    def catalogue(self, tag: str) -> Catalogue:
        """The translations of one of `languages()`."""
        with self._lock:
            if tag not in self._catalogues:
                self._catalogues[tag] = read_catalogue(self.language(tag).catalogue)
            return self._catalogues[tag]

    def source(self, key: str) -> Source:
        """One template. Raises UnknownMessage."""
        with self._lock:
            if key not in self._sources:
                file = self._keys.get(key)
                if file is None:
                    raise UnknownMessage(key)
                self._sources[key] = _read_source(key, file, self._environment(SOURCE))
            return self._sources[key]

    def sent_in(self, key: str, tag: str) -> str:
        """That language, or English where one sentence of the message is lacking: never half and half."""
        return tag if self.in_language(key, tag) else SOURCE

    def digests(self, key: str, tag: str) -> tuple[str, str]:
        """What tells one state of a message's source, and of its text in that language, from any other."""
        if (key, tag) not in self._digests:
            self._digests[key, tag] = _digests_of(self.source(key), self.catalogue(tag), self.language(tag))
        return self._digests[key, tag]

    def in_language(self, key: str, tag: str) -> bool:
        """Whether every sentence of this message is translated; if not, all of it is said in English."""
        catalogue = self.catalogue(tag)
        return tag == SOURCE or all(catalogue.has(msgid) for msgid in self.source(key).msgids)

    def _prepare(self, key: str, tag: str) -> Prepared:
        with self._lock:
            source = self.source(key)
            language = self.language(self.sent_in(key, tag))
            environment = self._environment(language.tag)
            template = Template.from_code(environment, source.code, environment.make_globals(None))
            prepared = Prepared(
                source, language, template, wording=self.wording(language.tag), lines=self._lines(source, language.tag)
            )
            self._prepared[key, tag] = prepared
            return prepared

    def _lines(self, source: Source, tag: str) -> list[str]:
        said = [msgid for msgid in source.msgids if isinstance(msgid, str) and msgid in CARRIER_LINES]
        return [one_line(self.catalogue(tag).gettext(msgid)) for msgid in said]

    def _environment(self, tag: str) -> Environment:
        if tag not in self._environments:
            self._environments[tag] = _environment(self.catalogue(tag))
        return self._environments[tag]


def _environment(catalogue: Catalogue) -> Environment:
    # Plain text for a phone, no markup anywhere: nothing to escape.
    environment = Environment(undefined=StrictUndefined, autoescape=False, cache_size=0)  # noqa: S701
    environment.policies["ext.i18n.trimmed"] = True
    environment.add_extension(InternationalizationExtension)
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        catalogue.gettext, catalogue.ngettext, newstyle=True
    )
    return environment


def _digests_of(source: Source, catalogue: Catalogue, language: Language) -> tuple[str, str]:
    """Comments of the template aside, everything that decides what is read: also dates, and how people are called."""
    sentences = [
        [msgid, catalogue.singular.get(msgid) if isinstance(msgid, str) else catalogue.plural.get(msgid[0])]
        for msgid in source.msgids
    ]
    manner = [language.address, language.comma, language.tight, repr(language.dates.words)]
    written = json.dumps([sentences, manner], ensure_ascii=False)
    english = "\n".join(line.strip() for line in _COMMENT.sub("", source.text).splitlines() if line.strip())
    return _digest(english), _digest(written)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _find_keys(folder: Path) -> dict[str, Path]:
    files = sorted(folder.glob("*/*.txt"))
    return {f"{file.parent.name}/{file.stem}": file for file in files}


def _read_source(key: str, file: Path, environment: Environment) -> Source:
    text = file.read_text(encoding="utf-8")
    syntax = environment.parse(text)
    found = environment.extract_translations(syntax)  # type: ignore[attr-defined]
    budget = _BUDGET.search(text)
    return Source(
        key=key,
        file=file,
        text=text,
        code=environment.compile(syntax, name=key, filename=str(file)),
        msgids=tuple(dict.fromkeys(_msgid(message) for _, _, message in found)),
        budget=int(budget.group(1)) if budget else 1,
        budget_translated=int(budget.group(2) or budget.group(1)) if budget else 1,
        tells=_TELLS.search(text) is not None,
        uses=frozenset(meta.find_undeclared_variables(syntax)),
    )


def _msgid(found: str | tuple[str | None, ...]) -> Msgid:
    parts = (found,) if isinstance(found, str) else tuple(part for part in found if part is not None)
    return parts[0] if len(parts) == 1 else parts
