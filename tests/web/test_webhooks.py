"""Twilio's webhooks: what is refused, in which order, and what a patient is answered."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import func, select
from twilio.request_validator import RequestValidator

from bot.config import Settings
from bot.core.messages import Direction, MessageStatus
from bot.core.signature import sign
from bot.runtime import build_clinic
from bot.services.clinic import Clinic
from bot.store.database import open_database
from bot.store.tables import Escalation, Message
from bot.web.app import create_app
from tests.web.conftest import Post

MESSAGE, STATUS = "/webhooks/twilio/message", "/webhooks/twilio/status"
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def count(clinic: Clinic, table: type = Message) -> int:
    with clinic.database.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_text_is_answered_in_twiml_and_again_the_same(post: Post, inbound: dict[str, str], clinic: Clinic) -> None:
    inbound["Body"] = "my chest hurts & it's <bad>"
    first = post(inbound)
    assert (first.status_code, first.mimetype) == (200, "text/xml")
    (message,) = ET.fromstring(first.text)
    assert "911" in (message.text or "")
    stored = count(clinic)
    again = post(inbound)
    assert (again.status_code, again.text) == (200, first.text)
    assert (count(clinic), count(clinic, Escalation)) == (stored, 1)


@one_database
def test_each_message_carries_its_callback(
    post: Post, inbound: dict[str, str], clinic: Clinic, settings: Settings
) -> None:
    inbound["Body"] = "help"
    (message,) = ET.fromstring(post(inbound).text)
    with clinic.database.read() as connection:
        ours = connection.execute(select(Message.id).where(Message.direction == Direction.OUTBOUND)).scalar_one()
    assert message.attrib == {"statusCallback": f"{settings.public_url}{STATUS}?id={ours}"}
    path = f"{STATUS}?id={ours}"
    sent = {"MessageSid": "SM" + "2" * 32, "MessageStatus": "sent", "AccountSid": settings.twilio_account_sid}
    for status in ("delivered", "sent", "delivered", "no-such-word", ""):
        assert post({**sent, "MessageStatus": status}, path=path).status_code == 204
    with clinic.database.read() as connection:
        row = connection.execute(select(Message.status, Message.twilio_sid).where(Message.id == ours)).one()
    assert tuple(row) == (MessageStatus.DELIVERED, sent["MessageSid"])


@one_database
def test_an_answered_consent_word_gets_an_empty_response(post: Post, inbound: dict[str, str]) -> None:
    answer = post({**inbound, "Body": "STOP", "OptOutType": "STOP"})
    assert answer.status_code == 200
    assert list(ET.fromstring(answer.text)) == []


@one_database
def test_whatsapp_and_media_are_taken(post: Post, inbound: dict[str, str], clinic: Clinic) -> None:
    media = {"NumMedia": "2", "MediaUrl0": "https://api.example.com/m/1", "MediaContentType0": "image/jpeg"}
    inbound |= {"From": "whatsapp:+16015550112", "To": "whatsapp:+16015550199", "Body": "", **media}
    assert post(inbound).status_code == 200
    with clinic.database.read() as connection:
        kept = connection.execute(select(Message.media).where(Message.twilio_sid == inbound["MessageSid"])).scalar_one()
    assert kept == [
        {"type": "image/jpeg", "url": "https://api.example.com/m/1"},
        {"type": "application/octet-stream", "url": ""},
    ]


# The traps that people fall into with Twilio's signature.


@one_database
@pytest.mark.parametrize("path", [MESSAGE, STATUS])
@pytest.mark.parametrize("signature", [None, "", "wrong", "é" * 28, "A" * 10_000])
def test_without_a_good_signature_nothing_happens(
    client: FlaskClient, inbound: dict[str, str], clinic: Clinic, path: str, signature: str | None
) -> None:
    headers = {} if signature is None else {"X-Twilio-Signature": signature.encode().decode("latin-1")}
    assert client.post(path, data=inbound, headers=headers).status_code == 403
    assert client.post(path, headers=headers).status_code == 403
    assert count(clinic) == 0


@one_database
def test_a_changed_form_is_refused(client: FlaskClient, inbound: dict[str, str], settings: Settings) -> None:
    signature = sign(settings.public_url + MESSAGE, inbound.items(), settings.auth_tokens[0])
    changed = {**inbound, "Body": "other words"}
    assert client.post(MESSAGE, data=changed, headers={"X-Twilio-Signature": signature}).status_code == 403


@one_database
def test_what_twilios_own_library_signs_is_taken(
    client: FlaskClient, inbound: dict[str, str], settings: Settings
) -> None:
    signature = RequestValidator(settings.auth_tokens[0]).compute_signature(settings.public_url + MESSAGE, inbound)
    assert client.post(MESSAGE, data=inbound, headers={"X-Twilio-Signature": signature}).status_code == 200


@one_database
def test_the_public_url_counts_not_the_one_we_were_reached_by(
    client: FlaskClient, clinic: Clinic, inbound: dict[str, str], settings: Settings
) -> None:
    behind = settings.model_copy(update={"public_url": "https://texts.example.org/tendril"})
    other = create_app(replace(clinic, settings=behind)).test_client()
    signature = sign("https://texts.example.org/tendril" + MESSAGE, inbound.items(), settings.auth_tokens[0])
    headers = {"X-Twilio-Signature": signature, "X-Forwarded-Proto": "gopher", "X-Forwarded-Host": "evil.example"}
    assert other.post(MESSAGE, data=inbound, headers=headers).status_code == 200
    assert other.post("/tendril" + MESSAGE, data=inbound, headers=headers).status_code == 200
    assert client.post(MESSAGE, data=inbound, headers=headers).status_code == 403


@one_database
def test_two_tokens_are_good_while_one_is_rotated(clinic: Clinic, inbound: dict[str, str], settings: Settings) -> None:
    tokens = [SecretStr("the-new-one"), *settings.twilio_auth_token]
    app = create_app(replace(clinic, settings=settings.model_copy(update={"twilio_auth_token": tokens})))
    for token in ("the-new-one", settings.auth_tokens[0]):
        signature = sign(settings.public_url + MESSAGE, inbound.items(), token)
        answer = app.test_client().post(MESSAGE, data=inbound, headers={"X-Twilio-Signature": signature})
        assert answer.status_code == 200


@one_database
def test_a_slash_at_the_end_is_no_redirect(post: Post, inbound: dict[str, str]) -> None:
    assert post(inbound, path=MESSAGE + "/").status_code == 200


@one_database
def test_query_and_repeated_fields_are_signed_too(post: Post, inbound: dict[str, str]) -> None:
    pairs = [*inbound.items(), ("Extra", "b"), ("Extra", "a"), ("Extra", "")]
    assert post(pairs, path=f"{MESSAGE}?a=1&b=%20x&c").status_code == 200


@one_database
def test_another_account_is_refused(post: Post, inbound: dict[str, str]) -> None:
    assert post({**inbound, "AccountSid": "AC" + "f" * 32}).status_code == 403


# What is signed and still of no use.


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"MessageSid": "", "SmsMessageSid": "", "SmsSid": ""}, 400),
        ({"MessageSid": "SM\0"}, 400),
        ({"MessageSid": "SM" + "x" * 60}, 400),
        ({"From": ""}, 400),
        ({"From": "+1601555\0" + "0111"}, 400),
        ({"From": "+" * 100}, 400),
        ({"Body": "x" * 20_000}, 413),
        ({"Body": "x" * 200_000}, 413),
        ({"NumMedia": "-1"}, 200),
        ({"NumMedia": "9" * 50, "MediaUrl0": "javascript:alert(1)"}, 200),
        ({"NumMedia": "1", "MediaUrl0": "\0", "MediaContentType0": "\0"}, 200),
        ({"Body": "\0\x08\ud7ff\ufffe 🙂"}, 200),
        ({"OptOutType": "NONSENSE"}, 200),
    ],
)
def test_malformed_forms(post: Post, inbound: dict[str, str], change: dict[str, str], code: int) -> None:
    assert post({**inbound, **change}).status_code == code


@one_database
def test_other_bodies_and_methods(client: FlaskClient, settings: Settings, inbound: dict[str, str]) -> None:
    assert client.get(MESSAGE).status_code == 405
    assert client.options(STATUS).status_code == 405
    signed = {"X-Twilio-Signature": sign(settings.public_url + MESSAGE, [], settings.auth_tokens[0])}
    assert client.post(MESSAGE, json=inbound, headers=signed).status_code in (400, 403)
    assert client.post(MESSAGE, data=b"", headers=signed).status_code == 400


pairs = st.lists(
    st.tuples(
        st.sampled_from(["Body", "From", "MessageSid", "NumMedia", "MediaUrl0", "ErrorCode"]) | st.text(), st.text()
    )
)


@examples(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(form=pairs, sid=st.text(max_size=40), raw=st.binary(max_size=300), path=st.sampled_from([MESSAGE, STATUS]))
def test_no_signed_form_ends_in_500(
    client: FlaskClient,
    settings: Settings,
    inbound: dict[str, str],
    form: list[tuple[str, str]],
    sid: str,
    raw: bytes,
    path: str,
) -> None:
    form = [pair for pair in form if _encodable(pair)]
    whole = {**inbound, **dict(form), "AccountSid": settings.twilio_account_sid}
    for body in (urlencode(form).encode(), urlencode(whole).encode(), raw):
        signed = list(whole.items()) if body == urlencode(whole).encode() else form if body != raw else []
        headers = {
            "X-Twilio-Signature": sign(settings.public_url + path, signed, settings.auth_tokens[0]),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        assert client.post(path, data=body, headers=headers).status_code in (200, 204, 400, 403, 413)


def _encodable(pair: tuple[str, str]) -> bool:
    try:
        return bool("".join(pair).encode())
    except UnicodeEncodeError:
        return False


# When things are broken.


@one_database
def test_with_the_database_down_twilio_is_told_to_try_again(
    clinic: Clinic, inbound: dict[str, str], settings: Settings
) -> None:
    broken = replace(clinic, database=open_database("postgresql+psycopg://nobody@127.0.0.1:1/none"))
    app = create_app(broken)
    for path in (MESSAGE, STATUS):
        signature = sign(settings.public_url + path, inbound.items(), settings.auth_tokens[0])
        answer = app.test_client().post(path, data=inbound, headers={"X-Twilio-Signature": signature})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


@one_database
def test_before_the_migrations_twilio_is_told_to_try_again(
    clinic: Clinic, blank_database_url: str, inbound: dict[str, str], settings: Settings
) -> None:
    blank = replace(clinic, database=open_database(blank_database_url))
    signature = sign(settings.public_url + MESSAGE, inbound.items(), settings.auth_tokens[0])
    answer = create_app(blank).test_client().post(MESSAGE, data=inbound, headers={"X-Twilio-Signature": signature})
    blank.database.dispose()
    assert answer.status_code == 503


@one_database
def test_with_redis_down_patients_are_answered(clinic: Clinic, inbound: dict[str, str], settings: Settings) -> None:
    lonely = build_clinic(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    inbound["Body"] = "I want to kill myself"
    signature = sign(settings.public_url + MESSAGE, inbound.items(), settings.auth_tokens[0])
    answer = create_app(lonely).test_client().post(MESSAGE, data=inbound, headers={"X-Twilio-Signature": signature})
    assert answer.status_code == 200
    assert len(ET.fromstring(answer.text)) == 1
    assert count(lonely, Escalation) == 1
    lonely.database.dispose()
