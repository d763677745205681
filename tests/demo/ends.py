"""The other ends of the emulated network: an app that answers as told, and a client of the REST API."""

from __future__ import annotations

import contextlib
import json
import threading
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlencode

from bot.core.signature import valid
from bot.demo.network import RunningNetwork
from bot.demo.network_faults import FaultPlan
from bot.demo.network_state import NetworkSettings
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
