"""Who speaks, as a bubble says it: the bot, a colleague by name, the patient, or who holds the phone for them."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup, escape

from bot.core.people import PatientStatus, Relation
from bot.services.inbox_lines import Line, Who
from bot.web.console.language import Said, say

RELATIONS: Final = Said(
    {
        Relation.PARENT: "Parent of %(name)s",
        Relation.GUARDIAN: "Guardian of %(name)s",
        Relation.CHILD: "Child of %(name)s",
        Relation.SPOUSE: "Spouse of %(name)s",
        Relation.CAREGIVER: "Caregiver of %(name)s",
        Relation.OTHER: "Somebody for %(name)s",
    }
)
HELD_BY: Final = Said(
    {
        Relation.PARENT: "held by a parent",
        Relation.GUARDIAN: "held by a guardian",
        Relation.CHILD: "held by a child",
        Relation.SPOUSE: "held by the spouse",
        Relation.CAREGIVER: "held by a caregiver",
        Relation.OTHER: "held by somebody else",
    }
)
STATUSES: Final = Said(
    {
        PatientStatus.INACTIVE: "Inactive",
        PatientStatus.WRONG_NUMBER: "Wrong number",
        PatientStatus.DECEASED: "Deceased",
    }
)
ROLES: Final = Said({Who.COLLEAGUE: "staff", Who.PATIENT: "patient", Who.CAREGIVER: "caregiver"})


def speaker(line: Line) -> Markup:
    """The name in front of a bubble."""
    if line.relation is not None and line.relation in RELATIONS.source:
        return escape(RELATIONS[line.relation]) % {"name": Markup("<bdi>{}</bdi>").format(line.speaker)}
    if line.who is Who.BOT:
        return escape(say("Bot"))
    return Markup("<bdi>{}</bdi>").format(line.speaker)


def role(line: Line) -> str:
    """What they are, where the name does not say it."""
    return ROLES.get(line.who, "") if line.relation is None else ""
