"""From which mark on a scale in the clinic's own words is a worry: a limit that the question names, or pain and mood.

English and Spanish, for review by a clinician.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

HIGH: Final = "high"
"""Key in the data: this mark and higher ones are for a person."""
LOW: Final = "low"
"""Key in the data: this mark and lower ones are."""
SEVERE, POOR = 7, 3
"""Pain from here on is called severe; a mood down from here is a poor one. Of 10."""

_N: Final = r"(10|[0-9])(?![0-9])"
_FROM: Final = re.compile(
    rf"\b{_N} (?:or|and|o|y) (?:more|higher|above|over|greater|up|worse|m[aá]s|mayor|superior)\b"
    rf"|\b(?:at least|por lo menos|a partir de(?:l)?) {_N}",
    re.IGNORECASE,
)
_OVER: Final = re.compile(
    rf"\b(?:above|over|more than|higher than|greater than|m[aá]s de|mayor (?:de|que|a)|arriba de) {_N}", re.IGNORECASE
)
_DOWN_FROM: Final = re.compile(
    rf"\b{_N} (?:or|and|o|y) (?:less|lower|below|under|fewer|menos|menor)\b|\b(?:at most|como m[aá]ximo) {_N}",
    re.IGNORECASE,
)
_UNDER: Final = re.compile(
    rf"\b(?:below|under|less than|lower than|menos de|menor (?:de|que|a)|debajo de) {_N}", re.IGNORECASE
)
_BAD: Final = re.compile(
    r"\b(pain\w*|hurt\w*|ache|aching|sore\w*|nausea\w*|dizz\w+|short(ness)? of breath|trouble breathing"
    r"|anxi\w+|stress\w*|worr(y|ied)|depress\w*|sad(ness)?|hopeless\w*|lonely|afraid"
    r"|dolor\w*|duele|n[aá]usea\w*|mare[oa]\w*|falta de aire|ansi\w+|estr[eé]s\w*|preocupad\w+|deprimid\w+|depresi[oó]n"
    r"|triste\w*|miedo)\b",
    re.IGNORECASE,
)
_GOOD: Final = re.compile(
    r"\b(mood|feel(ing)? (today|now|this|lately|overall|emotionally)|(are|do) you feel(ing)?|well-?being"
    r"|estado de [aá]nimo|se siente|sentido)\b",
    re.IGNORECASE,
)
# "How well is your pain controlled?", "0 = worst pain, 10 = no pain": there the low marks are the bad ones.
_TURNED: Final = re.compile(
    r"\b(how well|control\w*|manag\w+|relie\w+|satisf\w+|better|qu[eé] tan bien|mejor|alivi\w+)\b"
    r"|\b0 ?(=|is|means|being|es|:) ?(the |el |la )?(worst|very bad|terrible|peor|muy mal)"
    r"|\b10 ?(=|is|means|being|es|:) ?(the |el |la )?(best|no |none|great|very good|mejor|ning[uú]n|sin )",
    re.IGNORECASE,
)
_MEDICINE: Final = re.compile(r"\bpain (medic\w+|meds|pills?|killers?)", re.IGNORECASE)


def limits(prompt: str) -> Mapping[str, str]:
    """What marks of 0 to 10 on this question are for a person: as it says itself, else where it asks how bad it is."""
    named = {**_first(HIGH, _FROM, _OVER, 1, prompt), **_first(LOW, _DOWN_FROM, _UNDER, -1, prompt)}
    if named:
        return named
    asked = _MEDICINE.sub("medicine", prompt)
    bad, turned = _BAD.search(asked), _TURNED.search(asked)
    if bad and not turned:
        return {HIGH: str(SEVERE)}
    return {LOW: str(POOR)} if bad or _GOOD.search(asked) else {}


def is_worrying(mark: float, data: Mapping[str, str]) -> bool:
    """Whether a mark is beyond the limits in an enrollment's data."""
    high, low = data.get(HIGH), data.get(LOW)
    return (high is not None and mark >= float(high)) or (low is not None and mark <= float(low))


def _first(key: str, inside: re.Pattern[str], beyond: re.Pattern[str], step: int, prompt: str) -> dict[str, str]:
    found = inside.search(prompt)
    if found is not None:
        return {key: next(number for number in found.groups() if number is not None)}
    found = beyond.search(prompt)
    return {key: str(int(found[1]) + step)} if found is not None else {}
