"""The form that segments are built with: blocks of conditions, without JavaScript; read from and written to cohorts.

A segment is blocks that all have to hold; a block is conditions of which all, or any, have to hold, each as it is or
turned round. Fields are named `<field>.<block>.<row>`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from bot.core import cohort
from bot.core.cohort import Condition, Test
from bot.core.cohort_data import FORMS, KINDS, MOST_TESTS, NAMES, Fault, Number, Why, Words, check

MOST_BLOCKS: Final = 8
MOST_ROWS: Final = 12
BEGUN_WITH: Final[Mapping[str, Mapping[str, str]]] = {
    "upcoming": {"within_days": "14"},
    "missed": {"months": "12", "times": "1"},
    "risk": {"points": "40", "within_days": "14"},
    "spoke": {"within_days": "30"},
    "journey": {"course": "running"},
    "consent": {"among": "opted-in"},
    "status": {"among": "active"},
}
"""What stands in a condition's fields when it is added."""

Values = dict[str, list[str]]


@dataclass(slots=True)
class Row:
    """One condition of the form: its kind, whether it is turned round, what is typed, and what is wrong by field."""

    kind: str
    negated: bool = False
    values: Values = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """What stands in a field of one value."""
        return next(iter(self.values.get(name, ())), "")


@dataclass(slots=True)
class Block:
    """Conditions of which all have to hold, or any."""

    match: str = "all"
    rows: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Form:
    """A segment being built."""

    blocks: list[Block] = field(default_factory=lambda: [Block()])

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong with it, as far as has been looked."""
        return not any(row.faults for block in self.blocks for row in block.rows)

    def condition(self) -> Condition | None:
        """What it means; None, and the faults beside the fields, where it means nothing yet."""
        parts = [part for block in self.blocks if (part := _part(block)) is not None]
        return cohort.All(tuple(parts)) if self.is_sound else None


def typed(form: MultiDict[str, str]) -> Form:
    """The form as it was sent."""
    blocks = []
    for number in range(MOST_BLOCKS):
        if f"match.{number}" not in form:
            break
        rows = []
        for row in range(MOST_ROWS):
            kind = form.get(f"kind.{number}.{row}", "")
            if kind not in KINDS:
                break
            values = {name: form.getlist(f"{name}.{number}.{row}") for name in FORMS[kind]}
            rows.append(Row(kind, bool(form.get(f"not.{number}.{row}")), values))
        blocks.append(Block("any" if form[f"match.{number}"] == "any" else "all", rows))
    return Form(blocks or [Block()])


def acted(form: Form, do: str, chosen: Mapping[str, str]) -> str | None:
    """Do what a button says: `add.0` (of the kind that is chosen), `drop.0.1`, `block`, `unblock.0`.

    Gives the place of what is new, for the focus; None where the button is none of these.
    """
    name, _, place = do.partition(".")
    numbers = [int(part) for part in place.split(".") if part.isdecimal() and len(part) < 4]
    if name == "block" and len(form.blocks) < MOST_BLOCKS:
        form.blocks.append(Block())
        return f"{len(form.blocks) - 1}"
    if not numbers or numbers[0] >= len(form.blocks):
        return None
    block = form.blocks[numbers[0]]
    if name == "add" and len(block.rows) < MOST_ROWS and _rows(form) < MOST_TESTS:
        kind = chosen.get(f"new.{numbers[0]}", "")
        if kind in KINDS:
            block.rows.append(Row(kind, False, {at: [value] for at, value in BEGUN_WITH.get(kind, {}).items()}))
            return f"{numbers[0]}.{len(block.rows) - 1}"
    if name == "drop" and len(numbers) == 2 and numbers[1] < len(block.rows):
        del block.rows[numbers[1]]
        return f"{numbers[0]}"
    if name == "unblock" and len(form.blocks) > 1:
        del form.blocks[numbers[0]]
        return ""
    return None


def filled(condition: Condition) -> Form | None:
    """The form that means this; None where the form has no way to say it."""
    parts: Sequence[Condition] = condition.parts if isinstance(condition, cohort.All) else (condition,)
    if parts and all(_row(part) is not None for part in parts):
        parts = (cohort.All(tuple(parts)),)
    blocks = [_block(part) for part in parts]
    if any(block is None for block in blocks) or len(blocks) > MOST_BLOCKS:
        return None
    return Form([block for block in blocks if block is not None] or [Block()])


def _rows(form: Form) -> int:
    return sum(len(block.rows) for block in form.blocks)


def _part(block: Block) -> Condition | None:
    parts = []
    for row in block.rows:
        faults: list[Fault] = []
        test = check(row.kind, _given(row, faults), "", faults)
        row.faults = {fault.field: fault for fault in reversed(faults)}
        if test is not None:
            parts.append(cohort.Not(test) if row.negated else test)
    if not parts:
        return None
    return cohort.All(tuple(parts)) if block.match == "all" else cohort.Either(tuple(parts))


def _given(row: Row, faults: list[Fault]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, form in FORMS[row.kind].items():
        texts = [text for value in row.values.get(name, ()) if (text := " ".join(value.split()))]
        if not texts:
            continue
        if isinstance(form, Words):
            given[name] = texts
        elif not isinstance(form, Number):
            given[name] = texts[0]
        elif texts[0].isascii() and texts[0].isdecimal() and len(texts[0]) < 7:
            given[name] = int(texts[0])
        else:
            faults.append(Fault("", name, Why.NUMBER, f"{form.least}-{form.most}"))
    return given


def _block(part: Condition) -> Block | None:
    match, rows = "all", [_row(part)]
    if isinstance(part, cohort.All | cohort.Either):
        match = "all" if isinstance(part, cohort.All) else "any"
        rows = [_row(one) for one in part.parts]
    if any(row is None for row in rows) or len(rows) > MOST_ROWS:
        return None
    return Block(match, [row for row in rows if row is not None])


def _row(part: Condition) -> Row | None:
    negated = isinstance(part, cohort.Not)
    test = part.part if isinstance(part, cohort.Not) else part
    if isinstance(test, cohort.All | cohort.Either | cohort.Not):
        return None
    return Row(NAMES[type(test)], negated, _texts(test))


def _texts(test: Test) -> Values:
    found = {one.name: getattr(test, one.name) for one in fields(test)}
    return {
        name: [*value] if isinstance(value, tuple) else [str(value)]
        for name, value in found.items()
        if value not in (None, "", ())
    }
