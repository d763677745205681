"""What is read once for all who ask the same: for how long, for whom not, and what is kept of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.services.lately import ANEW, MOST, Lately, moment_of

NOON = datetime(2026, 11, 23, 18, tzinfo=UTC)


class Counter:
    """Gives 1, 2, 3 …, and what it was given."""

    def __init__(self) -> None:
        self.given: list[int | None] = []

    def __call__(self, before: int | None) -> int:
        self.given.append(before)
        return len(self.given)


def after(**length: float) -> datetime:
    return NOON + timedelta(**length)


def test_it_is_read_once_a_second() -> None:
    lately, read = Lately(), Counter()
    moments = (NOON, after(seconds=0.4), after(seconds=0.999), after(seconds=1), after(seconds=1.5), after(seconds=3))
    assert [lately.get("list", now, read) for now in moments] == [1, 1, 1, 2, 2, 3]
    assert read.given == [None, 1, 2]


def test_another_question_has_another_answer() -> None:
    lately, read = Lately(), Counter()
    assert [lately.get(key, NOON, read) for key in ("open", "mine", "open")] == [1, 2, 1]


def test_nobody_is_shown_what_is_older_than_what_they_saw() -> None:
    lately, read = Lately(), Counter()
    seen = after(seconds=0.5)
    lately.get("list", NOON, read)
    now = after(seconds=0.6)
    assert lately.get("list", now, read, since=moment_of(NOON)) == 1
    assert lately.get("list", now, read, since=moment_of(seen)) == 2
    assert lately.get("list", now, read, since=moment_of(seen)) == 2
    assert lately.get("list", now, read, since=ANEW) == 3


def test_a_clock_that_is_put_back_keeps_nothing() -> None:
    lately, read = Lately(), Counter()
    lately.get("list", NOON, read)
    assert lately.get("list", after(hours=-1), read) == 2
    assert lately.get("list", after(hours=-1), read) == 2


def test_what_nobody_asks_for_is_forgotten() -> None:
    lately, read, kept = Lately(), Counter(), Counter()
    lately.get("list", NOON, read)
    for second in range(70):
        lately.get("other", after(seconds=second), kept)
    assert kept.given[-1] == 69
    lately.get("list", after(seconds=70), read)
    assert read.given == [None, None]


def test_many_questions_push_out_the_oldest() -> None:
    lately, read = Lately(), Counter()
    for number in range(MOST + 1):
        lately.get(number, NOON, read)
    assert lately.get(MOST, NOON, read) == MOST + 1
    assert lately.get(1, NOON, read) == 2
    assert lately.get(0, NOON, read) == MOST + 2
