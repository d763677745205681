"""From rules that were found to meanings in their context: what yes, no, OK and a number mean here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.core.intents import Context, Evidence, Intent
from bot.core.understanding.asked import Asked
from bot.core.understanding.patterns import Hit, Kind
from bot.core.understanding.reading import Reading
from bot.core.understanding.text import COMMA

ASKING = frozenset(
    {Context.APPOINTMENT_REMINDER, Context.RECALL_INVITE, Context.WAITLIST_OFFER, Context.CHECKIN_YES_NO}
)
VISIT = frozenset({Context.APPOINTMENT_REMINDER, Context.RECALL_INVITE, Context.WAITLIST_OFFER})
# Groups that mean an intent of another name, by context.
LOCAL = {
    Context.RECALL_INVITE: "recall",
    Context.WAITLIST_OFFER: "waitlist",
    Context.CHECKIN_YES_NO: "checkin",
    Context.APPOINTMENT_REMINDER: "visit",
    Context.EDUCATION: "education",
    Context.SURVEY_SCALE: "survey",
    Context.NONE: "none",
}
SURE, LIKELY, FAIR = 0.97, 0.93, 0.88
MOST_UNTOLD = 3
# What stands in the text although it was found next to these adds nothing.
EXPLICIT = (
    Intent.DECLINE,
    Intent.CONFIRM,
    Intent.RESCHEDULE,
    Intent.RUNNING_LATE,
    Intent.OPT_OUT,
    Intent.OPT_IN,
    Intent.HELP,
    Intent.WRONG_PERSON,
    Intent.DECEASED,
    Intent.QUESTION,
    Intent.REQUEST_HUMAN,
    Intent.TRANSPORT_NEED,
    Intent.FINANCIAL_NEED,
    Intent.REFILL_REQUEST,
    Intent.LANGUAGE_SWITCH,
    Intent.SYMPTOM,
    Intent.ACKNOWLEDGE,
    Intent.GREETING,
    Intent.ABUSE,
    Intent.UNCLEAR,
)


@dataclass(slots=True)
class Meanings:
    """The meanings found so far: how sure, by which evidence, and where in the text they stand."""

    sure: dict[Intent, float] = field(default_factory=dict)
    at: dict[Intent, list[Hit]] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    polar: set[Intent] = field(default_factory=set)

    def add(self, intent: Intent, sure: float, evidence: Evidence, hit: Hit | None = None) -> None:
        """Note one meaning; the surest finding counts."""
        self.sure[intent] = max(self.sure.get(intent, 0.0), sure)
        self.evidence.append(evidence)
        if hit is not None:
            self.at.setdefault(intent, []).append(hit)

    def drop(self, *intents: Intent) -> None:
        """Forget meanings that turned out to be part of another."""
        for intent in intents:
            self.sure.pop(intent, None)
            self.at.pop(intent, None)
        self.evidence[:] = [piece for piece in self.evidence if piece.intent not in intents]

    def has(self, *intents: Intent) -> bool:
        """Whether one of these was found."""
        return any(intent in self.sure for intent in intents)

    def last(self, intent: Intent) -> int:
        """Where in the text the meaning was last stated."""
        return max((hit.end for hit in self.at.get(intent, ())), default=-1)


def evidence_of(reading: Reading, intent: Intent, hit: Hit) -> Evidence:
    """The rule and the words behind one hit."""
    return Evidence(intent, f"{hit.rule.language}:{hit.group}: {hit.rule.pattern}", reading.shown(hit))


def explicit(reading: Reading, asked: Asked) -> Meanings:
    """Every meaning stated in words, general ones and those that hold only in this context."""
    found = Meanings()
    local = LOCAL[asked.context] + "."
    own = _own_words(reading, asked, local)
    answered = any(_answers_whole(hit, local) and hit.rule.language in own for hit in reading.hits)
    for hit in reading.hits:
        name = hit.group.removeprefix(local)
        intent = _INTENTS.get(name) if "." not in name else None
        if intent is None or intent is Intent.LANGUAGE_SWITCH:
            continue
        if answered and intent in _LEFT_TO_THE_QUESTION and not hit.group.startswith(local):
            continue
        if hit.rule.kind is Kind.WHOLE and hit.rule.language not in own and intent is not Intent.OPT_OUT:
            continue
        if intent is Intent.DECLINE and _unable_to(reading, hit):
            continue
        sure = SURE if hit.rule.kind is Kind.WHOLE or hit.length >= 3 else LIKELY
        found.add(intent, sure, evidence_of(reading, intent, hit), hit)
    return found


def _answers_whole(hit: Hit, local: str) -> bool:
    """Whether a rule that holds for this question alone knows all of the text: "later" to "did you take it?"."""
    return hit.rule.kind is Kind.WHOLE and hit.group.startswith(local) and hit.group.removeprefix(local) in _INTENTS


_CLOSES = frozenset({
    "bereaved", "contrast", "courtesy", "day", "decline", "no", "reason", "reschedule", "transport_need",
})  # fmt: skip
"""What may follow a bare "I can't" that is about the visit."""


def _unable_to(reading: Reading, hit: Hit) -> bool:
    """Whether a bare "I can't" runs on into what can't be done, and no rule knows that as coming: "… open the link"."""
    if not any(other.start == hit.start and other.end == hit.end for other in reading.of("unable")):
        return False
    return _runs_on(reading, hit.end, lambda other: other.group in _CLOSES)


