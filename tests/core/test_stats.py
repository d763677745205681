"""Intervals against the values that the papers print."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.stats import newcombe, wilson

# Newcombe, Statistics in Medicine 1998;17:857-872, table I, method 3.
WILSON = {
    (81, 263): (0.2553, 0.3662),
    (15, 148): (0.0624, 0.1605),
    (0, 20): (0.0000, 0.1611),
    (1, 29): (0.0061, 0.1718),
}
# Newcombe, Statistics in Medicine 1998;17:873-890, table II, method 10.
NEWCOMBE = {
    ((56, 70), (48, 80)): (0.0524, 0.3339),
    ((9, 10), (3, 10)): (0.1705, 0.8090),
    ((6, 7), (2, 7)): (0.0582, 0.8062),
    ((5, 56), (0, 29)): (-0.0381, 0.1926),
    ((0, 10), (0, 20)): (-0.1611, 0.2775),
    ((0, 10), (0, 10)): (-0.2775, 0.2775),
    ((10, 10), (0, 20)): (0.6791, 1.0000),
    ((10, 10), (0, 10)): (0.6075, 1.0000),
}


@pytest.mark.parametrize(("share", "printed"), WILSON.items())
def test_a_share_has_the_interval_that_is_printed(share: tuple[int, int], printed: tuple[float, float]) -> None:
    found = wilson(*share)
    assert (round(found.low, 4), round(found.high, 4)) == printed


@pytest.mark.parametrize(("shares", "printed"), NEWCOMBE.items())
def test_a_difference_has_the_interval_that_is_printed(
    shares: tuple[tuple[int, int], tuple[int, int]], printed: tuple[float, float]
) -> None:
    found = newcombe(*shares)
    assert (round(found.interval.low, 4), round(found.interval.high, 4)) == printed
    assert found.value == shares[0][0] / shares[0][1] - shares[1][0] / shares[1][1]


def test_what_is_clear_leaves_no_difference_out() -> None:
    assert newcombe((56, 70), (48, 80)).is_clear
    assert not newcombe((5, 56), (0, 29)).is_clear


@pytest.mark.parametrize(("successes", "total"), [(0, 0), (3, 2), (-1, 5)])
def test_what_is_no_share_is_refused(successes: int, total: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(successes, total)


shares = st.integers(1, 5000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


@given(shares, shares)
def test_an_interval_holds_its_value_and_turns_with_the_order(one: tuple[int, int], other: tuple[int, int]) -> None:
    found, turned = newcombe(one, other), newcombe(other, one)
    assert found.interval.holds(found.value)
    assert found.interval.low == pytest.approx(-turned.interval.high)
    assert wilson(*one).holds(one[0] / one[1])
    assert wilson(*one, confidence=0.99).low <= wilson(*one).low
