"""One text read once: its words put right, and every rule of every lexicon found in it, for the later steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bot.core.understanding.matcher import Matcher
from bot.core.understanding.patterns import Hit, Kind
from bot.core.understanding.spelling import Spelling
from bot.core.understanding.text import COMMA, SENTENCE, Text

# What a hit of these groups covers is no longer free to mean something else.
BLIND = frozenset({
    "bereaved", "caller", "contrast", "correction", "courtesy", "day", "denial", "denial_after", "denial_next",
    "greeting", "hour_unit", "interrogative", "langask", "minute_unit", "no", "number_word", "okay", "past", "polite",
    "recovered", "yes",
})  # fmt: skip
CLOSING = frozenset({
    "atentamente", "att", "best", "blessings", "cordialement", "cordially", "love", "regards", "respectfully",
    "saludos", "sincerely",
})  # fmt: skip
SIGNATURE_WORDS = 4
# A text is plainly in one language when its lexicon knows this many of the words, and this share of them.
PLAIN, PLAINLY = 3, 0.75
LONGEST_RULE = 24
# What one loaned word says in the language that took it ("late" in Tagalog), but not in its own.
LOANED = frozenset({"deceased", "help", "running_late"})
SMALL = 3
# What the very same words say more exactly after this question hides these: "lost 4 pounds" to a tip on eating.
YIELDING = frozenset({"question", "reschedule", "symptom"})
SEVERABLE = frozenset({"confirm", "decline", "neutral", "no"})
# What means something only in one context says nothing in the others, so it hides nothing either.
LOCAL = ("checkin.", "education.", "none.", "recall.", "survey.", "visit.", "waitlist.")
# Words that mean nothing by themselves, but must not be passed over: they are no hits.
WEIGHTY = "weighty."


@dataclass(frozen=True, slots=True)
class Reading:
    """A text with its words as understood and all hits, those inside a longer meaning left out."""

    text: Text
    words: tuple[str, ...]
    breaks: tuple[int, ...]
    hits: tuple[Hit, ...]
    idle: frozenset[int]
    origin: tuple[int, ...]
    tongues: tuple[frozenset[str], ...] = ()
    severed: tuple[Hit, ...] = ()
    weighty: tuple[Hit, ...] = ()

    def of(self, *groups: str) -> list[Hit]:
        """The hits of these groups."""
        return [hit for hit in self.hits if hit.group in groups]

    def any(self, *groups: str) -> bool:
        """Whether one of these groups was hit."""
        return any(hit.group in groups for hit in self.hits)

    def under(self, prefix: str) -> list[Hit]:
        """The hits of all groups that begin so."""
        return [hit for hit in self.hits if hit.group.startswith(prefix)]

    def shown(self, hit: Hit) -> str:
        """The patient's own words behind a hit."""
        return self.text.shown(self.origin[hit.start], self.origin[hit.end - 1] + 1) if hit.end > hit.start else ""

    def unread(self) -> int:
        """The length of the longest run of words of which no rule knows anything, courtesies left aside."""
        longest = run = 0
        strange = self.strange()
        for at in range(len(self.words)):
            run = run + 1 if at in strange else 0
            longest = max(longest, run)
        return longest

    def strange(self) -> frozenset[int]:
        """The words of which no rule knows anything, courtesies left aside."""
        return frozenset(range(len(self.words))).difference(
            self.idle, *(range(hit.start, hit.end) for hit in self.hits)
        )

    def within(self, prefix: str) -> Reading:
        """The same reading where the groups under `prefix` mean something, and so hide what lies inside them."""
        covers = self.under(prefix)
        if not covers:
            return self
        ends = {(cover.start, cover.end) for cover in covers}
        return replace(
            self,
            hits=tuple(
                hit
                for hit in self.hits
                if not any(_covers(other, hit) for other in covers)
                and not (hit.group in YIELDING and (hit.start, hit.end) in ends)
            ),
        )

    def sentence(self, at: int) -> tuple[int, int]:
        """The bounds of the sentence that holds word `at`."""
        found = _sentence(self.breaks, at)
        return found.start, found.stop

    def piece(self, at: int) -> tuple[int, int]:
        """The bounds of the words around word `at` up to the next comma on either side."""
        found = _sentence(self.breaks, at, COMMA)
        return found.start, found.stop

    def asks(self, at: int) -> bool:
        """Whether the sentence of word `at` ends in a question mark."""
        return self.origin[at] in self.text.asked


