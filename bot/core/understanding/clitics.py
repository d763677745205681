"""Words in the Arabic script without what is written onto them.

Arabic writes "and", "in", "the" and the future onto the word that follows, "my" and "them" onto the one before, and
wraps a verb that it denies (`mā … š`); Persian writes "my", the plural and the object onto its nouns, joined or not.
"""

from __future__ import annotations

import re
from collections.abc import Collection

SHORTEST = 3
_ARABIC = re.compile(r"[\u0620-\u064a\u066e-\u06d3]+\Z")
_ARTICLE = (
    "وبال", "وال", "بال", "فال", "عال", "هال", "كال", "ولل", "لل", "ال", "وب", "ول", "فب", "و", "ف", "ب", "ل", "ع",
)  # fmt: skip
# The future, the habit and "that he" stand only before a verb, which begins with one of these letters.
_BEFORE_VERBS = ("وس", "وه", "وح", "وبي", "ه", "ح", "س", "ك", "غا", "غ")
_VERBS = frozenset("اينت")
_ENDINGS = (
    "هايمان", "هايتان", "هايشان", "هامون", "هاتون", "هاشون", "هامو", "هايم", "هايت", "هايش", "هام", "هات",
    "هاش", "هاي", "ها", "مونو", "مون", "تون", "شون", "مان", "تان", "شان", "تونو", "ام", "ات", "اش", "مو", "شو",
    "رو", "ني", "لي", "لنا", "ارو", "اتون", "نا", "كم", "هم", "كن", "هن", "وا", "ين", "ون", "م", "ت", "ش", "و",
    "ي", "ه", "ك", "ا",
)  # fmt: skip
_DENIAL, _DENIED_BY = "ما", re.compile(r"و?(?:ما?(.{3,}?)و?ش\Z|(?:ما|لا)(.{3,})\Z)")


def apart(word: str, known: Collection[str]) -> tuple[str, ...]:
    """The known word inside one that is not known, after `mā` where it is denied; else the word as it is."""
    if len(word) <= SHORTEST or not _ARABIC.match(word):
        return (word,)
    if (denied := _DENIED_BY.match(word)) is not None:
        core = denied[1] or denied[2]
        for verb in (core, "ا" + core):
            if (found := verb if verb in known else _bare(verb, known, endings=("",))) is not None and _verbal(found):
                return _DENIAL, found
    found = _bare(word, known)
    return (word,) if found is None else (found,)


def _verbal(word: str) -> bool:
    return word[0] in _VERBS or word[0] in "عبمفق"


def _bare(word: str, known: Collection[str], endings: tuple[str, ...] = ("", *_ENDINGS)) -> str | None:
    """The longest known word that is left when what may stand before and after it is taken off."""
    best: str | None = None
    for before in ("", *_ARTICLE, *_BEFORE_VERBS):
        if not word.startswith(before):
            continue
        rest = word[len(before) :]
        if before in _BEFORE_VERBS and (not rest or rest[0] not in _VERBS):
            continue
        for after in endings:
            core = rest[: len(rest) - len(after)] if after and rest.endswith(after) else rest if not after else ""
            if len(core) >= SHORTEST and core in known and (best is None or len(core) > len(best)):
                best = core
    return best
