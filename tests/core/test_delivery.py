"""Delivery states end the same whatever order reports come in, and every error code asks for something."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.delivery import (
    ERROR_RULES,
    FAILURES,
    FINAL,
    REACHED,
    WITH_PROVIDER,
    ErrorAction,
    action_for,
    merge,
    rank,
    read_status,
    rule_for,
)
from bot.core.messages import MessageStatus

INBOUND = {MessageStatus.RECEIVING, MessageStatus.RECEIVED}
statuses = st.sampled_from(MessageStatus)
outbound = st.sampled_from([status for status in MessageStatus if status not in INBOUND])


@given(outbound, st.lists(outbound), st.randoms(use_true_random=False))
def test_the_end_does_not_depend_on_order_or_repetition(first, reports, random):
    shuffled = reports + reports[: len(reports) // 2]
    random.shuffle(shuffled)

    assert reduce(merge, shuffled, first) == reduce(merge, reports, first)


@given(statuses, statuses)
def test_merging_is_idempotent_and_never_goes_back(current, incoming):
    merged = merge(current, incoming)

    assert merge(merged, incoming) == merged
    assert merged in (current, incoming)
    if (current in INBOUND) == (incoming in INBOUND):
        assert rank(merged) == max(rank(current), rank(incoming))


@given(st.sampled_from(sorted(INBOUND)), outbound)
def test_a_report_for_the_other_direction_changes_nothing(received, status):
    assert merge(received, status) == received
    assert merge(status, received) == status


@pytest.mark.parametrize(
    ("current", "incoming", "end"),
    [
        ("sent", "delivered", "delivered"),
        ("delivered", "sent", "delivered"),
        ("delivered", "undelivered", "delivered"),
        ("undelivered", "delivered", "delivered"),
        ("unknown", "queued", "queued"),
        ("queued", "unknown", "queued"),
        ("claimed", "sent", "sent"),
        ("delivered", "read", "read"),
        ("failed", "sent", "failed"),
    ],
)
def test_merge_by_example(current, incoming, end):
    assert merge(MessageStatus(current), MessageStatus(incoming)) == MessageStatus(end)


def test_every_status_has_a_rank_of_its_own_in_its_direction():
    assert len({(status in INBOUND, rank(status)) for status in MessageStatus}) == len(MessageStatus)


def test_final_states_outrank_all_others():
    open_ranks = [rank(status) for status in WITH_PROVIDER - FINAL]

    assert max(open_ranks) < min(rank(status) for status in FAILURES)
    assert max(rank(status) for status in FAILURES) < min(rank(status) for status in REACHED)


@pytest.mark.parametrize("word", ["planned", "claimed", "unknown", "dropped", "", "exploded", "DELIVERED"])
def test_words_that_are_not_twilios_are_not_read(word):
    assert read_status(word) is None


@pytest.mark.parametrize("word", ["queued", "sent", "delivered", "undelivered", "received", "partially_delivered"])
def test_twilios_words_are_read(word):
    assert read_status(word) == word


@given(st.none() | st.integers(min_value=-1, max_value=99_999))
def test_every_code_asks_for_something_and_says_why(code):
    rule = rule_for(code)

    assert action_for(code) is rule.action
    assert rule.reason
    assert rule.reason[0].isupper()


@pytest.mark.parametrize(
    ("code", "action"),
    [
        (21610, "opt-out"),
        (21211, "invalid-number"),
        (30005, "invalid-number"),
        (30006, "landline"),
        (20429, "retry-soon"),
        (20500, "reconcile"),
        (20567, "reconcile"),
        (30410, "reconcile"),
        (30003, "retry-later"),
        (30007, "review"),
        (30027, "pause-bulk"),
        (30036, "no-retry"),
        (30034, "config-alert"),
        (20003, "stop-sending"),
        (11751, "config-alert"),
        (30999, "review"),
        (99999, "review"),
        (None, "review"),
    ],
)
def test_actions_by_example(code, action):
    assert action_for(code) == ErrorAction(action)


def test_exactly_the_retries_have_a_time_to_wait():
    retries = {ErrorAction.RETRY_SOON, ErrorAction.RETRY_LATER}

    assert {code for code, rule in ERROR_RULES.items() if rule.wait} == {
        code for code, rule in ERROR_RULES.items() if rule.action in retries
    }