def read(text: Text, matcher: Matcher, spelling: Spelling, tongues: Mapping[str, frozenset[str]]) -> Reading:
    """Put the words right, find the rules, and keep those that stand where they must.

    `tongues` says which languages' lexicons use a word.
    """
    words, breaks, origin = _put_right(text, spelling)
    known = tuple(tongues.get(word, frozenset()) for word in words)
    strange = frozenset(at for at, word in enumerate(words) if not known[at] and not _known_stem(word, matcher))
    found = _at_home(matcher.find(words, breaks, _names(text, strange, origin)), words, tongues)
    idle = _idle(text, words, breaks, origin, found)
    placed = [hit for hit in found if _stands(hit, words, breaks, idle) and not _accented(hit, text, origin)]
    weighty = tuple(hit for hit in placed if hit.group.startswith(WEIGHTY))
    placed = [hit for hit in placed if not hit.group.startswith(WEIGHTY)] if weighty else placed
    severed = _severed(placed, breaks)
    whole = [hit for hit in placed if hit not in severed] if severed else placed
    return Reading(text, words, breaks, tuple(_uncovered(whole, breaks)), idle, origin, known, severed, weighty)


def _severed(hits: Sequence[Hit], breaks: Sequence[int]) -> tuple[Hit, ...]:
    """What runs on over the comma of a "no": where no is also not, "nie, będę" is "no, I shall be there".

    A danger does only where what follows the comma is known to be harmless: "nie, oddycham dobrze".
    """
    apart = {
        (hit.rule.language, hit.start) for hit in hits
        if hit.group == "no" and hit.length == 1 and hit.end < len(breaks) and breaks[hit.end] == COMMA
    }  # fmt: skip
    if not apart:
        return ()
    harmless = {(hit.rule.language, hit.start - 1) for hit in hits if hit.group == "safe"}
    return tuple(
        hit for hit in hits
        if hit.length > 1 and (place := (hit.rule.language, hit.start)) in apart
        and (hit.group in SEVERABLE or (hit.group.startswith("danger.") and place in harmless))
    )  # fmt: skip


def _accented(hit: Hit, text: Text, origin: Sequence[int]) -> bool:
    """Spanish "sí puedo" is yes; only "si puedo" is "if I can"."""
    if hit.group != "unclear" or hit.rule.language != "es":
        return False
    start, end = text.spans[origin[hit.start]]
    return text.clean[start:end].casefold() == "sí"


def _at_home(hits: list[Hit], words: Sequence[str], tongues: Mapping[str, frozenset[str]]) -> list[Hit]:
    """Leave out what another language's rules find in a text that is plainly written in one: French "parking".

    Measures, courtesies and dangers, but for those of words as small as "be so", stay, whoever's they are, and an
    opt-out that is all of the text or a sentence. Courtesies say nothing of the language of the rest: "stop la. God
    bless".
    """
    polite = {at for hit in hits if hit.group == "courtesy" for at in range(hit.start, hit.end)}
    spoken = [word for at, word in enumerate(words) if at not in polite]
    counts = Counter(tongue for word in spoken for tongue in tongues.get(word, ()))
    main, most = max(counts.items(), key=lambda item: item[1], default=("", 0))
    if most < PLAIN or most < PLAINLY * len(spoken):
        return hits
    return [
        hit
        for hit in hits
        if (counts[hit.rule.language] * 2 > most and not (hit.length == 1 and hit.group in LOANED))
        or counts[hit.rule.language] == most
        or (hit.group.startswith("danger.") and any(len(word) > SMALL for word in words[hit.start : hit.end]))
        or hit.group.startswith(("courtesy", "measure."))
        or (hit.group == "opt_out" and hit.rule.kind in (Kind.WHOLE, Kind.SENTENCE))
        or any(main not in tongues.get(word, ()) for word in words[hit.start : hit.end])
    ]


def _names(text: Text, strange: frozenset[int], origin: Sequence[int]) -> frozenset[int]:
    """The words that no lexicon knows and that begin with a capital, in a text that does not shout."""
    if text.clean.isupper():
        return frozenset()
    return frozenset(at for at in strange if text.clean[text.spans[origin[at]][0]].isupper())


def _known_stem(word: str, matcher: Matcher) -> bool:
    return word[0].isdigit() or any(word[:cut] in matcher.stems for cut in range(4, len(word) + 1))


def _put_right(text: Text, spelling: Spelling) -> tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]:
    words: list[str] = []
    breaks: list[int] = []
    origin: list[int] = []
    for start, _end, long in spelling.expand([spelling.correct(word) for word in _in_script(text, spelling)]):
        for at, word in enumerate(long):
            words.append(word)
            breaks.append(text.breaks[start] if at == 0 else 0)
            origin.append(start if at == 0 else _end - 1)
    return tuple(words), tuple(breaks), tuple(origin)


def _in_script(text: Text, spelling: Spelling) -> Sequence[str]:
    """The words in the script of their lexicon; where the whole text is in none, each of its sentences by itself."""
    found = spelling.romanised(text.words)
    starts = [0, *(at for at, pause in enumerate(text.breaks) if at and pause >= SENTENCE), len(text.words)]
    if len(starts) == 2 or list(found) != list(text.words):
        return found
    return [word for start, end in pairwise(starts) for word in spelling.romanised(text.words[start:end])]


