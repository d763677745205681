"""`bot users create`: an account from a password on stdin, or with one made up and told once."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from bot.cli.users import users
from bot.config import Settings
from bot.runtime import build_clinic
from bot.services import accounts
from bot.services.accounts import SignedIn
from bot.services.clinic import Clinic

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def clinic(settings: Settings) -> Clinic:
    return build_clinic(settings)


def create(*arguments: str, stdin: str | bytes = "") -> tuple[int, str]:
    done = CliRunner().invoke(users, ["create", *arguments], input=stdin)
    return done.exit_code, done.output


def test_a_password_from_stdin_is_never_printed(clinic: Clinic) -> None:
    status, said = create("Ana@Clinic.test", "--role", "coordinator", "--password-stdin", stdin="a fine password\n")
    assert (status, said) == (0, "ana@clinic.test may sign in as coordinator.\n")
    signed_in = accounts.sign_in(clinic, email="ana@clinic.test", password="a fine password", now=clinic.clock())
    assert isinstance(signed_in, SignedIn)
    clinic.database.dispose()


def test_a_made_up_password_is_the_last_word_and_works(clinic: Clinic) -> None:
    status, said = create("sam@clinic.test", "--role", "admin")
    assert status == 0
    password = said.split()[-1]
    signed_in = accounts.sign_in(clinic, email="sam@clinic.test", password=password, now=clinic.clock())
    assert isinstance(signed_in, SignedIn)
    clinic.database.dispose()


def test_refusals_are_one_line(clinic: Clinic) -> None:
    assert create("ana@clinic.test", "--role", "coordinator", "--password-stdin", stdin="short\n") == (
        1,
        "No account was made: a password has 8 characters or more.\n",
    )
    assert create(
        "ana@clinic.test", "--role", "coordinator", "--password-stdin", stdin=b"\xff\xfe a fine password\n"
    ) == (
        1,
        "No account was made: the password is not UTF-8.\n",
    )
    for poor in ("ana@clinic.test", "aaaaaaaaaaaa", "abababababab", " " * 12):
        status, said = create("ana@clinic.test", "--role", "coordinator", "--password-stdin", stdin=f"{poor}\n")
        assert (status, "neither the address nor" in said, said.count("\n")) == (1, True, 1)
    assert create("ana", "--role", "coordinator")[0] == 1
    assert create("ana@clinic.test", "--role", "queen")[0] == 2
    assert create("ana@clinic.test", "--role", "admin")[0] == 0
    status, said = create("ANA@clinic.test", "--role", "admin")
    assert (status, "already" in said) == (1, True)
    clinic.database.dispose()
