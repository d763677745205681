"""Phone numbers as people and spreadsheets write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.phones import read_phone

ONE = "+16015550142"


@pytest.mark.parametrize(
    "cell",
    [
        "601-555-0142",
        "(601) 555-0142",
        "601.555.0142",
        "601 555 0142",
        "6015550142",
        "16015550142",
        "1-601-555-0142",
        "+1 601 555 0142",
        "+16015550142",
        "'6015550142",
        "6015550142.0",
        "6.015550142E+09",
        "tel:+1-601-555-0142",
        " 601–555–0142 ",
        "６０１５５５０１４２",
    ],
)
def test_one_number_in_many_hands(cell: str) -> None:
    phone = read_phone(cell, country="US")
    assert (phone.e164, phone.remark) == (ONE, None)


@pytest.mark.parametrize(
    ("cell", "remark"),
    [
        ("601-555-0142 (mom)", "words"),
        ("cell: 601-555-0142", "words"),
        ("601-555-0142; 601-555-0143", "more than one"),
        ("601-555-0142 / 601-555-0143", "more than one"),
        ("6015550142/6015550143", "more than one"),
        ("601-555-0142, (601) 555-0143", "more than one"),
        ("601-555-0142 or 601-555-0143", "more than one"),
        ("home 601-555-0142\ncell 601-555-0143", "more than one"),
        ("601-555-0142 601-555-0143", "more than one"),
    ],
)
def test_taken_with_a_remark(cell: str, remark: str) -> None:
    phone = read_phone(cell, country="US")
    assert phone.e164 == ONE
    assert remark in (phone.remark or "")


@pytest.mark.parametrize(
    ("cell", "remark"),
    [
        ("", "empty"),
        ("  ' ", "empty"),
        ("none", "no digits"),
        ("555-0142", "area code"),
        ("911", "too few"),
        ("6.01556E+09", "damaged"),
        ("6,01556E+09", "damaged"),
        ("601-555-0142 x12", "extension"),
        ("601-555-0142 ext. 12", "extension"),
        ("6015550142x12", "extension"),
        ("601-555-CARE", "too few"),
        ("601-555-0142 (do not text)", "not to use"),
        ("Don't use 601-555-0142", "not to use"),
        ("601-555-0142 disconnected", "not to use"),
        ("000-000-0000", "possible"),
        ("123-456-7890", "possible"),
        ("601555014260155501430", "possible"),
    ],
)
def test_of_no_use(cell: str, remark: str) -> None:
    phone = read_phone(cell, country="US")
    assert phone.e164 is None
    assert remark in (phone.remark or "")


def test_the_number_is_never_repeated_in_the_remark() -> None:
    for cell in ("601-555-0142 x12", "601-555-0142; 601-555-0143", "60155501426015550143"):
        assert "555" not in (read_phone(cell, country="US").remark or "")


@pytest.mark.parametrize(
    ("cell", "country", "e164"),
    [
        ("07700 900123", "GB", "+447700900123"),
        ("+44 7700 900123", "US", "+447700900123"),
        ("0491 570 006", "AU", "+61491570006"),
        ("030/90 18 20", "DE", "+4930901820"),
        ("999-555-0142", "US", "+19995550142"),
    ],
)
def test_countries_and_numbers_kept_for_fiction(cell: str, country: str, e164: str) -> None:
    assert read_phone(cell, country=country).e164 == e164


@given(cell=st.text(alphabet=st.sampled_from("0123456789+-().;,/ x'eE\n#ab\x00é٣"), max_size=40))
def test_anything_gives_a_number_or_a_reason(cell: str) -> None:
    phone = read_phone(cell, country="US")
    assert phone.e164 or phone.remark
    assert phone.e164 is None or read_phone(phone.e164, country="GB").e164 == phone.e164
