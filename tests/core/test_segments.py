"""Alphabets, segment counts and look-alikes, against 3GPP TS 23.038 and what carriers bill."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.segments import GSM7_BASIC, GSM7_EXTENDED, Encoding, encoding, normalise, segments


@pytest.mark.parametrize("letter", "éèùìòàñÑüÜöäÇ¿¡É@£\n^{}[]~|€\\")
def test_letters_of_gsm7(letter: str) -> None:
    assert encoding(f"a{letter}b") is Encoding.GSM7


@pytest.mark.parametrize("letter", "áíóúÁÍÓÚçâêô’“”–—…`\t\u202f\u00a0ы你ا")
def test_letters_outside_gsm7(letter: str) -> None:
    assert encoding(f"a{letter}b") is Encoding.UCS2


def test_the_alphabet_has_its_full_size() -> None:
    # 128 code points less the escape; the extension table as carriers bill it.
    assert len(set(GSM7_BASIC)) == 127
    assert len(set(GSM7_EXTENDED)) == 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("a", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ы" * 70, 1),
        ("ы" * 71, 2),
        ("ы" * 134, 2),
        ("ы" * 135, 3),
        ("👍" * 35, 1),
        ("👍" * 36, 2),
    ],
)
def test_segments(text: str, expected: int) -> None:
    assert segments(text) == expected


def test_a_pair_is_never_torn_between_two_parts() -> None:
    # 152 letters, then an escaped one: it does not fit in the first part's last septet.
    assert segments("a" * 152 + "€" + "b" * 152) == 3
    assert segments("a" * 153 + "€" + "b" * 151) == 2
    # 66 letters, then a surrogate pair.
    assert segments("ы" * 66 + "👍" + "ы" * 66) == 3
    assert segments("ы" * 65 + "👍" + "ы" * 67) == 2


def test_the_narrow_space_of_babel_no_longer_triples_a_reminder() -> None:
    text = f"{'a' * 140} 2:30\u202fPM"
    assert segments(text) == 3
    assert segments(normalise(text)) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2:30\u202fPM\u00a0", "2:30 PM "),
        ("St. Mary’s “clinic” – open…", 'St. Mary\'s "clinic" - open...'),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("año, mamá, Jose\u0301", "año, mamá, José"),
        ("می\u200cروم", "می\u200cروم"),
        ("您好，王伟。", "您好，王伟。"),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected


@given(st.text())
def test_normalising_again_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(alphabet="áéíóúñÁÉÍÓÚÑüçãõ", min_size=1))
def test_no_accent_is_ever_dropped(text: str) -> None:
    assert normalise(text) == text


@given(st.text(min_size=1, max_size=400), st.text(max_size=100))
def test_more_text_never_costs_less(text: str, more: str) -> None:
    assert 1 <= segments(text) <= segments(text + more)
