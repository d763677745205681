"""Numbers in a text: answers to a scale, options chosen, minutes late, readings from a machine."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from bot.core.understanding.reading import Reading

_FIGURE = re.compile(r"\d+(?:[.,]\d+)?\Z")
_PRESSURE = re.compile(r"(\d{1,3})[/x](\d{1,3})\Z")
_SCALE = re.compile(r"(\d{1,2})/(10|5|١٠|٥|۱۰|۵)\Z")
_CLOCK = re.compile(r"(\d{1,2})[:.hg](\d{2})\Z")
# Between the halves of a blood pressure, in the languages that say it with a word.
_OVER = frozenset({"over", "sobre", "con", "por", "sur", "на", "na", "tren", "su", "par", "sou", "x", "على", "روی"})
LEAST_CM, MOST_CM = 3, 32
_BEFORE_DATES = frozenset({"dia", "para", "le", "du", "el", "del", "pou", "jou", "on", "for", "pra", "ate"})
_CLOCK_UNITS = frozenset({"am", "pm", "a", "p", "oclock", "点", "시", "h", "uhr", "g", "gio"})


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: its value, where it stands, and the lower half of a pair such as 120/80."""

    value: float
    start: int
    end: int
    lower: float | None = None
    clock: bool = False


def figures(reading: Reading) -> list[Figure]:
    """Every number in the text, in figures or in words, in order."""
    found = [figure for at, word in enumerate(reading.words) if (figure := _figure(reading, at, word))]
    taken = {at for figure in found for at in range(figure.start, figure.end)}
    for hit in sorted(reading.under("number."), key=lambda hit: -hit.length):
        if taken.isdisjoint(range(hit.start, hit.end)):
            taken.update(range(hit.start, hit.end))
            found.append(Figure(float(hit.group.removeprefix("number.")), hit.start, hit.end))
    return _paired(reading, sorted(found, key=lambda figure: figure.start))


def _paired(reading: Reading, found: list[Figure]) -> list[Figure]:
    """The same, with "190 over 118" as the one reading that it is."""
    made: list[Figure] = []
    for figure in found:
        upper = made[-1] if made else None
        if upper is not None and figure.start - upper.end == 1 and reading.words[upper.end] in _OVER:
            pair = paired(upper, figure)
            if pair is not None:
                made[-1] = pair
                continue
        made.append(figure)
    return made


def paired(upper: Figure, lower: Figure) -> Figure | None:
    """Two numbers as one blood pressure; None when they cannot be one."""
    single = upper.lower is None and lower.lower is None and not (upper.clock or lower.clock)
    if single and 60 <= upper.value <= 320 and 30 <= lower.value <= 200 and upper.value > lower.value:
        return Figure(upper.value, upper.start, lower.end, lower=lower.value)
    return None


def told_in_centimetres(reading: Reading, found: list[Figure]) -> list[Figure]:
    """The same where a blood pressure is meant: "18 por 12" and "18/12" are 180 over 120, told in centimetres."""
    made: list[Figure] = []
    for figure in found:
        upper = made[-1] if made else None
        if upper is not None and figure.start - upper.end == 1 and reading.words[upper.end] in _OVER:
            pair = centimetres(upper, figure)
            if pair is not None:
                made[-1] = pair
                continue
        made.append(figure if dated(reading, figure) else _times_ten(figure))
    return made


def centimetres(upper: Figure, lower: Figure) -> Figure | None:
    """Two small numbers as one blood pressure, in millimetres; None when they cannot be one."""
    single = upper.lower is None and lower.lower is None and not (upper.clock or lower.clock)
    if single and _small(upper.value, lower.value):
        return Figure(upper.value * 10, upper.start, lower.end, lower=lower.value * 10)
    return None


def _times_ten(pair: Figure) -> Figure:
    if pair.lower is None or not _small(pair.value, pair.lower):
        return pair
    return replace(pair, value=pair.value * 10, lower=pair.lower * 10)


def _small(upper: float, lower: float) -> bool:
    return LEAST_CM <= lower < upper <= MOST_CM


def dated(reading: Reading, figure: Figure) -> bool:
    """Whether a figure is the day of a visit: "the pressure check on 20/10"."""
    return figure.start > 0 and reading.words[figure.start - 1] in _BEFORE_DATES


