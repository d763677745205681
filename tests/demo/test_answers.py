"""The sample clinic's canned replies are such as anybody may use: in the rules, filled in, and short enough."""

from __future__ import annotations

import pytest

from bot.config import Settings
from bot.core.segments import segments
from bot.demo import answers
from bot.runtime import build_clinic
from bot.services import canned
from bot.services.canned import Field

KNOWN = {Field.GIVEN_NAME: "Rosa", Field.VISIT: "Tue Dec 1 at 9:00 AM", Field.CLINIC: "Willow Clinic"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_sample_replies_are_offered(settings: Settings) -> None:
    clinic = build_clinic(settings)
    answers.add_replies(clinic, clinic.clock())
    values = {**KNOWN, Field.PHONE: "601-555-0100"}
    with clinic.database.read() as connection:
        offered = canned.offers(connection, "es", {"es": values, "en": values})
    clinic.database.dispose()
    assert len(offered) == len(answers.REPLIES)
    assert {offer.shortcut for offer in offered if offer.language == "es"} == {"bring", "call"}
    assert not [offer for offer in offered if offer.missing or "{" in offer.body]
    assert max(segments(offer.body) for offer in offered) <= 2
