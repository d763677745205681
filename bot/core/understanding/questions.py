"""Questions, and the days and times that a patient names."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.intents import Context, Evidence, Intent
from bot.core.understanding.asked import Asked
from bot.core.understanding.meanings import LIKELY, VISIT, Meanings, evidence_of
from bot.core.understanding.numbers import figures
from bot.core.understanding.patterns import Hit, Kind
from bot.core.understanding.reading import WEIGHTY, Reading
from bot.core.understanding.text import COMMA

LONGEST_WISH = 200
ECHO = 3
"""Words up to which a question that the patient answers in the same breath asks nothing: "Mammogram? Yes, book it."""
# A sentence that already means one of these is not a question besides.
_TELLING = (
    Intent.RESCHEDULE, Intent.TRANSPORT_NEED, Intent.FINANCIAL_NEED, Intent.REFILL_REQUEST, Intent.LANGUAGE_SWITCH,
    Intent.HELP, Intent.RUNNING_LATE, Intent.REQUEST_HUMAN, Intent.WRONG_PERSON, Intent.DECEASED, Intent.OPT_OUT,
    Intent.OPT_IN,
)  # fmt: skip
# Acted on with nobody looking: what is asked beside one of these and was not read would be lost.
_ANSWERS = frozenset({
    Intent.CONFIRM, Intent.DECLINE, Intent.RUNNING_LATE, Intent.NUMERIC_ANSWER, Intent.ACKNOWLEDGE, Intent.GREETING,
})  # fmt: skip
_ANSWERED = ("yes", "no", "okay", "neutral", "safe", "reason", "contrast", "caller")
_RUNS_ON = (Intent.CONFIRM, Intent.RUNNING_LATE)
"""After which a question may begin without a pause; "give it to someone who needs it" goes on without asking."""
_OPENS = f"{WEIGHTY}asking"
ASKED_LEAST = 2
"""Words not read that must follow an asking word, so that it may begin a question that no rule knows."""


def ask(reading: Reading, asked: Asked, found: Meanings) -> None:
    """Add `question` where a question mark or an asking word stands in a sentence that says nothing else."""
    if asked.context in VISIT and _offers_a_time(reading, found):
        words = reading.text.clean.strip()
        sureness = LIKELY if reading.any("day") else 0.7
        found.add(Intent.RESCHEDULE, sureness, Evidence(Intent.RESCHEDULE, "a day or time alone", words))
        found.drop(Intent.DECLINE)
        return
    greeted = any(hit.rule.kind is Kind.WHOLE for hit in found.at.get(Intent.GREETING, ()))
    if found.has(Intent.QUESTION) or greeted:  # "Hi, how are you?" asks nothing.
        return
    for start in _sentence_starts(reading):
        _, end = reading.sentence(start)
        if _telling(found, start, end):
            continue
        opening = next((hit for hit in reading.of("interrogative") if start <= hit.start < end), None)
        if opening is not None and _answers_whole(opening, asked, found):
            continue
        if opening is not None and not (found.has(Intent.UNCLEAR) and not reading.asks(start)):
            found.add(Intent.QUESTION, LIKELY, evidence_of(reading, Intent.QUESTION, opening), opening)
        elif reading.asks(start) and _has_substance(reading, start, end, found) and not _echo(start, end, found):
            words = reading.text.shown(reading.origin[start], reading.origin[end - 1] + 1)
            found.add(Intent.QUESTION, LIKELY, Evidence(Intent.QUESTION, "question mark", words))
    _ask_unread(reading, asked, found)
    if found.has(Intent.QUESTION):
        found.drop(Intent.ACKNOWLEDGE, Intent.GREETING, Intent.UNCLEAR)
    elif not found.sure and reading.text.question and not reading.words:
        found.add(Intent.HELP, LIKELY, Evidence(Intent.HELP, "question marks alone", reading.text.clean.strip()))


