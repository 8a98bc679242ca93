"""TLS as a client: who is trusted, and what a failed handshake means in words of the source page."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from typing import Any

import certifi

# OpenSSL's verify results (x509_vfy.h): 10 expired, 9 not yet valid; 2, 18-21 no chain to a trusted root.
_EXPIRED = frozenset({9, 10})
_CHAIN = frozenset({2, 18, 19, 20, 21})


def client_context(ca_file: str = "", *, protocol: str = "http/1.1") -> ssl.SSLContext:
    """Verifies host name and chain against the machine's and Mozilla's roots, and `ca_file` (PEM) when given.

    `protocol` is what is spoken inside (ALPN); "" names none, as mail servers expect.

    Raises:
        OSError: `ca_file` cannot be read or is no PEM file.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=certifi.where())
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if protocol:
        context.set_alpn_protocols([protocol])
    return context


def reason_of(error: ssl.SSLError) -> str:
    """tls-expired, tls-chain, or tls for anything else (host name, version, no TLS at all)."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _EXPIRED:
            return "tls-expired"
        if error.verify_code in _CHAIN:
            return "tls-chain"
    return "tls"


def expires_at(peer: Any) -> datetime | None:
    """When the certificate that `peer` (an `ssl.SSLObject`) showed ends, or None without one."""
    certificate = peer.getpeercert() if peer is not None else None
    not_after = (certificate or {}).get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(not_after), UTC) if isinstance(not_after, str) else None
