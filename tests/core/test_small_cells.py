"""What is hidden cannot be worked out from what is shown, whichever pages are laid side by side."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.core.figures import LEAST, Tally
from bot.core.small_cells import EVERY, Cell, hidden, with_totals

counter = iter(range(10**9))


def group(size: int) -> Tally:
    """So many people of whom nobody is in another group."""
    tally = Tally()
    for _ in range(size):
        tally.add(0, 1, (next(counter),))
    return tally


def table_of(sizes: dict[Cell, int]) -> dict[Cell, Tally]:
    return with_totals({cell: group(size) for cell, size in sizes.items() if size})


def test_small_groups_are_hidden_and_large_ones_are_not() -> None:
    table = table_of({("en",): 40, ("es",): 30, ("vi",): 3, ("ko",): 9})
    assert hidden(table, always={(EVERY,)}) == {("vi",), ("ko",)}
    assert hidden(table_of({("en",): 40, ("es",): 11}), always={(EVERY,)}) == frozenset()


def test_one_alone_would_be_the_total_less_the_rest() -> None:
    table = table_of({("en",): 40, ("es",): 30, ("vi",): 3})
    assert hidden(table, always={(EVERY,)}) == {("vi",), ("es",)}


def test_two_that_are_too_few_together_take_a_third_with_them() -> None:
    table = table_of({("en",): 40, ("es",): 30, ("vi",): 3, ("ko",): 2})
    assert hidden(table, always={(EVERY,)}) == {("vi",), ("ko",), ("es",)}


def test_what_one_place_hides_is_not_the_difference_of_all_places_and_the_others() -> None:
    sizes = {("Main", "es"): 50, ("Elm", "es"): 40, ("Oak", "es"): 5, ("Main", "en"): 90, ("Elm", "en"): 80,
             ("Oak", "en"): 70}  # fmt: skip
    found = hidden(table_of(sizes), always={(EVERY, EVERY)})
    assert ("Oak", "es") in found
    assert ("Elm", "es") in found  # All places less Main and Elm would be Oak.
    assert ("Oak", "en") in found  # Oak less English would be Spanish.
    assert ("Elm", "en") in found
    assert ("Main", "es") not in found
    assert (EVERY, "es") not in found


def test_many_texts_to_few_people_are_few_people() -> None:
    few = Tally()
    for number in range(100):
        few.add(1, 1, (number % 3,))
    assert few.is_small
    assert hidden(with_totals({("es",): few, ("en",): group(50)}), always={(EVERY,)}) == {("es",), ("en",)}


names = st.sampled_from(["a", "b", "c", "d"])
tables = st.dictionaries(st.tuples(names, names, names), st.integers(1, 40), min_size=1, max_size=30)


@given(tables)
def test_no_line_gives_a_hidden_group_away(sizes: dict[Cell, int]) -> None:
    known = (EVERY,) * 3
    table = table_of(sizes)
    found = hidden(table, always={known})
    for total in table:
        for axis in range(3):
            if total[axis] != EVERY:
                continue
            members = [
                cell
                for cell in table
                if cell[axis] != EVERY and all(cell[at] == total[at] for at in range(3) if at != axis)
            ]
            missing = [cell for cell in members if cell in found]
            if total in found:
                assert missing
            elif missing and total != known:
                assert len(missing) > 1
                assert sum(table[cell].denominator for cell in missing) >= LEAST
    assert all(cell in found for cell, tally in table.items() if tally.is_small and cell != known)
