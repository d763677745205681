"""Preparing for a visit: signed protocols only, exactly the service, and never a text whose time has passed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.content.paths import data_root
from bot.content.replies import load_protocols
from bot.core.preparation import Preparing, Protocol, for_service, parse, plan
from bot.runtime import text_keys
from tests.core.conversing import a_visit

VISIT = replace(a_visit(), starts_at=datetime(2026, 12, 14, 16, 0, tzinfo=UTC), timezone="America/Chicago")
STEPS = (Preparing("week", days=7, at=time(11)), Preparing("day", days=1, at=time(9)), Preparing("last", hours=6))
REST = [("prep_day", "2026-12-13T15:00"), ("prep_last", "2026-12-14T10:00")]
SIGNED = Protocol("bowel", frozenset({"colonoscopy"}), STEPS, "R. Example, RN", date(2026, 11, 1))


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-12-01T12:00", [("prep_week", "2026-12-07T17:00"), *REST]),
        # Booked three days before: what the week's text says is still of use, now.
        ("2026-12-11T12:00", [("prep_week", "2026-12-11T12:00"), *REST]),
        ("2026-12-14T11:00", [("prep_last", "2026-12-14T11:00")]),
        ("2026-12-14T15:30", []),
    ],
)
def test_when(now: str, expected: list[tuple[str, str]]) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    touches = plan(VISIT, SIGNED, moment)
    assert [(touch.step, f"{touch.due_at:%Y-%m-%dT%H:%M}") for touch in touches] == expected
    assert all(touch.expires_at <= VISIT.starts_at for touch in touches)


def test_only_what_is_signed_and_only_that_very_service() -> None:
    unsigned = replace(SIGNED, reviewed_by="")
    assert for_service([unsigned], "Colonoscopy") is None
    assert for_service([replace(SIGNED, reviewed_on=None)], "Colonoscopy") is None
    assert for_service([SIGNED], " COLONOSCOPY ") is SIGNED
    assert for_service([SIGNED], "colonoscopy consult") is None


def test_what_ships_is_unsigned_and_has_its_texts() -> None:
    shipped = load_protocols(data_root() / "locales")
    assert shipped
    assert not any(protocol.is_signed for protocol in shipped), "a clinic's own clinician signs"
    wanted = {f"appointment/{step.step}" for protocol in shipped for step in protocol.steps}
    assert wanted <= text_keys()


@pytest.mark.parametrize("table", [{"services": ["x"]}, {"services": ["x"], "steps": [{"txt": "y"}]}])
def test_a_table_at_fault_is_named(table: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="protocol odd"):
        parse({"odd": table})


def test_late_or_over_is_nothing() -> None:
    assert plan(VISIT, SIGNED, VISIT.starts_at + timedelta(hours=1)) == ()