def _runs_on(reading: Reading, at: int, known: Callable[[Hit], bool]) -> bool:
    """Whether the sentence goes on at that word, without a pause, in words that no rule so known covers."""
    if at >= len(reading.words) or reading.breaks[at] >= COMMA or at in reading.idle:
        return False
    return not any(other.start <= at < other.end and known(other) for other in reading.hits)


def _own_words(reading: Reading, asked: Asked, local: str) -> frozenset[str]:
    """The languages in which the text as a whole may mean something: that on file alone where it knows the text.

    Polish `co` is "what", Vietnamese `co` is "yes".
    """
    whole = frozenset(
        hit.rule.language
        for hit in reading.hits
        if hit.rule.kind is Kind.WHOLE and hit.group.removeprefix(local) in _ANSWERS
    )
    spoken = _spoken(asked)
    return frozenset({spoken}) if spoken in whole else whole


_INTENTS = {str(intent): intent for intent in EXPLICIT}
# Where such a rule knows all of the text, what its words would mean elsewhere does not count.
_LEFT_TO_THE_QUESTION = frozenset({
    Intent.RESCHEDULE, Intent.RUNNING_LATE, Intent.HELP, Intent.FINANCIAL_NEED, Intent.ACKNOWLEDGE, Intent.CONFIRM,
    Intent.DECLINE, Intent.UNCLEAR, Intent.GREETING,
})  # fmt: skip
_ANSWERS = frozenset({"yes", "no", "okay", *_INTENTS})


def polarity(reading: Reading, asked: Asked, found: Meanings) -> None:
    """Yes, no and OK, where nothing said in more words decides."""
    answers = {"yes": Intent.CONFIRM, "no": Intent.DECLINE, "okay": Intent.CONFIRM}
    if asked.context not in ASKING:
        _idle_answers(reading, asked, found)
        return
    hits = [hit for hit in reading.hits if hit.group in answers and not _swallowed(reading, hit)]
    hits = [hit for hit in hits if not _hollow(reading, asked, hit)]
    if asked.context in VISIT:  # "No problem" with breathing is no.
        hits = [hit for hit in hits if not any(_holds(other, hit) for other in hits)]
    overruling = set(_OVERRULES_POLARITY)
    if asked.context is Context.RECALL_INVITE and _sure_yes(hits):
        overruling.discard(Intent.RESCHEDULE)  # "yes, mornings are best": there is no visit yet that it could move
    if not hits or found.has(*overruling):
        return
    strong = [hit for hit in hits if hit.group != "okay"] or hits
    intents = {answers[hit.group] for hit in strong}
    corrected = reading.any("correction", "contrast")
    hit = max(strong, key=lambda hit: hit.start) if corrected else _preferred(strong, asked)
    intent = answers[hit.group]
    if len(intents) > 1 and not corrected and not _same_word(strong):
        return
    if hit.rule.kind is Kind.LEAD and (_opens_a_story(reading, hit, found) or _negates_more(reading, hit)):
        return
    clashing = Intent.DECLINE if intent is Intent.CONFIRM else Intent.CONFIRM
    if found.has(clashing) or (intent is Intent.DECLINE and found.has(Intent.CONFIRM)):
        return
    found.polar.add(intent)
    found.add(
        intent,
        SURE if hit.rule.kind is Kind.WHOLE else LIKELY if hit.group != "okay" else FAIR,
        evidence_of(reading, intent, hit),
        hit,
    )


