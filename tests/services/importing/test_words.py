"""Status, consent and language words of other systems."""

from __future__ import annotations

import pytest

from bot.core.people import AppointmentStatus, ConsentStatus, Participation
from bot.services.importing.cells import BadCell
from bot.services.importing.languages import language_tag
from bot.services.importing.words import read_consent, read_referral_status, read_state


@pytest.mark.parametrize("status", AppointmentStatus)
def test_fhirs_own_words(status: AppointmentStatus) -> None:
    assert read_state("status", status.upper()).status is status


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", "booked"),
        ("Scheduled", "booked"),
        ("CNF", "booked"),
        ("X", "cancelled"),
        ("CX", "cancelled"),
        ("Canceled", "cancelled"),
        ("Cancelled by patient", "cancelled"),
        ("Canceled - Provider", "cancelled"),
        ("Late cancel", "cancelled"),
        ("NS", "noshow"),
        ("No  Show", "noshow"),
        ("CHK", "checked-in"),
        ("Completed", "fulfilled"),
    ],
)
def test_vendors_words(text: str, status: str) -> None:
    assert read_state("status", text).status == status


def test_confirmed_is_booked_and_accepted() -> None:
    assert read_state("status", "confirmed").response is Participation.ACCEPTED


@pytest.mark.parametrize("text", ["RS", "Rescheduled", "perhaps", "C", "0"])
def test_what_may_mean_two_things_is_refused(text: str) -> None:
    with pytest.raises(BadCell):
        read_state("status", text)


def test_a_bare_c_where_the_file_tells() -> None:
    assert read_state("status", "C", beside={"c", "x"}).response is Participation.ACCEPTED
    assert read_state("status", "C", beside={"c", "cnf"}).status is AppointmentStatus.CANCELLED
    with pytest.raises(BadCell):
        read_state("status", "C", beside={"c", "x", "cnf"})


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("yes", "opted-in"),
        ("Y", "opted-in"),
        ("TRUE", "opted-in"),
        ("1", "opted-in"),
        ("opted-in", "opted-in"),
        ("No", "opted-out"),
        ("0", "opted-out"),
        ("opted-out", "opted-out"),
        ("", "unknown"),
        ("Unknown", "unknown"),
        ("maybe", None),
        ("none", None),
        ("Do  not text", "opted-out"),
        ("revoked", "opted-out"),
    ],
)
def test_consent(text: str, status: str | None) -> None:
    assert read_consent(text) == (ConsentStatus(status) if status else None)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("es", "es"),
        ("ES", "es"),
        ("es_us", "es-US"),
        ("en-us", "en-US"),
        ("zh-hans", "zh-Hans"),
        ("ZH-HANT-TW", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("spa", "es"),
        ("Spanish", "es"),
        ("Español", "es"),
        ("Spanish; Castilian", "es"),
        ("Chinese (Mandarin)", "zh"),
        ("Chinese (Traditional)", "zh-Hant"),
        ("Chinese, Simplified", "zh-Hans"),
        ("Chinese - Cantonese", "yue"),
        ("English/Spanish", None),
        ("Haitian Creole", "ht"),
        ("tl", "fil"),
        ("العربية", "ar"),
        ("Klingon", None),
        ("xx", None),
        ("12", None),
        ("es-US-x-private-use-tag", None),
    ],
)
def test_languages(text: str, tag: str | None) -> None:
    assert language_tag(text) == tag


def test_referrals() -> None:
    assert read_referral_status("status", "On Hold") == "on-hold"
    assert read_referral_status("status", "Closed") == "completed"
    with pytest.raises(BadCell):
        read_referral_status("status", "perhaps")
