"""Which visits are nobody's business but the patient's, and who may hear of them all the same."""

from __future__ import annotations

import pytest

from bot.content.paths import data_root
from bot.content.replies import load_sensitive
from bot.core.people import Relation, Scope
from bot.core.sensitive import Holder, Sensitive, parse

SHIPPED = load_sensitive(data_root() / "locales")


@pytest.mark.parametrize(
    "service",
    [
        "Behavioral Health", "psychiatry follow-up", "Counseling", "Therapy", "Mental health intake", "Substance use",
        "Suboxone", "MAT", "OB/GYN", "Prenatal  visit", "Family planning", "IUD insertion", "HIV care", "STI screen",
    ],
)  # fmt: skip
def test_what_ships_names_the_four_classes(service: str) -> None:
    assert SHIPPED.is_one(service, "")


@pytest.mark.parametrize(
    "service",
    [
        "Physical therapy",
        "Speech therapy",
        "primary care",
        "Checkup",
        "Stitches",
        "Mathilda's class",
        "",
        "Observation",
    ],
)
def test_what_only_sounds_so_is_none(service: str) -> None:
    assert not SHIPPED.is_one(service, "Main St")


def test_the_place_tells_as_well() -> None:
    assert SHIPPED.is_one("Follow-up", "Riverside Behavioral Health")


SELF, PARENT = Relation.SELF, Relation.PARENT


@pytest.mark.parametrize(
    ("relation", "scope", "age", "others", "may"),
    [
        (SELF, Scope.ALL, 30, (), True),
        (SELF, Scope.ALL, None, (), True),
        (SELF, Scope.ALL, 30, (5, 15), True),
        (SELF, Scope.ALL, 30, (32,), False),
        (SELF, Scope.ALL, 30, (None,), False),
        (SELF, Scope.ALL, 15, (40,), False),
        (SELF, Scope.ALL, 15, (9,), False),
        (SELF, Scope.ALL, 15, (), True),
        (PARENT, Scope.ALL, 15, (), False),
        (PARENT, Scope.CONFIDENTIAL, 15, (40,), True),
        (PARENT, Scope.ALL, 8, (40,), True),
        (PARENT, Scope.ALL, None, (), False),
        (Relation.SPOUSE, Scope.ALL, 40, (), False),
        (Relation.CAREGIVER, Scope.LOGISTICS, 80, (), False),
    ],
)
def test_who_may_hear(
    relation: Relation, scope: Scope, age: int | None, others: tuple[int | None, ...], may: bool
) -> None:
    assert Sensitive().may_hear(Holder(relation, scope, age, others)) is may


def test_a_clinician_adds_names_and_takes_some_out() -> None:
    rules = parse({"own": {"services": ["Blue Room"], "roots": ["grie"]}, "except": {"services": ["grief library"]}})
    assert rules.is_one("blue  room", "")
    assert rules.is_one("Grief group", "")
    assert not rules.is_one("Grief Library", "")
    assert not rules.is_one("Behavioral health", "")
    assert parse({"ages": {"own_word_from": 12}}).own_word_from == 12


@pytest.mark.parametrize("table", [{"x": 1}, {"x": {"word": ["a"]}}, {"x": {"roots": "a"}}, {"x": {"roots": [" "]}}])
def test_what_is_written_wrong_is_named(table: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="sensitive services, x"):
        parse(table)
