"""`bot demo`: a whole clinic on this machine, with nothing to configure."""

from __future__ import annotations

import os
import sys
import webbrowser

import click

from bot.cli.start import fail
from bot.content.languages import Review
from bot.content.messages import Messages


@click.command()
@click.option(
    "--port",
    type=click.IntRange(1, 65534),
    default=8000,
    show_default=True,
    help="Where the console listens; the next free one if taken.",
)
@click.option("--browser/--no-browser", default=True, help="Open the pages in a browser.")
@click.option("--postgres", is_flag=True, help="On an embedded PostgreSQL instead of SQLite.")
def demo(port: int, browser: bool, postgres: bool) -> None:
    """Run web, worker, scheduler, Redis and an emulated phone network, with sample patients. Ctrl-C ends it all."""
    # Here and not above: everything that a clinic needs is loaded for it.
    from bot.demo.parent import EMAIL, Demo, DemoError, DemoStopped

    click.echo("Starting a clinic on this machine …", err=True)
    try:
        run = Demo(port=port, postgres=postgres)
        with run.running() as addresses:
            click.echo(f"Console   {addresses.console}")
            click.echo(f"Sign in   {EMAIL}")
            click.echo(f"Password  {addresses.password}")
            click.echo(f"Phones    {addresses.phones}")
            click.echo(f"Texts     {_drafts()}")
            click.echo("Type as a patient on the phones; answer as a coordinator in the console. Ctrl-C ends it.")
            if browser and _has_screen():
                webbrowser.open(addresses.phones)
                webbrowser.open(addresses.console)
            words = run.wait()
    except DemoStopped:
        return
    except DemoError as error:
        fail(str(error))
    if words is not None:
        fail(words)


def _drafts() -> str:
    """How far the translations that patients read in the demo may be trusted."""
    states = list(Messages.load().review_states().values())
    drafts, translations = states.count(Review.DRAFT), len(states) - states.count(Review.SOURCE)
    return f"English and {translations} translations, {drafts} of them drafts that nobody qualified has approved"


def _has_screen() -> bool:
    # Without one, a browser of the terminal would open and take the keyboard.
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
