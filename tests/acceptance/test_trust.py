"""Authority and signatures: deny by default, over the bytes as received, and no other alert than the one we read (ACC-8)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from lxml import etree

from hub.acceptance.facts import work_out
from hub.acceptance.trust import judge, verify
from hub.cap.model import Alert
from hub.cap.write import write
from hub.cap.xml import read
from hub.policy import Authority
from hub.subscription import AlertFacts
from tests.acceptance.accepting import START, cap, gazetteer, hazards

pytest.importorskip("signxml", reason="the `sign` extra is not installed")

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from signxml import SignatureMethod
from signxml.signer import XMLSigner


class Signer:
    """A key, its certificate, and documents signed with it."""

    def __init__(self, name: str) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(START - timedelta(days=3650))
            .not_valid_after(START + timedelta(days=36500))
            .sign(self.key, hashes.SHA256())
        )
        self.certificate = made.public_bytes(Encoding.PEM).decode()

    def sign(self, alert: Alert) -> bytes:
        signer = XMLSigner(signature_algorithm=SignatureMethod.RSA_SHA256)
        signed: bytes = etree.tostring(signer.sign(etree.fromstring(write(alert)), key=self.key, cert=self.certificate))
        return signed


OURS, THEIRS = Signer("dai"), Signer("ke la")
SIGNED = OURS.sign(cap("a"))


def _facts(alert: Alert) -> AlertFacts:
    worked = work_out(alert, gazetteer=gazetteer(), hazards=hazards())
    return AlertFacts(alert_id="a1", source="nguon", alert=alert, infos=worked.infos)


def test_a_source_without_authority_is_held() -> None:
    assert judge(_facts(cap("a")), {}, document=b"").held == "no-authority"


def test_an_unsigned_alert_is_good_where_no_certificate_is_pinned_and_held_where_one_is() -> None:
    facts = _facts(cap("a"))
    assert judge(facts, {"nguon": Authority()}, document=b"").held == ""
    pinned = judge(facts, {"nguon": Authority(certificates=(OURS.certificate,))}, document=b"")
    assert (pinned.signature, pinned.held) == ("unsigned", "signature-unsigned")


def test_a_signature_of_a_pinned_certificate_is_valid() -> None:
    facts = _facts(read(SIGNED, zone=START.tzinfo).alert)  # type: ignore[arg-type]
    assert facts.alert.signatures
    authority = {"nguon": Authority(certificates=(THEIRS.certificate, OURS.certificate))}
    trust = judge(facts, authority, document=SIGNED)
    assert (trust.signature, trust.held) == ("valid", "")
    assert judge(facts, {"nguon": Authority()}, document=SIGNED).signature == "not-checked"


def test_a_valid_signature_of_another_is_unpinned() -> None:
    assert verify(THEIRS.sign(cap("a")), (OURS.certificate,)) == "unpinned"


@pytest.mark.parametrize(
    "document",
    [
        SIGNED.replace(b"<severity>Severe<", b"<severity>Minor<"),
        SIGNED.replace(b"<scope>", b"\n  <scope>"),
        SIGNED.replace(b"<status>Test</status>", b""),
        b"",
        b"<alert",
    ],
    ids=["a word", "pretty-printed", "an element gone", "no bytes", "cut"],
)
def test_what_was_changed_after_signing_is_broken(document: bytes) -> None:
    assert document != SIGNED
    assert verify(document, (OURS.certificate,)) == "broken"


def test_letters_in_the_discarded_bits_of_base64_are_broken() -> None:
    start = SIGNED.index(b"<ds:DigestValue>") + len(b"<ds:DigestValue>")
    end = SIGNED.index(b"=</ds:DigestValue>")
    last = SIGNED[end - 1 : end]
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = letters[letters.index(last) ^ 1 : (letters.index(last) ^ 1) + 1]
    assert end > start
    assert verify(SIGNED[: end - 1] + other + SIGNED[end:], (OURS.certificate,)) == "broken"


def test_a_signed_alert_wrapped_in_another_does_not_vouch_for_it() -> None:
    outer = write(cap("gia"))
    assert (
        verify(outer.replace(b"</alert>", SIGNED[SIGNED.index(b"<alert") :] + b"</alert>"), (OURS.certificate,))
        == "broken"
    )
    envelope = b"<feed>" + SIGNED[SIGNED.index(b"<alert") :] + outer[outer.index(b"<alert") :] + b"</feed>"
    assert verify(envelope, (OURS.certificate,)) == "broken"
    signature = SIGNED[SIGNED.index(b"<ds:Signature") : SIGNED.index(b"</ds:Signature>") + len(b"</ds:Signature>")]
    assert verify(outer.replace(b"</alert>", signature + b"</alert>"), (OURS.certificate,)) == "broken"
