"""Field encryption: AES-256-GCM bound to table, column and row, keys by id, and a keyed blind index for look-ups."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_ID_BYTES = 4
NONCE_BYTES = 12


class Undecryptable(Exception):
    """A stored value cannot be read: its key is not among DATA_KEYS, or it was moved from another row."""


class Vault:
    """Seals and opens stored values. The first key seals; every key opens."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take DATA_KEYS: URL-safe base64 of 32 bytes each, the newest first."""
        raws = [base64.urlsafe_b64decode(key + "==") for key in keys]
        self._ciphers = {hashlib.sha256(raw).digest()[:KEY_ID_BYTES]: AESGCM(raw) for raw in raws}
        self._newest = hashlib.sha256(raws[0]).digest()[:KEY_ID_BYTES]
        self._index_keys = [hmac.digest(raw, b"blind index", "sha256") for raw in raws]

    def seal(self, place: str, row: str, text: str) -> bytes:
        """Encrypt `text` for the column `place` ("patients.given_name") of the row with that id."""
        nonce = os.urandom(NONCE_BYTES)
        bound = f"{place}:{row}".encode()
        # surrogatepass: what a patient sent is kept as it came, even where it is no proper Unicode.
        return (
            self._newest
            + nonce
            + self._ciphers[self._newest].encrypt(nonce, text.encode("utf-8", "surrogatepass"), bound)
        )

    def open(self, place: str, row: str, sealed: bytes) -> str:
        """Decrypt what `seal` made for the same place and row. Raises Undecryptable."""
        key_id, nonce = sealed[:KEY_ID_BYTES], sealed[KEY_ID_BYTES : KEY_ID_BYTES + NONCE_BYTES]
        cipher = self._ciphers.get(bytes(key_id))
        if cipher is None:
            raise Undecryptable(f"{place} of row {row}: its key is not among DATA_KEYS")
        try:
            plain = cipher.decrypt(bytes(nonce), sealed[KEY_ID_BYTES + NONCE_BYTES :], f"{place}:{row}".encode())
        except InvalidTag:
            raise Undecryptable(f"{place} of row {row}: damaged, or moved from another row") from None
        return plain.decode("utf-8", "surrogatepass")

    def maybe_seal(self, place: str, row: str, text: str | None) -> bytes | None:
        """`seal`, with nothing for nothing."""
        return None if text is None else self.seal(place, row, text)

    def maybe_open(self, place: str, row: str, sealed: bytes | None) -> str | None:
        """`open`, with nothing for nothing."""
        return None if sealed is None else self.open(place, row, sealed)

    def is_current(self, sealed: bytes) -> bool:
        """Whether the newest key sealed this."""
        return sealed[:KEY_ID_BYTES] == self._newest

    def index(self, text: str) -> str:
        """The blind index under the newest key: equal for equal text, meaningless without the key."""
        return hmac.digest(self._index_keys[0], text.encode(), "sha256").hex()

    def indexes(self, text: str) -> tuple[str, ...]:
        """The blind index under every key, for looking up rows that an older key wrote."""
        return tuple(hmac.digest(key, text.encode(), "sha256").hex() for key in self._index_keys)
