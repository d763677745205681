"""From a text read to an `Understanding`: its meanings, the main one first, how sure, and whether the bot may act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.core.intents import Context, Details, Evidence, Intent, OptOutScope, Understanding
from bot.core.understanding import safety
from bot.core.understanding.asked import Asked
from bot.core.understanding.doubt import half_told, leaves_much, only_asked, passed_over
from bot.core.understanding.meanings import (
    FAIR,
    LIKELY,
    LOCAL,
    SURE,
    VISIT,
    Meanings,
    evidence_of,
    explicit,
    polarity,
)  # fmt: skip
from bot.core.understanding.numbers import chosen_option, figures, minutes_late, scale_answer
from bot.core.understanding.patterns import Hit, Kind
from bot.core.understanding.questions import ask, wish
from bot.core.understanding.reading import Reading
from bot.core.understanding.readings import BEYOND, DOUBTFUL, Limits, Measured, measured
from bot.core.understanding.settling import settle
from bot.core.understanding.tongues import language_named, language_of, language_wanted

# The main meaning is the first of these that was found.
ORDER = (
    Intent.EMERGENCY, Intent.DECEASED, Intent.OPT_OUT, Intent.WRONG_PERSON, Intent.OPT_IN, Intent.LANGUAGE_SWITCH,
    Intent.NUMERIC_ANSWER, Intent.RESCHEDULE, Intent.RUNNING_LATE, Intent.REFILL_REQUEST, Intent.TRANSPORT_NEED,
    Intent.FINANCIAL_NEED, Intent.SYMPTOM, Intent.QUESTION, Intent.REQUEST_HUMAN, Intent.DECLINE, Intent.CONFIRM,
    Intent.HELP, Intent.ABUSE, Intent.ACKNOWLEDGE, Intent.GREETING, Intent.UNCLEAR,
)  # fmt: skip
RANK = {intent: at for at, intent in enumerate(ORDER)}
# What the bot does by itself; everything else is somebody's task.
ACTED_ON = frozenset(
    {
        Intent.CONFIRM, Intent.DECLINE, Intent.RESCHEDULE, Intent.RUNNING_LATE, Intent.OPT_OUT, Intent.OPT_IN,
        Intent.HELP, Intent.WRONG_PERSON, Intent.DECEASED, Intent.LANGUAGE_SWITCH, Intent.EMERGENCY, Intent.ACKNOWLEDGE,
        Intent.GREETING, Intent.NUMERIC_ANSWER, Intent.TRANSPORT_NEED, Intent.FINANCIAL_NEED, Intent.REFILL_REQUEST,
    }
)  # fmt: skip
# What the words around a score say besides is not acted on.
_NO_SCORE = (
    Intent.CONFIRM, Intent.DECLINE, Intent.RESCHEDULE, Intent.ACKNOWLEDGE, Intent.SYMPTOM, Intent.RUNNING_LATE,
    Intent.UNCLEAR,
)  # fmt: skip
# A prompt with one of these in it asks for yes or no, in whichever language it is.
_YES_OR_NO = (
    " YES", " NO", " SI ", " SÍ", "SIM", " WI ", "OUI", "ДА ", "HAAN", "TAK", "回", "CÓ ", "نعم", "بله", "हाँ", " OO",
    "네", "예",
)  # fmt: skip
_OPPOSITE = {
    Intent.CONFIRM: (Intent.DECLINE, Intent.RESCHEDULE),
    Intent.DECLINE: (Intent.CONFIRM,),
    Intent.RESCHEDULE: (Intent.CONFIRM,),
}
ENOUGH = 0.8
DOUBT = 0.3


def compose(
    reading: Reading, asked: Asked, limits: Mapping[str, Limits], measures: frozenset[str] = frozenset()
) -> Understanding:
    """Everything the text means. `measures` are what the question asks to be measured."""
    alarm = safety.scan(reading, harmless=LOCAL[asked.context] + ".safe")
    reading = reading.within(LOCAL[asked.context] + ".")
    readings = measured(reading, limits, measures)
    flags = safety.evidence(reading, alarm)
    # "BP 84/50, feel faint": each alone is for a nurse, both together are not to wait.
    grave = [one for one in readings if one.grave == "emergency" or (one.grave and reading.any("alarming"))]
    if alarm.live or grave:
        return _emergency(reading, alarm, grave, flags)
    if reading.text.tapback:
        tapback = Evidence(Intent.ACKNOWLEDGE, "tapback", "")
        return Understanding((Intent.ACKNOWLEDGE,), 0.9, auto=True, evidence=(tapback,))
    if reading.text.autoreply:
        return Understanding((Intent.UNCLEAR,), 0.9, auto=False, evidence=(Evidence(Intent.UNCLEAR, "auto-reply", ""),))
    found = explicit(reading, asked)
    details = _details(reading)
    details, numeric_sure = _numbers(reading, asked, found, details, readings)
    polarity(reading, asked, found)
    if alarm.denied and asked.context in VISIT and Intent.DECLINE in found.polar:
        found.drop(Intent.DECLINE)  # The no is the pain's, not the visit's.
    language_wanted(reading, asked, found)
    if asked.context is Context.WAITLIST_OFFER and found.has(Intent.CONFIRM):
        found.drop(Intent.RUNNING_LATE)  # "We can be there in 20" takes it; nobody is late for what was not theirs.
    torn = _comes_all_the_same(reading, found)
    clash = settle(reading, asked, found) or torn
    ask(reading, asked, found)
    _consent(reading, asked, found)
    if (alarm.denied or alarm.bygone) and not found.sure:
        denied = alarm.denied and asked.context is Context.CHECKIN_YES_NO
        found.add(Intent.DECLINE if denied else Intent.SYMPTOM, FAIR, flags[0])
    return _finish(reading, asked, found, flags, details, trusted=numeric_sure and not clash)


def _emergency(
    reading: Reading, alarm: safety.Alarm, grave: Sequence[Measured], flags: tuple[Evidence, ...]
) -> Understanding:
    """The safety reply is due whatever else the text says; an opt-out in it is honoured all the same."""
    measures = tuple(Evidence(Intent.EMERGENCY, f"reading:{one.kind}", _as_written(reading, one)) for one in grave)
    stops = [hit for hit in reading.of("opt_out") if hit.length >= 2 and not _of_life(hit, alarm)]
    intents = (Intent.EMERGENCY, *([Intent.OPT_OUT] if stops else []), *([Intent.NUMERIC_ANSWER] if grave else []))
    evidence = (*flags, *measures, *(evidence_of(reading, Intent.OPT_OUT, hit) for hit in stops[:1]))
    figure = grave[0].figure if grave else None
    number, lower = (figure.value, figure.lower) if figure is not None else (None, None)
    details = Details(danger=alarm.family or "reading", scope=_scope(reading), number=number, lower=lower)
    return Understanding(intents, 0.97, auto=True, language=language_of(reading), evidence=evidence, details=details)


def _of_life(stop: Hit, alarm: safety.Alarm) -> bool:
    """Whether it is life that is refused, not the texts: "I'd rather not be alive", "no more. I want to die"."""
    if any(stop.start < hit.end and hit.start < stop.end for hit in alarm.live):
        return True
    return alarm.family == "self-harm" and stop.rule.kind is not Kind.PHRASE


def _as_written(reading: Reading, one: Measured) -> str:
    return reading.text.shown(reading.origin[one.figure.start], reading.origin[one.figure.end - 1] + 1)


def _details(reading: Reading) -> Details:
    late = minutes_late(reading) if reading.any("running_late", "minute_unit", "hour_unit") else None
    keyword = next((hit.group.removeprefix("carrier.").upper() for hit in reading.under("carrier.")), None)
    return Details(minutes=late, wish=wish(reading), keyword=keyword, scope=_scope(reading))


def _scope(reading: Reading) -> OptOutScope:
    return OptOutScope.PROGRAM if reading.any("opt_out.program") else OptOutScope.ALL


def _solicited(asked: Asked) -> bool:
    """Whether a machine's reading was asked for, so that the journey judges it."""
    if asked.measures:
        return True
    return asked.context in (Context.CHECKIN_YES_NO, Context.SURVEY_SCALE) and asked.prompt is not None


