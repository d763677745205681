"""How a text travels as SMS: its alphabet, how many segments it takes, and look-alikes that would make it dearer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

GSM7_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""3GPP TS 23.038, default alphabet: one septet each."""
GSM7_EXTENDED = "\f^{}\\[~]|€"
"""The extension table: an escape and a character, two septets that never part."""

GSM7_SINGLE, GSM7_PART = 160, 153
UCS2_SINGLE, UCS2_PART = 70, 67

_GSM7 = re.compile(f"[{re.escape(GSM7_BASIC + GSM7_EXTENDED)}]*")
_EXTENDED = re.compile(f"[{re.escape(GSM7_EXTENDED)}]")

_LOOKALIKES = {
    # Babel and word processors put these in; one of them turns a 160-character text into three segments.
    **dict.fromkeys(
        "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t", " "
    ),
    **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),
    **dict.fromkeys("‘’‚‛′`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    "…": "...",
    "•": "-",
}
_LOOKALIKE = re.compile(f"[{re.escape(''.join(_LOOKALIKES))}]")


class Encoding(StrEnum):
    """The alphabet that a carrier uses for a text."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


def encoding(text: str) -> Encoding:
    """GSM-7 when every character is in it, else UCS-2 for the whole text."""
    return Encoding.GSM7 if _GSM7.fullmatch(text) else Encoding.UCS2


def segments(text: str) -> int:
    """How many SMS segments the text takes; none when it is empty."""
    if not text:
        return 0
    if _GSM7.fullmatch(text):
        return _gsm7_segments(text)
    return _ucs2_segments(text)


def normalise(text: str) -> str:
    """The same words with plain spaces, quotes and dashes. Letters keep their accents: año is not ano."""
    if text.isascii() and "`" not in text and "\t" not in text:
        return text
    return unicodedata.normalize("NFC", _LOOKALIKE.sub(lambda match: _LOOKALIKES[match.group()], text))


def _gsm7_segments(text: str) -> int:
    septets = len(text) + len(_EXTENDED.findall(text))
    if septets <= GSM7_SINGLE:
        return 1
    if septets == len(text):
        return -(-septets // GSM7_PART)
    return _pack((2 if character in GSM7_EXTENDED else 1 for character in text), GSM7_PART)


def _ucs2_segments(text: str) -> int:
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    if units <= UCS2_SINGLE:
        return 1
    if units == len(text):
        return -(-units // UCS2_PART)
    return _pack((2 if ord(character) > 0xFFFF else 1 for character in text), UCS2_PART)


def _pack(widths: Iterable[int], room: int) -> int:
    """Parts needed when no pair (escape and character, or two surrogates) is torn between two of them."""
    parts, used = 1, 0
    for width in widths:
        if used + width > room:
            parts, used = parts + 1, 0
        used += width
    return parts
