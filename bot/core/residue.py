"""What else a reply says, beside what a journey took of it: questions and needs, each brought to a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.core.effects import Effect, Escalate, Say
from bot.core.escalation import Priority, Reason
from bot.core.intents import Intent, Understanding
from bot.core.situation import Response
from bot.core.told import need_in
from bot.core.vital import VITAL

RESIDUE: Final[Mapping[Intent, tuple[Reason, Priority, str]]] = {
    Intent.REQUEST_HUMAN: (Reason.HUMAN_REQUESTED, Priority.ROUTINE, "general/human"),
    Intent.RUNNING_LATE: (Reason.RUNNING_LATE, Priority.URGENT, "general/running_late"),
    Intent.TRANSPORT_NEED: (Reason.TRANSPORT, Priority.ROUTINE, "general/transport"),
    Intent.FINANCIAL_NEED: (Reason.FINANCIAL, Priority.ROUTINE, "general/financial"),
    Intent.REFILL_REQUEST: (Reason.REFILL, Priority.ROUTINE, "general/refill"),
    Intent.QUESTION: (Reason.QUESTION, Priority.ROUTINE, "general/question"),
    Intent.ABUSE: (Reason.COMPLAINT, Priority.ROUTINE, "general/complaint"),
}
NEEDS: Final = (Intent.FINANCIAL_NEED, Intent.TRANSPORT_NEED, Intent.REFILL_REQUEST)
HELP: Final[Mapping[Intent, str]] = {Intent.TRANSPORT_NEED: "transport", Intent.FINANCIAL_NEED: "cost"}
"""The kind of help that is wanted, where the words do not tell it more closely."""
COVERED: Final[Mapping[Reason, Reason]] = {Reason.REFILL: Reason.MEDICATION}
"""What need not be brought to a person for itself where the other is: who calls the pharmacy sees to the refill."""
PASSED_ON: Final = frozenset({"appointment/already_over", "appointment/no_longer_open", "general/passed_on"})
"""Texts that say that a person will read it."""


def residue(understanding: Understanding, answered: Response, words: str) -> tuple[Effect, ...]:
    """For people, beside what the journey took: each once, and one text that says so."""
    # What the journey itself has brought to a person is there already.
    raised = {effect.reason for effect in answered.effects if isinstance(effect, Escalate)}
    passed_on = any(isinstance(effect, Say) and effect.key in PASSED_ON for effect in answered.effects)
    # The nurse's call covers the rest, and so does a person who is announced already.
    spoken_for = understanding.has(Intent.SYMPTOM) or passed_on
    effects: list[Effect] = []
    needs = understanding.has(*NEEDS)
    for intent in understanding.intents:
        # "How much do I have to pay?" is one thing to see to: whoever sees to the need reads the question.
        if intent not in RESIDUE or (needs and intent is Intent.QUESTION):
            continue
        reason, priority, key = RESIDUE[intent]
        if intent is Intent.REFILL_REQUEST and VITAL.search(words):
            priority = Priority.URGENT
        if reason in raised or (COVERED.get(reason) in raised and priority is Priority.ROUTINE):
            continue
        effects.append(Escalate(reason, priority, need=_help(intent, words)))
        if not spoken_for and not any(isinstance(effect, Say) for effect in effects):
            effects.append(Say(key))
    said = need_in(words) if not understanding.has(*HELP, Intent.SYMPTOM) else None
    if said is not None and Reason.NEED not in raised:
        effects.append(Escalate(Reason.NEED, suggestion="find-help", need=said))
        if not spoken_for and not any(isinstance(effect, Say) for effect in effects):
            effects.append(Say("needs/person"))
    return tuple(effects)


def _help(intent: Intent, words: str) -> str:
    return (need_in(words) if intent is Intent.FINANCIAL_NEED else None) or HELP.get(intent, "")