def _numbers(
    reading: Reading, asked: Asked, found: Meanings, details: Details, readings: Sequence[Measured]
) -> tuple[Details, bool]:
    """Numbers by the kind of question; the second value is False where the number is not to be relied on."""
    words = reading.text.clean.strip()
    if asked.options and (option := chosen_option(reading, len(asked.options))) is not None:
        return _option(reading, asked, found, replace(details, option=option))
    if asked.context is Context.SURVEY_SCALE:
        value, sure = scale_answer(reading)
        if value is not None and not found.has(Intent.OPT_OUT) and not _asks_about_it(reading):
            found.add(Intent.NUMERIC_ANSWER, SURE if sure else 0.6, Evidence(Intent.NUMERIC_ANSWER, "scale", words))
            found.drop(*_NO_SCORE)
            return replace(details, number=value), sure
    numbers = [figure for figure in figures(reading) if not figure.clock]
    told = readings or (asked.context is Context.CHECKIN_YES_NO and _reading_asked(asked) and numbers)
    if told and numbers and not (found.has(Intent.SYMPTOM) and _volunteered(asked, readings)):
        figure = readings[0].figure if readings else numbers[0]
        found.add(Intent.NUMERIC_ANSWER, LIKELY, Evidence(Intent.NUMERIC_ANSWER, "reading", words))
        if _solicited(asked) and any(one.is_doubtful for one in readings):
            found.add(Intent.NUMERIC_ANSWER, LIKELY, Evidence(Intent.NUMERIC_ANSWER, DOUBTFUL, words))
        for word in sorted({one.grave for one in readings if one.grave and _solicited(asked)}):
            found.add(Intent.NUMERIC_ANSWER, LIKELY, Evidence(Intent.NUMERIC_ANSWER, f"{BEYOND}:{word}", words))
        if any(one.grave for one in readings) and not _solicited(asked):
            found.add(Intent.SYMPTOM, LIKELY, Evidence(Intent.SYMPTOM, "reading beyond its limits", words))
            found.drop(Intent.NUMERIC_ANSWER)
        return replace(details, number=figure.value, lower=figure.lower), True
    if len(numbers) == 1 and _only(reading, numbers[0].start, numbers[0].end):
        if asked.options:
            found.add(Intent.UNCLEAR, DOUBT, Evidence(Intent.UNCLEAR, "no option of that number", words))
            return details, False
        found.add(Intent.NUMERIC_ANSWER, 0.5, Evidence(Intent.NUMERIC_ANSWER, "a number alone", words))
        return replace(details, number=numbers[0].value), False
    return details, True


