"""Cohorts as data: what reads, what is refused and where, and that writing and reading agree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.cohort import Age, All, Either, Language, Missed, Not, Upcoming, leaves
from bot.core.cohort_data import FORMS, KINDS, MOST_DEPTH, Fault, Malformed, Number, Why, Words, read, written
from bot.core.people import Participation

SOMEBODY = {"language": {"among": ["es"]}}


def where(condition: object) -> dict[str, object]:
    return {"version": 1, "where": condition}


def faults(data: object) -> tuple[Fault, ...]:
    with pytest.raises(Malformed) as caught:
        read(data)
    return caught.value.faults


def test_a_definition_reads() -> None:
    data = where(
        {
            "all": [
                {"any": [SOMEBODY, {"age": {"least": 65}}]},
                {"not": {"missed": {"months": 12, "times": 2}}},
                {"upcoming": {"within_days": 14, "response": "needs-action"}},
            ]
        }
    )
    found = read(data)
    assert found == All(
        (
            Either((Language(among=("es",)), Age(least=65))),
            Not(Missed(months=12, times=2)),
            Upcoming(within_days=14, response=Participation.NEEDS_ACTION),
        )
    )
    assert written(found) == data
    assert [type(test) for test in leaves(found)] == [Language, Age, Missed, Upcoming]


def test_everybody_can_be_meant_but_nobody_cannot() -> None:
    assert read(where({"all": []})) == All(())
    assert faults(where({"any": []})) == (Fault("where.any", "", Why.EMPTY),)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([], Fault("", "", Why.SHAPE)),
        ({"where": SOMEBODY}, Fault("", "", Why.SHAPE)),
        ({"version": 2, "where": SOMEBODY}, Fault("version", "", Why.VERSION, "1")),
        (where({"language": {"among": ["es"]}, "age": {}}), Fault("where", "", Why.SHAPE)),
        (where({"colour": {}}), Fault("where.colour", "", Why.KIND)),
        (where({"all": "es"}), Fault("where.all", "", Why.SHAPE)),
        (where({"language": {}}), Fault("where.language", "among", Why.MISSING)),
        (where({"language": {"among": [3]}}), Fault("where.language", "among", Why.WORD)),
        (where({"language": {"among": ["es"], "colour": 1}}), Fault("where.language", "colour", Why.FIELD)),
        (where({"status": {"among": ["asleep"]}}),
         Fault("where.status", "among", Why.CHOICE, "active, inactive, wrong-number, deceased")),
        (where({"missed": {"months": 0}}), Fault("where.missed", "months", Why.NUMBER, "1-60")),
        (where({"missed": {"months": True}}), Fault("where.missed", "months", Why.NUMBER, "1-60")),
        (where({"age": {}}), Fault("where.age", "least", Why.EMPTY)),
        (where({"age": {"least": 40, "most": 30}}), Fault("where.age", "most", Why.BAND)),
    ],
)  # fmt: skip
def test_what_means_nothing_is_named(data: object, expected: Fault) -> None:
    assert faults(data) == (expected,)


def test_every_fault_is_named_at_its_place() -> None:
    data = where({"all": [SOMEBODY, {"not": {"age": {"most": 500}}}, {"missed": {}}]})
    assert [(fault.place, fault.field) for fault in faults(data)] == [
        ("where.all.1.not.age", "most"),
        ("where.all.2.missed", "months"),
    ]


def test_depth_and_number_are_bounded() -> None:
    deep: dict[str, Any] = SOMEBODY
    for _ in range(MOST_DEPTH):
        deep = {"not": deep}
    assert faults(where(deep))[0].why is Why.DEEP
    assert read(where(deep["not"]))
    assert faults(where({"all": [SOMEBODY] * 41}))[0].why is Why.MANY


def _values(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    word = st.text("abc- ", min_size=1, max_size=9).filter(str.strip)
    fields = {}
    for name, form in FORMS[kind].items():
        if isinstance(form, Number):
            fields[name] = st.integers(form.least, form.most)
        else:
            one = st.sampled_from(form.among) if form.among else word
            fields[name] = st.lists(one, min_size=1, max_size=3, unique=True) if isinstance(form, Words) else one
    return st.fixed_dictionaries(fields)


TESTS = st.sampled_from(sorted(KINDS)).flatmap(lambda kind: _values(kind).map(lambda values: {kind: values}))
CONDITIONS = st.recursive(
    TESTS.filter(lambda test: test.get("age", {}).get("least", 0) <= test.get("age", {}).get("most", 0)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=8,
)


def depth_of(condition: Any) -> int:
    (kind, inner), *_ = condition.items()
    parts = inner if kind in ("all", "any") else [inner] if kind == "not" else []
    return 1 + max(map(depth_of, parts), default=0)


@given(CONDITIONS.filter(lambda condition: depth_of(condition) <= MOST_DEPTH))
def test_what_is_written_reads_as_the_same(condition: dict[str, Any]) -> None:
    found = read(where(condition))
    assert read(written(found)) == found
