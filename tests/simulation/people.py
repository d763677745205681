"""Patients as they are: how many answer, how soon, in which words, and who says stop, nothing, or something odd."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random

from bot.core.intents import Context

# Rates from studies of text reminders: about two in three answer one that asks; a few in a hundred opt out in a year,
# here within the month so that there are enough of them; numbers that fail; danger signs, so that they come up at all.
ANSWERS = 0.65
OPTS_OUT = 0.004
ODD = 0.05
ASKS = 0.05
DANGER = 0.002
DEAD = 0.02
NO_CONSENT = 0.04
SOON = timedelta(minutes=25)
"""Half of the answers come within this; some take a day."""

LANGUAGES = (("en", 55), ("es", 20), ("zh-Hans", 5), ("vi", 4), ("ar", 4), ("ru", 4), ("ht", 4), ("ko", 4))
AREAS = (205, 251, 256, 334, 601, 662, 228, 318, 225, 337, 504, 985, 501, 870, 479, 423, 615, 731, 901, 931)

WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {"yes": ("yes", "Yes I'll be there", "ok see you"), "no": ("no", "can't make it"), "stop": ("STOP",)},
    "es": {"yes": ("sí", "si ahi estare"), "no": ("no puedo", "no"), "stop": ("ALTO", "no más mensajes")},
    "zh-Hans": {"yes": ("好的", "是"), "no": ("不能来", "不"), "stop": ("停止", "STOP")},
    "vi": {"yes": ("vâng", "có"), "no": ("không đến được", "không"), "stop": ("STOP",)},
    "ar": {"yes": ("نعم", "تمام سأحضر"), "no": ("لا", "لا أستطيع الحضور"), "stop": ("STOP", "توقف")},
    "ru": {"yes": ("да", "да, буду"), "no": ("нет", "не смогу прийти"), "stop": ("СТОП",)},
    "ht": {"yes": ("wi", "wi m ap vini"), "no": ("non", "m pa ka vini"), "stop": ("STOP",)},
    "ko": {"yes": ("네", "네 갈게요"), "no": ("아니요", "못 가요"), "stop": ("STOP",)},
}
ODDITIES = ("??", "asdf", "who", "lol", "ok but the thing with the other one you know", "👍🏽👍🏽")
QUESTIONS = ("where do I park?", "can my daughter come with me?", "¿a qué hora abren?")
DANGERS = ("my chest hurts and I cant breathe", "me duele mucho el pecho y no puedo respirar")


@dataclass(frozen=True)
class Simulated:
    """One patient, whose behaviour is all in the seed."""

    patient_id: str
    language: str
    phone: str
    consents: bool
    dead_number: bool


def people(count: int, random: Random) -> list[Simulated]:
    """So many patients, each with a phone of their own in the range kept for fiction."""
    assert count <= len(AREAS) * 100
    tags, weights = zip(*LANGUAGES, strict=True)
    return [
        Simulated(
            patient_id=f"P{number:05d}",
            language=random.choices(tags, weights)[0],
            phone=f"+1{AREAS[number // 100]}55501{number % 100:02d}",
            consents=random.random() > NO_CONSENT,
            dead_number=random.random() < DEAD,
        )
        for number in range(count)
    ]


def answer(patient: Simulated, context: Context, options: int, random: Random) -> tuple[str, timedelta] | None:
    """What this patient writes to a text that asks in that context, and how much later; None: nothing."""
    words = WORDS[patient.language]
    if random.random() < OPTS_OUT:
        return random.choice(words["stop"]), _delay(random)
    if random.random() < DANGER:
        return random.choice(DANGERS), _delay(random)
    if random.random() > ANSWERS:
        return None
    if random.random() < ODD:
        return random.choice(ODDITIES), _delay(random)
    if random.random() < ASKS:
        return random.choice(QUESTIONS), _delay(random)
    if context is Context.SURVEY_SCALE:
        return str(random.randint(1, max(options, 3))), _delay(random)
    if options and random.random() < 0.5:
        return str(random.choices(range(1, options + 1), [6, *[2] * (options - 1)])[0]), _delay(random)
    return random.choice(words["yes" if random.random() < 0.75 else "no"]), _delay(random)


def _delay(random: Random) -> timedelta:
    return SOON * min(random.expovariate(0.7), 60)
