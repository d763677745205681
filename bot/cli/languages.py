"""`bot languages`: which languages patients are written to in, and what each still lacks."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bot.content.completeness import completeness
from bot.content.messages import Messages
from bot.content.paths import data_root

ROOT = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder that holds templates/ and locales/; the project's own unless given.",
)


@click.group()
def languages() -> None:
    """List the languages that patients are written to in, and check what each lacks."""


@languages.command("list")
@ROOT
def list_(root: Path | None) -> None:
    """Print one line for each language: its tag, its names, its direction, and whether it has been reviewed."""
    try:
        messages = Messages.load(root)
    except ValueError as fault:
        click.echo(str(fault), err=True)
        sys.exit(1)
    for tag in messages.languages():
        language = messages.language(tag)
        direction = "rtl" if language.rtl else "ltr"
        click.echo(f"{tag:8} {direction}  {language.review:9} {language.english_name} / {language.name}")


@languages.command()
@ROOT
def check(root: Path | None) -> None:
    """Print one line for each language with what is missing in its folder; exit status 1 if anything is.

    A draft is not missing: who has approved which text is kept in the console, and `bot check` counts it.
    """
    found = completeness(root or data_root())
    for one in found:
        state = "missing: " + "; ".join(one.missing) if one.missing else f"complete, {one.review}"
        click.echo(f"{one.tag:8} {state}", err=bool(one.missing))
    if any(one.missing for one in found):
        sys.exit(1)
