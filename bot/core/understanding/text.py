"""A patient's text taken apart: cleaned, stripped of what the phone added, cut into words that can be compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

LIMIT = 1600
SENTENCE, COMMA, NONE = 2, 1, 0

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HANGUL = r"\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e\ua960-\ua97f\ud7b0-\ud7ff"
# Python's \w leaves out combining marks, without which Devanagari and pointed Arabic fall to pieces.
_MARKS = (
    r"\u0300-\u036f\u0483-\u0487\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
    r"\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963"
)
_LETTER = rf"(?:[^\W_{_HAN}{_HANGUL}]|[{_MARKS}])"
_TOKEN = re.compile(
    rf"(?P<number>\d+(?:[.,:/]\d+)+(?![\w]))"
    rf"|(?P<word>{_LETTER}+(?:['’‘`´ʼ]{_LETTER}+)*)"
    rf"|(?P<glyph>[{_HAN}{_HANGUL}])"
    r"|(?P<emoji>[\U0001F000-\U0001FAFF\u2190-\u21ff\u2600-\u27BF\u2B05-\u2B55\u203c\u2049])"
    r"|(?P<ask>[?؟]+)"
    r"|(?P<stop>[.!;\n。…।۔]+)"
    r"|(?P<comma>[,、،:()\[\]\"“”«»–—]|(?<=\s)-+(?=\s))"
)
_JOINED = frozenset({"t", "s", "ll", "m", "re", "ve", "d", "all", "nt", "know"})
_DROPPED = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF, 0xAD, 0x640])
_DROPPED |= dict.fromkeys([*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400), 0x20E3])
_LETTERS = str.maketrans(
    {
        "đ": "d", "ł": "l", "ø": "o", "ı": "i", "œ": "oe", "æ": "ae", "ё": "е", "й": "и",
        "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ې": "ي", "ة": "ه", "ۀ": "ه", "ە": "ه",
        "ک": "ك", "گ": "گ", "ؤ": "و", "ئ": "ي", "ء": None, "ँ": "ं", "़": None, "\u0949": "ा",
    }
)  # fmt: skip
# Figures of the Arabic script, so that "40" in a lexicon is 40 however it is typed.
_LETTERS |= {first + n: str(n) for first in (0x660, 0x6F0) for n in range(10)}
_LOOK_ALIKE = str.maketrans("аеорсхуѕіјкмтвнԁ", "aeopcxysijkmtbhd")
_MARK = re.compile(r"[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]")
_LATIN = re.compile(r"[a-z]")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_LONG_RUN = re.compile(r"(.)\1{2,}")
_UNIT = re.compile(
    r"(?<=\d)(?=(?:am|pm|mins?|minutes?|minutos?|hrs?|hours?|hs|ish|weeks?|wks|p|a|f|h|g)\b)", re.IGNORECASE
)
# A figure is written onto a word of the Arabic script: "بال2019", "30حبة".
_WRITTEN_ON = re.compile(r"(?<=[\u0620-\u065f\u066e-\u06d3])(?=\d)|(?<=\d)(?=[\u0620-\u065f\u066e-\u06d3])")
_NOON = re.compile(r"\b([ap])\.\s?m\b\.?", re.IGNORECASE)
_INITIALS = re.compile(r"(?<!\w)[a-zа-я](?:\.[a-zа-я])+\.?(?!\w)", re.IGNORECASE)
"""Letters with a stop after each are one word: R.I.P., Q.E.P.D., S.T.O.P."""
_ABBREVIATION = re.compile(r"\b(dr|mr|mrs|ms|st|sr|sra|srta|apt|appt|pls|w/o)\.(?=\s)", re.IGNORECASE)
_WITHOUT = re.compile(r"\bw/(o?)(?!\w)|\bw/(?=\w)", re.IGNORECASE)
# Persian writes the sign of the present tense apart or joined, as it pleases. On an Arabic keyboard it looks like the
# Arabic for water: there it is one only before a word that ends as a Persian verb does.
_PRESENT = re.compile(
    r"(?<![\u0600-\u06ff])(ن?م(?:ی|[يى](?=[\s\u200c]+(?!ال|بعد\b)[\u0600-\u06ff]+[ميىیدهن]\b)))[\s\u200c]+(?=[\u0600-\u06ff]{2})"
)
_LINK = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)

_TAPBACK = re.compile(
    r"^\s*(?:liked|loved|laughed at|emphasi[sz]ed|questioned|disliked|"
    r"removed an? \w+ (?:reaction )?from|reacted .{1,12} to|"
    r"le gust[oó]|le encant[oó]|se ri[oó] de|enfatiz[oó]|no le gust[oó]|a aim[eé]|a ador[eé]|gostou de|amou|"
    r"понравилось|polubi\w*|نالت إعجاب|aim[eé])\s+[“\"«„].*$",
    re.IGNORECASE | re.DOTALL,
)
_QUOTED_LINE = re.compile(r"^\s*>.*$", re.MULTILINE)
_ORIGINAL = re.compile(
    r"\n\s*(?:on .{5,80} wrote:|-{2,}\s*(?:original|forwarded) message\s*-{2,}|from: ).*$", re.IGNORECASE | re.DOTALL
)
_SIGNATURE = re.compile(
    r"(?:^|[\s.!?,;–—-])(?:sent|get|enviado|envoy[eé]|wys[lł]ano|отправлено|gửi|발송|发自|傳送自)\s*"
    r"(?:from|via|using|outlook|desde|do|de|con|z|с|từ)?\s*(?:my|mi|meu|mon|mojego|моего|我的)?\s*"
    r"(?:i ?phone|ipad|android|samsung|galaxy|blackberry|outlook|yahoo|mobile|verizon|at&t|t-mobile)[^\n]*$",
    re.IGNORECASE,
)  # fmt: skip
_AUTOREPLY = re.compile(
    r"^\s*(?:\(?auto(?:mated|matic)?[- ]?(?:reply|response)\)?|"
    r"i(?:'|’)?m driving (?:with|right now with)|i(?:'|’)?m driving right now|"
    r"driving\s*[-–—.:]|this is an automat|i am driving and|i(?:'|’)?m currently (?:driving|out of (?:the )?office)|"
    r"thank you for (?:contacting|reaching out|your message|calling)|out of office|do not disturb|"
    r"i(?:'|’)?m not receiving notifications|i am (?:currently )?(?:out of (?:the )?office|away)|"
    r"i(?:'|’)?m in a meeting,? (?:can i|i(?:'|’)?ll) (?:call|text) you (?:later|back)|respuesta autom[aá]tica|"
    r"estoy conduciendo|estoy manejando|r[eé]ponse automatique|resposta autom[aá]tica|автоответ|"
    r"delivery status notification|"
    r"sorry,? i can(?:'|’)?t talk right now\.?$|can i call you later\?$)",
    re.IGNORECASE,
)  # fmt: skip

LONGEST_REPEATED = 4
"""Words of a thing that is said over and over, such as `stop texting me`."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text, cut up. `breaks[i]` is the strength of the pause before word `i`; `asked` the words before a `?`."""

    clean: str
    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    breaks: tuple[int, ...]
    asked: frozenset[int]
    question: bool
    tapback: bool = False
    autoreply: bool = False

    def shown(self, start: int, end: int) -> str:
        """The patient's own words from word `start` up to word `end`."""
        if start >= end or not self.spans:
            return ""
        return self.clean[self.spans[start][0] : self.spans[end - 1][1]]

    def sentence(self, at: int) -> tuple[int, int]:
        """The bounds of the sentence that holds word `at`."""
        start, end = at, at + 1
        while start > 0 and self.breaks[start] < SENTENCE:
            start -= 1
        while end < len(self.words) and self.breaks[end] < SENTENCE:
            end += 1
        return start, end


