"""What the ledger of consent adds up to: who may undo whose word."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bot.core.people import ConsentBasis, ConsentStatus

EVERY_PROGRAM: Final = "all"

# An opt-out on one of these was heard from the person or found at the carrier: a file does not undo it.
BINDING: Final = frozenset({ConsentBasis.PATIENT, ConsentBasis.PROVIDER, ConsentBasis.STAFF, ConsentBasis.FORM})

# What undoes such an opt-out: the person's own START, or a form they signed (47 CFR 64.1200(a)(10)).
UNDOING: Final = frozenset({ConsentBasis.PATIENT, ConsentBasis.FORM})

# Who says yes: a later yes by somebody with less authority does not take the place of an earlier one with more.
AUTHORITY: Final = {
    ConsentBasis.PATIENT: 5,
    ConsentBasis.FORM: 4,
    ConsentBasis.STAFF: 3,
    ConsentBasis.PROVIDER: 2,
    ConsentBasis.IMPORT: 1,
    ConsentBasis.ASSUMED: 0,
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of the ledger, as far as the rules look at it."""

    status: ConsentStatus
    basis: ConsentBasis
    at: datetime
    program: str = EVERY_PROGRAM


@dataclass(frozen=True, slots=True)
class Consent:
    """Where consent stands, and on whose word."""

    status: ConsentStatus = ConsentStatus.UNKNOWN
    basis: ConsentBasis | None = None
    at: datetime | None = None

    @property
    def is_binding_opt_out(self) -> bool:
        """Whether only the person's START or a signed form undoes it."""
        return self.status is ConsentStatus.OPTED_OUT and self.basis in BINDING


NOTHING_SAID: Final = Consent()


def after(consent: Consent, said: Statement) -> Consent:
    """Where consent stands once this has been said too. The same value when it changes nothing."""
    changes = {
        ConsentStatus.OPTED_IN: _yes_counts,
        ConsentStatus.OPTED_OUT: _no_counts,
        ConsentStatus.UNKNOWN: _nothing_counts,
    }[said.status](consent, said)
    return Consent(said.status, said.basis, said.at) if changes else consent


def fold(statements: Iterable[Statement], *, program: str = EVERY_PROGRAM) -> Consent:
    """Where consent to that program stands after these statements, the oldest first."""
    consent = NOTHING_SAID
    for said in statements:
        if said.program in (EVERY_PROGRAM, program):
            consent = after(consent, said)
    return consent


def stopped(statements: Iterable[Statement]) -> frozenset[str]:
    """The programs that these statements, the oldest first, have stopped by name.

    A word about all texts neither stops a program here nor brings one back: who wanted no surveys before a STOP wants
    none after the START either.
    """
    stands: dict[str, Consent] = {}
    for said in statements:
        if said.program != EVERY_PROGRAM:
            stands[said.program] = after(stands.get(said.program, NOTHING_SAID), said)
    return frozenset(program for program, consent in stands.items() if consent.status is ConsentStatus.OPTED_OUT)


def program_of(kind: str) -> str:
    """The program that a text of this kind, `<journey>/<step>`, belongs to: its journey."""
    return kind.partition("/")[0]


def may_import_override(consent: Consent, status: ConsentStatus, basis: ConsentBasis = ConsentBasis.IMPORT) -> bool:
    """Whether a row of a file that says `status` changes where consent stands."""
    moment = consent.at or datetime.min.replace(tzinfo=UTC)
    return after(consent, Statement(status, basis, moment)) is not consent


def effective(*, number: ConsentStatus, link: ConsentStatus) -> ConsentStatus:
    """Consent of one patient at one number: the number's opt-out silences everyone on it, a yes is each one's own."""
    return ConsentStatus.OPTED_OUT if number is ConsentStatus.OPTED_OUT else link


def _yes_counts(consent: Consent, said: Statement) -> bool:
    if consent.status is ConsentStatus.OPTED_OUT:
        if consent.is_binding_opt_out:
            return said.basis in UNDOING
        return said.basis is not ConsentBasis.ASSUMED
    return consent.basis is None or AUTHORITY[said.basis] > AUTHORITY[consent.basis]


def _no_counts(consent: Consent, said: Statement) -> bool:
    # Anybody's no counts; a weaker one never takes the place of a binding one, which it would loosen.
    if consent.status is ConsentStatus.OPTED_OUT:
        return not consent.is_binding_opt_out and AUTHORITY[said.basis] > AUTHORITY[consent.basis or said.basis]
    return True


def _nothing_counts(_consent: Consent, _said: Statement) -> bool:
    return False
