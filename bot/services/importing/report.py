"""What an import did: counts, and every row that was refused or taken with a warning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

FAULTS_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Fault:
    """One row refused, or taken with a warning. `reason` holds no value of the row."""

    line: int
    column: str | None
    reason: str
    warning: bool = False
    unit: str = "line"

    def __str__(self) -> str:
        """`line N: column: reason`; a warning says so at its end. About the file as a whole, there is no line."""
        parts = [f"{self.unit} {self.line}"] if self.line else []
        parts += [self.column] if self.column else []
        return ": ".join([*parts, self.reason]) + (" (warning)" if self.warning else "")


@dataclass(slots=True)
class Tally:
    """Counts as they grow, and the first faults."""

    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    warnings: int = 0
    faults: list[Fault] = field(default_factory=list)

    def note(self, faults: Sequence[Fault]) -> None:
        """Count these faults, and keep them while there is room: a file of nothing but faults must fit in memory."""
        self.warnings += sum(fault.warning for fault in faults)
        self.rejected += sum(not fault.warning for fault in faults)
        self.faults.extend(faults[: FAULTS_KEPT - len(self.faults)])

    def counts(self) -> dict[str, int]:
        """The counts by name, as `import_runs` holds them."""
        names = ("rows", "added", "changed", "unchanged", "rejected", "warnings")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What one import did, or would do. Only the first thousand faults are in `faults`; all are in `import_faults`."""

    import_id: str
    kind: str
    file_name: str
    dry_run: bool
    rows: int
    added: int
    changed: int
    unchanged: int
    rejected: int
    warnings: int
    faults: tuple[Fault, ...]

    @property
    def is_complete(self) -> bool:
        """Whether `faults` holds every fault there is."""
        return len(self.faults) == self.rejected + self.warnings

    @property
    def ok(self) -> bool:
        """Whether no row was refused."""
        return self.rejected == 0