def strip_wrapping(raw: str) -> tuple[str, bool, bool]:
    """The text without quotes, signature and links; whether it is a tapback; whether a machine answered."""
    text = raw[:LIMIT].encode("utf-8", "replace").decode("utf-8", "replace")
    text = unicodedata.normalize("NFKC", text.replace("\x00", " ").replace("…", "\n"))
    text = text.translate(_DROPPED)
    if _TAPBACK.match(text):
        return "", True, False
    autoreply = bool(_AUTOREPLY.match(text))
    for wrapping in (_ORIGINAL, _QUOTED_LINE, _SIGNATURE):
        text = wrapping.sub(" ", text)
    return text, False, autoreply


@lru_cache(maxsize=50_000)
def fold(word: str) -> str:
    """A word as it is compared: no case, accents, long vowels or look-alike letters."""
    word = word.casefold()
    if not word.isascii():
        word = word.translate(_LETTERS)
        word = unicodedata.normalize("NFC", _MARK.sub("", unicodedata.normalize("NFD", word))).translate(_LETTERS)
        if _LATIN.search(word) and _CYRILLIC.search(word):
            word = word.translate(_LOOK_ALIKE)
        if len(word) >= 5 and word.startswith("ال"):
            word = word[2:]
    if word and not word[0].isdigit():  # "222/131" is no drawn-out word
        word = _LONG_RUN.sub(r"\1\1", word)
    return word