def _figure(reading: Reading, at: int, word: str) -> Figure | None:
    if _FIGURE.match(word):
        # "1,25 g" is no hour: hours have no decimal comma.
        clock = at + 1 < len(reading.words) and reading.words[at + 1] in _CLOCK_UNITS and "," not in word
        return Figure(min(float(word.replace(",", ".")[:12]), 1e6), at, at + 1, clock=clock)
    if (scale := _SCALE.match(word)) and int(scale[1]) <= int(scale[2]):
        return Figure(float(scale[1]), at, at + 1)
    if (pair := _PRESSURE.match(word)) and float(pair[1]) > float(pair[2]):
        return Figure(float(pair[1]), at, at + 1, lower=float(pair[2]))
    if clock_time := _CLOCK.match(word):
        return Figure(float(f"{clock_time[1]}.{clock_time[2]}"), at, at + 1, clock=True)
    return None


def scale_answer(reading: Reading) -> tuple[float | None, bool]:
    """The answer to "how much, from 0 to 10", and whether it is the only one; of "4 or 5" the higher."""
    found = [figure for figure in figures(reading) if not figure.clock and figure.lower is None]
    found = _without_article(found, reading)
    if len(found) > 1 and found[-1].value == 10 and found[-1].start - found[-2].end <= 2 and reading.any("out_of"):
        found = found[:-1]
    if not found:
        return (0.0, True) if reading.any("survey.zero") else (None, False)
    if reading.any("correction"):
        return found[-1].value, True
    values = [figure.value for figure in found]
    near = max(values) - min(values) <= 2 and len(values) <= 3
    return max(values), near and 0 <= max(values) <= 10


def _without_article(found: list[Figure], reading: Reading) -> list[Figure]:
    """The figures without a "one" that is only the next one's article: Spanish "un 8"."""
    articles = {
        one.start
        for one, following in pairwise(found)
        if one.value == 1 and one.end == following.start and not reading.words[one.start][0].isdigit()
    }
    return [one for one in found if one.start not in articles]


def chosen_option(reading: Reading, count: int) -> int | None:
    """The number of an option, when the text is that number or opens with it."""
    found = [figure for figure in figures(reading) if not figure.clock and figure.lower is None]
    usable = [
        figure
        for figure in found
        if figure.value.is_integer() and 1 <= figure.value <= count and _free(reading, figure)
    ]
    if not usable:
        return None
    if reading.any("correction"):
        return int(usable[-1].value)
    first = usable[0]
    alone = all(
        at in reading.idle or first.start <= at < first.end or _naming(reading, at) for at in range(len(reading.words))
    )
    if len({figure.value for figure in usable}) > 1:
        return None
    opens = all(at in reading.idle or _naming(reading, at) for at in range(first.start))
    return int(first.value) if alone or opens else None


def _naming(reading: Reading, at: int) -> bool:
    """Whether word `at` only says that a number follows: "option", "number", "el"."""
    return any(hit.start <= at < hit.end for hit in reading.of("option_word"))


def _free(reading: Reading, figure: Figure) -> bool:
    """Whether the number counts nothing: "2 minutes" and "3 pills" choose no option."""
    return not counts(reading, figure)


def counts(reading: Reading, figure: Figure) -> bool:
    """Whether the number counts something: "fever for three days" is no temperature."""
    return any(hit.start == figure.end for hit in reading.of("minute_unit", "hour_unit", "unit"))


def minutes_late(reading: Reading) -> int | None:
    """How late, in minutes: "15 min", "half an hour", "in 20" when the rest says late."""
    for hit in reading.under("minutes."):
        return int(hit.group.removeprefix("minutes."))
    found = figures(reading)
    units = [(hit.start, 60 if hit.group == "hour_unit" else 1) for hit in reading.of("minute_unit", "hour_unit")]
    for figure in found:
        for start, size in units:
            if figure.end <= start <= figure.end + 1 and figure.value * size <= 600:
                return round(figure.value * size)
    loose = [figure for figure in found if not figure.clock and figure.lower is None and 3 <= figure.value <= 90]
    return int(loose[0].value) if len(loose) == 1 else None
