"""How well understanding does on labelled replies: the figures by language and by intent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.core.intents import Intent, Understanding

# An emergency read as one of these is lost: nobody looks at it.
HARMLESS = frozenset({
    "abuse", "acknowledge", "confirm", "deceased", "decline", "financial_need", "greeting", "help", "language_switch",
    "numeric_answer", "opt_in", "opt_out", "question", "refill_request", "reschedule", "running_late", "transport_need",
    "wrong_person",
})  # fmt: skip
# What nobody could act on without a person, whatever the reading.
FOR_PEOPLE = frozenset({"question", "request_human", "symptom", "abuse", "unclear"})


@dataclass(slots=True)
class Tally:
    """Counts of one slice of the lines."""

    lines: int = 0
    right: int = 0
    harmful: int = 0
    emergencies: int = 0
    emergencies_found: int = 0
    emergencies_lost: int = 0
    false_emergencies: int = 0
    calm: int = 0
    opt_outs: int = 0
    opt_outs_found: int = 0
    false_opt_outs: int = 0
    staying: int = 0
    auto: int = 0
    auto_right: int = 0
    actionable: int = 0
    actionable_auto: int = 0
    several: int = 0
    several_found: int = 0

    def rates(self) -> dict[str, float | int | None]:
        """The figures that are promised, as shares."""
        return {
            "lines": self.lines,
            "accuracy": _share(self.right, self.lines),
            "must_not": _share(self.harmful, self.lines),
            "emergency_recall": _share(self.emergencies_found, self.emergencies),
            "emergency_lost": self.emergencies_lost,
            "false_emergency": _share(self.false_emergencies, self.calm),
            "opt_out_recall": _share(self.opt_outs_found, self.opt_outs),
            "false_opt_out": _share(self.false_opt_outs, self.staying),
            "auto_precision": _share(self.auto_right, self.auto),
            "auto_coverage": _share(self.actionable_auto, self.actionable),
            "multi": _share(self.several_found, self.several),
        }


@dataclass(slots=True)
class Scores:
    """Tallies of everything, of each language and of each first expected intent, and the lines that went wrong."""

    overall: Tally = field(default_factory=Tally)
    languages: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    intents: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    misses: list[dict[str, object]] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """All figures, for machines."""
        return {
            "overall": self.overall.rates(),
            "languages": {name: tally.rates() for name, tally in sorted(self.languages.items())},
            "intents": {name: tally.rates() for name, tally in sorted(self.intents.items())},
        }


def check_labels(line: Mapping[str, object]) -> None:
    """Raise ValueError unless `expect` lists intents and `must_not` and `multi`, where given, do too."""
    if not line.get("expect"):
        raise ValueError("not a labelled reply (text, expect)")
    for name in ("expect", "must_not", "multi"):
        value = line.get(name) or []
        if not isinstance(value, list) or not all(str(intent) in set(Intent) for intent in value):
            raise ValueError(f"`{name}` is a list of intents")


def score(lines: Iterable[tuple[Mapping[str, object], Understanding]]) -> Scores:
    """Count every labelled line into its slices."""
    scores = Scores()
    for line, understood in lines:
        expected = [str(intent) for intent in _listed(line, "expect")]
        forbidden = {str(intent) for intent in _listed(line, "must_not")}
        several = {str(intent) for intent in _listed(line, "multi")}
        for tally in (scores.overall, scores.languages[str(line.get("lang", "?"))], scores.intents[expected[0]]):
            _count(tally, expected, forbidden, several, understood)
        found = str(understood.intent)
        if found not in expected or found in forbidden or not several <= {str(i) for i in understood.intents}:
            scores.misses.append(_miss(line, expected, understood, harmful=found in forbidden))
    return scores


def _count(
    tally: Tally, expected: list[str], forbidden: set[str], several: set[str], understood: Understanding
) -> None:
    found, right = str(understood.intent), str(understood.intent) in expected
    tally.lines += 1
    tally.right += right
    tally.harmful += found in forbidden
    if expected[0] == "emergency":
        tally.emergencies += 1
        tally.emergencies_found += found == "emergency"
        tally.emergencies_lost += found in HARMLESS and found not in expected
    if "emergency" not in expected:
        tally.calm += 1
        tally.false_emergencies += found == "emergency"
    if expected[0] == "opt_out":
        tally.opt_outs += 1
        tally.opt_outs_found += "opt_out" in map(str, understood.intents) or right
    if "opt_out" not in expected:
        tally.staying += 1
        tally.false_opt_outs += "opt_out" in map(str, understood.intents)
    tally.auto += understood.auto
    tally.auto_right += understood.auto and right
    if expected[0] not in FOR_PEOPLE:
        tally.actionable += 1
        tally.actionable_auto += understood.auto and right
    if several:
        tally.several += 1
        tally.several_found += several <= {str(intent) for intent in understood.intents}


def _miss(
    line: Mapping[str, object], expected: list[str], understood: Understanding, *, harmful: bool
) -> dict[str, object]:
    return {
        "id": line.get("id"),
        "harmful": harmful,
        "text": line["text"],
        "context": line.get("context"),
        "expect": expected,
        "found": [str(intent) for intent in understood.intents],
        "auto": understood.auto,
        "evidence": [f"{piece.rule} «{piece.words}»" for piece in understood.evidence],
    }


def _listed(line: Mapping[str, object], name: str) -> list[object]:
    value = line.get(name) or []
    return list(value) if isinstance(value, list | tuple) else []


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


COLUMNS = {
    "lines": "lines", "accuracy": "right", "must_not": "harmful", "emergency_recall": "emerg.",
    "emergency_lost": "lost", "false_emergency": "false em.", "opt_out_recall": "opt-out",
    "false_opt_out": "false oo", "auto_precision": "auto prec.", "auto_coverage": "auto cov.", "multi": "several",
}  # fmt: skip


def table(scores: Scores) -> str:
    """The figures for people, in columns."""
    rows = [("", *COLUMNS.values()), _row("all", scores.overall)]
    rows += [_row(name, tally) for name, tally in sorted(scores.languages.items())]
    rows += [_row(name, tally) for name, tally in sorted(scores.intents.items())]
    return "\n".join(f"{row[0]:<18}" + "".join(f"{cell:>11}" for cell in row[1:]) for row in rows)


def _row(name: str, tally: Tally) -> tuple[str, ...]:
    rates = tally.rates()
    return (name, *(_cell(rates[column], column) for column in COLUMNS))


def _cell(value: float | None, column: str) -> str:
    if value is None:
        return "-"
    return str(value) if column in ("lines", "emergency_lost") else f"{value:.1%}"