def _pieces(word: str) -> list[str]:
    """`can't` is one word, `d'accord` and `m'ap` are two."""
    parts = re.split("['’‘`´ʼ]", word)
    out = [parts[0]]
    for part in parts[1:]:
        if part.casefold() in _JOINED:
            out[-1] += part
        else:
            out.append(part)
    return [part for part in out if part]


def take_apart(raw: str, glyphs: Mapping[int, str] | None = None) -> Text:
    """Clean a text and cut it into comparable words; `glyphs` folds variants of Han characters."""
    clean, tapback, autoreply = strip_wrapping(raw)
    clean = _WRITTEN_ON.sub(" ", _PRESENT.sub(r"\1", clean))
    clean = _UNIT.sub(" ", _NOON.sub(r"\1m", _LINK.sub(" \U0001f517 ", clean)))
    clean = _INITIALS.sub(lambda m: m[0].replace(".", ""), clean)
    clean = _ABBREVIATION.sub(r"\1 ", _WITHOUT.sub(lambda m: "without " if m[1] else "with ", clean))
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    breaks: list[int] = []
    asked: set[int] = set()
    pause, question = NONE, False
    for match in _TOKEN.finditer(clean):
        kind = match.lastgroup
        if kind == "ask":
            question, pause = True, SENTENCE
            asked.update(_since_last_stop(breaks))
        elif kind in ("stop", "comma"):
            pause = max(pause, SENTENCE if kind == "stop" else COMMA)
        else:
            found = match.group()
            for piece in _pieces(found) if kind == "word" else [found]:
                folded = fold(piece.translate(glyphs)) if glyphs else fold(piece)
                if folded:
                    words.append(folded)
                    spans.append(match.span())
                    breaks.append(pause)
                    pause = NONE
    return Text(clean, tuple(words), tuple(spans), tuple(breaks), frozenset(asked), question, tapback, autoreply)


def _since_last_stop(breaks: list[int]) -> range:
    start = len(breaks)
    while start > 0:
        start -= 1
        if breaks[start] == SENTENCE:
            break
    return range(start, len(breaks))


def said_once(text: Text) -> str:
    """The patient's own words of a text that says one thing over and over; nothing for any other."""
    count = len(text.words)
    for length in range(1, min(LONGEST_REPEATED, count // 2) + 1):
        if count % length == 0 and text.words == text.words[:length] * (count // length):
            return text.shown(0, length)
    return ""


def by_marks(text: Text, marked: Mapping[str, str]) -> Text | None:
    """The same text with the words put in that only their marks tell apart (`dừng` is stop), if it has any."""
    words = tuple(marked.get(text.shown(at, at + 1).casefold(), word) for at, word in enumerate(text.words))
    return replace(text, words=words) if words != text.words else None