def _ask_unread(reading: Reading, asked: Asked, found: Meanings) -> None:
    """Add `question` where a piece beside an answer begins like one and goes on unread: "see you, is lot B closed"."""
    if not found.sure or not _ANSWERS.issuperset(found.sure):
        return
    spoken = {(asked.language or "en").split("-")[0].lower()}
    spoken |= {hit.rule.language for hits in found.at.values() for hit in hits}
    said = [hit for intent in _RUNS_ON for hit in found.at.get(intent, ()) if reading.piece(hit.start)[1] >= hit.end]
    before = _words_of(reading, [*said, *reading.of("yes", "no", "okay")])
    told = before | _words_of(reading, [*reading.of(*_ANSWERED), *(hit for hits in found.at.values() for hit in hits)])
    for hit in reading.weighty:
        if hit.group != _OPENS or hit.rule.language not in spoken:
            continue
        start, end = reading.piece(hit.start)
        # "Ok when can I come in" says yes, and asks; without the yes it is the way to say it.
        invited = asked.context is Context.RECALL_INVITE and start < hit.start
        asks_yes = invited and any(it.start == hit.start and it.length > hit.length for it in said)
        rest = [at for at in range(hit.end, end) if at not in told]
        unread = told.isdisjoint(range(hit.start, hit.end)) and len(rest) >= ASKED_LEAST
        if (asks_yes or unread) and before.issuperset(range(start, hit.start)):
            words = reading.text.shown(reading.origin[hit.start], reading.origin[end - 1] + 1)
            found.add(Intent.QUESTION, LIKELY, Evidence(Intent.QUESTION, f"{hit.rule.language}:{_OPENS}", words))
            return


def _words_of(reading: Reading, hits: Sequence[Hit]) -> frozenset[int]:
    return reading.idle.union(*(range(hit.start, hit.end) for hit in hits))


def _answers_whole(opening: Hit, asked: Asked, found: Meanings) -> bool:
    """Whether these words are all of an answer to a check-in: "did it"."""
    hits = found.at.get(Intent.CONFIRM, ()) if asked.context is Context.CHECKIN_YES_NO else ()
    return any(hit.rule.kind is Kind.WHOLE and (hit.start, hit.end) == (opening.start, opening.end) for hit in hits)


def _sentence_starts(reading: Reading) -> list[int]:
    starts, at = [], 0
    while at < len(reading.words):
        starts.append(at)
        at = reading.sentence(at)[1]
    return starts


def _telling(found: Meanings, start: int, end: int) -> bool:
    return any(start <= hit.start < end for intent in _TELLING for hit in found.at.get(intent, ()))


def _echo(start: int, end: int, found: Meanings) -> bool:
    """Whether the question only says again what the clinic offered, and the yes to it follows at once."""
    return end - start <= ECHO and any(hit.start == end for hit in found.at.get(Intent.CONFIRM, ()))


def _has_substance(reading: Reading, start: int, end: int, found: Meanings) -> bool:
    """Whether the sentence holds a word that is no courtesy and no part of a meaning found already."""
    told = {at for hits in found.at.values() for hit in hits for at in range(hit.start, hit.end)}
    return any(at not in reading.idle and at not in told for at in range(start, end))


def _offers_a_time(reading: Reading, found: Meanings) -> bool:
    """Whether the text is a day or a time and nothing else, or asks for one after a no: "I have to work, Tuesday?"."""
    if not found.sure:
        return _names_a_time(reading, 0, len(reading.words))
    if set(found.sure) != {Intent.DECLINE}:
        return False
    end = len(reading.words)
    last = max(at for at in range(end) if at == 0 or reading.breaks[at] >= COMMA)
    return last > 0 and reading.asks(last) and _names_a_time(reading, last, end)


def _names_a_time(reading: Reading, start: int, end: int) -> bool:
    """Whether these words are a day or a time. A word beside it may mean anything: "purple Monday" is no wish."""
    days = [hit for hit in reading.of("day") if start <= hit.start < end]
    clocks = [figure for figure in figures(reading) if start <= figure.start < end]
    joined = [*days, *reading.of("either")]  # "Wednesday or Thursday?"
    covered = {at for hit in joined for at in range(hit.start, hit.end)} | reading.idle
    covered |= {at for figure in clocks for at in range(figure.start, figure.end + figure.clock)}
    named = bool(days) or any(figure.clock for figure in clocks)
    return named and all(at in covered for at in range(start, end))


def wish(reading: Reading) -> str | None:
    """The sentences that name a day or a time, in the patient's own words."""
    times = {reading.sentence(figure.start) for figure in figures(reading) if figure.clock}
    wanted = sorted(times | {reading.sentence(hit.start) for hit in reading.of("day", "reschedule")})
    if not wanted or not reading.any("reschedule", "day"):
        return None
    pieces = [reading.text.shown(reading.origin[start], reading.origin[end - 1] + 1) for start, end in wanted]
    return " / ".join(pieces)[:LONGEST_WISH]
