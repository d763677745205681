"""The emulated network speaks Twilio's language, goes wrong only as told, and takes texts both ways."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.signature import valid
from bot.demo.network import RunningNetwork
from bot.demo.network_faults import SEND_FAULTS, Fault, FaultPlan, FaultRule, Faults, read_plan, show_plan
from bot.demo.network_phones import BadTwiml, read_twiml
from bot.demo.network_state import Keywords, NetworkSettings
from bot.demo.network_wire import Answer, read_overrides
from tests.servers import wait_until

ANA, BEN = "+16015550111", "+16015550112"
ACCOUNT = NetworkSettings(messaging_service_sid="MG" + "1" * 32, connection="rc=2&rp=5xx,ct,rt")
QUIET = FaultPlan(latency_ms=0, carrier_ms=0)
EMPTY = "<Response/>"
REPLY = (
    '<Response><Message statusCallback="/webhooks/twilio/status?message=m9">Thank you &amp; bye</Message></Response>'
)


def until(condition: Callable[[], bool]) -> None:
    wait_until(condition, seconds=5, what="the network")


class App:
    """The app at the other end: keeps what it is sent, checks signatures, answers as told."""

    def __init__(self) -> None:
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.tokens: list[str] = []
        self.bad_signatures = 0
        self.answers: Callable[[int], tuple[int, str, str]] = lambda _: (200, "text/xml", EMPTY)
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status, kind, text = app.take(self.path, body, dict(self.headers.items()))
                # A test that has seen enough ends the network before it has read the answer.
                with contextlib.suppress(ConnectionError):
                    self.send_response(status)
                    self.send_header("Content-Type", kind)
                    self.send_header("Content-Length", str(len(text.encode())))
                    self.end_headers()
                    self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def take(self, path: str, body: str, headers: dict[str, str]) -> tuple[int, str, str]:
        pairs = parse_qsl(body, keep_blank_values=True)
        if not valid(self.url + path, pairs, headers.get("X-Twilio-Signature", ""), [ACCOUNT.auth_token]):
            self.bad_signatures += 1
        if path.startswith("/webhooks/twilio/status"):
            self.forms.append((path, dict(pairs)))
            return 204, "text/plain", ""
        self.tokens.append(headers["I-Twilio-Idempotency-Token"])
        self.forms.append((path, dict(pairs)))
        return self.answers(len(self.tokens))

    def callbacks(self) -> list[str]:
        return [form["MessageStatus"] for path, form in list(self.forms) if "/status" in path]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def app() -> Iterator[App]:
    running = App()
    yield running
    running.close()


@pytest.fixture
def network(app: App) -> Iterator[RunningNetwork]:
    with RunningNetwork(replace(ACCOUNT, app_url=app.url), QUIET) as running:
        yield running


def ask(network: RunningNetwork, method: str, path: str, data: object = None, **headers: str) -> tuple[int, dict]:
    body = (
        None if data is None else json.dumps(data).encode() if path.startswith("/network") else urlencode(data).encode()
    )
    kind = "application/json" if path.startswith("/network") else "application/x-www-form-urlencoded"
    login = b64encode(f"{ACCOUNT.account_sid}:{ACCOUNT.auth_token}".encode()).decode()
    request = urllib.request.Request(
        network.url + path,
        body,
        {"Content-Type": kind, "Authorization": f"Basic {login}", **headers},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else {}
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else {}


MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT.account_sid}/Messages.json"


def one(sid: str) -> str:
    return MESSAGES.replace(".json", f"/{sid}.json")


def create(network: RunningNetwork, to: str = ANA, body: str = "Hello", **form: object) -> tuple[int, dict]:
    sender = {} if "MessagingServiceSid" in form else {"From": ACCOUNT.phone_number}
    return ask(network, "POST", MESSAGES, {"To": to, "Body": body, **sender, **form})


# --- the REST API ------------------------------------------------------------------------------------------------


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


# --- status callbacks --------------------------------------------------------------------------------------------


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


# --- texts from phones -------------------------------------------------------------------------------------------


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


# --- faults ------------------------------------------------------------------------------------------------------


@given(st.integers(0, 5), st.floats(0, 1), st.sampled_from(SEND_FAULTS), st.lists(st.sampled_from(Fault), max_size=20))
def test_chance_is_the_same_for_the_same_seed_whatever_else_happens(seed, chance, fault, others):
    rules = {fault: FaultRule(chance=chance)}
    alone, mixed = Faults(FaultPlan(rules=rules, seed=seed)), Faults(FaultPlan(rules=rules, seed=seed))
    expected = [alone.strikes(fault) for _ in range(20)]
    got = []
    for number in range(20):
        for other in others[number : number + 1]:
            if other is not fault:
                mixed.strikes(other)
        got.append(mixed.strikes(fault))

    assert got == expected
    assert mixed.struck.get(fault, 0) == sum(expected)


def test_exact_sends_can_be_named():
    faults = Faults(read_plan({"faults": {"500": {"nth": [2, 4]}, "429": {"nth": 4}}}))

    assert [faults.at_send() for _ in range(5)] == [None, Fault.SERVER_ERROR, None, Fault.TOO_MANY, None]
    assert faults.struck == {"500": 1, "429": 1}


def test_plans_are_set_and_shown_over_http(network):
    plan = {"seed": 7, "latency_ms": 5, "numbers": {ANA: 30005}, "faults": {"timeout": {"chance": 0.5, "seconds": 1}}}
    status, shown = ask(network, "PUT", "/network/faults", plan)

    assert status == 200
    assert read_plan({name: value for name, value in shown.items() if name != "struck"}) == read_plan(plan)
    assert show_plan(read_plan(plan))["faults"]["timeout"] == {"chance": 0.5, "nth": [], "seconds": 1}
    assert ask(network, "PUT", "/network/faults", {"faults": {"meteor": 1}})[0] == 400
    assert ask(network, "PUT", "/network/faults", {"speed": 1})[0] == 400
    assert ask(network, "PUT", "/network/faults", {"faults": {"429": None}})[0] == 400


def test_numbers_can_be_refused(network):
    network.set_faults(replace(QUIET, refused={ANA: 21614}))

    assert create(network)[1]["code"] == 21614
    assert create(network, to=BEN)[0] == 201


# --- the network's own routes ------------------------------------------------------------------------------------


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
