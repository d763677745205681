"""What the emulated network does wrong on purpose: by chance from a seed, or at exact requests."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Fault(StrEnum):
    """Each thing that can go wrong."""

    TOO_MANY = "429"
    SERVER_ERROR = "500"
    TIMEOUT = "timeout"
    """Nothing is accepted and nothing answered for `seconds`."""
    ACCEPT_RESET = "accept-then-reset"
    ACCEPT_ERROR = "accept-then-500"
    ACCEPT_TIMEOUT = "accept-then-timeout"
    CALLBACK_DUPLICATE = "callback-duplicate"
    CALLBACK_SHUFFLE = "callback-shuffle"
    CALLBACK_EARLY = "callback-early"
    """Before the API's own answer."""
    CALLBACK_LOSE = "callback-lose"


SEND_FAULTS = (
    Fault.TOO_MANY,
    Fault.SERVER_ERROR,
    Fault.TIMEOUT,
    Fault.ACCEPT_RESET,
    Fault.ACCEPT_ERROR,
    Fault.ACCEPT_TIMEOUT,
)


@dataclass(frozen=True, slots=True)
class FaultRule:
    """When a fault strikes: by chance, at exact occasions (the first is 1), or both; `seconds` for what hangs."""

    chance: float = 0.0
    nth: frozenset[int] = frozenset()
    seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """All that is set, with the latencies. Texts to `numbers` end undelivered with that error code; texts to `refused`
    are not even accepted."""

    rules: Mapping[Fault, FaultRule] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    latency_ms: float = 80.0
    carrier_ms: float = 400.0
    seed: int = 1


class Faults:
    """Decides for each occasion, the same way for the same seed whatever else happens in between."""

    def __init__(self, plan: FaultPlan) -> None:
        self._occasions: Counter[Fault] = Counter()
        self._struck: Counter[Fault] = Counter()
        self.plan = plan

    def replace(self, plan: FaultPlan) -> None:
        """Another plan; occasions are counted from 1 again."""
        self.plan = plan
        self._occasions.clear()

    @property
    def struck(self) -> Mapping[str, int]:
        """How often each fault has struck since the start."""
        return {fault.value: count for fault, count in self._struck.items()}

    def strikes(self, fault: Fault) -> bool:
        """Whether it strikes now; every call is one occasion."""
        if not self._is_due(fault):
            return False
        self._struck[fault] += 1
        return True

    def at_send(self) -> Fault | None:
        """The one fault that strikes this send, if any; every send is an occasion for each."""
        due = [fault for fault in SEND_FAULTS if self._is_due(fault)]
        if not due:
            return None
        self._struck[due[0]] += 1
        return due[0]

    def seconds(self, fault: Fault) -> float:
        """How long it hangs."""
        return self.plan.rules[fault].seconds

    def _is_due(self, fault: Fault) -> bool:
        rule = self.plan.rules.get(fault)
        if rule is None:
            return False
        self._occasions[fault] += 1
        occasion = self._occasions[fault]
        return occasion in rule.nth or self._by_chance(fault, occasion, rule.chance)

    def _by_chance(self, fault: Fault, occasion: int, chance: float) -> bool:
        if chance <= 0:
            return False
        # A generator for each occasion, so that the outcome does not depend on the order of the others.
        return random.Random(f"{self.plan.seed}:{fault}:{occasion}").random() < chance  # noqa: S311


def read_plan(data: Mapping[str, Any]) -> FaultPlan:
    """A plan from JSON: the fields of FaultPlan, and `faults` as `{kind: chance | {"chance", "nth", "seconds"}}`.

    Raises ValueError for anything else.
    """
    known = {"seed", "latency_ms", "carrier_ms", "numbers", "refused", "faults"}
    if not isinstance(data, Mapping) or data.keys() - known:
        raise ValueError(f"write an object with some of {', '.join(sorted(known))}")
    try:
        return FaultPlan(
            rules={Fault(kind): _read_rule(rule) for kind, rule in data.get("faults", {}).items()},
            numbers={str(number): int(code) for number, code in data.get("numbers", {}).items()},
            refused={str(number): int(code) for number, code in data.get("refused", {}).items()},
            latency_ms=float(data.get("latency_ms", 80.0)),
            carrier_ms=float(data.get("carrier_ms", 400.0)),
            seed=int(data.get("seed", 1)),
        )
    except (TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error


def show_plan(plan: FaultPlan) -> dict[str, Any]:
    """The plan in the form that `read_plan` takes."""
    return {
        "seed": plan.seed,
        "latency_ms": plan.latency_ms,
        "carrier_ms": plan.carrier_ms,
        "numbers": dict(plan.numbers),
        "refused": dict(plan.refused),
        "faults": {
            fault.value: {"chance": rule.chance, "nth": sorted(rule.nth), "seconds": rule.seconds}
            for fault, rule in plan.rules.items()
        },
    }


def _read_rule(rule: Any) -> FaultRule:
    if isinstance(rule, int | float):
        return FaultRule(chance=float(rule))
    nth = rule.get("nth", ())
    return FaultRule(
        chance=float(rule.get("chance", 0.0)),
        nth=frozenset([nth] if isinstance(nth, int) else map(int, nth)),
        seconds=float(rule.get("seconds", 30.0)),
    )
