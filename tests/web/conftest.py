"""A clinic, its web application, and the hands that knock at it: Twilio's and two API tokens'."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot import clock
from bot.config import Settings
from bot.content.messages import Messages
from bot.content.paths import data_root
from bot.content.replies import load_sensitive, load_understander
from bot.core.signature import sign
from bot.core.understanding import Understander
from bot.gateways.queue import RedisQueue
from bot.services import tokens
from bot.services.clinic import Clinic
from bot.store.database import open_database
from bot.store.tables import TokenScope
from bot.store.vault import Vault
from bot.web.app import create_app

Post = Callable[..., TestResponse]


@pytest.fixture(scope="session")
def words() -> tuple[Messages, Understander]:
    """All texts and lexicons, which take a second to read."""
    return Messages.load(), load_understander()


@pytest.fixture
def clinic(settings: Settings, words: tuple[Messages, Understander]) -> Iterator[Clinic]:
    """A clinic with nothing in it."""
    queue = RedisQueue(settings.redis_url)
    built = Clinic(
        settings=settings,
        database=open_database(settings.database_url),
        vault=Vault([key.get_secret_value() for key in settings.data_keys]),
        texts=words[0],
        understand=words[1],
        queue=queue,
        clock=clock.now,
        sensitive=load_sensitive(data_root() / "locales"),
    )
    yield built
    built.database.dispose()
    queue.close()


@pytest.fixture
def app(clinic: Clinic) -> Flask:
    """Its web application."""
    return create_app(clinic)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody who asks."""
    return app.test_client()


@pytest.fixture
def post(client: FlaskClient, settings: Settings) -> Post:
    """Posts a form as Twilio would, signed over the public URL: `post(form, path=…)`."""

    def as_twilio(
        form: dict[str, str] | Iterable[tuple[str, str]], *, path: str = "/webhooks/twilio/message"
    ) -> TestResponse:
        pairs = list(form.items() if isinstance(form, dict) else form)
        signature = sign(settings.public_url + path, pairs, settings.auth_tokens[0])
        data: dict[str, list[str]] = {}
        for name, value in pairs:
            data.setdefault(name, []).append(value)
        return client.post(path, data=data, headers={"X-Twilio-Signature": signature})

    return as_twilio


@pytest.fixture
def inbound(settings: Settings) -> dict[str, str]:
    """A text as Twilio posts it, with the blank fields that it always has."""
    return {
        "ToCountry": "US", "ToState": "", "SmsMessageSid": "SM" + "1" * 32, "NumMedia": "0", "ToCity": "",
        "FromZip": "", "SmsSid": "SM" + "1" * 32, "FromState": "MS", "SmsStatus": "received", "FromCity": "",
        "Body": "hello", "FromCountry": "US", "To": str(settings.twilio_phone_number), "ToZip": "", "NumSegments": "1",
        "MessageSid": "SM" + "1" * 32, "AccountSid": settings.twilio_account_sid, "From": "+16015550111",
        "ApiVersion": "2010-04-01",
    }  # fmt: skip


@pytest.fixture
def writer(clinic: Clinic) -> dict[str, str]:
    """The headers of somebody who may write."""
    return _bearer(clinic, TokenScope.WRITE)


@pytest.fixture
def reader(clinic: Clinic) -> dict[str, str]:
    """The headers of somebody who may read."""
    return _bearer(clinic, TokenScope.READ)


def _bearer(clinic: Clinic, scope: TokenScope) -> dict[str, str]:
    secret = tokens.create(clinic, f"test-{scope}", scope=scope, actor="test", now=clinic.clock())
    return {"Authorization": f"Bearer {secret}"}