def _idle(
    text: Text,
    words: Sequence[str],
    breaks: Sequence[int],
    origin: Sequence[int],
    found: Sequence[Hit],
) -> frozenset[int]:
    """The words that add nothing: courtesies, and a name signed at the end."""
    idle = {at for hit in found if hit.group == "courtesy" for at in range(hit.start, hit.end)}
    spoken = {at for hit in found for at in range(hit.start, hit.end)}
    return frozenset(idle | _signature(text, words, breaks, origin, spoken))


def _signature(
    text: Text, words: Sequence[str], breaks: Sequence[int], origin: Sequence[int], spoken: Collection[int]
) -> set[int]:
    """`- Maria Lopez`, `Regards, Ann`: up to four names after a pause or a closing word, at the very end."""
    for size in range(1, min(SIGNATURE_WORDS, len(words) - 1) + 1):
        start = len(words) - size
        closing = words[start - 1] in CLOSING
        if not closing and breaks[start] < COMMA:
            continue
        named = (text.clean[text.spans[origin[at]][0]] for at in range(start, len(words)))
        if closing or all(
            first.isupper() and at not in spoken for first, at in zip(named, range(start, len(words)), strict=True)
        ):
            return set(range(start - closing, len(words)))
    return set()


def _stands(hit: Hit, words: Sequence[str], breaks: Sequence[int], idle: frozenset[int]) -> bool:
    """Whether a hit stands where its rule wants it."""
    match hit.rule.kind:
        case Kind.PHRASE:
            return True
        case Kind.WHOLE:
            return all(at in idle or hit.start <= at < hit.end for at in range(len(words)))
        case Kind.LEAD:
            return _opens(hit.start, breaks, idle)
        case Kind.TAIL:
            return all(at in idle for at in range(hit.end, len(words))) or (
                hit.end < len(words) and breaks[hit.end] >= SENTENCE
            )
        case Kind.SENTENCE:
            return all(at in idle or hit.start <= at < hit.end for at in _sentence(breaks, hit.start, COMMA))


def _sentence(breaks: Sequence[int], at: int, pause: int = SENTENCE) -> range:
    """The words around `at` up to the next `pause` on either side."""
    start, end = at, at + 1
    while start > 0 and breaks[start] < pause:
        start -= 1
    while end < len(breaks) and breaks[end] < pause:
        end += 1
    return range(start, end)


def _opens(start: int, breaks: Sequence[int], idle: frozenset[int]) -> bool:
    """Whether only courtesies stand between the last pause and `start`."""
    at = start
    while at > 0:
        if breaks[at] >= COMMA:
            return True
        at -= 1
        if at not in idle:
            return False
    return True


def _uncovered(hits: list[Hit], breaks: Sequence[int]) -> list[Hit]:
    """Leave out a hit that lies inside a longer one of another group: `don't cancel` is no `cancel`."""
    covers: dict[int, dict[tuple[str, str, int], Hit]] = {}
    for hit in hits:
        if hit.group not in BLIND and not hit.group.startswith(LOCAL):
            covers.setdefault(hit.start, {}).setdefault((hit.group, hit.rule.language, hit.end), hit)
    return [
        hit
        for hit in hits
        if not any(
            _covers(other, hit) and not _paused(other, hit, breaks)
            for start in range(max(0, hit.start - LONGEST_RULE), hit.start + 1)
            if start in covers
            for other in covers[start].values()
        )
    ]


def _paused(safe: Hit, hit: Hit, breaks: Sequence[int]) -> bool:
    """Whether a danger begins after a pause in what would make it safe: "no, I want to die" is not "not … to die"."""
    return hit.group.startswith("danger.") and any(breaks[at] >= COMMA for at in range(safe.start + 1, hit.start + 1))


def _covers(other: Hit, hit: Hit) -> bool:
    if other.start > hit.start or other.end < hit.end or other.length <= hit.length:
        return False
    if other.group == hit.group:
        return False
    if hit.group.startswith("langname."):
        return other.group != "language_switch"  # "In English" asks for a language, and for which.
    if hit.group == "opt_out" and hit.rule.kind is Kind.WHOLE and other.start == hit.start:
        return False  # It is all of the text, and only courtesies follow: "cancel, please" is "cancel".
    if hit.group.startswith("danger.") or hit.group in ("safe", "courtesy"):
        return other.group == "safe"
    if other.group == "safe" and hit.group in ("question", "financial_need", "refill_request", "symptom"):
        return False
    if hit.group == "present":
        # "Fever since the chemo, now at 39" goes on, whatever else its words mean; "now all is well" does not.
        return other.group in ("acknowledge", "neutral", "safe")
    if hit.group.startswith("measure."):
        return False
    if hit.group in ("interrogative", "question") and other.group in ("neutral", "supposed"):
        return False  # What is harmless or only supposed is asked about all the same.
    if hit.group == "opt_out" and other.rule.language != hit.rule.language and other.group != "neutral":
        return False
    return hit.group not in (
        "alarming",
        "denial",
        "denial_after",
        "denial_next",
        "past",
        "day",
        "minute_unit",
        "hour_unit",
        "number_word",
        "langask",
        "correction",
        "condition",
        "restart",
    )
