"""Phone numbers as people and spreadsheets write them, read in one country, to E.164 or to the reason why not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, ValidationResult

# A run that may be one number: digits with what people put between them.
_RUN = re.compile(r"\+?\(?\d[\d\s().\-\u2010-\u2013\u00a0/]*\d")
_BETWEEN_NUMBERS = re.compile(r"[;,|&\n]+")
_EXTENSION = re.compile(r"(?:\bx|\bext\b\.?|\bextn?\b\.?|\bextension\b|#|\d\s*x)\s*:?\s*\d", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"\+?(\d(?:[.,]\d+)?)[eE]\+?(\d{1,2})")
_FLOAT = re.compile(r"(\+?\d{7,15})\.0+")
_SCHEME = re.compile(r"^(?:tel|sms|whatsapp):", re.IGNORECASE)
_WORDS = re.compile(r"[^\W\d_]{2,}")
_FORBIDDEN = re.compile(
    r"\b(?:do not|don['\u2019]?t|no|never)\s+(?:text|sms|use|contact)|\b(?:wrong|disconnected|not in service)\b",
    re.IGNORECASE,
)
_FEWEST_DIGITS, _MOST_DIGITS = 7, 15

# Numbers kept for fiction (NANP 555-0100 to 0199, Ofcom's drama numbers): possible, never assigned, so never "valid".
_FICTIONAL = re.compile(r"\+1[2-9]\d\d55501\d\d|\+44(?:7700900|1632960)\d{3}|\+44\d{3}4960\d{3}")


@dataclass(frozen=True, slots=True)
class Phone:
    """What a cell gave: a number in E.164 form or none, and what is to be said about it."""

    e164: str | None
    remark: str | None = None


def read_phone(cell: str, *, country: str) -> Phone:
    """The number in this cell, national ones read in that country. `remark` never repeats the number."""
    text = _SCHEME.sub("", cell.strip().lstrip("'’`").strip())
    if not text:
        return Phone(None, "empty")
    text, damaged = _undone(text)
    if damaged:
        return Phone(None, "damaged by a spreadsheet: digits are lost")
    if _FORBIDDEN.search(text):
        return Phone(None, "words beside it say not to use it")
    if _EXTENSION.search(text):
        return Phone(None, "has an extension")
    found = _usable(text, country)
    if not found:
        return Phone(None, _why_not(text, country))
    if len(found) > 1:
        return Phone(found[0], "more than one number: the first is taken")
    return Phone(found[0], "words beside the number are left out" if _WORDS.search(text) else None)


def _undone(text: str) -> tuple[str, bool]:
    """What the spreadsheet was given before it took the number for a quantity, and whether that is lost."""
    if match := _FLOAT.fullmatch(text):
        return match[1], False
    if match := _SCIENTIFIC.fullmatch(text):
        digits, exponent = match[1].replace(",", "."), int(match[2])
        if len(digits) - 2 != exponent:
            return text, True
        return str(int(Decimal(digits).scaleb(exponent))), False
    return text, False


def _usable(text: str, country: str) -> list[str]:
    parts = _BETWEEN_NUMBERS.split(text)
    runs = [run for part in parts for whole in _RUN.findall(part) for run in _apart(whole)]
    numbers = [number for run in runs if (number := _number(run, country))]
    return list(dict.fromkeys(numbers))


def _apart(run: str) -> list[str]:
    # A slash stands between two numbers, or inside one ("030/123456").
    # So does a blank: more digits than E.164 has are no one number ("601-555-0142 601-555-0143").
    for pieces in (run.split("/"), run.split() if _digits(run) > _MOST_DIGITS else []):
        if len(pieces) > 1 and all(_digits(piece) >= _FEWEST_DIGITS for piece in pieces):
            return pieces
    return [run]


def _number(run: str, country: str) -> str | None:
    if _digits(run) < _FEWEST_DIGITS:
        return None
    try:
        return _accepted(phonenumbers.parse(run, country), country)
    except phonenumbers.NumberParseException:
        return None


def _accepted(number: PhoneNumber, country: str) -> str | None:
    # "Possible" alone lets seven digits pass; IS_POSSIBLE is the strict form of it.
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if _FICTIONAL.fullmatch(e164) or phonenumbers.is_valid_number_for_region(number, country):
        return e164
    # Slower: goes through all countries that share the calling code, two dozen in North America.
    return e164 if phonenumbers.is_valid_number(number) else None


def _why_not(text: str, country: str) -> str:
    digits = _digits(text)
    if digits == 0:
        return "holds no digits"
    if digits < _FEWEST_DIGITS:
        return "too few digits"
    if digits == _FEWEST_DIGITS and country in ("US", "CA"):
        return "lacks the area code"
    return f"no such number is possible (read in {country})"


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))
