"""What means something only in one context hides nothing in the others."""

from __future__ import annotations

from bot.content.replies import load_understander
from bot.core.intents import Context, Intent
from bot.core.understanding import Asked


def test_words_for_another_context_hide_nothing() -> None:
    """`ye ... chahiye` takes an earlier slot; after a reminder `ye messages nahi chahiye` stops the texts."""
    understand = load_understander()
    asked = Asked(Context.APPOINTMENT_REMINDER)
    assert understand("mujhe ye messages nahi chahiye", asked).intent is Intent.OPT_OUT


def test_words_for_this_context_hide_what_lies_inside_them() -> None:
    """`que tengo` alone would ask something."""
    understand = load_understander()
    found = understand("no, mejor me quedo con la que tengo", Asked(Context.WAITLIST_OFFER))
    assert found.intents == (Intent.DECLINE,)
