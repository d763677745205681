"""Who is there, as patients write it, and who is not yet."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.content.messages import Messages
from bot.core.arriving import says_here, says_later
from bot.core.intents import Intent, Understanding

READ = Understanding((Intent.RUNNING_LATE,), 0.9, auto=True)
ASKS = "Reply ARRIVED when you are here."
WORDS = {
    "en": "ARRIVED", "es": "LLEGUÉ", "zh-Hans": "到了", "zh-Hant": "到了", "vi": "ĐÃ ĐẾN",
    "tl": "NANDITO NA", "ko": "도착",
    "ru": "НА МЕСТЕ", "ar": "وصلت", "ht": "RIVE", "fr": "ARRIVÉE", "pt": "CHEGUEI", "hi": "पहुँच गए", "fa": "رسیدم",
    "pl": "JESTEM",
}  # fmt: skip


@pytest.fixture(scope="module")
def messages() -> Messages:
    """What patients read."""
    return Messages.load()


@pytest.mark.parametrize("tag", sorted(WORDS))
def test_the_word_that_is_asked_for_is_understood_and_no_carriers(messages: Messages, tag: str) -> None:
    assert sorted(WORDS) == sorted(messages.languages())
    asked = messages.catalogue(tag).gettext(ASKS)
    assert WORDS[tag] in asked
    assert not messages.offers(WORDS[tag])
    for said in (WORDS[tag], WORDS[tag].lower(), f"{WORDS[tag]}!"):
        assert says_here(said, READ), said


@pytest.mark.parametrize(
    "words",
    [
        "here", "I'm here", "im here for my 9:00", "we are in the waiting room", "just pulled in", "I\u2019m outside",
        "ya llegue", "estoy aquí en la sala", "je suis arrivée", "on est là", "já cheguei", "我到了", "我们在停车场",
        "tôi đến rồi",
        "मैं आ गया", "mwen rive", "andito na po ako", "도착했습니다", "я уже здесь", "мы приехали", "وصلنا",
        "أنا هنا", "من رسیدم",
        "mwen la", "już jestem", "jesteśmy na miejscu", "I'm logged in",
    ],
)  # fmt: skip
def test_there(words: str) -> None:
    assert says_here(words, READ)


@pytest.mark.parametrize(
    "words",
    [
        "almost here", "I'll be there in 5", "not here yet", "here's my insurance card", "here is what the doctor said",
        "when I'm here who do I ask", "I'm at the airport", "ya estoy en camino", "ya estoy enfermo",
        "j'arrive", "收到了",
        "还没到", "chưa đến", "đã đến lúc", "papunta na", "3시까지 도착하겠습니다", "ещё не приехал", "здесь таких нет",
        "وصلتني الرسالة شكرا", "ما وصلت", "نرسیدم", "बुखार आ गया", "m ap rive talè", "jestem chory", "estou a caminho",
        "arrived home safe, thanks", "I'm in the emergency room", "",
    ],
)  # fmt: skip
def test_not_there(words: str) -> None:
    assert not says_here(words, READ)


@pytest.mark.parametrize(
    "words",
    [
        "I'm here at work, stuck in a meeting", "I am outside the country", "I'm here at home", "I'm here in Chicago",
        "I'm outside of town", "just arrived at the airport", "I'm here at my daughter's house", "I've arrived home",
        "I'm outside working", "I'm here stuck at work", "I'm here in the hospital", "we're here in another city",
        "Estoy aquí en el trabajo", "estoy aquí en mi casa", "ya llegué al trabajo", "llegué a casa",
        "estoy afuera de la ciudad", "estoy aquí en México", "estou aqui na escola", "cheguei em casa",
        "je suis là au travail", "je suis bien arrivée à la maison", "我到了公司", "我在这里上班", "đã đến nhà",
        "đã đến công ty", "andito na po ako sa trabaho", "집에 도착했어요", "회사에 와 있어요", "я здесь на работе",
        "я приехала домой", "أنا هنا في العمل", "وصلت إلى البيت", "رسیدم خانه", "मैं घर पहुँच गया", "mwen rive lakay",
        "mwen la nan travay", "dotarłam do domu",
    ],
)  # fmt: skip
def test_there_and_not_at_the_clinic(words: str) -> None:
    assert not says_here(words, READ)


@pytest.mark.parametrize(
    "words",
    [
        "I'm here at the clinic", "I'm here at your office", "I'm here at 9", "I'm outside in my car",
        "here in the lobby",
        "I'm here at my appointment", "I'm here, in the parking lot", "I'm here in radiology",
        "I'm here with my mother",
        "I'm outside the building", "I'm outside your door", "I'm here in room 4", "I'm here in a wheelchair",
        "parked in the garage", "I'm logged in at home", "I'm here, my husband is at work",
        "estoy aquí en la clínica", "estoy afuera en mi carro", "ya llegué a la clínica", "llegué a mi cita",
        "llegué a las 9", "estoy aquí en su consultorio", "estou aqui na recepção", "cheguei na clínica",
        "je suis là dans la salle d'attente", "我到了医院", "đã đến nhà thương", "andito na ako sa clinic",
        "병원에 도착했어요", "я здесь в клинике", "وصلت إلى العيادة", "رسیدم کلینیک", "मैं क्लिनिक पहुँच गया",
        "mwen rive nan klinik la", "dotarłam do przychodni",
    ],
)  # fmt: skip
def test_there_and_where_at_the_clinic(words: str) -> None:
    assert says_here(words, READ)


@pytest.mark.parametrize(
    "words",
    ["not yet", "still not here yet", "还没到", "chưa đến", "todavía no llego", "아직 도착 못 했어요", "jeszcze nie"],
)
def test_not_yet_is_no_refusal(words: str) -> None:
    assert says_later(words)
    assert not says_later(words + " and i wont come any more, sorry, my car is broken")


def test_who_cannot_come_is_not_there() -> None:
    assert not says_here("im here but cancel it", replace(READ, intents=(Intent.DECLINE,)))


def test_a_story_is_for_people_to_read() -> None:
    assert not says_here("I'm here. " + re.sub(".", "so much to say ", "x" * 12), READ)
