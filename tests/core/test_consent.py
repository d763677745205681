"""What the consent ledger adds up to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.consent import (
    NOTHING_SAID,
    UNDOING,
    Consent,
    Statement,
    after,
    effective,
    fold,
    may_import_override,
    program_of,
    stopped,
)
from bot.core.people import ConsentBasis, ConsentStatus

START = datetime(2026, 3, 2, 15, tzinfo=UTC)
IN, OUT, UNKNOWN = ConsentStatus.OPTED_IN, ConsentStatus.OPTED_OUT, ConsentStatus.UNKNOWN


def said(*words: tuple[ConsentStatus, ConsentBasis], program: str = "all") -> list[Statement]:
    return [Statement(status, basis, START + timedelta(days=day), program) for day, (status, basis) in enumerate(words)]


statuses = st.sampled_from(ConsentStatus)
lines = st.tuples(statuses, st.sampled_from(ConsentBasis))
file_lines = st.tuples(statuses, st.sampled_from([ConsentBasis.IMPORT, ConsentBasis.ASSUMED]))
not_the_patient = st.tuples(statuses, st.sampled_from([basis for basis in ConsentBasis if basis not in UNDOING]))


@given(before=st.lists(lines, max_size=6), later=st.lists(file_lines, max_size=12))
def test_no_sequence_of_imports_undoes_the_patients_own_opt_out(
    before: list[tuple[ConsentStatus, ConsentBasis]], later: list[tuple[ConsentStatus, ConsentBasis]]
) -> None:
    consent = fold(said(*before, (OUT, ConsentBasis.PATIENT), *later))
    assert consent.status is OUT
    assert consent.is_binding_opt_out


@given(before=st.lists(lines, max_size=6), later=st.lists(not_the_patient, max_size=12))
def test_nobody_but_the_patient_or_a_signed_form_undoes_it(
    before: list[tuple[ConsentStatus, ConsentBasis]], later: list[tuple[ConsentStatus, ConsentBasis]]
) -> None:
    assert fold(said(*before, (OUT, ConsentBasis.PATIENT), *later)).status is OUT


@given(before=st.lists(lines, max_size=8), basis=st.sampled_from(sorted(UNDOING)))
def test_the_patients_start_or_a_signed_form_always_counts(
    before: list[tuple[ConsentStatus, ConsentBasis]], basis: ConsentBasis
) -> None:
    assert fold(said(*before, (IN, basis))).status is IN


@given(before=st.lists(lines, max_size=8), basis=st.sampled_from(ConsentBasis))
def test_anybodys_no_silences(before: list[tuple[ConsentStatus, ConsentBasis]], basis: ConsentBasis) -> None:
    assert fold(said(*before, (OUT, basis))).status is OUT


@given(before=st.lists(lines, max_size=8), line=lines)
def test_saying_it_twice_changes_nothing(
    before: list[tuple[ConsentStatus, ConsentBasis]], line: tuple[ConsentStatus, ConsentBasis]
) -> None:
    once, twice = said(*before, line, line)[-2:]
    consent = after(fold(said(*before)), once)
    assert after(consent, twice) is consent


@pytest.mark.parametrize("basis", [ConsentBasis.PROVIDER, ConsentBasis.STAFF, ConsentBasis.FORM])
def test_an_opt_out_found_at_the_carrier_or_heard_by_staff_outlives_imports(basis: ConsentBasis) -> None:
    assert fold(said((OUT, basis), (IN, ConsentBasis.IMPORT), (IN, ConsentBasis.ASSUMED))).status is OUT


def test_what_a_file_said_a_later_file_may_take_back() -> None:
    assert fold(said((OUT, ConsentBasis.IMPORT), (IN, ConsentBasis.IMPORT))).status is IN


def test_the_clinics_assumption_fills_gaps_only() -> None:
    assert fold(said((IN, ConsentBasis.ASSUMED))) == Consent(IN, ConsentBasis.ASSUMED, START)
    assert fold(said((OUT, ConsentBasis.IMPORT), (IN, ConsentBasis.ASSUMED))).status is OUT


def test_a_programs_own_opt_out_leaves_the_rest() -> None:
    lines = [*said((IN, ConsentBasis.PATIENT)), *said((OUT, ConsentBasis.PATIENT), program="recall")]
    assert fold(lines).status is IN
    assert fold(lines, program="recall").status is OUT


def test_an_import_may_override_only_what_it_would_change() -> None:
    opted_out = fold(said((OUT, ConsentBasis.PATIENT)))
    assert not may_import_override(opted_out, IN)
    assert not may_import_override(NOTHING_SAID, UNKNOWN)
    assert may_import_override(NOTHING_SAID, IN)
    assert may_import_override(Consent(IN, ConsentBasis.IMPORT), OUT)


def test_the_numbers_opt_out_silences_everyone_on_it() -> None:
    assert effective(number=OUT, link=IN) is OUT
    assert effective(number=IN, link=UNKNOWN) is UNKNOWN
    assert effective(number=UNKNOWN, link=IN) is IN
    assert effective(number=IN, link=OUT) is OUT


def test_a_program_is_stopped_by_name_and_comes_back_by_name() -> None:
    told = said((OUT, ConsentBasis.STAFF), program="survey")
    assert stopped(told) == {"survey"}
    # Neither a word about everything nor a file brings back what the patient did not want.
    assert stopped([*told, *said((IN, ConsentBasis.PATIENT))]) == {"survey"}
    assert stopped([*told, *said((IN, ConsentBasis.IMPORT), program="survey")]) == {"survey"}
    assert stopped([*told, *said((IN, ConsentBasis.FORM), program="survey")]) == frozenset()
    assert stopped(said((OUT, ConsentBasis.PATIENT))) == frozenset()
    assert program_of("survey/asked") == program_of("survey") == "survey"
