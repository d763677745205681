"""When a meaning was found, and a person decides all the same: for what in the text was not read."""

from __future__ import annotations

from collections.abc import Set

from bot.core.intents import Context, Evidence, Intent
from bot.core.understanding.asked import Asked
from bot.core.understanding.meanings import EXPLICIT, LOCAL, Meanings
from bot.core.understanding.patterns import Hit
from bot.core.understanding.reading import WEIGHTY, Reading
from bot.core.understanding.text import COMMA

# Acted on by themselves, and nobody would look at the rest: a text that goes on in words unknown is not left to them.
SOOTHING = frozenset(
    {
        Intent.CONFIRM, Intent.DECLINE, Intent.ACKNOWLEDGE, Intent.GREETING, Intent.RUNNING_LATE,
        Intent.NUMERIC_ANSWER, Intent.HELP,
    }
)  # fmt: skip
UNREAD = 5
UNREAD_AFTER_TURN, MOST_OF = 3, 0.6
_REFUSING = frozenset({Intent.DECLINE, Intent.ACKNOWLEDGE})
_ANSWERING = frozenset(
    {
        Intent.CONFIRM, Intent.DECLINE, Intent.RESCHEDULE, Intent.RUNNING_LATE, Intent.TRANSPORT_NEED,
        Intent.FINANCIAL_NEED,
    }
)  # fmt: skip
# Which meanings do not stand while a word of the group was passed over.
_OUTWEIGHED = {
    # It may be the texts that are refused: "no thanks to the texts", "count me out of the texts".
    f"{WEIGHTY}texts": (_ANSWERING | _REFUSING) - {Intent.FINANCIAL_NEED},
    # "who gave you my number?? remove it"
    f"{WEIGHTY}stop": _ANSWERING | _REFUSING | {Intent.HELP},
    # "see you monday if i'm still alive", "no, para qué seguir"
    f"{WEIGHTY}life": _ANSWERING | _REFUSING | {Intent.HELP, Intent.WRONG_PERSON},
    # "yes, and all the rest of the bottle", "my heart is going crazy"
    f"{WEIGHTY}danger": _ANSWERING | {Intent.WRONG_PERSON},
    # What is refused was not named: the visit, or the texts? "no los quiero", "don't want these".
    f"{WEIGHTY}them": _REFUSING,
    # "can I come ten minutes early"
    f"{WEIGHTY}early": frozenset({Intent.RUNNING_LATE}),
    # "I'll come if it isn't icy"
    f"{WEIGHTY}doubt": frozenset({Intent.CONFIRM}),
}
# Where nothing was asked a text is a story: how many words of it may be unread beside each of these.
_UNASKED = {
    Intent.CONFIRM: 0, Intent.DECLINE: 0, Intent.RESCHEDULE: 0, Intent.RUNNING_LATE: 0,
    Intent.FINANCIAL_NEED: 3, Intent.TRANSPORT_NEED: 2, Intent.WRONG_PERSON: 2,
}  # fmt: skip
_SHORT = 2
_UNDOING = frozenset({Intent.DECLINE, Intent.WRONG_PERSON, Intent.TRANSPORT_NEED, Intent.REFILL_REQUEST})
_NEEDS = frozenset({Intent.TRANSPORT_NEED, Intent.REFILL_REQUEST})
HALF_LEAST = 2
PLAIN_WORDS, PLAIN_AT_END = 3, 2
_TELLING = frozenset({
    *map(str, EXPLICIT), "opt_out.program", "yes", "no", "okay", "day", "reason", "bereaved", "courtesy", "polite",
    "greeting", "caller", "minute_unit", "hour_unit", "number_word", "contrast", "correction", "safe", "neutral",
    "recovered",
})  # fmt: skip
"""The groups whose words have had their say; others (`present`, `denial`) only help to read what stands beside."""


