"""hub.http.signatures: Standard Webhooks v1 and v1a."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from hub.http.signatures import kind_of, new_secret, new_secrets, new_signing_key, public_key, sign

BODY = '{"type":"alert.new","data":{"vùng":"Đồng Nai"}}'.encode()


def headers(signature: str, timestamp: int) -> dict[str, str]:
    return {"webhook-id": "d1", "webhook-timestamp": str(timestamp), "webhook-signature": signature}


def test_what_we_sign_the_reference_library_verifies_also_while_rotating() -> None:
    now = int(datetime.now(UTC).timestamp())
    new, old = new_secret(), new_secret()
    signature = sign("d1", now, BODY, [new, old], "v1")
    for secret in (new, old):
        assert Webhook(secret).verify(BODY, headers(signature, now))["type"] == "alert.new"
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers(signature, now))
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(BODY + b" ", headers(signature, now))
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(BODY, headers(signature, now + 1))


def test_the_same_secret_signs_twice_alike() -> None:
    secret = new_secret()
    assert sign("d1", 1, BODY, [secret], "v1") == sign("d1", 1, BODY, [secret], "v1")
    assert sign("d1", 1, BODY, [secret], "v1") != sign("d2", 1, BODY, [secret], "v1")


def test_an_ed25519_signature_is_over_id_timestamp_and_body_as_the_specification_says() -> None:
    key = new_signing_key()
    version, _, text = sign("d1", 1674087231, BODY, [key], "v1a").partition(",")
    shown = public_key(key)
    assert version == "v1a" and shown.startswith("whpk_")
    verifier = Ed25519PublicKey.from_public_bytes(base64.b64decode(shown.removeprefix("whpk_")))
    verifier.verify(base64.b64decode(text), b"d1.1674087231." + BODY)
    with pytest.raises(InvalidSignature):
        verifier.verify(base64.b64decode(text), b"d1.1674087232." + BODY)


def test_the_first_test_vector_of_ed25519_holds() -> None:
    """RFC 8032 §7.1 test 1: the key as whsk_ in both lengths gives the public key of the paper."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    for raw in (seed, seed + public):
        assert public_key("whsk_" + base64.b64encode(raw).decode()) == "whpk_" + base64.b64encode(public).decode()


def test_both_schemes_stand_side_by_side() -> None:
    secrets = new_secrets("both")
    signature = sign("d1", 1, BODY, secrets, "both")
    assert [part.partition(",")[0] for part in signature.split(" ")] == ["v1", "v1a"]
    assert sign("d1", 1, BODY, secrets, "v1").startswith("v1,") and " " not in sign("d1", 1, BODY, secrets, "v1")
    assert [kind_of(secret) for secret in secrets] == ["whsec_", "whsk_"]


def test_secrets_are_long_and_never_the_same() -> None:
    made = {new_secret() for _ in range(50)}
    assert len(made) == 50
    assert all(len(base64.b64decode(secret.removeprefix("whsec_"))) == 32 for secret in made)


@pytest.mark.parametrize("delivery_id", ["d.1", "", "."])
def test_an_id_with_a_dot_is_never_signed(delivery_id: str) -> None:
    with pytest.raises(ValueError, match="ambiguous"):
        sign(delivery_id, 1, BODY, [new_secret()], "v1")


@pytest.mark.parametrize(
    "bad", ["", "whsec_", "whsec_!!", "whsec_c2hvcnQ=", "whsk_c2hvcnQ=", "whpk_" + "A" * 44, "plain"]
)
def test_what_is_no_secret_is_refused_without_being_shown(bad: str) -> None:
    with pytest.raises(ValueError) as caught:
        kind_of(bad)
    assert "c2hvcnQ" not in str(caught.value) and "plain" not in str(caught.value)


def test_no_secret_of_the_kind_gives_no_signature() -> None:
    assert sign("d1", 1, BODY, [new_signing_key()], "v1") == ""
