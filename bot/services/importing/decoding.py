"""Which encoding a file is in, found out before its first row is read."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import IO

from bot.core.rows import Unreadable

_BLOCK = 1 << 16
_UTF8_MARK, _UTF16_MARKS = codecs.BOM_UTF8, (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ZIP, _OLD_EXCEL = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec's name, and what is to be said about it."""

    name: str
    remark: str | None = None


def encoding_of(stream: IO[bytes]) -> Encoding:
    """The encoding of the whole stream, which is left at its start. Raises Unreadable."""
    stream.seek(0)
    head = stream.read(4096)
    if not head.strip():
        raise Unreadable("the file is empty")
    if head.startswith((_ZIP, _OLD_EXCEL)):
        raise Unreadable("this is a spreadsheet's own format: save it as CSV UTF-8 and import that")
    found = _from_mark(stream, head) or _from_bytes(stream, head)
    stream.seek(0)
    return found


def _from_mark(stream: IO[bytes], head: bytes) -> Encoding | None:
    if head.startswith(_UTF16_MARKS):
        return Encoding("utf-16")
    if head.startswith(_UTF8_MARK):
        torn = None if _is_utf8(stream) else "some bytes are not UTF-8 and show as \N{REPLACEMENT CHARACTER}"
        return Encoding("utf-8-sig", torn)
    return None


def _from_bytes(stream: IO[bytes], head: bytes) -> Encoding:
    if head.count(0) > len(head) // 4:
        raise Unreadable("this looks like UTF-16 without its byte order mark: save it as UTF-8")
    if _is_utf8(stream):
        return Encoding("utf-8")
    return Encoding("cp1252", "not UTF-8: read as Windows-1252")


def _is_utf8(stream: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    stream.seek(0)
    try:
        while block := stream.read(_BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
