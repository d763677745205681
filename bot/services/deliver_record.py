"""Recording what the provider answered, many messages in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.core.delivery import read_status
from bot.core.messages import MessageStatus
from bot.services import brakes
from bot.services.clinic import Clinic
from bot.services.deliver_claim import Ready
from bot.services.deliver_failure import Brake, refused
from bot.services.ports import Accepted, ProviderAnswer, Refused, Unknown, Urgency
from bot.store.database import once_more
from bot.store.queries import outbox as queries

LOOK_UP_AFTER: Final = timedelta(seconds=60)
"""An unknown outcome is left alone for so long: the status callback mostly tells by then, and the list has it."""
LOOK_UP_SOON: Final = timedelta(seconds=20)
"""The same, where a patient waits."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One message and what the provider said to it."""

    text: Ready
    answer: ProviderAnswer


@once_more
def record(clinic: Clinic, outcomes: Sequence[Outcome], *, probing: bool = False) -> Sequence[Brake]:
    """Write the answers down, in one transaction. Gives the brakes that they ask for. Raises DatabaseDown.

    `probing`: the provider has refused us before, so what it takes now is news.
    """
    now = clinic.clock()
    taken = [(outcome.text, outcome.answer) for outcome in outcomes if isinstance(outcome.answer, Accepted)]
    lost: dict[timedelta, list[str]] = {LOOK_UP_AFTER: [], LOOK_UP_SOON: []}
    for outcome in outcomes:
        if isinstance(outcome.answer, Unknown):
            can_wait = outcome.text.urgency is Urgency.BULK
            lost[LOOK_UP_AFTER if can_wait else LOOK_UP_SOON].append(outcome.text.id)
    asked = []
    with clinic.database.begin() as connection:
        if taken and probing:
            brakes.taken(connection)
        if taken:
            queries.accepted(
                connection,
                [
                    {
                        "which": text.id,
                        "word": read_status(answer.status) or MessageStatus.QUEUED,
                        "sid": answer.sid,
                        "conversation_id": text.failing.conversation_id,
                    }
                    for text, answer in taken
                ],
                now,
            )
        for after, ids in lost.items():
            if ids:
                queries.unknown(connection, ids, until=now + after, now=now)
        for outcome in outcomes:
            if isinstance(outcome.answer, Refused):
                brake = refused(connection, outcome.text.failing, outcome.answer, clinic=clinic, now=now)
                if brake is not None:
                    asked.append(brake)
    return asked
