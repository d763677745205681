"""`bot tokens`: who may call the API."""

from __future__ import annotations

import click

from bot.cli import start
from bot.services import tokens as service
from bot.store.tables import TokenScope

ACTOR = "cli"
LONGEST_NAME = 80


@click.group()
def tokens() -> None:
    """API tokens."""


@tokens.command()
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice([str(scope) for scope in TokenScope]),
    default=str(TokenScope.READ),
    show_default=True,
    help="What the token may do.",
)
def create(name: str, scope: str) -> None:
    """Make a token and print it, this once; it is the last word of the output."""
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise click.BadParameter(f"1 to {LONGEST_NAME} printable characters", param_hint="NAME")
    clinic = start.clinic()
    with start.plainly():
        secret = service.create(clinic, name.strip(), scope=TokenScope(scope), actor=ACTOR, now=clinic.clock())
    click.echo(f"Token {name.strip()} may {scope}. It is shown only this once: {secret}")


@tokens.command("list")
def list_() -> None:
    """List all tokens: id, scope, when it was made, whether it still works, and its name."""
    clinic = start.clinic()
    with start.plainly():
        rows = service.every(clinic)
    for row in rows:
        state = f"revoked {row.revoked_at:%Y-%m-%d}" if row.revoked_at else "active"
        click.echo(f"{row.id}  {row.scope:<5}  {row.created_at:%Y-%m-%d}  {state:<18}  {row.name}")


@tokens.command()
@click.argument("which", metavar="ID|NAME")
def revoke(which: str) -> None:
    """End the token with this id, or every token of this name, at once."""
    clinic = start.clinic()
    with start.plainly():
        count = service.revoke(clinic, which, actor=ACTOR, now=clinic.clock())
    if not count:
        start.fail(f"No active token has the id or name {which}.")
    click.echo(f"Revoked: {count}")
