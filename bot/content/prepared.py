"""One template in one language: what it makes of the clinic's own values is kept, the rest is filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import CodeType

from jinja2 import Template
from jinja2.exceptions import UndefinedError

from bot.content.catalogues import Msgid
from bot.content.direction import RIGHT_TO_LEFT_MARK, starts_rightward
from bot.content.languages import SOURCE, Language
from bot.content.values import ROOM_FOR_ALL, Context, full, one_line
from bot.content.wording import Wording
from bot.core.segments import Encoding, encoding, segments

KEPT_PATTERNS = 256
"""For each template and language: one for each clinic name, location and the like that comes with it."""
TOO_LONG = "takes more segments than it may"

_GAP = "\ue000"  # private use: in no template, no catalogue and, after cleaning, no value
_AFTER_WIDE_STOP = re.compile(r"(?<=[。，！？：；、]) ")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as it goes out, the language that it is really in, and what it costs."""

    text: str
    language: str
    segments: int
    check: Callable[[Rendered], tuple[str, ...]] = field(repr=False, compare=False)

    def faults(self) -> tuple[str, ...]:
        """What the lint has to say of this very text: too long, or something in it that no text may say."""
        return self.check(self)


@dataclass(frozen=True, slots=True)
class Source:
    """One template file: its code, the sentences in it, and how long it may get."""

    key: str
    file: Path
    text: str
    code: CodeType
    msgids: tuple[Msgid, ...]
    budget: int
    """GSM-7 segments allowed, one unless the file's comment says `segments: 2`; twice as many in UCS-2."""
    budget_translated: int
    """The same for other languages than English, where the comment says so (`segments: 1, translated: 2`)."""
    uses: frozenset[str]
    """The names in it. With `room` among them it has a shorter form."""
    tells: bool
    """Whether it may say what the care is for, as its comment says (`tells: yes`): its readers have asked for that."""

    def fits(self, rendered: Rendered) -> bool:
        """Whether a rendered text keeps within the budget."""
        budget = self._budget(rendered)
        if rendered.segments <= budget:
            return True
        # Too much for either alphabet, so the letters need no look.
        if rendered.segments > 2 * budget:
            return False
        return encoding(rendered.text) is Encoding.UCS2

    def allowed(self, rendered: Rendered) -> int:
        """How many segments a text may take in the alphabet that this one needs."""
        return self._budget(rendered) * (2 if encoding(rendered.text) is Encoding.UCS2 else 1)

    def _budget(self, rendered: Rendered) -> int:
        return self.budget if rendered.language == SOURCE else self.budget_translated


class Unfilled(LookupError):
    """A text needs a value that it was not given, such as a visit."""


class Prepared:
    """A template bound to the language that it will be in.

    Jinja takes 26 microseconds for a reminder. What it makes of the clinic's own values is therefore kept as a
    pattern with gaps, and only the gaps (name, date and time) are filled for each message: 2 microseconds.
    """

    def __init__(
        self, source: Source, language: Language, template: Template, *, wording: Wording, lines: Sequence[str]
    ) -> None:
        """`lines`: the sentences that carriers ask for, as this language has them."""
        self.source = source
        self.language = language
        self._template = template
        self._wording = wording
        self._lines = lines
        self._pattern = lru_cache(maxsize=KEPT_PATTERNS)(self._make_pattern)

    def render(self, found: Context) -> Rendered:
        """The text, with as much in it as there is room for."""
        fixed, gaps = tuple(found.fixed.items()), tuple(found.words)
        room = ROOM_FOR_ALL
        rendered = self._fill(self._pattern(room, fixed, gaps), found)
        while room and "room" in self.source.uses and not self.source.fits(rendered):
            room -= 1
            rendered = self._fill(self._pattern(room, fixed, gaps), found)
        return rendered

    def _fill(self, pattern: Pattern, found: Context) -> Rendered:
        text = pattern.text % found.words
        return Rendered(text, self.language.tag, segments(text), pattern.faults)

    def _make_pattern(self, room: int, fixed: tuple[tuple[str, object], ...], gaps: tuple[str, ...]) -> Pattern:
        marks = {gap: f"{_GAP}{gap}{_GAP}" for gap in gaps}
        # Templates hold one sentence a line.
        try:
            text = one_line(self._template.render(full(dict(fixed), marks), room=room))
        except UndefinedError as error:
            raise Unfilled(str(error)) from error
        if self.language.tight:
            text = _AFTER_WIDE_STOP.sub("", text)
        if self.language.rtl and "prompt" in self.source.text and not starts_rightward(text):
            # "Clinic: question" begins in Latin letters where the clinic's name does, and is read from the right.
            text = RIGHT_TO_LEFT_MARK + text
        return Pattern(re.sub(f"{_GAP}(\\w+){_GAP}", r"%(\1)s", text.replace("%", "%%")), self)

    def wording_faults(self, pattern: str) -> tuple[str, ...]:
        """What no text may say and this pattern, with the clinic's own name and places in it, says all the same."""
        for line in self._lines:
            pattern = pattern.replace(line, "")
        return tuple(self._wording.faults(pattern, tells=self.source.tells))


class Pattern:
    """What a template makes of the clinic's own values, with gaps for those of each message; linted when asked for."""

    def __init__(self, text: str, prepared: Prepared) -> None:
        self.text = text
        self._prepared = prepared
        self._faults: tuple[str, ...] | None = None

    def faults(self, rendered: Rendered) -> tuple[str, ...]:
        """Those of the pattern, found once, and of this text: what stands in the gaps can make it too long."""
        if self._faults is None:
            self._faults = self._prepared.wording_faults(self.text)
        return self._faults if self._prepared.source.fits(rendered) else (*self._faults, TOO_LONG)
