"""Texts from patients' phones reach the app as Twilio would bring them, and its TwiML comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.demo.network import RunningNetwork
from bot.demo.network_phones import BadTwiml, read_twiml
from bot.demo.network_state import Keywords
from bot.demo.network_wire import Answer, read_overrides
from tests.demo.ends import ACCOUNT, ANA, BEN, EMPTY, QUIET, REPLY, create, until


def test_a_patients_text_reaches_the_app_and_its_answer_the_phone(network, app):
    app.answers = lambda _: (200, "text/xml", REPLY)
    outcome = network.text(ANA, "sí, allí estaré 👍")
    path, form = app.forms[0]
    until(lambda: app.callbacks() == ["sent", "delivered"])
    reply = network.messages(ANA)[1]

    assert path == "/webhooks/twilio/message"
    assert app.bad_signatures == 0
    assert (form["Body"], form["From"], form["To"]) == ("sí, allí estaré 👍", ANA, ACCOUNT.phone_number)
    assert form["FromCity"] == form["ToZip"] == ""
    assert form["MessageSid"] == form["SmsSid"] == form["SmsMessageSid"] == outcome.message.sid
    assert form["NumSegments"] == "1"
    assert (reply.body, reply.to, reply.way) == ("Thank you & bye", ANA, "outbound-reply")
    assert app.forms[1][1]["MessageSid"] == reply.sid


def test_the_webhook_is_tried_again_with_the_same_token(network, app):
    app.answers = lambda attempt: (503, "text/plain", "") if attempt < 3 else (200, "text/xml", REPLY)
    outcome = network.text(ANA, "yes")

    assert outcome.fault is None
    assert len(outcome.replies) == 1
    assert len(app.tokens) == 3
    assert len(set(app.tokens)) == 1
    assert len({form["MessageSid"] for path, form in app.forms if "/message" in path}) == 1


def test_twilio_gives_up_and_says_so(network, app):
    app.answers = lambda _: (503, "text/plain", "")
    outcome = network.text(ANA, "yes")

    assert (outcome.status, outcome.fault, len(app.tokens)) == (503, "11200 503", 3)
    assert outcome.message.note
    assert len(network.alerts) == 1


def test_a_refusal_is_not_tried_again(network, app):
    app.answers = lambda _: (403, "text/plain", "")

    assert network.text(ANA, "yes").fault == "11200 403"
    assert len(app.tokens) == 1


def test_the_same_text_can_be_repeated(network, app):
    app.answers = lambda _: (200, "text/xml", REPLY)
    first = network.text(ANA, "yes")
    again = network.text(ANA, "yes", sid=first.message.sid)

    assert again.message is first.message
    assert len(app.tokens) == 2
    assert len(network.messages(ANA)) == 2, "the phone shows the text once, and one answer"


def test_media_and_whatsapp_parameters(network, app):
    network.text(ANA, "", media=["image/jpeg", "image/png"])
    network.text(BEN, "hola", channel="whatsapp")
    (_, mms), (_, whatsapp) = app.forms

    assert mms["MessageSid"].startswith("MM")
    assert (mms["NumMedia"], mms["MediaContentType1"]) == ("2", "image/png")
    assert mms["Body"] == ""
    assert (whatsapp["From"], whatsapp["To"]) == (f"whatsapp:{BEN}", f"whatsapp:{ACCOUNT.phone_number}")
    assert whatsapp["WaId"] == BEN[1:]


@pytest.mark.parametrize(
    ("word", "blocked"), [("STOP", True), (" stop\n", True), ("stop please", False), ("no", False)]
)
def test_a_lone_stop_blocks_later_sends_but_not_its_answer(network, app, word, blocked):
    app.answers = lambda _: (200, "text/xml", REPLY)
    outcome = network.text(ANA, word)
    status, answer = create(network)

    assert len(outcome.replies) == 1
    assert (status, answer["code"] if blocked else None) == ((400, 21610) if blocked else (201, None))
    assert create(network, to=BEN)[0] == 201
    network.text(ANA, "Start")
    assert create(network)[0] == 201


def test_twilios_own_opt_out_handling(app):
    app.answers = lambda _: (200, "text/xml", REPLY)
    with RunningNetwork(replace(ACCOUNT, app_url=app.url, keywords=Keywords.HANDLE), QUIET) as network:
        outcome = network.text(ANA, "STOP")
        until(lambda: len(network.messages(ANA)) == 2)

        assert app.forms[0][1]["OptOutType"] == "STOP"
        assert outcome.replies == ()
        assert "unsubscribed" in network.messages(ANA)[1].body


def test_keywords_can_be_off(app):
    with RunningNetwork(replace(ACCOUNT, app_url=app.url, keywords=Keywords.OFF), QUIET) as network:
        network.text(ANA, "STOP")

        assert create(network)[0] == 201


def test_the_fallback_is_asked_when_the_webhook_fails(app):
    app.answers = lambda attempt: (503, "text/plain", "") if attempt < 4 else (200, "text/xml", EMPTY)
    settings = replace(ACCOUNT, app_url=app.url, fallback_url=f"{app.url}/fallback")
    with RunningNetwork(settings, QUIET) as network:
        assert network.text(ANA, "yes").fault is None

    path, form = app.forms[-1]
    assert (path, form["ErrorCode"]) == ("/fallback", "11200")
    assert form["ErrorUrl"] == f"{app.url}/webhooks/twilio/message"
    assert app.bad_signatures == 0


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("text/plain", "hello", "12300"),
        ("text/xml", "<Response><Message>", "12100"),
        ("text/xml", "<Answer/>", "12100"),
        ("text/xml", "<Response>" + " " * 65_536 + "</Response>", "11750"),
    ],
)
def test_twiml_that_twilio_would_not_take(kind, body, code):
    with pytest.raises(BadTwiml, match=code):
        read_twiml(Answer(200, kind, body.encode()))


def test_twiml_in_all_its_forms():
    text = '<Response><Message to="+16015550113"><Body>a</Body><Media>http://x/y.png</Media></Message><Message>b</Message></Response>'
    first, second = read_twiml(Answer(200, "application/xml", text.encode()))

    assert (first.body, first.to, first.media) == ("a", "+16015550113", ("http://x/y.png",))
    assert (second.body, second.status_callback) == ("b", None)
    assert read_twiml(Answer(204, "", b"")) == ()


def test_overrides_are_twilios():
    assert read_overrides("").policy == {"ct"}
    assert read_overrides("rc=9&rp=5xx,rt&rt=2000").retries == 5
    assert read_overrides("rc=1&rt=2000&ct=100").read_seconds == 2
