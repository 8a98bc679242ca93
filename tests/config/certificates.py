"""Certificates for tests of the configuration: good, over, nearly over, not yet valid, without names, and keys that fit or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAYS = {"good": (-1, 90), "over": (-90, -1), "soon": (-80, 3), "early": (2, 90), "nameless": (-1, 90)}
"""Name of the file -> days from now on which its certificate begins and ends."""


def write_certificates(folder: Path) -> None:
    """`good.pem` with `good.key` and so on in `folder`, and `none.pem` without any certificate in it."""
    for name, (begins, ends) in DAYS.items():
        key = ec.generate_private_key(ec.SECP256R1())
        _write(folder / f"{name}.pem", _certificate(key, name, begins, ends))
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(folder / f"{name}.key", pem)
    _write(folder / "none.pem", b"nothing\n")
    _write(folder / "token", b"geheim\n")
    _write(folder / "open", b"geheim\n")
    (folder / "open").chmod(0o644)


def _certificate(key: ec.EllipticCurvePrivateKey, name: str, begins: int, ends: int) -> bytes:
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=ends))
    )
    if name != "nameless":
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("hub.example.test")]), critical=False)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _write(path: Path, body: bytes) -> None:
    path.write_bytes(body)
    path.chmod(0o600)
