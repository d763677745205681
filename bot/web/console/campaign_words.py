"""How campaigns are said: states, goals, why something was refused or left out, and what is wrong with a text."""

from __future__ import annotations

from typing import Final

from bot.core.campaigns import CampaignState, Goal
from bot.core.escalation import NoticeState
from bot.services.campaigns.making import Refused
from bot.services.campaigns.trials import NotTried
from bot.services.campaigns.words import Fault, Found, Unwritten
from bot.web.console import words
from bot.web.console.language import Said

STATES: Final = Said({
    CampaignState.DRAFT: "Draft",
    CampaignState.APPROVED: "Approved",
    CampaignState.RUNNING: "Running",
    CampaignState.PAUSED: "Paused",
    CampaignState.STOPPED: "Stopped",
    CampaignState.FINISHED: "Finished",
})  # fmt: skip
LOOKS: Final = {
    CampaignState.DRAFT: ("", "dot"), CampaignState.APPROVED: ("good", "ok"), CampaignState.RUNNING: ("good", "next"),
    CampaignState.PAUSED: ("warn", "pause"), CampaignState.STOPPED: ("bad", "bad"), CampaignState.FINISHED: ("", "ok"),
}  # fmt: skip
"""The colour and the sign of each."""
GOALS: Final = Said({
    Goal.REPLIED: "They reply",
    Goal.BOOKED: "They have a visit booked",
    Goal.ATTENDED: "They come to a visit",
    Goal.RECALL_CLOSED: "Their recall is closed",
})  # fmt: skip
STEPS: Final = Said({
    "who": "Patients",
    "text": "Text",
    "pace": "Pace and comparison",
    "forecast": "Time machine",
    "approval": "Second person",
    "start": "Start",
})  # fmt: skip
REFUSED: Final = Said({
    Refused.GONE: "It is not there any more.",
    Refused.WRONG_STATE: "It is not in a state for that any more.",
    Refused.CHANGED: "Somebody has changed it since you opened it. Look at it again.",
    Refused.NEEDS_APPROVAL: "It goes to so many patients that a second person has to approve it first.",
    Refused.OWN_CAMPAIGN: "Nobody approves what they have made.",
    Refused.NOT_IN_CHARGE: "Supervisors and administrators approve.",
    Refused.NOBODY: "There is nobody in it.",
    Refused.BEING_MADE: "Its patients are still being put into the line. Wait until all are there.",
    Refused.FUSE_BLOWN: "A fuse has blown. Look at why, and let it go on there.",
})  # fmt: skip
SKIPPED: Final = Said({
    Unwritten.LANGUAGE: "the text is not in their language",
    Unwritten.UNAPPROVED: "nobody has approved the translation",
    Unwritten.UNREADABLE: "the name on file cannot be read",
    "no-usable-number": "there is no number that takes texts",
    "recall-answered": "they have answered a recall for it already",
    "left-the-segment": "they do not belong to the segment any more",
    "campaign-stopped": "the campaign was stopped",
    "campaign-over": "the campaign’s last day had passed",
    "fuse": "a fuse has blown",
    "waiting": "the days were too short for all",
    "hold-out": "they are in the group that gets nothing",
})  # fmt: skip
NOT_TRIED: Final = Said({
    NotTried.GONE: "It is not there any more.",
    NotTried.NO_PHONE: "Write your number: you are on no rung of the on-call ladder with a phone.",
    NotTried.BAD_PHONE: "This is no phone number that takes texts.",
    NotTried.PATIENTS_PHONE: "A patient is reached at that number. A test goes to staff only.",
    NotTried.UNWRITTEN: "There is no text in that language.",
})  # fmt: skip
TRIALS: Final = Said({
    NoticeState.DUE: "on its way",
    NoticeState.SENDING: "on its way",
    NoticeState.SENT: "sent",
    NoticeState.FAILED: "not sent",
    NoticeState.VOID: "not sent",
})  # fmt: skip
TEXT_FAULTS: Final = Said({
    Fault.EMPTY: "Write a text.",
    Fault.TOO_LONG: "It is too long (%(about)s). Two segments are the most.",
    Fault.UNKNOWN_FIELD: "There is no field {%(about)s}. There are {name}, {clinic} and {phone}.",
    Fault.CARRIER_WORD: "It offers %(about)s as an answer: carriers act on that word by themselves.",
    Fault.TELLING: "It tells what the care is for, and texts show on lock screens.",
    Fault.ODD_CHARACTER: "The character “%(about)s” makes the text dearer or shows as a box.",
    Fault.NO_TEMPLATE: "Choose a text from the list.",
    Fault.NEEDS_A_VISIT: "That text speaks of a visit, and a campaign is about none.",
    Fault.NO_LANGUAGE: "There are no texts in that language.",
})  # fmt: skip
FIELD_FAULTS: Final = Said({
    "missing": "Fill this in.",
    "number": "Write a whole number within the limits.",
    "order": "The end comes before the start.",
    "moment": "Choose a day and a time.",
    "source": "Choose a segment or a list.",
    "place": "Choose a location where you work.",
    "date": "Choose a day that is not in the future.",
})  # fmt: skip


def skipped(reason: str) -> str:
    """Why patients get nothing, or wait."""
    return SKIPPED[reason] if reason in SKIPPED.source else words.WHY.get(reason, reason)


def text_fault(found: Found) -> str:
    """What is wrong with a text."""
    return TEXT_FAULTS[found.fault] % {"about": found.about}
