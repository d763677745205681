"""The emulated network speaks Twilio's REST API and reports each step of a message."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from bot.demo.network_faults import Fault, FaultRule
from tests.demo.ends import ACCOUNT, ANA, BEN, MESSAGES, QUIET, REPLY, ask, create, one, until
from tests.servers import Child, free_port, wait_until


def test_a_message_resource_has_every_field(network):
    status, message = create(network)

    assert status == 201
    assert message.keys() == {
        "account_sid", "api_version", "body", "date_created", "date_sent", "date_updated", "direction", "error_code",
        "error_message", "from", "messaging_service_sid", "num_media", "num_segments", "price", "price_unit", "sid",
        "status", "subresource_uris", "to", "uri",
    }  # fmt: skip
    assert message["status"] == "queued"
    assert message["date_sent"] is None
    assert message["uri"] == one(message["sid"])


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"To": ""}, 400, 21604),
        ({"To": "hello"}, 400, 21211),
        ({"From": ""}, 400, 21603),
        ({"From": "+16015550199"}, 400, 21606),
        ({"MessagingServiceSid": "MG" + "2" * 32}, 400, 21705),
        ({"Body": ""}, 400, 21602),
        ({"Body": "x" * 1601}, 400, 21617),
        ({"StatusCallback": "ftp://x"}, 400, 21609),
        ({"ValidityPeriod": "36001"}, 400, 20001),
    ],
)
def test_errors_have_twilios_shape(network, form, status, code):
    got, error = ask(network, "POST", MESSAGES, {"To": ANA, "From": ACCOUNT.phone_number, "Body": "x", **form})

    assert (got, error["code"], error["status"]) == (status, code, status)
    assert error["more_info"].endswith(f"/errors/{code}")
    assert error["message"]
    assert network.messages() == ()


def test_credentials_come_before_everything(network):
    assert ask(network, "GET", one("SMnone"), Authorization="Basic eDp5")[0] == 401
    assert ask(network, "POST", MESSAGES, {}, Authorization="")[1]["code"] == 20003
    assert ask(network, "GET", one("SMnone"))[0] == 404
    assert ask(network, "GET", MESSAGES.replace("/AC0", "/AC1"))[0] == 404
    assert ask(network, "GET", f"/2010-04-01/Accounts/{ACCOUNT.account_sid}.json")[1]["status"] == "active"


def test_the_list_is_paged_newest_first(network):
    for number in range(7):
        create(network, body=f"text {number}")
    create(network, to=BEN, body="other")
    first = ask(network, "GET", f"{MESSAGES}?{urlencode({'To': ANA, 'PageSize': 3})}")[1]
    second = ask(network, "GET", first["next_page_uri"])[1]
    third = ask(network, "GET", second["next_page_uri"])[1]

    assert [item["body"] for page in (first, second, third) for item in page["messages"]] == [
        f"text {number}" for number in reversed(range(7))
    ]
    assert third["next_page_uri"] is None
    assert ask(network, "GET", second["previous_page_uri"])[1] == first


def test_the_list_is_narrowed_by_day_and_sender(network):
    create(network)
    until(lambda: network.messages()[0].sent is not None)
    today = network.messages()[0].sent.date().isoformat()
    network.text(ANA, "from the phone")

    def count(**query: str) -> int:
        return len(ask(network, "GET", f"{MESSAGES}?{urlencode(query)}")[1]["messages"])

    assert count(DateSent=today) == 2
    assert count(**{"DateSent>": today}) == 2
    assert count(**{"DateSent<": "2001-01-01"}) == 0
    assert count(From=ANA) == 1
    assert count(To=ACCOUNT.phone_number, From=ANA) == 1
    assert count(To=BEN) == 0


def test_a_message_is_redacted_canceled_and_deleted(network):
    network.set_faults(replace(QUIET, carrier_ms=60_000))
    sid = create(network, body="private")[1]["sid"]

    assert ask(network, "POST", one(sid), {"Body": ""})[1]["body"] == ""
    assert ask(network, "POST", one(sid), {"Status": "canceled"})[1]["status"] == "canceled"
    assert ask(network, "POST", one(sid), {"Status": "canceled"})[0] == 400
    assert ask(network, "POST", one(sid), {"Body": "changed"})[0] == 400
    assert ask(network, "DELETE", one(sid))[0] == 204
    assert ask(network, "GET", one(sid))[0] == 404


@pytest.mark.parametrize(
    ("form", "numbers", "expected"),
    [
        ({}, {}, ["sent", "delivered"]),
        ({"MessagingServiceSid": ACCOUNT.messaging_service_sid}, {}, ["queued", "sent", "delivered"]),
        ({}, {ANA: 30003}, ["sent", "undelivered"]),
        ({}, {ANA: 30002}, ["failed"]),
    ],
)
def test_callbacks_tell_each_step_once_and_signed(network, app, form, numbers, expected):
    network.set_faults(replace(QUIET, numbers=numbers))
    sid = create(network, StatusCallback=f"{app.url}/webhooks/twilio/status?message=m1", **form)[1]["sid"]
    until(lambda: len(app.callbacks()) == len(expected))
    path, last = app.forms[-1]

    assert app.callbacks() == expected
    assert app.bad_signatures == 0
    assert path == "/webhooks/twilio/status?message=m1"
    assert (last["MessageSid"], last["To"], last["From"]) == (sid, ANA, ACCOUNT.phone_number)
    assert last.get("ErrorCode") == (str(numbers[ANA]) if numbers else None)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.CALLBACK_DUPLICATE, ["sent", "sent", "delivered", "delivered"]),
        (Fault.CALLBACK_SHUFFLE, ["delivered", "sent"]),
        (Fault.CALLBACK_LOSE, []),
        (Fault.CALLBACK_EARLY, ["sent", "delivered"]),
    ],
)
def test_callbacks_go_wrong_as_told(network, app, fault, expected):
    network.set_faults(replace(QUIET, rules={fault: FaultRule(chance=1.0)}))
    message = create(network, StatusCallback=f"{app.url}/webhooks/twilio/status")[1]
    if fault is Fault.CALLBACK_EARLY:
        assert app.callbacks() == expected, "all before the API's own answer"
        assert message["status"] == "queued"
    until(lambda: network.messages()[0].status == "delivered")
    until(lambda: len(app.callbacks()) >= len(expected))
    time.sleep(0.1)

    assert app.callbacks() == expected


def test_phones_show_their_threads_and_change_their_tag(network):
    ask(network, "PUT", "/network/labels", {ANA: {"name": "Ana Ruiz", "language": "es"}})
    create(network, body="Hola")
    until(lambda: network.messages()[0].status == "delivered")
    status, seen = ask(network, "GET", "/network/phones")
    (phone,) = seen["phones"]

    assert status == 200
    assert (phone["name"], phone["language"], phone["unread"]) == ("Ana Ruiz", "es", 1)
    assert [text["body"] for text in phone["texts"]] == ["Hola"]
    assert ask(network, "GET", "/network/phones", **{"If-None-Match": f'"{seen["version"]}-0"'})[0] == 304
    ask(network, "POST", f"/network/phones/{ANA}/seen", {})
    assert ask(network, "GET", f"/network/phones/{ANA}")[1]["unread"] == 0
    assert ask(network, "GET", f"/network/phones/{BEN}")[0] == 404
    assert ask(network, "GET", "/network/phones?q=ruiz")[1]["phones"]
    assert not ask(network, "GET", "/network/phones?q=nobody")[1]["phones"]


def test_texts_are_typed_over_http(network, app):
    app.answers = lambda _: (200, "text/xml", REPLY)
    status, outcome = ask(network, "POST", f"/network/phones/{ANA}/texts", {"body": "yes \ud800"})

    assert status == 201
    assert (outcome["webhook_status"], outcome["fault"]) == (200, None)
    assert [reply["body"] for reply in outcome["replies"]] == ["Thank you & bye"]
    assert app.forms[0][1]["Body"] == "yes ?"
    assert len(ask(network, "GET", "/network/messages")[1]["messages"]) == 2


@pytest.mark.parametrize("data", [[], {"body": 1}, {"body": "x" * 1601}, {"body": "x", "media": "y"}])
def test_what_is_no_text_is_refused(network, data):
    assert ask(network, "POST", f"/network/phones/{ANA}/texts", data)[0] == 400


def test_another_sites_form_cannot_type(network):
    assert (
        ask(network, "POST", f"/network/phones/{ANA}/texts", {"body": "x"}, **{"Content-Type": "text/plain"})[0] == 415
    )
    assert network.messages() == ()


def test_the_clock_is_left_alone_where_it_is_real(network):
    assert ask(network, "PUT", "/network/clock", {"rate": 60})[0] == 404


def test_it_runs_as_a_process_of_its_own_and_ends_when_told(tmp_path):
    port = free_port()
    faults = json.dumps({"faults": {"429": {"nth": 1}}})
    command = [sys.executable, "-m", "bot.demo.network", "--port", str(port), "--latency-ms", "0", "--faults", faults]
    environment = {**os.environ, "TWILIO_ACCOUNT_SID": ACCOUNT.account_sid, "TWILIO_AUTH_TOKEN": "newer,older"}
    child = Child(command, log=tmp_path / "network.log", env=environment, cwd=Path(__file__).parents[2])
    login = b64encode(f"{ACCOUNT.account_sid}:newer".encode()).decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{MESSAGES}",
        urlencode({"To": ANA, "From": ACCOUNT.phone_number, "Body": "x"}).encode(),
        {"Authorization": f"Basic {login}"},
    )

    def listens() -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as answer:
            return answer.status == 200
        return False

    try:
        wait_until(listens, seconds=20, what="the network's process", alive=child.running)
        with pytest.raises(urllib.error.HTTPError, match="429"):
            urllib.request.urlopen(request, timeout=5)
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert answer.status == 201
    finally:
        status = child.stop()

    assert status == 0
    assert "Traceback" not in child.output()
