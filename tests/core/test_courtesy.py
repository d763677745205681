"""What a yes or an OK is worth, by the words that it consists of and by what it answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.binding import Binding, Fit
from bot.core.courtesy import heard, is_bare_yes
from bot.core.intents import Context, Evidence, Intent, Understanding
from bot.core.journey import QuestionState
from tests.core.conversing import a_question, a_visit

OPEN = Binding(Fit.OPEN, "", a_question(a_visit()))
ANSWERED = Binding(Fit.CORRECTION, "", a_question(a_visit(), state=QuestionState.ANSWERED))
NOTICE = Binding(Fit.OPEN, "", a_question(a_visit(), context=Context.NONE))


def read(rule: str, words: str) -> Understanding:
    return Understanding((Intent.CONFIRM,), 0.97, True, "en", (Evidence(Intent.CONFIRM, rule, words),))


OK = read("en:okay: ok", "ok")


@pytest.mark.parametrize("binding", [ANSWERED, NOTICE, Binding(Fit.OVER, "", a_question(a_visit()))])
def test_an_ok_to_what_asks_nothing_says_that_it_was_read(binding: Binding) -> None:
    assert heard(OK, binding, opted_out=False).intents == (Intent.ACKNOWLEDGE,)


def test_an_ok_to_a_question_is_a_yes_but_not_after_stop() -> None:
    assert heard(OK, OPEN, opted_out=False) == OK
    assert heard(OK, OPEN, opted_out=True).intents == (Intent.ACKNOWLEDGE,)


def test_a_yes_stays_a_yes_whatever_it_answers() -> None:
    yes = read("en:yes: yes", "yes")
    assert heard(yes, ANSWERED, opted_out=True) == yes
    also = replace(OK, intents=(Intent.CONFIRM, Intent.QUESTION))
    assert heard(also, ANSWERED, opted_out=False) == also


@pytest.mark.parametrize("text", ["yes", "Yes!", "yes please", "yes, thank you", '"Yes"'])
def test_a_yes_and_no_more_does_not_say_to_what(text: str) -> None:
    assert is_bare_yes(text, read("en:yes: yes", "yes"))


def test_a_yes_that_the_carrier_took_for_start_says_no_more_than_yes() -> None:
    yes = replace(read("en:yes: yes", "yes"), intents=(Intent.CONFIRM, Intent.OPT_IN))
    assert is_bare_yes("yes", yes)
    assert heard(yes, ANSWERED, opted_out=False) == yes


@pytest.mark.parametrize(
    ("text", "understanding"),
    [
        ("sorry I meant yes", read("en:yes: yes", "yes")),
        ("wait, yes", read("en:yes: yes", "yes")),
        ("I will be there", read("en:confirm: i will be there", "I will be there")),
        ("1", read("option 1", "1")),
        ("yes", replace(read("en:yes: yes", "yes"), intents=(Intent.CONFIRM, Intent.QUESTION))),
    ],
)
def test_a_yes_that_says_more(text: str, understanding: Understanding) -> None:
    assert not is_bare_yes(text, understanding)
