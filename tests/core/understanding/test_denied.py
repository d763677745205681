"""What a "no" denies: a danger only in the language in which it is named, and nothing beyond its comma."""

from __future__ import annotations

import pytest

from bot.content.replies import load_understander
from bot.core.intents import Context, Intent
from bot.core.understanding.asked import Asked


@pytest.mark.parametrize("text", ["minha vó caída no chão e não responde", "ela caiu no banheiro, desmaiou"])
def test_portuguese_no_denies_nothing(text: str) -> None:
    """`no` is "in the"."""
    assert load_understander()(text).intent is Intent.EMERGENCY


@pytest.mark.parametrize(
    "text", ["no chest pain", "chest pain nahi hai", "não tenho dor no peito", "no tengo dolor de pecho"]
)
def test_denials_in_the_same_language_hold(text: str) -> None:
    """Also where two lexicons name the same danger."""
    assert load_understander()(text).intent is not Intent.EMERGENCY


@pytest.mark.parametrize("text", ["im fine no chest pain", "doing fine no fever no chest pain"])
def test_a_denial_that_ends_another_meaning_is_the_dangers_own(text: str) -> None:
    """ "Fine, no" is a no as well; this one is the pain's."""
    assert load_understander()(text).intent is not Intent.EMERGENCY


@pytest.mark.parametrize("text", ["no im not ok i want to die", "im not fine i cant breathe", "not good chest pain"])
def test_who_is_not_well_denies_no_danger(text: str) -> None:
    """The "not" is the well-being's."""
    assert load_understander()(text).intent is Intent.EMERGENCY


@pytest.mark.parametrize("text", ["im not coming chest pain", "di ako makakapunta naninikip dibdib ko"])
def test_a_denial_that_is_part_of_another_meaning_denies_nothing_more(text: str) -> None:
    """What is not to be is the visit, not the pain."""
    assert load_understander()(text).intent is Intent.EMERGENCY


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("nie, będę na pewno", Intent.CONFIRM),
        ("nie będę na pewno", Intent.DECLINE),
        ("nie, odwołaj", Intent.DECLINE),
        ("nie odwołujcie", Intent.CONFIRM),
        ("no, voy a ir", Intent.CONFIRM),
        ("no voy a ir", Intent.DECLINE),
        ("не, отменяй", Intent.DECLINE),
    ],
)
def test_the_comma_after_a_no_decides_what_it_denies(text: str, meant: Intent) -> None:
    assert load_understander()(text, Asked(Context.APPOINTMENT_REMINDER)).intent is meant


def test_a_yes_that_hangs_on_a_comma_goes_to_a_person() -> None:
    assert not load_understander()("no, voy a ir", Asked(Context.APPOINTMENT_REMINDER)).auto


@pytest.mark.parametrize("text", ["no tenemos que desayunar", "no puedo leer el mensaje", "no ahi estare"])
def test_a_no_that_is_also_not_answers_nothing_where_its_verb_is_unknown_or_a_promise(text: str) -> None:
    """Spanish has one word for both, so only what follows tells them apart: a person reads it."""
    assert not load_understander()(text, Asked(Context.APPOINTMENT_REMINDER, language="es")).auto


@pytest.mark.parametrize("text", ["no", "no, ese dia trabajo", "no gracias"])
def test_a_no_that_stands_alone_answers(text: str) -> None:
    reply = load_understander()(text, Asked(Context.APPOINTMENT_REMINDER, language="es"))
    assert (reply.intent, reply.auto) == (Intent.DECLINE, True)


@pytest.mark.parametrize(
    ("text", "grave"),
    [
        ("nie, oddycham normalnie", False),
        ("nie oddycham normalnie", True),
        ("nie, oddycha", True),
        ("не говорит и судороги", True),
        ("nie wstaje i sinieje", True),
    ],
)
def test_a_bare_not_denies_no_danger_but_the_next(text: str, grave: bool) -> None:
    found = load_understander()(text, Asked(Context.CHECKIN_YES_NO)).intent
    assert (found is Intent.EMERGENCY) is grave


@pytest.mark.parametrize(
    "text",
    ["no, me duele el pecho", "não, quero morrer", "nie, chcę umrzeć", "no, my chest hurts", "нет, хочу умереть"],
)
def test_a_danger_after_a_no_and_a_comma_is_no_denied_one(text: str) -> None:
    """Though the same words without the comma deny it."""
    assert load_understander()(text).intent is Intent.EMERGENCY


@pytest.mark.parametrize("text", ["no me duele el pecho", "não quero morrer", "не хочу умереть"])
def test_the_same_words_without_the_comma_deny_it(text: str) -> None:
    assert load_understander()(text).intent is not Intent.EMERGENCY


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("mama had a stroke i think she cant smile", True),
        ("she had a seizure and cant breathe", True),
        ("had chest pain and short of breath last year", False),
        ("i had a stroke in 2015", False),
    ],
)
def test_a_past_that_is_one_dangers_own_says_nothing_of_another(text: str, *, live: bool) -> None:
    assert (load_understander()(text).intent is Intent.EMERGENCY) is live


@pytest.mark.parametrize(
    "text",
    [
        "não consigo abrir o link",
        "مش قادر افتح الرابط",
        "نمیتونم لینک رو باز کنم",
        "je ne peux pas lire ce message",
        "she cant hear",
    ],
)
def test_whoever_cannot_do_something_else_does_not_call_off_the_visit(text: str) -> None:
    understood = load_understander()(text, Asked(Context.APPOINTMENT_REMINDER))
    assert not understood.auto or Intent.DECLINE not in understood.intents


@pytest.mark.parametrize(
    "text", ["não consigo", "não consigo ir", "مش قادر", "نمیتونم فردا", "je ne peux pas venir", "she cant"]
)
def test_whoever_cannot_come_does(text: str) -> None:
    assert load_understander()(text, Asked(Context.APPOINTMENT_REMINDER)).intent is Intent.DECLINE


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("po operacji bez gorączki", Intent.SYMPTOM),
        ("po operacji bez sił, gorączka 39", Intent.EMERGENCY),
        ("после операции нет температуры", Intent.SYMPTOM),
        ("после операции нет аппетита, температура 39", Intent.EMERGENCY),
    ],
)
def test_no_fever_after_an_operation_is_no_infection(text: str, meant: Intent) -> None:
    """Only what stands right before the fever denies it."""
    assert load_understander()(text).intent is meant


@pytest.mark.parametrize(
    "text",
    [
        "no. no point staying alive",
        "no whats the point of going on",
        "no, para qué seguir vivo",
        "no más. me quiero morir",
    ],
)
@pytest.mark.parametrize("context", [Context.CHECKIN_YES_NO, Context.APPOINTMENT_REMINDER])
def test_a_no_to_life_is_no_answer_and_no_opt_out(text: str, context: Context) -> None:
    assert load_understander()(text, Asked(context)).intents == (Intent.EMERGENCY,)


@pytest.mark.parametrize("text", ["id rather not be alive", "no more. i want to die"])
def test_what_refuses_life_refuses_no_texts(text: str) -> None:
    assert load_understander()(text).intents == (Intent.EMERGENCY,)


def test_texts_refused_beside_a_danger_stop() -> None:
    assert load_understander()("stop texting me. i want to die").has(Intent.OPT_OUT)
