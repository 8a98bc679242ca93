"""What is wrong with certificates and keys that the configuration names: not there, no PEM, over, for other names, open to others."""

from __future__ import annotations

import ssl
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509

from hub.config.problem import Problem

if TYPE_CHECKING:
    from hub.config import Config

SOON = timedelta(days=7)
"""A certificate of our own that ends within this time is a mistake already: renewing takes days where an office does it."""

_PEM = "a PEM file with -----BEGIN CERTIFICATE-----"


def certificate_problems(config: Config, now: datetime) -> Iterator[Problem]:
    """Every mistake of http.cert, http.key and stream.ca; `now` decides which certificate is over."""
    http, file = config.settings.http, str(config.file or "hub.toml")
    if config.settings.stream.ca not in ("", "system"):
        yield from pem_problems(file, "stream.ca", config.settings.stream.ca, now)
    if bool(http.cert) != bool(http.key):
        yield Problem(file, "http.key", "cert and key belong together", "set both or none")
    cert_faults = list(pem_problems(file, "http.cert", http.cert, now, soon=SOON)) if http.cert else []
    yield from cert_faults
    if http.key and not Path(http.key).is_file():
        yield Problem(file, "http.key", f"there is no file {http.key}", "the path of a PEM file")
    elif http.key and Path(http.key).stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Problem(file, "http.key", "others can read the private key", f"chmod 600 {http.key}")
    elif http.cert and http.key and not cert_faults:
        yield from _pair(file, http.cert, http.key)
        yield from _names(file, http.cert, http.hosts)


def pem_problems(file: str, key: str, path: str, now: datetime, *, soon: timedelta = timedelta(0)) -> Iterator[Problem]:
    """Every mistake of one file of certificates."""
    if not Path(path).is_file():
        yield Problem(file, key, f"there is no file {path}", "the path of a PEM file")
        return
    yield from text_problems(file, key, Path(path).read_bytes(), now, what=path, soon=soon)


def text_problems(
    file: str, key: str, pem: bytes, now: datetime, *, what: str = "the certificate", soon: timedelta = timedelta(0)
) -> Iterator[Problem]:
    """Every mistake of certificates in PEM."""
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError:
        yield Problem(file, key, f"{what} holds no certificate", _PEM)
        return
    for one in found:
        name = one.subject.rfc4514_string()
        if one.not_valid_after_utc <= now:
            yield Problem(
                file, key, f"{name} ended on {one.not_valid_after_utc:%Y-%m-%d}", "a certificate that is valid"
            )
        elif one.not_valid_after_utc <= now + soon:
            yield Problem(file, key, f"{name} ends on {one.not_valid_after_utc:%Y-%m-%d}", "renew it now")
        elif one.not_valid_before_utc > now:
            reason = f"{name} is not valid before {one.not_valid_before_utc:%Y-%m-%d}"
            yield Problem(file, key, reason, "a certificate that is valid, or set the clock right")


def _pair(file: str, cert: str, key: str) -> Iterator[Problem]:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        yield Problem(file, "http.key", f"{key} does not fit {cert}: {error}", "the private key of that certificate")


def _names(file: str, cert: str, hosts: tuple[str, ...]) -> Iterator[Problem]:
    first = x509.load_pem_x509_certificates(Path(cert).read_bytes())[0]
    try:
        names = first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        yield Problem(file, "http.cert", "the certificate names no host", "one with subject alternative names")
        return
    listed = names.get_values_for_type(x509.DNSName) + [str(a) for a in names.get_values_for_type(x509.IPAddress)]
    for host in hosts:
        wild = f"*.{host.partition('.')[2]}"
        if host not in listed and wild not in listed:
            yield Problem(file, "http.hosts", f"the certificate is not for {host}", f"it is for {', '.join(listed)}")
