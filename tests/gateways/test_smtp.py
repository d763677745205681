"""E-mail to staff: what goes over the wire, and every answer as a value."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator

import pytest

from bot.config import MailServer, parse_mail
from bot.core.ladder import Again, Never, Told
from bot.gateways.smtp import SmtpMailer
from tests.servers import free_port


class PostOffice(socketserver.ThreadingTCPServer):
    """A mail server that answers as told, command by command."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("", 0), Counter)
        self.answers: dict[str, str] = {}
        self.heard: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Counter(socketserver.StreamRequestHandler):
    """One connection."""

    server: PostOffice

    def handle(self) -> None:
        self.say("220 ready")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            self.server.heard.append(line)
            verb = line.partition(" ")[0].upper()
            default = {"DATA": "354 go on", "QUIT": "221 bye", "AUTH": "235 welcome"}.get(verb, "250 fine")
            answer = self.server.answers.get(verb, default)
            self.say(answer)
            if verb == "DATA" and answer.startswith("354"):
                while (words := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                    self.server.heard.append(words)
                self.say(self.server.answers.get("END", "250 taken"))
            if verb == "QUIT":
                return

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with PostOffice() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def mailer(office: PostOffice, *, user: str = "") -> SmtpMailer:
    return SmtpMailer(parse_mail(f"smtp://{user}127.0.0.1:{office.port}?from=texts@clinic.test"), seconds=5)


def send(mailer: SmtpMailer) -> object:
    return mailer.send(to="sam@clinic.test", subject="An emergency waits", body="Open the console.")


def test_a_mail_is_handed_over(office: PostOffice) -> None:
    assert send(mailer(office)) == Told()
    assert "mail FROM:<texts@clinic.test>" in office.heard
    assert "rcpt TO:<sam@clinic.test>" in office.heard
    assert {"Subject: An emergency waits", "Open the console.", "From: texts@clinic.test"} <= set(office.heard)


def test_it_signs_in_where_that_is_asked_for(office: PostOffice) -> None:
    office.answers["EHLO"] = "250-here\r\n250 AUTH PLAIN"
    assert send(mailer(office, user="clinic:pass%20word@")) == Told()
    assert any(line.startswith("AUTH PLAIN") for line in office.heard)


@pytest.mark.parametrize(
    ("verb", "answer", "expected"),
    [
        ("RCPT", "550 no such person", Never("SMTP 550")),
        ("RCPT", "450 later", Again("SMTP 450")),
        ("MAIL", "550 not from you", Again("SMTP 550")),
        ("END", "554 no", Again("SMTP 554")),
        ("QUIT", "554 no", Told()),
    ],
)
def test_each_refusal_is_a_value(office: PostOffice, verb: str, answer: str, expected: object) -> None:
    office.answers[verb] = answer
    assert send(mailer(office)) == expected


def test_no_server_is_worth_another_try() -> None:
    nobody = SmtpMailer(parse_mail(f"smtps://127.0.0.1:{free_port()}?from=texts@clinic.test"), seconds=1)
    assert send(nobody) == Again("ConnectionRefusedError")
    assert nobody.check() == "the mail server of SMTP_URL cannot be used: ConnectionRefusedError"


def test_a_check_names_what_is_wrong(office: PostOffice) -> None:
    assert mailer(office).check() is None
    office.answers |= {"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "535 who are you"}
    assert mailer(office, user="a:b@").check() == "the mail server of SMTP_URL cannot be used: SMTP 535"


def test_no_password_goes_over_an_open_line(office: PostOffice) -> None:
    # All of 127.0.0.0/8 is this machine; only the usual names of it are taken for it.
    server = MailServer("127.0.0.2", office.port, tls=False, user="a", password="secret", sender="texts@clinic.test")
    office.answers["EHLO"] = "250-here\r\n250 AUTH PLAIN"
    fault = "the mail server of SMTP_URL cannot be used: it offers no TLS and a password is set"
    assert SmtpMailer(server, seconds=5).check() == fault
    assert not any(line.startswith("AUTH") for line in office.heard)


@pytest.mark.parametrize(
    "url", ["mail.clinic.test", "http://mail.clinic.test?from=a@b", "smtp://?from=a@b", "smtp://mail:x?from=a@b"]
)
def test_what_is_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="write smtps://"):
        parse_mail(url)


@pytest.mark.parametrize("sender", ["", "?from=", "?from=nobody", "?from=a@b%0aBcc:c@d"])
def test_it_must_say_whom_the_mail_is_from(sender: str) -> None:
    with pytest.raises(ValueError, match="whom the mail is from"):
        parse_mail(f"smtp://mail.clinic.test{sender}")


def test_the_ports_are_the_usual_ones() -> None:
    tls = parse_mail("smtps://texts%40clinic.test:p%2Fw@mail.clinic.test?from=texts@clinic.test")
    assert tls == MailServer("mail.clinic.test", 465, True, "texts@clinic.test", "p/w", "texts@clinic.test")
    assert parse_mail("smtp://mail.clinic.test?from=texts@clinic.test").port == 587