def _holds(other: Hit, hit: Hit) -> bool:
    """Whether one answer is only a word of another: the "no" of "no problem"."""
    inside = other.start <= hit.start and hit.end <= other.end
    return inside and other.group != hit.group and other.length > hit.length


def _sure_yes(hits: list[Hit]) -> bool:
    return any(hit.group == "yes" for hit in hits) and not any(hit.group == "no" for hit in hits)


_OVERRULES_POLARITY = (
    Intent.OPT_OUT, Intent.OPT_IN, Intent.WRONG_PERSON, Intent.DECEASED, Intent.RESCHEDULE, Intent.HELP,
    Intent.LANGUAGE_SWITCH,
)  # fmt: skip


_CONTEXTS = frozenset(LOCAL.values())
"""Before what rules are called that hold in one context only: they know a word, and say nothing elsewhere."""


def _negates_more(reading: Reading, hit: Hit) -> bool:
    """Whether the word for no is also that for not, and what it negates is unknown: Spanish "no friegen"."""
    if not any(other.start == hit.start and other.end == hit.end for other in reading.of("negator")):
        return False
    denials = (other.end for other in reading.of("denial") if other.start == hit.start)
    after = max(denials, default=hit.end)
    return _runs_on(reading, after, lambda other: other.group.partition(".")[0] not in _CONTEXTS)


def _opens_a_story(reading: Reading, hit: Hit, found: Meanings) -> bool:
    """Whether much that no rule knows follows: "ok so what happened was" agrees to nothing, nor does "yes but …".

    "Yes but I'll be late" does: what comes after the "but" is known.
    """
    told = {at for hit in reading.hits for at in range(hit.start, hit.end)} | reading.idle
    untold = len(reading.words) - len(told)
    if reading.any("contrast"):
        return untold > bool(found.sure) * MOST_UNTOLD
    return untold > MOST_UNTOLD + (hit.group != "okay") * 2


def _swallowed(reading: Reading, hit: Hit) -> bool:
    """A lone leading word that is part of a question ("ok so what time?") still counts; "no?" does not."""
    return len(reading.words) == hit.length and reading.text.question


def _spoken(asked: Asked) -> str:
    return (asked.language or "").split("-")[0].lower()


def _hollow(reading: Reading, asked: Asked, hit: Hit) -> bool:
    """A word that answers in one language and says nothing in the language on file: Polish "no" is "well"."""
    spoken = _spoken(asked)
    if any(
        other.start == hit.start and other.end == hit.end and other.rule.language == spoken != hit.rule.language
        for other in reading.of("hollow")
    ):
        return True
    # Persian "are" is yes, and an English word that is none.
    own = spoken or "en"
    return hit.rule.language != own and all(own in reading.tongues[at] for at in range(hit.start, hit.end)) and not any(
        other.start == hit.start and other.rule.language == own for other in reading.of("yes", "no", "okay")
    )


def _same_word(hits: list[Hit]) -> bool:
    """Whether the same words were read as yes in one language and no in another."""
    return len({(hit.start, hit.end) for hit in hits}) == 1


def _preferred(hits: list[Hit], asked: Asked) -> Hit:
    """The first; of the same words in several languages, that of the language on file."""
    spoken = _spoken(asked) or "en"
    return min(hits, key=lambda hit: (hit.start, -hit.end, hit.rule.language != spoken))


def _idle_answers(reading: Reading, asked: Asked, found: Meanings) -> None:
    """Where nothing was asked, OK is taken note of and a bare yes or no says nothing."""
    if found.sure:
        return
    said = reading.of("okay", "yes") if asked.context is Context.EDUCATION else reading.of("okay")
    if hit := next((hit for hit in said if hit.rule.kind is Kind.WHOLE), None):
        found.add(Intent.ACKNOWLEDGE, LIKELY, evidence_of(reading, Intent.ACKNOWLEDGE, hit), hit)
