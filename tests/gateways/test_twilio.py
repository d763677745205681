"""The provider against the emulated network: every outcome is the right value, and none is raised."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TypeVar

import pytest

from bot.config import Settings
from bot.core.provider import (
    Accepted,
    ListedMessage,
    OutgoingText,
    ProviderAnswer,
    ProviderUnavailable,
    Refused,
    Unknown,
)
from bot.demo.network import RunningNetwork
from bot.demo.network_faults import Fault, FaultPlan, FaultRule
from bot.demo.network_state import NetworkSettings
from bot.gateways.twilio import TwilioProvider

T = TypeVar("T")
ANA = "+16015550111"
ACCOUNT = NetworkSettings(messaging_service_sid="MG" + "1" * 32)
QUIET = FaultPlan(latency_ms=0, carrier_ms=0)


def settings(network: RunningNetwork, **changed: object) -> Settings:
    values = {
        "database_url": "sqlite:///unused.db",
        "redis_url": "redis://127.0.0.1:1/0",
        "twilio_account_sid": ACCOUNT.account_sid,
        "twilio_auth_token": ACCOUNT.auth_token,
        "twilio_phone_number": ACCOUNT.phone_number,
        "twilio_api_url": network.url,
        "public_url": "http://127.0.0.1:1",
        "secret_key": "s" * 32,
        "data_keys": "A" * 43,
        "clinic_name": "Willow Clinic",
        "clinic_phone": "+16015550100",
        "clinic_timezone": "America/Chicago",
    }
    return Settings(**{**values, **changed})


def text(to: str = ANA, body: str = "See you tomorrow", **changed: object) -> OutgoingText:
    values = {"message_id": "m1", "to": to, "body": body, "status_callback": "http://127.0.0.1:1/s?message=m1"}
    return OutgoingText(**{**values, **changed})


def use(
    network: RunningNetwork,
    action: Callable[[TwilioProvider], Awaitable[T]],
    *,
    call_seconds: float = 10.0,
    **changed: object,
) -> T:
    async def run() -> T:
        provider = TwilioProvider(settings(network, **changed), call_seconds=call_seconds)
        try:
            return await action(provider)
        finally:
            await provider.aclose()

    return asyncio.run(run())


def send(network: RunningNetwork, outgoing: OutgoingText | None = None, **changed: object) -> ProviderAnswer:
    return use(network, lambda provider: provider.send(outgoing or text()), **changed)


@pytest.fixture
def network() -> Iterator[RunningNetwork]:
    with RunningNetwork(ACCOUNT, QUIET) as running:
        yield running


def with_fault(network: RunningNetwork, fault: Fault, **rule: object) -> None:
    network.set_faults(FaultPlan(latency_ms=0, carrier_ms=0, rules={fault: FaultRule(chance=1.0, **rule)}))


def test_a_text_is_accepted_once(network):
    answer = send(network, text(body="Mañana a las 9:00 & «más»", validity_seconds=99_999))
    (sent,) = network.messages(ANA)

    assert answer == Accepted(sent.sid, "queued", 1 if len(sent.body) <= 70 else 2)
    assert sent.body == "Mañana a las 9:00 & «más»"
    assert sent.sender == ACCOUNT.phone_number
    assert sent.status_callback == "http://127.0.0.1:1/s?message=m1"


def test_a_messaging_service_knows_no_segments_yet(network):
    answer = send(network, twilio_messaging_service_sid=ACCOUNT.messaging_service_sid)

    assert isinstance(answer, Accepted)
    assert (answer.status, answer.segments) == ("accepted", None)


def test_whatsapp_is_answered_from_whatsapp(network):
    assert isinstance(send(network, text(to=f"whatsapp:{ANA}")), Accepted)
    assert network.messages(ANA)[0].sender == f"whatsapp:{ACCOUNT.phone_number}"


@pytest.mark.parametrize(
    ("outgoing", "code"),
    [
        (text(to="+1601"), 21211),
        (text(to="12"), 21211),
        (text(body=""), 21602),
        (text(body="x" * 1601), 21617),
        (text(status_callback="nowhere"), 21609),
        (text(validity_seconds=0), None),
    ],
)
def test_refusals_carry_twilios_code(network, outgoing, code):
    answer = send(network, outgoing)

    if code is None:
        assert isinstance(answer, Accepted), "clamped to what Twilio takes"
    else:
        assert answer == Refused(code, 400)
        assert not answer.never_processed
        assert network.messages() == ()


def test_an_opted_out_phone_is_refused(network):
    network.text(ANA, " Stop ")

    assert send(network) == Refused(21610, 400)


def test_a_body_that_is_no_unicode_is_refused_before_it_is_sent(network):
    assert send(network, text(body="\ud800")) == Refused(None, 400)
    assert network.messages() == ()


def test_wrong_credentials(network):
    assert send(network, twilio_auth_token="wrong") == Refused(20003, 401)
    assert use(network, TwilioProvider.check, twilio_auth_token="wrong") == (
        "Twilio refuses TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN"
    )


def test_right_credentials(network):
    assert use(network, TwilioProvider.check) is None


def test_too_many_requests_were_never_processed(network):
    with_fault(network, Fault.TOO_MANY)
    answer = send(network)

    assert isinstance(answer, Refused)
    assert (answer.code, answer.http_status) == (20429, 429)
    assert answer.never_processed
    assert network.messages() == ()


@pytest.mark.parametrize(
    ("fault", "accepted"),
    [
        (Fault.SERVER_ERROR, 0),
        (Fault.TIMEOUT, 0),
        (Fault.ACCEPT_RESET, 1),
        (Fault.ACCEPT_ERROR, 1),
        (Fault.ACCEPT_TIMEOUT, 1),
    ],
)
def test_an_outcome_that_cannot_be_told_is_unknown(network, fault, accepted):
    with_fault(network, fault, seconds=1.5)
    answer = send(network, call_seconds=0.5)

    assert isinstance(answer, Unknown)
    assert len(network.messages()) == accepted
    assert ANA not in answer.reason


def test_no_connection_is_a_refusal_that_nobody_processed(network):
    answer = send(network, twilio_api_url="http://127.0.0.1:1")

    assert answer == Refused(None, 0)
    assert answer.never_processed
    with pytest.raises(ProviderUnavailable, match="no connection"):
        use(network, lambda provider: provider.list_to(ANA), twilio_api_url="http://127.0.0.1:1")
    assert "cannot be reached" in str(use(network, TwilioProvider.check, twilio_api_url="http://127.0.0.1:1"))


def test_a_lost_answer_is_found_in_the_list(network):
    with_fault(network, Fault.ACCEPT_RESET)
    send(network, text(body="lost"))
    network.set_faults(QUIET)
    send(network, text(to="+16015550112", body="to another phone"))
    listed = use(network, lambda provider: provider.list_to(ANA))

    assert [(item.to, item.body, item.direction) for item in listed] == [(ANA, "lost", "outbound-api")]
    assert isinstance(listed[0], ListedMessage)
    assert listed[0].sid == network.messages(ANA)[0].sid


def test_the_list_is_newest_first_and_limited(network):
    async def exchange(provider: TwilioProvider) -> list[str]:
        for number in range(5):
            await provider.send(text(body=f"text {number}"))
        return [item.body for item in await provider.list_to(ANA, limit=3)]

    assert use(network, exchange) == ["text 4", "text 3", "text 2"]


def test_a_broken_list_is_unavailable_and_names_nobody(network):
    with pytest.raises(ProviderUnavailable) as caught:
        use(network, lambda provider: provider.list_to(ANA), twilio_auth_token="wrong")

    assert ANA not in str(caught.value)


def test_many_are_in_flight_at_once(network):
    network.set_faults(FaultPlan(latency_ms=200, carrier_ms=0))

    async def burst(provider: TwilioProvider) -> list[ProviderAnswer]:
        return await asyncio.gather(*(provider.send(text(body=str(number))) for number in range(100)))

    began = time.monotonic()
    answers = use(network, burst)

    assert Counter(type(answer) for answer in answers) == {Accepted: 100}
    assert time.monotonic() - began < 15, "100 one after the other take 20 s"


def test_one_provider_serves_several_event_loops_in_turn(network):
    provider = TwilioProvider(settings(network))

    async def once() -> ProviderAnswer:
        try:
            return await provider.send(text())
        finally:
            await provider.aclose()

    assert isinstance(asyncio.run(once()), Accepted)
    assert isinstance(asyncio.run(once()), Accepted)


def test_nothing_is_logged_about_a_patient(network, caplog):
    caplog.set_level(logging.DEBUG)
    send(network, text(body="private words"))
    use(network, lambda provider: provider.list_to(ANA))

    assert ANA[1:] not in caplog.text
    assert "private" not in caplog.text


@contextmanager
def answering(status: int, body: str, location: str = "") -> Iterator[str]:
    """A server that says the same to everybody; gives its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            return None

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (201, "<html>"),
        (201, ""),
        (201, "[]"),
        (201, "null"),
        (201, '{"sid": null}'),
        (201, '{"sid": 7, "status": "queued"}'),
        (201, '{"sid": "SM1", "num_segments": "many"}'),
        (200, "{}"),
        (302, ""),
        (408, ""),
        (500, "{"),
    ],
)
def test_an_answer_that_is_none_leaves_the_outcome_open(network, status, body):
    with answering(status, body, location="http://127.0.0.1:1/elsewhere") as url:
        answer = send(network, twilio_api_url=url)
    assert isinstance(answer, Unknown), answer


@pytest.mark.parametrize(("status", "body"), [(404, "<html>"), (407, ""), (403, "[]")])
def test_a_refusal_by_something_in_between_has_no_code(network, status, body):
    with answering(status, body) as url:
        assert send(network, twilio_api_url=url) == Refused(None, status)


def test_no_tls_and_no_name_are_no_connection(network):
    with answering(201, "") as url:
        assert send(network, twilio_api_url=url.replace("http:", "https:")) == Refused(None, 0)
    assert send(network, twilio_api_url="http://nowhere.invalid") == Refused(None, 0)
