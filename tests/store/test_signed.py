"""Signed heads: what they say, what their signature holds, how files of them are read."""

from __future__ import annotations

import base64
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hub.errors import ConfigError
from hub.store import audit, head, meta
from hub.store.signed import SignedHead, public_key, read_heads, signed_head
from tests.store.contract import START
from tests.store.fresh import fresh

SEED = bytes(range(32))


@pytest.fixture
def made() -> SignedHead:
    with fresh() as conn:
        meta.found(conn, hub_id="h1", at=START)
        meta.bind_mode(conn, "test")
        state = head.lock(conn)
        audit.append(conn, state, at=START, act="a", who="b", object="c", body={})
        head.save(conn, state)
        return signed_head(conn, seed=SEED, at=START)


def test_a_head_says_where_the_chain_ends_and_anybody_can_check_it(made: SignedHead) -> None:
    assert (made.hub, made.mode, made.audit_n, made.key) == ("h1", "test", 1, public_key(SEED))
    said = {key: value for key, value in msgspec.structs.asdict(made).items() if key != "signature"}
    text = b"dongnai-hub head 1\n" + msgspec.json.encode(dict(sorted(said.items())))
    Ed25519PublicKey.from_public_bytes(base64.b64decode(made.key)).verify(base64.b64decode(made.signature), text)
    assert made.fault() == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("audit_n", 2),
        ("audit_hash", "0"),
        ("at", "x"),
        ("hub", "x"),
        ("mode", "actual"),
        ("seq", 9),
        ("key", public_key(bytes(32))),
    ],
)
def test_no_word_of_a_head_can_be_changed(made: SignedHead, name: str, value: object) -> None:
    assert msgspec.structs.replace(made, **{name: value}).fault() == "its signature is not that of its key"


@pytest.mark.parametrize("change", [{"signature": "?"}, {"key": "AAAA"}, {"signature": ""}])
def test_what_is_no_signature_is_a_fault(made: SignedHead, change: dict[str, str]) -> None:
    assert msgspec.structs.replace(made, **change).fault() != ""


def test_heads_are_read_from_a_file_a_list_and_a_folder(made: SignedHead, tmp_path: Path) -> None:
    later = msgspec.structs.replace(made, audit_n=5)
    (tmp_path / "b.json").write_bytes(msgspec.json.format(msgspec.json.encode(made)))
    (tmp_path / "a.json").write_bytes(msgspec.json.encode(later))
    (tmp_path / "list").write_bytes(msgspec.json.encode(later) + b"\n" + msgspec.json.encode(made) + b"\n")
    assert list(read_heads(tmp_path / "b.json")) == [made]
    assert list(read_heads(tmp_path)) == [made, later]
    assert list(read_heads(tmp_path / "list")) == [made, later]
    for nothing in (tmp_path / "none", Path(__file__)):
        with pytest.raises(ConfigError, match="holds no signed head"):
            read_heads(nothing)