def _asks_about_it(reading: Reading) -> bool:
    """Whether the number stands in a question that began before it: "what is 1, good or bad?" gives no score."""
    openings = reading.of("interrogative", "question")
    return any(
        any(
            _before(reading, hit.start, one.start) and (reading.asks(one.start) or _turned_round(hit, one.start))
            for hit in openings
        )
        for one in figures(reading)[:1]
    )


def _turned_round(opening: Hit, at: int) -> bool:
    """Whether it asks by the order of its words and the number is one of them: "is 10 good or bad"."""
    return opening.rule.kind is Kind.LEAD and at < opening.end


def _before(reading: Reading, at: int, later: int) -> bool:
    return at < later and reading.sentence(at) == reading.sentence(later)


def _volunteered(asked: Asked, readings: Sequence[Measured]) -> bool:
    """Whether nobody asked for a reading and none is grave: beside a symptom it is part of the story."""
    return not _solicited(asked) and not any(one.grave for one in readings)


def _reading_asked(asked: Asked) -> bool:
    """Whether the prompt asks for a figure: it names no way to say yes or no."""
    prompt = (asked.prompt or "").upper()
    return bool(asked.measures) or (bool(prompt) and not any(word in prompt for word in _YES_OR_NO))


def _only(reading: Reading, start: int, end: int) -> bool:
    return all(at in reading.idle or start <= at < end for at in range(len(reading.words)))


