"""Signed heads (EVI-1): where the decision chain ended at one moment, signed by the hub, to be kept where its store cannot be reached.

Who has a head and the hub's public key finds any change of what stood before it, also by somebody who may write everything in the store.
The signature is Ed25519 over the ASCII text "dongnai-hub head 1", a line feed and the head without its signature as JSON (names in order, no
spaces, UTF-8).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Connection

from hub.errors import ConfigError
from hub.store import head, meta

_DOMAIN = b"dongnai-hub head 1\n"


class SignedHead(msgspec.Struct, frozen=True):
    """Entry `audit_n` of the decision chain of that hub has that hash; `key` and `signature` are base64."""

    hub: str
    mode: str
    seq: int
    audit_n: int
    audit_hash: str
    at: str
    key: str
    signature: str = ""

    def fault(self) -> str:
        """Why it proves nothing, "" when its signature is that of its key."""
        try:
            key = Ed25519PublicKey.from_public_bytes(base64.b64decode(self.key, validate=True))
            key.verify(base64.b64decode(self.signature, validate=True), _signed(self))
        except (binascii.Error, ValueError):
            return "its key or signature is not readable"
        except InvalidSignature:
            return "its signature is not that of its key"
        return ""


def public_key(seed: bytes) -> str:
    """The key that others know, of the 32 bytes that only the hub has."""
    raw = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(raw).decode()


def signed_head(conn: Connection, *, seed: bytes, at: datetime) -> SignedHead:
    """The head as last committed, signed."""
    state = head.look(conn)
    bare = SignedHead(
        hub=meta.hub_id(conn),
        mode=meta.get(conn, "mode") or "",
        seq=state.seq,
        audit_n=state.audit_n,
        audit_hash=state.audit_hash,
        at=at.isoformat(timespec="seconds"),
        key=public_key(seed),
    )
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(_signed(bare))
    return msgspec.structs.replace(bare, signature=base64.b64encode(signature).decode())


def read_heads(path: Path) -> Sequence[SignedHead]:
    """The heads in a file (one, or one a line) or in every `.json` file of a folder, oldest entry first.

    Raises:
        ConfigError: there is none, or one of them cannot be read.
    """
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    found: list[SignedHead] = []
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
            parts = [text] if text.lstrip().startswith("{\n") else [line for line in text.splitlines() if line.strip()]
            found += [msgspec.json.decode(part, type=SignedHead) for part in parts]
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ConfigError(str(file), f"holds no signed head: {error}", "a file that a hub exported") from error
    return sorted(found, key=lambda one: one.audit_n)


def _signed(one: SignedHead) -> bytes:
    said: dict[str, Any] = msgspec.structs.asdict(one)
    said.pop("signature")
    return _DOMAIN + msgspec.json.encode(said, order="sorted")
