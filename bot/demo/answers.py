"""The sample clinic's canned replies: what its coordinators write every day, some of them in Spanish, too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.services import canned
from bot.services.clinic import Clinic

ACTOR: Final = "demo"
REVIEWER: Final = "Luz Ortega"
QUALIFICATION: Final = "Medical interpreter of the sample clinic"


@dataclass(frozen=True, slots=True)
class SampleReply:
    """One reply; `spanish` is empty where nobody has translated it."""

    shortcut: str
    title: str
    english: str
    spanish: str = ""
    approved: bool = False


REPLIES: Final = (
    SampleReply(
        "bring",
        "What to bring",
        "For your visit {visit}, please bring your insurance card, a photo ID and a list of your medicines.",
        "Para su cita {visit}, traiga su tarjeta del seguro, una identificación con foto y la lista de sus medicinas.",
        approved=True,
    ),
    SampleReply(
        "call",
        "Please call us",
        "Please call {clinic} at {phone} so that we can help you.",
        "Por favor llame a {clinic} al {phone} para que podamos ayudarle.",
        approved=True,
    ),
    SampleReply("late", "Running late", "Thank you for telling us. Come as soon as you can; we will see you today."),
    SampleReply(
        "missed-call",
        "We tried to call",
        "{given_name}, we just tried to call you. Please call {phone} when you can.",
        "{given_name}, acabamos de llamarle. Por favor llame al {phone} cuando pueda.",
    ),
    SampleReply("parking", "Where to park", "Parking is free behind the building. The entrance is step-free."),
    SampleReply("ride", "Help with a ride", "We can help you with a ride to your visit {visit}. Do you need one?"),
)


def add_replies(clinic: Clinic, now: datetime) -> None:
    """Put them into an empty clinic."""
    for reply in REPLIES:
        reply_id = canned.save(
            clinic, reply_id=None, shortcut=reply.shortcut, title=reply.title, body=reply.english, actor_id=ACTOR,
            now=now,
        )  # fmt: skip
        assert isinstance(reply_id, str), reply_id
        if not reply.spanish:
            continue
        put = canned.translate(clinic, reply_id=reply_id, language="es", body=reply.spanish, actor_id=ACTOR, now=now)
        assert isinstance(put, str), put
        if reply.approved:
            stands = canned.approve(
                clinic, reply_id=reply_id, language="es", reviewer=REVIEWER, qualification=QUALIFICATION,
                on=now.date(), actor_id=ACTOR, now=now,
            )  # fmt: skip
            assert isinstance(stands, str), stands