def _option(reading: Reading, asked: Asked, found: Meanings, details: Details) -> tuple[Details, bool]:
    """The number of an option means that option, and overrules a bare yes or no beside it."""
    offered = asked.options[(details.option or 1) - 1]
    words = reading.text.clean.strip()
    if offered not in set(Intent):
        found.add(Intent.NUMERIC_ANSWER, SURE, Evidence(Intent.NUMERIC_ANSWER, f"option {details.option}", words))
        return replace(details, number=float(details.option or 0)), True
    chosen = Intent(offered)
    clash = any(found.has(other) for other in _OPPOSITE.get(chosen, ()))
    found.add(chosen, SURE, Evidence(chosen, f"option {details.option}", words))
    found.drop(Intent.UNCLEAR, Intent.NUMERIC_ANSWER)
    if chosen in (Intent.DECLINE, Intent.RESCHEDULE):
        found.drop(Intent.CONFIRM)
    return details, not clash


def _consent(reading: Reading, asked: Asked, found: Meanings) -> None:
    """Carriers' words. A bare CANCEL or END stops the texts and may mean the visit too; a bare HELP is theirs."""
    for hit in reading.under("carrier."):
        if hit.group == "carrier.start":
            found.add(Intent.OPT_IN, SURE, evidence_of(reading, Intent.OPT_IN, hit), hit)
        elif hit.group == "carrier.help":
            found.add(Intent.HELP, SURE, evidence_of(reading, Intent.HELP, hit), hit)
        else:
            found.add(Intent.OPT_OUT, SURE, evidence_of(reading, Intent.OPT_OUT, hit), hit)
            if hit.group == "carrier.cancel" and asked.context in VISIT:
                found.add(Intent.DECLINE, FAIR, evidence_of(reading, Intent.DECLINE, hit), hit)
    for hit in reading.of("opt_out.program"):
        found.add(Intent.OPT_OUT, LIKELY, evidence_of(reading, Intent.OPT_OUT, hit), hit)


def _comes_all_the_same(reading: Reading, found: Meanings) -> bool:
    """Whether another time is only wished for: "I'd love an earlier one but yes, I'll be there"."""
    return found.has(Intent.RESCHEDULE) and any(
        found.last(Intent.RESCHEDULE) <= turn.start and turn.end <= hit.start
        for hit in found.at.get(Intent.CONFIRM, ())
        for turn in reading.of("contrast")
    )


def _ranked(found: Meanings, asked: Asked) -> tuple[Intent, ...]:
    """The meanings, the main one first. Whoever cannot come since a child is sick calls off first of all."""
    intents = sorted(found.sure, key=RANK.__getitem__)
    stated = asked.context in VISIT and found.at.get(Intent.DECLINE) and Intent.DECLINE not in found.polar
    if stated and intents[0] is Intent.SYMPTOM:
        intents.sort(key=lambda intent: intent is not Intent.DECLINE)
    return tuple(intents)


_FOR_PEOPLE = frozenset({Intent.SYMPTOM, Intent.REFILL_REQUEST, Intent.REQUEST_HUMAN, Intent.QUESTION})
"""What stands beside a meaning that is in doubt, and is brought to a person in any case."""


def _finish(
    reading: Reading,
    asked: Asked,
    found: Meanings,
    flags: tuple[Evidence, ...],
    details: Details,
    *,
    trusted: bool,
) -> Understanding:
    if not found.sure:
        found.add(Intent.UNCLEAR, DOUBT, Evidence(Intent.UNCLEAR, "no rule", ""))
    intents = _ranked(found, asked)
    if len(intents) > 1 and Intent.UNCLEAR in intents:
        intents = tuple(intent for intent in intents if intent is not Intent.UNCLEAR)
    main = intents[0]
    if (doubt := passed_over(reading, asked, main)) is not None:
        evidence = (*flags, *found.evidence, doubt)
        kept = tuple(intent for intent in intents[1:] if intent in _FOR_PEOPLE) or (Intent.UNCLEAR,)
        return Understanding(
            kept, DOUBT, auto=False, language=language_of(reading), evidence=evidence, details=details
        )
    trusted = trusted and not (
        leaves_much(reading, main) or half_told(reading, asked, found, main) or only_asked(reading, found, main)
    )
    sure = found.sure[main] if trusted else min(found.sure[main], 0.6)
    auto = trusted and main in ACTED_ON and sure >= ENOUGH
    evidence = (*flags, *found.evidence)
    if main is Intent.LANGUAGE_SWITCH:
        details = replace(details, language=language_named(reading, asked))
    return Understanding(intents, sure, auto=auto, language=language_of(reading), evidence=evidence, details=details)
