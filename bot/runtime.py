"""The one place that builds the clinic (engine, keys, texts, understanding, queue) from settings."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import IO

from bot import clock
from bot.config import Settings
from bot.content.catalogues import Catalogue as Catalogue
from bot.content.catalogues import read_catalogue
from bot.content.measures import load_measures
from bot.content.messages import Messages
from bot.content.paths import data_root
from bot.content.replies import OnFirstUse, load_protocols, load_sensitive, load_series
from bot.content.showing import Shown as Shown
from bot.content.showing import show as show
from bot.gateways.fhir import FhirFile
from bot.gateways.queue import RedisQueue
from bot.gateways.rate import SharedRate
from bot.gateways.smtp import SmtpMailer
from bot.gateways.twilio import TwilioProvider
from bot.services.clinic import Clinic
from bot.services.ports import Mailer, Provider, Rate
from bot.store.database import open_database
from bot.store.vault import Vault


def build_clinic(settings: Settings) -> Clinic:
    """Everything that services need. Opens no connection: the database and Redis are reached on first use."""
    return Clinic(
        settings=settings,
        database=open_database(settings.database_url),
        vault=Vault([key.get_secret_value() for key in settings.data_keys]),
        texts=Messages.load(),
        understand=OnFirstUse(),
        queue=RedisQueue(settings.redis_url),
        clock=clock.now,
        protocols=load_protocols(data_root() / "locales"),
        sensitive=load_sensitive(data_root() / "locales"),
        series=load_series(data_root() / "locales"),
        measures=load_measures(),
    )


def build_provider(settings: Settings) -> Provider:
    """The messaging provider. Belongs to one event loop; close it there."""
    return TwilioProvider(settings)


def build_mailer(settings: Settings) -> Mailer | None:
    """The clinic's mail server, where SMTP_URL names one."""
    return SmtpMailer(settings.mail) if settings.mail is not None else None


def build_rate(settings: Settings) -> Rate:
    """The send rate that all workers share. Belongs to one event loop; close it there."""
    return SharedRate(settings.redis_url, rate=settings.send_rate)


def messages_of(clinic: Clinic) -> Messages:
    """The clinic's texts with all that is known of them, for those who look at the texts themselves."""
    assert isinstance(clinic.texts, Messages)
    return clinic.texts


def text_keys() -> frozenset[str]:
    """Every text there is a template for, as `<journey>/<step>`."""
    return frozenset(Messages.load().keys())


def templates_root() -> Path:
    """The folder of all templates: what coordinators see lies in `console/` below it."""
    return data_root() / "templates"


@cache
def console_catalogue(tag: str) -> Catalogue:
    """The console's own sentences in that language; English ones where it has none."""
    return read_catalogue(data_root() / "locales" / tag / "LC_MESSAGES" / "console.po")


def open_fhir(stream: IO[bytes]) -> FhirFile:
    """A FHIR file to import rows from. Raises Unreadable."""
    return FhirFile(stream)
