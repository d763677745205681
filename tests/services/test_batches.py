"""Working rows off: whatever is at fault is found in few tries, keeps nothing back, and two lanes do nothing twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection

import pytest

from bot.services.batches import AtFault, Batch, Worked, WorkOff


class Rows:
    """Rows that are taken as a database gives them: what another lane has in hand is passed over."""

    def __init__(self, count: int, faulty: Collection[int] = ()) -> None:
        self.left = [f"{number}" for number in range(count)]
        self.faulty = {f"{number}" for number in faulty}
        self.done: list[str] = []
        self.in_hand: set[str] = set()
        self.tries = 0
        self.threads: set[int] = set()
        self._lock = threading.Lock()

    def work(self, limit: int, but: Collection[str]) -> Worked | None:
        """One batch: none of it is done where one of its rows is at fault."""
        with self._lock:
            free = [row for row in self.left if row not in but and row not in self.in_hand]
            taken = free[:limit]
            self.in_hand.update(taken)
            self.tries += 1
            self.threads.add(threading.get_ident())
        try:
            if not taken:
                return None
            if self.faulty.intersection(taken):
                raise AtFault(taken, ValueError("no such zone"))
            with self._lock:
                self.done += taken
                self.left = [row for row in self.left if row not in set(taken)]
            return Worked(len(taken), Counter(rows=len(taken)))
        finally:
            with self._lock:
                self.in_hand.difference_update(taken)


def work_off(batch: Batch, *, size: int = 100, lanes: int = 1) -> Counter[str]:
    counts: Counter[str] = Counter()
    WorkOff(batch, size, lanes, counts).run()
    return counts


@pytest.mark.parametrize("lanes", [1, 2, 4])
def test_every_row_is_done_once(lanes: int) -> None:
    rows = Rows(1_050)
    assert work_off(rows.work, lanes=lanes) == Counter(rows=1_050)
    assert sorted(rows.done, key=int) == [f"{number}" for number in range(1_050)]


@pytest.mark.parametrize("lanes", [1, 2])
@pytest.mark.parametrize("faulty", [[0], [99], [100], [1_049], [3, 4, 5, 500, 501], range(0, 1_050, 50)])
def test_rows_at_fault_are_left_aside_and_all_others_done(lanes: int, faulty: Collection[int]) -> None:
    rows = Rows(1_050, faulty)
    counts = work_off(rows.work, lanes=lanes)
    assert counts == Counter(rows=1_050 - len(faulty), failed=len(faulty))
    assert len(set(rows.done)) == len(rows.done) == 1_050 - len(faulty)


def test_the_one_at_fault_is_found_in_few_tries() -> None:
    rows = Rows(2_000, [1_234])
    work_off(rows.work, size=2_000)
    assert rows.tries < 40


def test_few_rows_are_worked_off_by_the_callers_thread_alone() -> None:
    rows = Rows(99)
    work_off(rows.work, lanes=2)
    assert rows.threads == {threading.get_ident()}


def test_it_is_told_how_far_it_is() -> None:
    seen: list[int] = []
    rows = Rows(250)
    WorkOff(rows.work, 100, 1, Counter(), lambda counts: seen.append(counts["rows"])).run()
    assert seen == [100, 200, 250]


class Down(Exception):
    """No fault of any row."""


@pytest.mark.parametrize("where", ["caller", "helper"])
def test_what_is_no_fault_of_a_row_ends_all_lanes_and_is_raised(where: str) -> None:
    caller, rows, both = threading.get_ident(), Rows(100_000), threading.Event()

    def work(limit: int, but: Collection[str]) -> Worked | None:
        helps = threading.get_ident() != caller
        if helps:
            both.set()
        elif rows.tries:
            assert both.wait(5)
        if both.is_set() and helps == (where == "helper"):
            raise Down
        return rows.work(limit, but)

    before = threading.active_count()
    with pytest.raises(Down):
        work_off(work, lanes=2)
    assert threading.active_count() == before
    assert rows.left


def test_a_fault_before_any_row_was_taken_is_raised_as_it_is() -> None:
    def work(_limit: int, _but: Collection[str]) -> Worked | None:
        raise AtFault([], Down())

    with pytest.raises(Down):
        work_off(work)
