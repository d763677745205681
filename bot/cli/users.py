"""`bot users`: console accounts."""

from __future__ import annotations

import sys

import click

from bot.cli import start
from bot.services import accounts
from bot.services.accounts import AccountError
from bot.store.tables import Role


@click.group()
def users() -> None:
    """Console accounts."""


@users.command()
@click.argument("email")
@click.option("--role", type=click.Choice([str(role) for role in Role]), required=True, help="What the account may do.")
@click.option("--name", default="", help="How colleagues see its owner; made from the address when left out.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it.")
def create(email: str, role: str, name: str, password_stdin: bool) -> None:
    """Make an account. Without a terminal to ask on, a password is made up and printed once."""
    password, made_up = _password(password_stdin)
    clinic = start.clinic()
    with start.plainly():
        try:
            accounts.create_user(clinic, email=email, role=Role(role), password=password, name=name, now=clinic.clock())
        except AccountError as error:
            start.fail(f"No account was made: {error}.")
    click.echo(f"{accounts.fold(email)} may sign in as {role}.")
    if made_up:
        click.echo(f"Password, shown only this once: {password}")


def _password(from_stdin: bool) -> tuple[str, bool]:
    if from_stdin:
        try:
            return sys.stdin.buffer.readline().decode().rstrip("\r\n"), False
        except UnicodeDecodeError:
            start.fail("No account was made: the password is not UTF-8.")
    if not sys.stdin.isatty():
        return accounts.new_password(), True
    typed = click.prompt("Password (leave empty to have one made up)", default="", hide_input=True, show_default=False)
    if not typed:
        return accounts.new_password(), True
    if typed != click.prompt("Once more", hide_input=True):
        raise click.UsageError("The two are not the same.")
    return typed, False
