"""`bot lint`: what is wrong with the messages, one line for each fault."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bot.content.lint import lint as find_faults
from bot.content.measures import measure_findings
from bot.content.messages import Messages


@click.command()
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder that holds templates/ and locales/; the project's own unless given.",
)
def lint(root: Path | None) -> None:
    """Check templates and translations: missing, too long, unsafe to show on a lock screen, carrier keywords."""
    try:
        messages = Messages.load(root)
        findings = [*find_faults(messages), *measure_findings(root)]
    except ValueError as fault:
        click.echo(str(fault), err=True)
        sys.exit(1)
    for finding in findings:
        click.echo(f"{_short(finding.file)}: {finding.message}")
    if findings:
        sys.exit(1)
    click.echo(f"{len(messages.keys())} messages in {len(messages.languages())} languages, no faults")


def _short(file: Path) -> Path:
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
