"""Signatures of webhooks, pure, after the Standard Webhooks specification 1.0: `v1` is HMAC-SHA256, `v1a` is Ed25519.

A secret is text with its kind in front: `whsec_` + base64 of 24 to 64 random bytes (shared with the receiver), `whsk_` + base64 of an
Ed25519 private key (32 bytes, or 64 with the public key behind it), whose `whpk_` public key is all the receiver gets. What is signed
is `<id>.<timestamp>.<body>`, byte for byte as it goes over the wire.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets as chance
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SHARED = "whsec_"
PRIVATE = "whsk_"
PUBLIC = "whpk_"
Scheme = Literal["v1", "v1a", "both"]
_PREFIXES: dict[str, tuple[str, ...]] = {"v1": (SHARED,), "v1a": (PRIVATE,), "both": (SHARED, PRIVATE)}


def new_secret() -> str:
    """A shared secret of 256 random bits, for `v1`."""
    return SHARED + base64.b64encode(chance.token_bytes(32)).decode()


def new_signing_key() -> str:
    """A private key for `v1a`; give the receiver its `public_key`."""
    return PRIVATE + base64.b64encode(chance.token_bytes(32)).decode()


def new_secrets(scheme: Scheme) -> tuple[str, ...]:
    """One new secret of each kind that `scheme` signs with."""
    made = {SHARED: new_secret, PRIVATE: new_signing_key}
    return tuple(made[prefix]() for prefix in _PREFIXES[scheme])


def public_key(signing_key: str) -> str:
    """The `whpk_` key that verifies what `signing_key` signs.

    Raises:
        ValueError: `signing_key` is not a `whsk_` key.
    """
    raw = _private_key(signing_key).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return PUBLIC + base64.b64encode(raw).decode()


def kind_of(secret: str) -> str:
    """`whsec_` or `whsk_`.

    Raises:
        ValueError: neither, or not long enough, or not base64; the text of the error never holds the secret.
    """
    if secret.startswith(SHARED):
        _hmac(secret)
        return SHARED
    _private_key(secret)
    return PRIVATE


def sign(delivery_id: str, timestamp: int, body: bytes, secrets: Sequence[str], scheme: Scheme) -> str:
    """The value of `webhook-signature`: one signature a secret that `scheme` uses, in their order; "" when there is none.

    `timestamp` is seconds since 1970. Two shared secrets while rotating give two `v1` signatures: the receiver needs to know one.

    Raises:
        ValueError: `delivery_id` holds a dot (the parts could then be read differently), or a secret is not one.
    """
    if "." in delivery_id or not delivery_id:
        raise ValueError(f"webhook id {delivery_id!r}: a dot would make the signed text ambiguous")
    start = f"{delivery_id}.{timestamp}.".encode()
    return " ".join(_one(secret, start, body) for secret in secrets if secret.startswith(_PREFIXES[scheme]))


def _one(secret: str, start: bytes, body: bytes) -> str:
    if secret.startswith(PRIVATE):
        return f"v1a,{base64.b64encode(_private_key(secret).sign(start + body)).decode()}"
    keyed = _hmac(secret).copy()
    keyed.update(start)
    keyed.update(body)
    return f"v1,{base64.b64encode(keyed.digest()).decode()}"


@lru_cache(maxsize=8192)
def _hmac(secret: str) -> hmac.HMAC:
    raw = _raw(secret, SHARED)
    if not 24 <= len(raw) <= 64:
        raise ValueError(f"a {SHARED} secret has {len(raw)} bytes, expected 24 to 64")
    return hmac.new(raw, digestmod=hashlib.sha256)


@lru_cache(maxsize=8192)
def _private_key(secret: str) -> Ed25519PrivateKey:
    raw = _raw(secret, PRIVATE)
    if len(raw) not in (32, 64):
        raise ValueError(f"a {PRIVATE} key has {len(raw)} bytes, expected 32 or 64")
    return Ed25519PrivateKey.from_private_bytes(raw[:32])


def _raw(secret: str, prefix: str) -> bytes:
    if not secret.startswith(prefix):
        raise ValueError(f"a secret does not begin with {prefix}")
    try:
        return base64.b64decode(secret.removeprefix(prefix), validate=True)
    except binascii.Error:
        raise ValueError(f"what follows {prefix} is not base64") from None
