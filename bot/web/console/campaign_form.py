"""The form in which a campaign is drafted, in three steps that need no JavaScript: who, which text, at which pace.

Each step carries what the others hold in hidden fields, so that nothing is kept until the draft is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.core.campaigns import HELD_OUT, Goal
from bot.core.localtimes import instant
from bot.services.campaigns.making import ArmText, Draft
from bot.services.campaigns.words import OWN_WORDS, Found
from bot.store.columns import AnyRow

STEPS: Final = ("who", "text", "pace")
FIELDS: Final[Mapping[str, Sequence[str]]] = {
    "who": ("name", "source", "goal", "location"),
    "text": ("a_kind", "a_template", "a_words", "b_use", "b_kind", "b_template", "b_words"),
    "pace": ("hold_out", "daily_cap", "replies_an_hour", "response_rate", "starts_at", "ends_at"),
}
MOST_HELD_OUT: Final = 50
ARMS: Final = {"a": "A", "b": "B"}
"""The names of the arms by the letter before their fields."""
LONGEST: Final = 2_000
KEPT: Final = "kept"
"""In place of a segment: the patients whom the draft has."""


@dataclass(slots=True)
class Form:
    """What is typed, and what is wrong beside it."""

    typed: Mapping[str, str]
    faults: dict[str, str | Sequence[Found]] = field(default_factory=dict)

    @classmethod
    def of(cls, form: Mapping[str, str]) -> Form:
        """The form as it was sent."""
        names = [name for step in STEPS for name in FIELDS[step]]
        return cls({name: form.get(name, "")[:LONGEST] for name in names})

    @classmethod
    def filled(cls, row: AnyRow, texts: Sequence[AnyRow], *, source_language: str, zone: str) -> Form | None:
        """A draft as this form would have made it; None where it could not have."""
        arms = {str(arm["name"]): arm for arm in row.arms}
        held, letters = arms.pop(HELD_OUT, None), [letter for letter, name in ARMS.items() if name in arms]
        shares = {arm["share"] for arm in arms.values()}
        if letters[:1] != ["a"] or len(letters) != len(arms) or len(shares) != 1:
            return None
        (share,) = shares
        percent = 100 - share if held is not None else 0
        if held is not None and (held["share"] != percent * len(arms) or not 0 < percent <= MOST_HELD_OUT):
            return None
        typed = {
            "name": row.name, "source": KEPT, "goal": str(row.goal), "location": row.location or "",
            "b_use": "yes" if "b" in letters else "", "hold_out": _number(percent or None),
            "daily_cap": _number(row.daily_cap), "replies_an_hour": _number(row.replies_an_hour),
            "response_rate": _number(None if row.response_rate is None else round(100 * row.response_rate)),
            "starts_at": _local(row.starts_at, zone), "ends_at": _local(row.ends_at, zone),
            "a_kind": "template", "b_kind": "template",
        }  # fmt: skip
        words = {text.arm: text for text in texts if text.is_source}
        for letter in letters:
            arm, own = arms[ARMS[letter]], words.get(ARMS[letter])
            if own is None:
                typed[f"{letter}_template"] = arm["text_key"] or ""
            elif own.language == source_language and arm["text_key"] == OWN_WORDS:
                typed |= {f"{letter}_kind": "own", f"{letter}_words": own.body}
            else:
                return None
        return cls(typed)

    def text(self, name: str) -> str:
        """One line."""
        return " ".join(self.typed.get(name, "").split())

    def faulty(self, step: str) -> bool:
        """Whether something of that step is wrong."""
        return any(name in self.faults for name in FIELDS[step])

    def first_faulty(self) -> str:
        """The step to go back to."""
        return next((step for step in STEPS if self.faulty(step)), STEPS[-1])

    def letters(self) -> Sequence[str]:
        """The arms with a text."""
        return ("a", "b") if self.typed.get("b_use") else ("a",)

    def number(self, name: str, most: int, *, least: int = 1) -> int | None:
        """A whole number, or none; a fault where it is something else."""
        text = self.text(name)
        if not text:
            return None
        if text.isascii() and text.isdecimal() and len(text) < 8 and least <= int(text) <= most:
            return int(text)
        self.faults[name] = "number"
        return None

    def moment(self, name: str, zone: str) -> datetime | None:
        """A local day and time, or none."""
        text = self.text(name)
        if not text:
            return None
        try:
            return instant(datetime.fromisoformat(text), zone).at
        except ValueError:
            self.faults[name] = "moment"
            return None

    def arms(self, source_language: str) -> list[ArmText]:
        """The arms, the hold-out last: its share is of all, the others' is what is left in equal parts."""
        letters = self.letters()
        held = self.number("hold_out", MOST_HELD_OUT, least=0) or 0
        found = []
        for letter in letters:
            own = self.typed.get(f"{letter}_kind") == "own"
            body = self.typed.get(f"{letter}_words", "").replace("\r\n", "\n").strip()
            key = None if own else self.text(f"{letter}_template") or "?"
            found.append(
                ArmText(name=ARMS[letter], share=100 - held, text_key=key, words={source_language: body} if own else {})
            )
        if held:
            found.append(ArmText(name=HELD_OUT, share=held * len(letters)))
        return found

    def draft(self, *, source_language: str, zone: str, cohort: Mapping[str, Any]) -> Draft:
        """The campaign that it asks for; faults of fields are noted."""
        goal = self.text("goal")
        rate = self.number("response_rate", 100)
        return Draft(
            name=self.text("name"),
            arms=self.arms(source_language),
            goal=Goal(goal) if goal in set(Goal) else Goal.REPLIED,
            cohort=cohort,
            daily_cap=self.number("daily_cap", 1_000_000),
            replies_an_hour=self.number("replies_an_hour", 10_000),
            response_rate=rate / 100 if rate is not None else None,
            location=self.text("location") or None,
            starts_at=self.moment("starts_at", zone),
            ends_at=self.moment("ends_at", zone),
        )

    def note(self, faults: Mapping[str, Sequence[Found] | str]) -> None:
        """Put what the service found beside the fields."""
        letters = {name: letter for letter, name in ARMS.items()}
        for place, fault in faults.items():
            arm, _, language = place.partition(":")
            if arm in letters:
                name = f"{letters[arm]}_words" if language else f"{letters[arm]}_template"
                self.faults[name] = fault
            elif place == "arms":
                self.faults["a_template"] = "missing"
            else:
                self.faults.setdefault(place, fault)


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _local(moment: datetime | None, zone: str) -> str:
    """As a field for a day and a time holds it."""
    return "" if moment is None else moment.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")
