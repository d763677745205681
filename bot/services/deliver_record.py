"""Recording what the provider answered, many messages in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.core.delivery import read_status
from bot.core.messages import MessageStatus
from bot.services.clinic import Clinic
from bot.services.deliver_claim import Ready
from bot.services.deliver_failure import Brake, refused
from bot.services.ports import Accepted, ProviderAnswer, Refused, Unknown
from bot.store.queries import outbox as queries

LOOK_UP_AFTER: Final = timedelta(seconds=30)
"""An unknown outcome is left alone for so long: the status callback mostly tells by then."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One message and what the provider said to it."""

    text: Ready
    answer: ProviderAnswer


def record(clinic: Clinic, outcomes: Sequence[Outcome]) -> Sequence[Brake]:
    """Write the answers down, in one transaction. Gives the brakes that they ask for. Raises DatabaseDown."""
    now = clinic.clock()
    taken = [(outcome.text, outcome.answer) for outcome in outcomes if isinstance(outcome.answer, Accepted)]
    lost = [outcome.text.id for outcome in outcomes if isinstance(outcome.answer, Unknown)]
    brakes = []
    with clinic.database.begin() as connection:
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
        if lost:
            queries.unknown(connection, lost, until=now + LOOK_UP_AFTER, now=now)
        for outcome in outcomes:
            if isinstance(outcome.answer, Refused):
                brake = refused(connection, outcome.text.failing, outcome.answer, vault=clinic.vault, now=now)
                if brake is not None:
                    brakes.append(brake)
    return brakes
