"""hub.http.tls: who is trusted, and in which words not."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from hub.http.tls import client_context, expires_at, reason_of
from tests.http.wire import authority


def test_names_and_chains_are_verified() -> None:
    context = client_context()
    assert context.check_hostname and context.verify_mode is ssl.CERT_REQUIRED
    assert context.cert_store_stats()["x509_ca"] > 50


def test_a_file_of_the_source_is_trusted_besides(tmp_path: Path) -> None:
    before = client_context().cert_store_stats()["x509_ca"]
    assert client_context(str(authority(tmp_path).ca_file)).cert_store_stats()["x509_ca"] == before + 1


def test_a_file_that_is_no_certificate_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no")
    for name in ("no.pem", "absent.pem"):
        with pytest.raises(OSError):
            client_context(str(tmp_path / name))


def test_a_failed_handshake_has_its_word() -> None:
    error = ssl.SSLCertVerificationError()
    for code, word in ((10, "tls-expired"), (20, "tls-chain"), (18, "tls-chain"), (62, "tls")):
        error.verify_code = code
        assert reason_of(error) == word
    assert reason_of(ssl.SSLError("wrong version number")) == "tls"


def test_no_certificate_has_no_end() -> None:
    assert expires_at(None) is None
