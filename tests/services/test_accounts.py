"""Accounts: passwords, the limit on tries, sessions that end, and codes that work once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from bot.services import accounts, second_factor, sessions
from bot.services.accounts import AccountError, Limited, SignedIn, WrongPassword
from bot.services.sessions import Person
from bot.store.tables import Role, SignInTry, User
from tests.services.sending import Scene
from tests.web.console.desk import PASSWORD, Desk

EMAIL = "ana@clinic.test"


@pytest.fixture
def desk(scene: Scene) -> Desk:
    made = Desk(scene.clinic)
    made.user()
    return made


def sign_in(desk: Desk, password: str = PASSWORD, email: str = EMAIL) -> accounts.SignIn:
    return accounts.sign_in(desk.clinic, email=email, password=password, now=desk.now)


def person(desk: Desk, *, active: bool = True) -> Person | None:
    return sessions.find(desk.clinic, desk.secret, now=desk.now, active=active)


def test_an_account_signs_in_by_its_folded_address(desk: Desk) -> None:
    assert isinstance(sign_in(desk, email="  ANA@Clinic.TEST "), SignedIn)
    assert isinstance(sign_in(desk, "wrong"), WrongPassword)
    assert isinstance(sign_in(desk, email="nobody@clinic.test"), WrongPassword)


def test_a_created_account_keeps_a_hash_and_no_password(desk: Desk) -> None:
    now = desk.now
    user_id = accounts.create_user(
        desk.clinic, email="Mo.Khan@clinic.test", role=Role.ADMIN, password=PASSWORD, now=now
    )
    row = desk.row(User, User.id == user_id)
    assert (row.email, row.name, row.role) == ("mo.khan@clinic.test", "Mo Khan", Role.ADMIN)
    assert row.password_hash.startswith("$argon2id$")
    with pytest.raises(AccountError, match="already"):
        accounts.create_user(desk.clinic, email="MO.KHAN@clinic.test", role=Role.ADMIN, password=PASSWORD, now=now)
    with pytest.raises(AccountError, match="8 characters"):
        accounts.create_user(desk.clinic, email="x@clinic.test", role=Role.ADMIN, password="short", now=now)


def test_an_inactive_account_is_refused(desk: Desk) -> None:
    desk.change(User, User.email == EMAIL, active=False)
    assert isinstance(sign_in(desk), WrongPassword)


@pytest.mark.parametrize("email", [EMAIL, "nobody@clinic.test"])
def test_ten_failed_tries_close_the_account_for_fifteen_minutes(desk: Desk, email: str) -> None:
    for _ in range(10):
        assert isinstance(sign_in(desk, "wrong", email), WrongPassword)
        desk.wait(seconds=30)
    limited = sign_in(desk, PASSWORD, email)
    assert isinstance(limited, Limited)
    assert timedelta() < limited.until - desk.now <= timedelta(minutes=15)
    desk.now = limited.until - timedelta(seconds=1)
    assert isinstance(sign_in(desk, PASSWORD, email), Limited)
    desk.now = limited.until
    assert not isinstance(sign_in(desk, PASSWORD, email), Limited)


def test_success_does_not_wash_failures_away(desk: Desk) -> None:
    for _ in range(9):
        sign_in(desk, "wrong")
    assert isinstance(sign_in(desk), SignedIn)
    assert isinstance(sign_in(desk, "wrong"), WrongPassword)
    assert isinstance(sign_in(desk), Limited)


def test_tries_at_the_same_moment_are_all_counted(desk: Desk) -> None:
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda _: accounts.reserve_try(desk.clinic, EMAIL, desk.now), range(16)))
    assert sum(not isinstance(outcome, Limited) for outcome in outcomes) == 10
    assert desk.row(SignInTry, SignInTry.id == next(o for o in outcomes if isinstance(o, str)))


def test_a_session_ends_when_idle_though_a_timer_keeps_asking(desk: Desk) -> None:
    desk.secret = begin(desk)
    for _ in range(14):
        desk.wait(minutes=1)
        assert person(desk, active=False) is not None
    desk.wait(minutes=1)
    assert person(desk, active=False) is None
    assert person(desk) is None


def test_activity_keeps_a_session_until_it_is_twelve_hours_old(desk: Desk) -> None:
    desk.secret = begin(desk)
    started = desk.now
    while desk.now < started + timedelta(hours=12) - timedelta(minutes=10):
        desk.wait(minutes=10)
        assert person(desk) is not None
    desk.wait(minutes=10)
    assert person(desk) is None


def test_a_session_ended_is_worth_nothing(desk: Desk) -> None:
    desk.secret = begin(desk)
    other = begin(desk)
    found = person(desk)
    assert found is not None
    assert sessions.end_others(desk.clinic, found, now=desk.now) == 1
    assert sessions.find(desk.clinic, other, now=desk.now, active=True) is None
    sessions.end(desk.clinic, found, now=desk.now)
    assert person(desk) is None
    assert sessions.find(desk.clinic, "made-up", now=desk.now, active=True) is None


def test_a_code_works_once(desk: Desk) -> None:
    found, secret = enrolled(desk)
    desk.wait(minutes=2)
    code = pyotp.TOTP(secret).at(int(desk.now.timestamp()))
    assert second_factor.verify(desk.clinic, found, code=code, now=desk.now) is True
    assert second_factor.verify(desk.clinic, found, code=code, now=desk.now) is False
    desk.wait(minutes=2)
    late = pyotp.TOTP(secret).at(int(desk.now.timestamp()) - 90)
    assert second_factor.verify(desk.clinic, found, code=late, now=desk.now) is False


def test_the_code_of_enrolment_is_used_up_too(desk: Desk) -> None:
    found, secret = enrolled(desk)
    code = pyotp.TOTP(secret).at(int(desk.now.timestamp()))
    assert second_factor.verify(desk.clinic, found, code=code, now=desk.now) is False


def test_guessed_codes_are_limited_like_passwords(desk: Desk) -> None:
    found, secret = enrolled(desk)
    for _ in range(10):
        assert second_factor.verify(desk.clinic, found, code="nonsense", now=desk.now) is False
    desk.wait(minutes=2)
    code = pyotp.TOTP(secret).at(int(desk.now.timestamp()))
    assert isinstance(second_factor.verify(desk.clinic, found, code=code, now=desk.now), Limited)


def test_an_offer_is_good_for_its_own_session_only(desk: Desk) -> None:
    desk.secret = begin(desk)
    found = person(desk)
    assert found is not None
    _secret, _uri, sealed = second_factor.offer(desk.clinic, found)
    assert second_factor.reopen(desk.clinic, replace(found, session_id="another"), sealed) is None
    assert second_factor.reopen(desk.clinic, found, "garbage") is None


def begin(desk: Desk) -> str:
    outcome = sign_in(desk)
    assert isinstance(outcome, SignedIn)
    return sessions.begin(desk.clinic, user_id=outcome.user_id, now=desk.now)


def enrolled(desk: Desk) -> tuple[Person, str]:
    desk.secret = begin(desk)
    found = person(desk)
    assert found is not None
    secret, _uri, sealed = second_factor.offer(desk.clinic, found)
    assert second_factor.reopen(desk.clinic, found, sealed) == secret
    code = pyotp.TOTP(secret).at(int(desk.now.timestamp()))
    assert second_factor.enroll(desk.clinic, found, secret=secret, code=code, now=desk.now)
    assert not second_factor.enroll(desk.clinic, found, secret=secret, code=code, now=desk.now)
    again = person(desk)
    assert again is not None
    assert again.has_totp
    assert again.passed_totp
    return again, secret
