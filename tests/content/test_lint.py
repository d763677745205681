"""The lint is silent on our own messages, and every rule can fail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.lint import lint as command
from bot.content.lint import lint
from bot.content.messages import Messages
from tests.content.small import copy_language, copy_messages


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    copy_messages(tmp_path)
    for tag in ("en", "es", "ar"):
        copy_language(tmp_path, tag)
    return tmp_path


def faults(copy: Path) -> list[str]:
    return [f"{finding.file.relative_to(copy)}: {finding.message}" for finding in lint(Messages.load(copy))]


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def spanish(copy: Path) -> Path:
    return copy / "locales/es/LC_MESSAGES/messages.po"


def template(copy: Path, name: str = "general/thanks") -> Path:
    return copy / f"templates/messages/{name}.txt"


def test_a_missing_translation(copy: Path) -> None:
    edit(spanish(copy), 'msgstr "Con gusto."', 'msgstr ""')
    assert faults(copy) == ['locales/es/LC_MESSAGES/messages.po: "You are welcome." is not translated']


def test_a_sentence_that_no_catalogue_knows(copy: Path) -> None:
    edit(template(copy), "You are welcome.", "Any time.")
    found = faults(copy)
    assert 'locales/ar/LC_MESSAGES/messages.po: "Any time." (general/thanks) is not translated' in found
    assert 'locales/es/LC_MESSAGES/messages.po: "You are welcome." stands in no template' in found


def test_a_fuzzy_translation(copy: Path) -> None:
    edit(spanish(copy), 'msgid "You are welcome."', '#, fuzzy\nmsgid "You are welcome."')
    assert any("fuzzy" in fault for fault in faults(copy))


def test_a_missing_catalogue(copy: Path) -> None:
    spanish(copy).unlink()
    assert faults(copy) == ["locales/es/LC_MESSAGES/messages.po: there is no such catalogue"]


def test_placeholders_that_differ(copy: Path) -> None:
    edit(spanish(copy), "Lugar: %(location)s.", "Lugar: %(place)s.")
    assert any("placeholders place instead of location" in fault for fault in faults(copy))


def test_a_stray_percent_sign(copy: Path) -> None:
    edit(spanish(copy), "Con gusto.", "Con gusto al 100%.")
    assert any("a percent sign is written %%" in fault for fault in faults(copy))


LONG_WINDED = "we are all very much looking forward to seeing you"


def test_a_reminder_that_is_too_long(copy: Path) -> None:
    edit(template(copy, "appointment/same_day"), "we will see you", LONG_WINDED)
    for tag in ("en", "es", "ar"):
        catalogue = copy / f"locales/{tag}/LC_MESSAGES/messages.po"
        edit(catalogue, "we will see you", LONG_WINDED)
    found = faults(copy)
    assert len(found) == 1
    assert re.match(r"templates/messages/appointment/same_day.txt: en: [23] segments \(", found[0])


def test_what_only_one_message_knows_counts_too(copy: Path) -> None:
    edit(template(copy), "{{ clinic }}", "{{ clinic }}{% if soon is defined %} " + LONG_WINDED * 8 + "{% endif %}")
    assert [fault.partition(" segments")[0] for fault in faults(copy) if "general/thanks" in fault] == [
        f"templates/messages/general/thanks.txt: {tag}: {count}" for tag, count in (("ar", 7), ("en", 3), ("es", 3))
    ]


def test_a_link_in_arabic_keeps_its_order(copy: Path) -> None:
    edit(template(copy), "{{ clinic }}", "{{ clinic }} {{ link }}")
    assert not [fault for fault in faults(copy) if "changes its order" in fault]


def test_a_translation_that_is_too_long(copy: Path) -> None:
    edit(spanish(copy), "le esperamos el", "le esperamos con mucho gusto y con los brazos abiertos el")
    assert any("same_day.txt: es: " in fault and "segments" in fault for fault in faults(copy))


@pytest.mark.parametrize(
    "sentence",
    [
        "Reply CANCEL if you can't come.",
        "Reply 1 to confirm or STOP to cancel your visit.",
        "Text END when done.",
        "QUIT to leave.",
        "Reply HELP to talk with us.",
        "Reply YES to confirm.",
        "Please reply yes to confirm.",
    ],
)
def test_a_carrier_keyword_as_an_answer(copy: Path, sentence: str) -> None:
    edit(template(copy), "You are welcome.", sentence)
    assert any("carriers act by themselves" in fault for fault in faults(copy))


def test_a_carrier_keyword_in_a_translation(copy: Path) -> None:
    edit(spanish(copy), "Con gusto.", "Responda CANCELAR si no puede.")
    assert any("offers CANCELAR" in fault for fault in faults(copy))


@pytest.mark.parametrize("sentence", ["responda sí o cancelar", "Escriba stop", 'responda "fin" si no puede'])
def test_a_keyword_in_small_letters_when_it_is_to_be_sent(copy: Path, sentence: str) -> None:
    copy_language(copy, "fr")
    edit(spanish(copy), "Con gusto.", sentence)
    offered = any("on which carriers act" in fault and "es/LC" in fault for fault in faults(copy))
    assert offered is ("sí" not in sentence)


def test_the_carrier_line_keeps_its_keyword(copy: Path) -> None:
    edit(spanish(copy), 'msgstr "STOP para no recibir textos."', 'msgstr "ALTO para no recibir textos."')
    assert any("the keyword STOP is missing" in fault for fault in faults(copy))


@pytest.mark.parametrize(
    "sentence",
    ["Your oncology visit.", "Time for your mammogram.", "Your A1c test.", "Bring your insulin.", "Lab visit"],
)
def test_what_the_care_is_for(copy: Path, sentence: str) -> None:
    edit(template(copy), "You are welcome.", sentence)
    assert any("tells what the care is for" in fault for fault in faults(copy))


@pytest.mark.parametrize("word", ["su diálisis", "su mamografía", "vacuna", "fakta"])
def test_what_the_care_is_for_in_a_translation(copy: Path, word: str) -> None:
    edit(spanish(copy), "Con gusto.", f"Sobre {word}.")
    assert any("tells what the care is for" in fault for fault in faults(copy)) is (word != "fakta")


@pytest.mark.parametrize("odd", ["’", "“", "–", "…", "\u202f", "\u00a0", "🙂", "✅"])
def test_odd_characters(copy: Path, odd: str) -> None:
    edit(template(copy), "You are welcome.", f"You are{odd}welcome.")
    assert any(f"U+{ord(odd):04X}" in fault for fault in faults(copy))


def test_an_arabic_text_that_starts_in_latin_letters(copy: Path) -> None:
    catalogue = copy / "locales/ar/LC_MESSAGES/messages.po"
    edit(catalogue, "من %(clinic)s: %(to)sنراكم", "%(clinic)s: %(to)sنراكم")
    assert any("same_day.txt: ar: starts with a left-to-right letter" in fault for fault in faults(copy))


def test_a_time_that_a_screen_would_turn_around(copy: Path) -> None:
    edit(copy / "locales/ar/language.toml", "\\u2066{hour}:{minute} {period}\\u2069", "{hour}:{minute} {period}")
    assert any('ar: "12:30 PM" changes its order' in fault for fault in faults(copy))


def test_an_isolate_that_does_not_end(copy: Path) -> None:
    edit(copy / "locales/ar/language.toml", "{period}\\u2069", "{period}")
    assert any("an isolate does not end" in fault for fault in faults(copy))


def test_an_english_text_that_is_too_hard(copy: Path) -> None:
    edit(template(copy), "You are welcome.", "Communication facilitates participation.")
    assert any("thanks.txt: en: reads at grade" in fault for fault in faults(copy))


def test_a_spanish_text_that_is_too_hard(copy: Path) -> None:
    edit(spanish(copy), 'msgstr "Con gusto."', 'msgstr "La comunicación facilita la participación."')
    found = [fault for fault in faults(copy) if "thanks.txt: es: reads at" in fault]
    assert [scale for fault in found for scale in ("Fernández-Huerta", "INFLESZ") if scale in fault] == [
        "Fernández-Huerta",
        "INFLESZ",
    ]


def test_the_familiar_form(copy: Path) -> None:
    edit(spanish(copy), 'msgstr "Con gusto."', 'msgstr "Gracias a ti."')
    assert any('"ti" is the familiar form (how to address patients: usted' in fault for fault in faults(copy))


def test_what_patients_have_asked_for_may_be_named(copy: Path) -> None:
    edit(template(copy), "You are welcome.", "Your insulin.")
    edit(template(copy), "segments: 2", "tells: yes. segments: 2")
    for tag in ("en", "es", "ar"):
        edit(copy / f"locales/{tag}/LC_MESSAGES/messages.po", 'msgid "You are welcome."', 'msgid "Your insulin."')
    assert not [fault for fault in faults(copy) if "tells what" in fault]


def test_the_command_prints_one_line_a_fault_and_fails(copy: Path) -> None:
    edit(spanish(copy), 'msgstr "Con gusto."', 'msgstr ""')
    result = CliRunner().invoke(command, ["--root", str(copy)])
    assert result.exit_code == 1
    assert result.output.splitlines() == [f'{spanish(copy)}: "You are welcome." is not translated']


def test_our_own_messages_have_no_faults_and_the_command_is_content() -> None:
    result = CliRunner().invoke(command, [])
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1].endswith("no faults")


def test_the_command_names_a_broken_language_file(copy: Path) -> None:
    (copy / "locales/es/language.toml").write_text("name =")
    result = CliRunner().invoke(command, ["--root", str(copy)])
    assert result.exit_code == 1
    assert "language.toml" in result.output
