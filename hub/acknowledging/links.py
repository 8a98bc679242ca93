"""The signed link of one delivery: opaque, good for that delivery and until its end, the same in every try. Pure.

A token is base64url (RFC 4648 §5, without padding) of 1 byte version, 14 bytes of the delivery's id, 5 bytes of its end (seconds since 1970) and the
first 16 bytes of an HMAC-SHA256 over all that with a key of its own, derived from the hub's seal key and mode: a drill's link opens
nothing in the real hub. Nothing is kept of it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.clock import EPOCH

PATH = "/a/"
VERSION = 1
TAG_BYTES = 16
_ID = re.compile(r"d[0-9a-f]{28}")
_TOKEN_BYTES = 1 + 14 + 5 + TAG_BYTES
TOKEN_LETTERS = -(-_TOKEN_BYTES * 4 // 3)


@dataclass(frozen=True, slots=True)
class Link:
    """Which delivery a token is for, and until when."""

    delivery_id: str
    until: datetime


class Links:
    """Makes and reads the links of one hub. `base_url` is how others reach it, without a last slash."""

    def __init__(self, *, seal_key: bytes, mode: str, base_url: str) -> None:
        self._key = hmac.digest(seal_key, f"dongnai-hub ack link 1\n{mode}".encode(), "sha256")
        self._base_url = base_url

    def url(self, delivery_id: str, until: datetime) -> str:
        """Where a person confirms that delivery; whole seconds count, a part of one is given to them."""
        return f"{self._base_url}{PATH}{self.token(delivery_id, until)}"

    def token(self, delivery_id: str, until: datetime) -> str:
        """The token alone.

        Raises:
            ValueError: it is no id of a delivery in the ledger.
        """
        if not _ID.fullmatch(delivery_id):
            raise ValueError(f"{delivery_id!r} is no id of a delivery")
        seconds = -((EPOCH - until) // timedelta(seconds=1))
        said = bytes((VERSION,)) + bytes.fromhex(delivery_id[1:]) + seconds.to_bytes(5, "big")
        return base64.urlsafe_b64encode(said + self._tag(said)).decode().rstrip("=")

    def read(self, token: str) -> Link | None:
        """What the token is for; None when this hub did not make it. Whether it has ended the caller looks."""
        if len(token) != TOKEN_LETTERS or not token.isascii():
            return None
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        said, tag = raw[:-TAG_BYTES], raw[-TAG_BYTES:]
        if len(raw) != _TOKEN_BYTES or said[0] != VERSION or not hmac.compare_digest(tag, self._tag(said)):
            return None
        return Link(f"d{said[1:15].hex()}", EPOCH + timedelta(seconds=int.from_bytes(said[15:20], "big")))

    def _tag(self, said: bytes) -> bytes:
        return hmac.new(self._key, said, hashlib.sha256).digest()[:TAG_BYTES]
