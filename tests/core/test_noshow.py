"""How likely a visit is to be missed: the more signs, the more points, and each with its number."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from bot.core.noshow import History, Sign, risk

HISTORIES = st.builds(
    History,
    missed=st.integers(0, 40),
    past=st.integers(0, 40),
    lead_days=st.integers(0, 400),
    unanswered=st.integers(0, 9),
    reached=st.booleans(),
    wanted_another_time=st.booleans(),
)


def test_nothing_known_is_no_risk() -> None:
    assert risk(History()).points == 0
    assert risk(History()).signs == ()


def test_the_weightiest_sign_stands_first_with_its_number() -> None:
    found = risk(History(missed=2, past=2, lead_days=60, unanswered=1))
    assert found.signs == ((Sign.MISSED_BEFORE, 2), (Sign.BOOKED_LONG_AGO, 60), (Sign.REMINDERS_UNANSWERED, 1))
    assert found.points == 36 + 15 + 10


def test_two_missed_of_two_weigh_more_than_two_of_twenty() -> None:
    assert risk(History(missed=2, past=2)).points > risk(History(missed=2, past=20)).points


def test_it_knows_nothing_of_who_the_patient_is() -> None:
    assert {field.name for field in fields(History)} == {
        "missed", "past", "lead_days", "unanswered", "reached", "wanted_another_time",
    }  # fmt: skip


@given(HISTORIES)
def test_points_stay_within_a_hundred_and_every_point_has_a_sign(history: History) -> None:
    found = risk(history)
    assert 0 <= found.points <= 100
    assert bool(found.points) == bool(found.signs)
