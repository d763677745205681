"""Of the meanings found, which explain others away and which contradict each other."""

from __future__ import annotations

from bot.core.intents import Context, Intent
from bot.core.understanding.asked import Asked
from bot.core.understanding.meanings import FAIR, VISIT, Meanings, evidence_of
from bot.core.understanding.patterns import Hit, Kind
from bot.core.understanding.reading import Reading
from bot.core.understanding.text import COMMA


def settle(reading: Reading, asked: Asked, found: Meanings) -> bool:
    """Take out what another meaning explains; True when two of them contradict each other."""
    mourning = _mourns(reading, found)
    if mourning:
        found.drop(Intent.DECEASED)
    _bereavement(reading, asked, found)
    if asked.context in (Context.CHECKIN_YES_NO, Context.SURVEY_SCALE, Context.EDUCATION):
        found.drop(Intent.RUNNING_LATE)  # Nobody waits for anybody there.
    if _all_within(found, Intent.RESCHEDULE, Intent.REQUEST_HUMAN):
        found.drop(Intent.RESCHEDULE)  # "Can you call me at 5": the time is the call's.
    if reading.text.question and _all_within(found, Intent.OPT_OUT, Intent.HELP):
        found.drop(Intent.OPT_OUT)  # "Is this spam?" asks; "this is spam" has had enough.
    if asked.context is Context.RECALL_INVITE and found.has(Intent.RESCHEDULE) and found.has(Intent.CONFIRM):
        found.drop(Intent.RESCHEDULE)
    if _all_within(found, Intent.RESCHEDULE, Intent.RUNNING_LATE):
        found.drop(Intent.RESCHEDULE)  # "Hay tráfico, llego tarde" names no other time.
    if found.has(Intent.RESCHEDULE) and asked.context is not Context.WAITLIST_OFFER:
        found.drop(Intent.DECLINE, *([] if _apart(found, Intent.CONFIRM, Intent.RESCHEDULE) else [Intent.CONFIRM]))
    if (
        asked.context is Context.WAITLIST_OFFER
        and found.has(Intent.RESCHEDULE)
        and found.has(Intent.DECLINE, Intent.CONFIRM)
    ):
        found.drop(Intent.RESCHEDULE)
    if found.has(Intent.OPT_IN) and found.has(Intent.OPT_OUT):
        found.drop(Intent.OPT_IN)
    if asked.context is Context.EDUCATION and found.has(Intent.ACKNOWLEDGE):
        found.drop(Intent.UNCLEAR)  # "I'll try" promises nothing about a visit, and is all that a tip hopes for.
    if found.has(Intent.UNCLEAR):
        found.drop(Intent.CONFIRM, *([Intent.DECLINE] if Intent.DECLINE in found.polar else []))
        if _on_condition(reading, found):
            found.drop(Intent.DECLINE)
    clash = found.has(Intent.CONFIRM) and found.has(Intent.DECLINE)
    # "No, puedo ir": the comma makes it a yes, and not everybody sets commas with care.
    unsure = found.has(Intent.CONFIRM) and (
        any(hit.group in ("decline", "no") for hit in reading.severed)
        or any(_negated(reading, hit) for hit in found.at.get(Intent.CONFIRM, ()))
    )
    if clash and (later := _last_word(reading, found)) is not None:
        found.drop(Intent.DECLINE if later is Intent.CONFIRM else Intent.CONFIRM)
        clash = False
    others = [intent for intent in found.sure if intent not in _SOCIAL]
    if others:
        found.drop(*_SOCIAL)
    elif found.has(Intent.ACKNOWLEDGE):
        found.drop(Intent.GREETING)
    return clash or unsure or mourning


_SOCIAL = (Intent.ACKNOWLEDGE, Intent.GREETING)


def _mourns(reading: Reading, found: Meanings) -> bool:
    """Whether who comes all the same tells of a death: "lost my mom last month, but I'll be there"."""
    return found.has(Intent.DECEASED) and any(
        hit.rule.kind in (Kind.TAIL, Kind.SENTENCE) or any(turn.end <= hit.start for turn in reading.of("contrast"))
        for hit in found.at.get(Intent.CONFIRM, ())
    )


def _bereavement(reading: Reading, asked: Asked, found: Meanings) -> None:
    """A death in the family that keeps the patient away is no death of the patient."""
    if found.has(Intent.DECEASED) and reading.any("bereaved"):
        found.drop(Intent.DECEASED)
        if asked.context in VISIT and not found.has(Intent.DECLINE, Intent.RESCHEDULE, Intent.CONFIRM):
            hit = reading.of("bereaved")[0]
            found.add(Intent.DECLINE, FAIR, evidence_of(reading, Intent.DECLINE, hit), hit)


def _on_condition(reading: Reading, found: Meanings) -> bool:
    """Whether all that refuses hangs on how the text begins: "if it rains I can't come"."""
    for condition in reading.of("condition"):
        _, end = reading.sentence(condition.start)
        turned = min((turn.start for turn in reading.of("contrast") if turn.start >= condition.end), default=end)
        hits = found.at.get(Intent.DECLINE, [])
        if hits and all(condition.end <= hit.start < min(end, turned) for hit in hits):
            return True
    return False


def _all_within(found: Meanings, one: Intent, other: Intent) -> bool:
    """Whether the one was found within the other alone."""
    hits, around = found.at.get(one, []), found.at.get(other, [])
    return bool(hits) and all(any(it.start <= hit.start and hit.end <= it.end for it in around) for hit in hits)


def _apart(found: Meanings, one: Intent, other: Intent) -> bool:
    return False if not found.has(one) else one not in found.polar and not found.has(other)


def _last_word(reading: Reading, found: Meanings) -> Intent | None:
    """Of two opposite answers, the later one when the text turns around between them."""
    yes, no = found.last(Intent.CONFIRM), found.last(Intent.DECLINE)
    turns = reading.of("correction", "contrast")
    if any(min(yes, no) - 1 <= turn.end and turn.start <= max(yes, no) for turn in turns):
        return Intent.CONFIRM if yes > no else Intent.DECLINE
    return None


def _negated(reading: Reading, hit: Hit) -> bool:
    """Whether the word for not stands right before: Spanish "no nos vemos ahí" is no promise to come."""
    return reading.breaks[hit.start] < COMMA and any(
        other.end == hit.start and other.rule.language == hit.rule.language for other in reading.of("negator")
    )
