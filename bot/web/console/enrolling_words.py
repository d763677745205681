"""Words of the form that puts a patient on a journey."""

from __future__ import annotations

from typing import Final

from bot.services.enrolling import Why
from bot.web.console.language import Said

ABOUT: Final = Said({
    "series": "One or two lessons a week on a condition, with a question now and then.",
    "transition": "Check-ins over 30 days after a hospital stay, and the call within two business days.",
    "medication": "A text that a refill is due or ready, and help where something stands in the way.",
    "referral": "A referral to another office, followed until its report has come back.",
    "recall": "An invitation for care that is due, with two reminders.",
    "needs": "Places nearby that may help; the clinic gives them the name only after a yes.",
    "needs_screen": "Four questions on food, home, rides and bills, asked only after a yes.",
    "phq2": "Two questions on mood, asked only after a yes; a high sum is for a person the same day.",
    "readings": "A reading from home, some times over; a grave one comes to a nurse.",
    "feedback": "How the last visit was, from 0 to 10, and of a low mark why.",
})
FIELDS: Final = Said({
    "series": "Lessons on",
    "discharged_on": "Went home on",
    "risk": "Risk of coming back",
    "facility": "Hospital (never in a text)",
    "due_on": "Due on",
    "stage": "The refill is",
    "medicine": "Medicine (never in a text)",
    "pharmacy": "Pharmacy (never in a text)",
    "specialty": "Specialty",
    "urgency": "Urgency",
    "referred_to": "Referred to (never in a text)",
    "measure": "What is due",
    "help": "Help with",
    "visit": "The visit that a ride is for",
    "reading": "What is measured",
    "times": "How many times",
    "gap": "How often",
    "begins": "From",
})
RISKS: Final = Said({"low": "Low", "moderate": "Moderate", "high": "High"})
STAGES: Final = Said({"due": "Due", "ready": "Ready at the pharmacy"})
GAPS: Final = Said({"1": "Every day", "3": "Every three days", "7": "Every week"})
HELP: Final = Said({
    "transport": "A ride",
    "food": "Food",
    "cost": "Costs and bills",
    "housing": "A home",
    "other": "Something else",
})
READINGS: Final = Said({
    "pressure": "Blood pressure",
    "glucose": "Blood sugar",
    "weight": "Weight",
    "temperature": "Temperature",
    "oxygen": "Oxygen",
})
SERIES: Final = Said({
    "diabetes": "Diabetes",
    "hypertension": "High blood pressure",
    "asthma": "Asthma",
    "prenatal": "Pregnancy",
    "after_surgery": "After surgery",
    "quit_smoking": "Quitting smoking",
    "flu": "Flu",
})
WHY: Final[Said[Why]] = Said({
    Why.NO_PHONE: "There is no phone on the record to text to.",
    Why.NO_CONSENT: "There is no consent to texts on record, and this is nothing but texts. "
    "Record the consent first, or call.",
    Why.STOPPED: "The patient wants no texts of this kind. Only START or a signed form brings them back.",
    Why.NOT_ACTIVE: "This record is not active: nothing is begun for it.",
    Why.OPEN: "That is open already. It is listed below; nothing is begun twice.",
    Why.UNSIGNED: "No clinician has signed any of these lessons yet, so none may be sent.",
    Why.LOST: "A pregnancy has been lost. Nothing about one is begun for 300 days.",
    Why.NOT_FOR_THEM: "This is not for somebody of that age.",
    Why.DATE: "That day cannot be meant: it is too far ahead or too long ago.",
    Why.MISSING: "Something that is needed is missing or cannot be chosen.",
})


def series(name: str) -> str:
    """What a series is called."""
    return SERIES[name] if name in SERIES.source else name.replace("_", " ")
