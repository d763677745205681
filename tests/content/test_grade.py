"""Reading grades: the two formulas on sentences counted by hand, and the syllables that they stand on."""

from __future__ import annotations

import pytest

from bot.content.grade import english_syllables, fernandez_huerta, grade, hardness, inflesz, spanish_syllables


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("the", 1), ("visit", 2), ("time", 1), ("table", 2), ("people", 2), ("called", 1), ("waited", 2), ("texts", 1),
        ("places", 2), ("appointment", 3), ("day", 1), ("cancelled", 2), ("please", 1), ("you're", 1), ("I", 1),
    ],
)  # fmt: skip
def test_english_syllables(word: str, count: int) -> None:
    assert english_syllables(word.lower()) == count


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("cita", 2), ("día", 2), ("clínica", 3), ("quiere", 2), ("guía", 2), ("bueno", 2), ("ahora", 3), ("ciudad", 2),
        ("leer", 2), ("muy", 1), ("y", 1), ("mensaje", 3), ("responda", 3), ("reunión", 2), ("agua", 2),
    ],
)  # fmt: skip
def test_spanish_syllables(word: str, count: int) -> None:
    assert spanish_syllables(word) == count


def test_flesch_kincaid_by_hand() -> None:
    # 6 words, 1 sentence, 6 syllables.
    found = grade("Please call us at the clinic.", "en")
    assert found == pytest.approx(0.39 * 6 + 11.8 * 7 / 6 - 15.59)


def test_fernandez_huerta_by_hand() -> None:
    # 11 words, 2 sentences, 19 syllables; numbers are no words.
    text = "Su cita es el lunes. Llame al 601-555-0100 si necesita otra hora."
    score = 206.84 - 60 * 19 / 11 - 1.02 * 11 / 2
    assert 90 <= score < 100
    assert grade(text, "es") == 4.0
    assert grade("Comunicación.", "es") == 14.0


def test_a_harder_text_has_a_higher_grade() -> None:
    for language, easy, hard in (
        ("en", "We will call you. Bring your card.",
         "Automatic notification regarding rescheduling necessitates immediate communication with administration."),
        ("es", "La llamamos hoy. Traiga su carta.",
         "La reprogramación automática requiere comunicación inmediata con nuestra administración institucional."),
    ):  # fmt: skip
        low, high = grade(easy, language), grade(hard, language)
        assert low is not None
        assert high is not None
        assert low + 4 < high


def test_where_there_is_no_formula_there_is_no_grade() -> None:
    assert grade("Zadzwoń do nas.", "pl") is None
    assert grade("1 2 3", "en") is None


def test_the_spanish_scales_by_hand() -> None:
    # 4 words, 1 sentence, 6 syllables.
    words = ["su", "cita", "es", "lunes"]
    assert fernandez_huerta(words, 1) == pytest.approx(206.84 - 60 * 6 / 4 - 1.02 * 4)
    assert inflesz(words, 1) == pytest.approx(206.835 - 62.3 * 6 / 4 - 4)


def test_hard_texts_are_named_with_the_scale() -> None:
    assert list(hardness("We will call you.", "en")) == []
    assert list(hardness("Comunicación institucional.", "pl")) == []
    assert "grade" in next(hardness("Communication facilitates participation.", "en"))
