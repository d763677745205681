"""Whether a patient writes in another language than we do, and the one question that is asked about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from bot.core.effects import Effect, Say, SetLanguage
from bot.core.intents import Intent, Understanding

OFFER: Final = "general/language_offer"
"""Said in the language that is offered."""
KEPT: Final = "general/language_kept"
ENOUGH: Final = 2
"""So many texts in one other language, none in ours between them, bring the offer."""
ANSWERABLE: Final = timedelta(days=2)
"""So long a bare yes or no may be the answer to it. The language's own name works at any time."""

_WORD: Final = re.compile(r"[^\W\d_]+")
_UNSPACED: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_YES: Final = ("yes", "okay", "checkin.confirm")
_NO: Final = ("no", "checkin.decline")
FEWEST_WORDS: Final = 3
FEWEST_SIGNS: Final = 4


@dataclass(frozen=True, slots=True)
class Tongue:
    """In which language one phone's texts come, other than the one on file, and what its owner has been asked."""

    language: str = ""
    count: int = 0
    """Texts in a row in that language."""
    offered: tuple[str, ...] = ()
    """Asked once is asked for good: whoever said no, or nothing, is left in peace."""
    asked: str = ""
    """The offer that a yes or a no would answer."""
    asked_at: datetime | None = None

    @classmethod
    def parse(cls, data: Mapping[str, Any] | None) -> Tongue:
        """From what is stored."""
        if not data:
            return NOTHING_HEARD
        at = data.get("asked_at")
        return cls(
            language=str(data.get("language", "")),
            count=int(data.get("count", 0)),
            offered=tuple(map(str, data.get("offered", ()))),
            asked=str(data.get("asked", "")),
            asked_at=datetime.fromisoformat(at) if at else None,
        )

    def as_json(self) -> Mapping[str, Any]:
        """To be stored."""
        return {
            "language": self.language,
            "count": self.count,
            "offered": list(self.offered),
            "asked": self.asked,
            "asked_at": self.asked_at.isoformat() if self.asked_at else None,
        }

    def stands(self, now: datetime, asked_since: Iterable[datetime]) -> bool:
        """Whether a bare yes or no is for the offer: it was the last thing asked. `asked_since`: other questions."""
        at = self.asked_at
        if not self.asked or at is None or now - at > ANSWERABLE:
            return False
        return not any(other > at for other in asked_since)


NOTHING_HEARD: Final = Tongue()


def shown_by(text: str, understanding: Understanding) -> str | None:
    """The language that the text shows beyond doubt: "si", "ok", "no" and "yes gracias" show none."""
    if understanding.has(Intent.LANGUAGE_SWITCH):
        return None  # What it asks for is done, whatever it is written in.
    long = len(_WORD.findall(text)) >= FEWEST_WORDS or len(_UNSPACED.findall(text)) >= FEWEST_SIGNS
    return understanding.language if long else None


def hear(tongue: Tongue, text: str, understanding: Understanding, *, on_file: str) -> Tongue:
    """What is known after one more text."""
    shown = shown_by(text, understanding)
    if shown is None:
        return tongue
    if _primary(shown) == _primary(on_file):
        return replace(tongue, language="", count=0)
    again = _primary(shown) == _primary(tongue.language)
    # No further than is asked for: what is known then is known, and need not be written down once more.
    count = min(tongue.count + 1, ENOUGH) if again else 1
    return replace(tongue, language=shown, count=count)


def due(tongue: Tongue, text: str, understanding: Understanding, languages: Sequence[str]) -> str | None:
    """The language to offer now, after this text; one of `languages`."""
    shown = shown_by(text, understanding)
    if shown is None or tongue.count < ENOUGH or _primary(shown) != _primary(tongue.language):
        return None
    served = next((tag for tag in languages if tag == shown), None) or next(
        (tag for tag in languages if _primary(tag) == _primary(shown)), None
    )
    already = {_primary(tag) for tag in tongue.offered}
    return served if served is not None and _primary(served) not in already else None


def said(understanding: Understanding) -> bool | None:
    """Whether it is a yes or a no and nothing more; None where it says, or may say, something else."""
    # A carrier that takes YES for START has both read in it.
    meant = [intent for intent in understanding.intents if intent is not Intent.OPT_IN]
    for intent, groups in ((Intent.CONFIRM, _YES), (Intent.DECLINE, _NO)):
        rules = [piece.rule for piece in understanding.evidence if piece.intent is intent]
        if meant == [intent] and rules and all(_group(rule) in groups for rule in rules):
            return intent is Intent.CONFIRM
    return None


def taken(tongue: Tongue, *, yes: bool) -> tuple[Effect, ...]:
    """What a yes or a no to the offer leads to."""
    if not yes:
        return (Say(KEPT),)
    return (SetLanguage(tongue.asked), Say("general/language_changed"))


def settled(tongue: Tongue, effects: Iterable[Effect], now: datetime) -> Tongue:
    """What is to be remembered after what was done."""
    for effect in effects:
        if isinstance(effect, Say) and effect.key == OFFER and effect.language:
            offered = (*tongue.offered, effect.language)
            tongue = replace(tongue, offered=offered, asked=effect.language, asked_at=now)
        elif isinstance(effect, SetLanguage) or (isinstance(effect, Say) and effect.key == KEPT):
            tongue = replace(tongue, language="", count=0, asked="", asked_at=None)
    return tongue


def _group(rule: str) -> str:
    """The group of the lexicon in the name of a rule: "en:okay: ok"."""
    return rule.partition(":")[2].partition(":")[0].strip()


def _primary(tag: str) -> str:
    """Both ways of writing Chinese are one language here: who reads one is not asked about the other."""
    return tag.partition("-")[0].casefold()
