"""What a text was taken to mean, in the words of the page's language."""

from __future__ import annotations

from typing import Final

from bot.core.intents import Intent
from bot.web.console.language import Said

# fmt: off
INTENTS: Final = Said({
    Intent.CONFIRM: "Yes, coming",
    Intent.DECLINE: "No, not coming",
    Intent.RESCHEDULE: "Another time",
    Intent.RUNNING_LATE: "Running late",
    Intent.QUESTION: "A question",
    Intent.REQUEST_HUMAN: "Wants a person",
    Intent.TRANSPORT_NEED: "Needs a ride",
    Intent.FINANCIAL_NEED: "Money or insurance",
    Intent.REFILL_REQUEST: "Medicine refill",
    Intent.EMERGENCY: "An emergency",
    Intent.SYMPTOM: "A symptom",
    Intent.NUMERIC_ANSWER: "A number",
    Intent.OPT_OUT: "Stop texts",
    Intent.OPT_IN: "Start texts",
    Intent.WRONG_PERSON: "Wrong person",
    Intent.DECEASED: "A death",
    Intent.LANGUAGE_SWITCH: "Another language",
    Intent.HELP: "HELP",
    Intent.ACKNOWLEDGE: "Thanks or OK",
    Intent.GREETING: "A greeting",
    Intent.ABUSE: "Abuse",
    Intent.UNCLEAR: "Not clear",
})
# fmt: on