def passed_over(reading: Reading, asked: Asked, main: Intent) -> Evidence | None:
    """What was not read and weighs more than the meaning that was found."""
    if main not in _GUARDED:
        return None
    told = _told(reading, asked)
    spoken = {(asked.language or "en").split("-")[0].lower()}
    spoken |= {hit.rule.language for hit in reading.hits if _named(hit.group, asked) in _TELLING}
    for hit in reading.weighty:
        if (
            main in _OUTWEIGHED.get(hit.group, ())
            and hit.rule.language in spoken
            and not told.issuperset(range(hit.start, hit.end))
            and all(reading.breaks[at] < COMMA for at in range(hit.start + 1, hit.end))
        ):
            return Evidence(Intent.UNCLEAR, f"{hit.rule.language}:{hit.group}", reading.shown(hit))
    most = _UNASKED.get(main) if asked.context is Context.NONE else None
    if most is not None and len(_untold(reading, told)) > most:
        return Evidence(Intent.UNCLEAR, "unasked, and not all of it read", reading.text.clean.strip())
    return None


_GUARDED = frozenset(_UNASKED).union(*_OUTWEIGHED.values())


def _told(reading: Reading, asked: Asked) -> frozenset[int]:
    """The words that have had their say; those of a danger named had it in the scan."""
    return reading.idle.union(
        *(
            range(hit.start, hit.end)
            for hit in reading.hits
            if _named(hit.group, asked) in _TELLING or hit.group.startswith("danger.")
        )
    )


def _named(group: str, asked: Asked) -> str:
    return group.removeprefix(f"{LOCAL[asked.context]}.")


def _untold(reading: Reading, told: Set[int]) -> list[int]:
    """The words that have had no say, short ones left aside."""
    return [at for at, word in enumerate(reading.words) if at not in told and len(word) > _SHORT]


def half_told(reading: Reading, asked: Asked, found: Meanings, main: Intent) -> bool:
    """Whether most of it is not what was found, where acting would undo something: a visit called off, a number.

    Beside what says so in plain words, only words that no lexicon knows count: a reason is told in any words.
    """
    if main not in _UNDOING:
        return False
    if main is Intent.DECLINE and any(reading.sentence(hit.start) == (hit.start, hit.end) for hit in reading.of("no")):
        return False  # "That's the day of my son's game. No": the answer stands by itself, whatever is told beside it.
    hits = found.at.get(main, ())
    if not hits and main not in found.polar:
        return False  # The number of an option.
    untold = _untold(reading, _told(reading, asked))
    if any(_plainly(reading, hit, main, answer=main in found.polar) for hit in hits):
        untold = [at for at in untold if not reading.tongues[at]]
        return len(untold) >= HALF_LEAST and len(untold) * 2 >= len(reading.words)
    told = _told(reading, asked)
    return len(untold) >= HALF_LEAST and (len(reading.words) - len(told)) * 2 >= len(reading.words)


def _plainly(reading: Reading, hit: Hit, main: Intent, *, answer: bool) -> bool:
    """Whether it is said in so many words, or by a few that stand at an end of the text."""
    last = _only_idle(reading, hit.end, len(reading.words))
    if answer:
        return last and hit.end > 1
    if not hit.group.endswith(main):
        return False  # Another's death is not the refusal that follows from it.
    if hit.length >= PLAIN_WORDS or (main in _NEEDS and hit.length >= PLAIN_AT_END):
        return True
    first = _only_idle(reading, 0, hit.start)
    if hit.length >= PLAIN_AT_END:
        return first or last
    closed = hit.end < len(reading.words) and reading.breaks[hit.end] >= COMMA
    return (first and closed) or (last and reading.breaks[hit.start] >= COMMA)


def _only_idle(reading: Reading, start: int, end: int) -> bool:
    return reading.idle.issuperset(range(start, end))


def only_asked(reading: Reading, found: Meanings, main: Intent) -> bool:
    """Whether it stands in a question: "she died?? who told you that" is for a person."""
    hits = found.at.get(main, ()) if main in (Intent.DECEASED, Intent.WRONG_PERSON) else ()
    return bool(hits) and all(reading.asks(hit.start) for hit in hits)


def leaves_much(reading: Reading, main: Intent) -> bool:
    """Whether so much of it was not read that a danger may stand there: "yes I'm coming, but <nothing known>"."""
    if main not in SOOTHING:
        return False
    turn = next((hit for hit in reading.of("contrast") if hit.start > 0), None)
    if turn is not None:
        after = range(turn.end, len(reading.words))
        strange = len(reading.strange().intersection(after))
        if strange >= UNREAD_AFTER_TURN and strange >= MOST_OF * len(after):
            return True
    return reading.unread() >= UNREAD
