"""`bot check`: whether everything that the clinic needs is there, one line for each thing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator

import click

from bot.config import Settings, SettingsError, load
from bot.content.languages import Review
from bot.content.lint import lint
from bot.content.messages import Messages
from bot.content.paths import data_root
from bot.content.replies import load_lexicons, load_protocols, load_series
from bot.runtime import build_clinic, build_mailer, build_provider
from bot.services import check as service
from bot.services import reviews
from bot.services.clinic import Clinic

LOCALES = data_root() / "locales"


@click.command()
def check() -> None:
    """Check settings, database, migrations, Redis, Twilio credentials and translations; exit 1 on any failure."""
    failed = False
    for name, fault, remark in _checks():
        if fault is None:
            click.echo(f"ok      {name}{': ' + remark if remark else ''}")
        else:
            click.echo(f"FAILED  {name}: {fault}", err=True)
            failed = True
    sys.exit(1 if failed else 0)


def _checks() -> Iterator[tuple[str, str | None, str]]:
    """(what, fault or None, remark) of each."""
    try:
        settings = load()
    except SettingsError as error:
        yield from (("settings", fault, "") for fault in error.faults)
    else:
        yield "settings", None, ""
        yield from _services(settings)
    yield from _words()


def _services(settings: Settings) -> Iterator[tuple[str, str | None, str]]:
    clinic = build_clinic(settings)
    yield "database", service.database_fault(clinic), clinic.database.dialect
    behind = service.migrations_fault(clinic)
    yield "migrations", behind, ""
    if behind is None:
        yield "approvals", None, _approvals(clinic)
        yield "names", None, service.names_remark(clinic)
    yield "redis", service.redis_fault(clinic), ""
    yield "twilio", asyncio.run(service.provider_fault(build_provider(settings))), settings.twilio_account_sid
    mailer = build_mailer(settings)
    remark = "" if mailer is not None else "none, SMTP_URL is not set: whoever is on call can be told by text only"
    yield "mail", mailer.check() if mailer is not None else None, remark


def _approvals(clinic: Clinic) -> str:
    """How many texts of each language a qualified person stands behind, by the console's records."""
    with clinic.database.read() as connection:
        found = reviews.tallies(clinic, connection)
    void = sum(tally.changed for tally in found)
    remark = ", ".join(f"{tally.language} {tally.approved} of {tally.total}" for tally in found)
    return f"{remark}; {void} void, edited since" if void else remark


def _unsigned_protocols() -> tuple[str, ...]:
    return tuple(one.name for one in load_protocols(LOCALES) if not one.is_signed)


def _words() -> Iterator[tuple[str, str | None, str]]:
    messages = Messages.load()
    findings = lint(messages)
    fault = f"{len(findings)} faults, listed by `bot lint`" if findings else None
    yield "translations", fault, ", ".join(f"{tag} {state}" for tag, state in sorted(messages.review_states().items()))
    drafts = [tag for tag, state in messages.review_states().items() if state is Review.DRAFT]
    if drafts:
        click.echo(
            f"note    translations: drafts until a qualified translator has reviewed them: {', '.join(sorted(drafts))}"
        )
    lexicons = load_lexicons(LOCALES)
    stands = (f"{tag} {'reviewed' if lexicon.reviewed else 'draft'}" for tag, lexicon in sorted(lexicons.items()))
    yield "lexicons", None, ", ".join(stands)
    unread = sorted(tag for tag, lexicon in lexicons.items() if not lexicon.reviewed)
    for name, left in (("protocols", _unsigned_protocols()), ("lessons", load_series(LOCALES).unsigned)):
        if left:
            click.echo(f"note    {name}: not sent until a clinician has signed them: {', '.join(left)}")
    faults = [fault for one in load_series(LOCALES).by_name.values() for fault in one.faults()]
    yield "lessons", "; ".join(faults) or None, ""
    if unread:
        click.echo(f"note    lexicons: not yet reviewed by a qualified speaker: {', '.join(unread)}")
