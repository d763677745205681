"""TwiML, written by hand: the webhook's answer is a few known elements, and an XML library costs more than the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

# What XML 1.0 has no way to write, not even escaped (https://www.w3.org/TR/xml/#charsets).
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEAD = '<?xml version="1.0" encoding="UTF-8"?><Response>'
_TAIL = "</Response>"
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


def status_url(public_url: str, message_id: str) -> str:
    """Where Twilio reports what becomes of a message; our id in it finds the row even before the SID is known."""
    return f"{public_url}/webhooks/twilio/status?id={message_id}"


def response(texts: Iterable[tuple[str, str]]) -> str:
    """The TwiML document that sends these texts, each given as (status callback URL, words)."""
    said = "".join(
        f"<Message statusCallback={quoteattr(url)}>{escape(_ILLEGAL.sub('', words))}</Message>" for url, words in texts
    )
    return f"{_HEAD}{said}{_TAIL}" if said else EMPTY
