"""E-mail to staff through the clinic's own mail server: one connection for each, every outcome a value."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final

from bot.config import MailServer
from bot.core.ladder import Again, Never, Telling, Told

SECONDS: Final = 10.0
FOR_GOOD: Final = 500
"""Replies from here on are permanent (RFC 5321, 4.2.1)."""


class NoTls(smtplib.SMTPException):
    """The server offers no encryption, and a password would be read on the way."""


class SmtpMailer:
    """Sends as the settings' SMTP_URL says. Opens nothing before it sends."""

    def __init__(self, server: MailServer, *, seconds: float = SECONDS) -> None:
        self._server, self._seconds = server, seconds

    def send(self, *, to: str, subject: str, body: str) -> Telling:
        """Hand over one e-mail. Never raises for what the server or the wire does."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._server.sender, to, subject
        mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain=self._server.sender.rpartition("@")[2])
        mail.set_content(body)
        try:
            with self._open() as smtp:
                smtp.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code = max(code for code, _words in error.recipients.values())
            return Never(f"SMTP {code}") if code >= FOR_GOOD else Again(f"SMTP {code}")
        except (OSError, smtplib.SMTPException) as error:
            return Again(_fault(error))
        return Told()

    def check(self) -> str | None:
        """None when the server takes our credentials, else one line that says what is wrong."""
        try:
            with self._open() as smtp:
                smtp.noop()
        except (OSError, smtplib.SMTPException) as error:
            return f"the mail server of SMTP_URL cannot be used: {_fault(error)}"
        return None

    @contextmanager
    def _open(self) -> Iterator[smtplib.SMTP]:
        server, context = self._server, ssl.create_default_context()
        smtp = (
            smtplib.SMTP_SSL(server.host, server.port, timeout=self._seconds, context=context)
            if server.tls
            else smtplib.SMTP(server.host, server.port, timeout=self._seconds)
        )
        try:
            smtp.ehlo()
            if not server.tls and smtp.has_extn("starttls"):
                smtp.starttls(context=context)
            elif not server.tls and server.user and not server.is_local:
                raise NoTls
            if server.user:
                smtp.login(server.user, server.password)
            yield smtp
        finally:
            # What was taken is taken, whatever becomes of the goodbye.
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()


def _fault(error: Exception) -> str:
    """The fault in a few words; never the server's own, which may quote addresses."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"SMTP {error.smtp_code}"
    return "it offers no TLS and a password is set" if isinstance(error, NoTls) else type(error).__name__
