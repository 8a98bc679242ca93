"""Signed commands and answers: JWS Compact Serialization (RFC 7515 §7.1) with Ed25519 (RFC 8037), and nothing else of JOSE. Pure.

A text is `base64url(header).base64url(claims).base64url(signature)`; the signature covers the first two parts as they stand. Keys are
written as elsewhere in the hub: `whsk_` + base64 of the 32 private bytes, `whpk_` + base64 of the public ones.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hub.http.signatures import PRIVATE, PUBLIC

MOST_BYTES = 64 * 1024


class Unsigned(ValueError):
    """The text is none of ours, or its signature is not by that key."""


def sign(claims: Mapping[str, Any], signing_key: str, *, kid: str, typ: str) -> bytes:
    """The claims as a signed text; the same arguments give the same bytes (Ed25519 is deterministic).

    Raises:
        ValueError: `signing_key` is not a `whsk_` key; the text of the error never holds it.
    """
    header = msgspec.json.encode({"alg": "EdDSA", "typ": typ, "kid": kid})
    start = _packed(header) + b"." + _packed(msgspec.json.encode(claims))
    return start + b"." + _packed(_private(signing_key).sign(start))


def header_of(text: bytes) -> Mapping[str, Any]:
    """What the text says of itself before anything is believed: its `kid` chooses the key.

    Raises:
        Unsigned: it is no signed text, or not by Ed25519.
    """
    first, dot, rest = text[:MOST_BYTES].partition(b".")
    if not dot or rest.count(b".") != 1:
        raise Unsigned("not of the form header.claims.signature")
    header = _object(first)
    if header.get("alg") != "EdDSA":
        raise Unsigned("the only algorithm is EdDSA")
    return header


def verify(text: bytes, public_key: str, *, typ: str) -> Mapping[str, Any]:
    """The claims of a text that the holder of that key signed.

    Raises:
        Unsigned: another key, another kind of text, an altered one, or one longer than `MOST_BYTES`.
    """
    if len(text) > MOST_BYTES:
        raise Unsigned("longer than a signed text can be")
    if header_of(text).get("typ") != typ:
        raise Unsigned(f"its kind is not {typ}")
    start, _, signature = text.rpartition(b".")
    try:
        _public(public_key).verify(_unpacked(signature), start)
    except InvalidSignature:
        raise Unsigned("the signature does not fit") from None
    return _object(start.partition(b".")[2])


def unverified(text: bytes) -> Mapping[str, Any]:
    """The claims as they stand, believed by nobody: only to find out what the text is about.

    Raises:
        Unsigned: it is no signed text.
    """
    header_of(text)
    return _object(text[:MOST_BYTES].split(b".")[1])


def is_private_key(text: str) -> bool:
    """Whether it is a `whsk_` key."""
    return _is(_private, text)


def is_public_key(text: str) -> bool:
    """Whether it is a `whpk_` key."""
    return _is(_public, text)


def _is(read: Any, text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=64)
def _private(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_raw(text, PRIVATE)[:32])


@lru_cache(maxsize=4096)
def _public(text: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(_raw(text, PUBLIC))


def _raw(text: str, prefix: str) -> bytes:
    try:
        raw = base64.b64decode(text.removeprefix(prefix), validate=True) if text.startswith(prefix) else b""
    except binascii.Error:
        raw = b""
    if len(raw) not in ((32, 64) if prefix == PRIVATE else (32,)):
        raise ValueError(f"not a {prefix} key")
    return raw


def _object(packed: bytes) -> Mapping[str, Any]:
    try:
        found = msgspec.json.decode(_unpacked(packed))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Unsigned("a part is no JSON object")
    return found


def _packed(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _unpacked(text: bytes) -> bytes:
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Unsigned("a part is not base64url") from None
