"""Every language's own telling words, and the carriers' words that none may offer as an answer."""

from __future__ import annotations

import pytest

from bot.content.carriers import Keywords
from bot.content.discretion import Discretion, Unsafe
from bot.content.messages import Messages

MESSAGES = Messages.load()
LANGUAGES = {tag: MESSAGES.language(tag) for tag in MESSAGES.languages()}
KEYWORDS = Keywords(language.carriers for language in LANGUAGES.values())

# Cancer, a pregnancy, HIV, the result of a test: one sentence each with "your … is ready".
TELLING = {
    "en": ("your cancer visit", "your pregnancy", "HIV", "your test results"),
    "es": ("su cita por el cáncer", "su embarazo", "el VIH", "sus resultados"),
    "fr": ("votre cancer", "votre grossesse", "le VIH", "vos résultats"),
    "pt": ("seu câncer", "sua gravidez: grávida", "o HIV", "seus resultados"),
    "ht": ("kansè ou", "gwosès ou", "VIH", "rezilta ou"),
    "tl": ("ang kanser ninyo", "ang pagbubuntis", "HIV", "ang resulta ninyo"),
    "vi": ("bệnh ung thư", "mang thai", "HIV", "kết quả của Quý vị"),
    "ko": ("항암 치료", "임신", "에이즈", "검사 결과"),
    "zh-Hans": ("癌症", "怀孕", "艾滋病", "您的结果"),
    "zh-Hant": ("癌症", "懷孕", "愛滋病", "您的結果"),
    "ru": ("рак", "беременность", "ВИЧ", "ваши результаты"),
    "pl": ("nowotwór", "ciąża", "HIV", "wyniki"),
    "ar": ("السرطان", "حامل", "الإيدز", "النتيجة"),
    "fa": ("سرطان", "باردار", "ایدز", "نتیجه"),
    "hi": ("कैंसर", "गर्भावस्था", "एचआईवी", "परिणाम"),
}
# A text that tells the reader to send a word on which carriers, or we, stop the texts.
OFFERED = {
    "en": "Reply stop if you can't come.", "es": "Responda alto si no puede.", "fr": "Répondez arret.",
    "pt": "Responda pare.", "ht": "Reponn stop.", "tl": "Sumagot ng TIGIL.", "vi": "Xin trả lời: HỦY",
    "ko": "회신 중지", "zh-Hans": "回复停止", "zh-Hant": "回覆 退訂", "ru": "Ответьте СТОП.",
    "pl": "Proszę odpisać koniec", "ar": "أرسلوا إيقاف", "fa": "بفرستید: لغو", "hi": "भेजें: बंद",
}  # fmt: skip


@pytest.mark.parametrize(("tag", "words"), TELLING.items())
def test_each_language_knows_its_own(tag: str, words: tuple[str, ...]) -> None:
    own = Discretion([LANGUAGES[tag].unsafe])
    assert [word for word in words if not own.telling_words(word)] == []


def test_no_language_is_left_out() -> None:
    assert set(TELLING) == set(OFFERED) == set(LANGUAGES)


@pytest.mark.parametrize(
    "place", ["Main St", "San Francisco Clinic", "North Office", "Its own house", "Riverside", "Clínica del Sol"]
)
def test_a_place_like_any_other_keeps_its_name(place: str) -> None:
    assert Discretion(language.unsafe for language in LANGUAGES.values()).discreet(place) == place


@pytest.mark.parametrize("place", ["Riverside Oncology", "Centro de Diálisis", "مركز الأورام", "암센터", "Radiología"])
def test_a_place_that_tells_has_none(place: str) -> None:
    assert Discretion(language.unsafe for language in LANGUAGES.values()).discreet(place) == ""


def test_a_language_without_a_list_tells_nothing() -> None:
    assert Discretion([Unsafe()]).telling_words("cancer") == ()


@pytest.mark.parametrize(("tag", "text"), OFFERED.items())
def test_a_word_that_stops_the_texts_is_no_answer(tag: str, text: str) -> None:
    assert KEYWORDS.offered_in(text), tag


@pytest.mark.parametrize(
    "text",
    ["Responda 1 para confirmar.", "Bring your help.", "Text us if you can't come.", "请回复：中文。"],
)
def test_plain_words_are_none(text: str) -> None:
    assert KEYWORDS.offered_in(text) == ()
