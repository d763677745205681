"""What a patient's text was taken to mean: the intents, how sure, and by which evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Intent(StrEnum):
    """Every meaning that a text may carry. The words are part of the contract."""

    CONFIRM = "confirm"
    DECLINE = "decline"
    RESCHEDULE = "reschedule"
    RUNNING_LATE = "running_late"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    HELP = "help"
    WRONG_PERSON = "wrong_person"
    DECEASED = "deceased"
    QUESTION = "question"
    REQUEST_HUMAN = "request_human"
    TRANSPORT_NEED = "transport_need"
    FINANCIAL_NEED = "financial_need"
    REFILL_REQUEST = "refill_request"
    LANGUAGE_SWITCH = "language_switch"
    EMERGENCY = "emergency"
    SYMPTOM = "symptom"
    ACKNOWLEDGE = "acknowledge"
    GREETING = "greeting"
    ABUSE = "abuse"
    NUMERIC_ANSWER = "numeric_answer"
    UNCLEAR = "unclear"


class Context(StrEnum):
    """What the last message asked, which decides what a bare yes means. The words are part of the contract."""

    APPOINTMENT_REMINDER = "appointment_reminder"
    SURVEY_SCALE = "survey_scale"
    CHECKIN_YES_NO = "checkin_yes_no"
    EDUCATION = "education"
    RECALL_INVITE = "recall_invite"
    WAITLIST_OFFER = "waitlist_offer"
    NONE = "none"


class OptOutScope(StrEnum):
    """How much the patient wants to stop."""

    ALL = "all"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why one meaning was found: the rule that fired and the patient's own words that it matched."""

    intent: Intent
    rule: str
    words: str


@dataclass(frozen=True, slots=True)
class Details:
    """What else the text says, for the person or the journey that needs it.

    `number` is the answer to a scale or a reading, `lower` the second number of a pressure; `option` the 1-based
    number chosen from the options offered; `minutes` how late; `wish` the words about another day or time; `language`
    the BCP 47 tag asked for (also one that the clinic lacks); `danger` the red-flag family (`cardiac`, `self-harm` …);
    `keyword` true when the whole
    text is a carrier's consent keyword (STOP, START, HELP and their forms), as opposed to a phrase.
    """

    number: float | None = None
    lower: float | None = None
    option: int | None = None
    minutes: int | None = None
    wish: str | None = None
    language: str | None = None
    danger: str | None = None
    keyword: str | None = None
    scope: OptOutScope = OptOutScope.ALL


NO_DETAILS = Details()


@dataclass(frozen=True, slots=True)
class Understanding:
    """One text, understood.

    `intents` holds every meaning found, the main one first (`intent`); `confidence` runs from 0 to 1; `auto` says
    whether the bot may act on it without a person; `language` is the language of the words as far as they show
    it (a BCP 47 tag, or None for "1", "ok" and the like).
    """

    intents: tuple[Intent, ...]
    confidence: float
    auto: bool
    language: str | None = None
    evidence: tuple[Evidence, ...] = ()
    details: Details = NO_DETAILS

    @property
    def intent(self) -> Intent:
        """The main meaning."""
        return self.intents[0]

    def has(self, *intents: Intent) -> bool:
        """Whether any of these meanings was found."""
        return any(intent in self.intents for intent in intents)

    def as_json(self) -> Mapping[str, object]:
        """The contract's words for `bot understand`, without the id."""
        return {
            "intent": str(self.intent),
            "intents": [str(intent) for intent in self.intents],
            "confidence": round(self.confidence, 3),
            "auto": self.auto,
            "language": self.language,
            "evidence": [
                {"intent": str(piece.intent), "rule": piece.rule, "words": piece.words} for piece in self.evidence
            ],
        }
