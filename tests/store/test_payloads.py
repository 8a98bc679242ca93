"""hub.store.payloads: bytes as they were sent."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, func, select, update

from hub.clock import to_us
from hub.connector import Payload
from hub.store import payloads
from hub.store.tables import payloads as table
from tests.store.fresh import fresh

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
BODY = bytes(range(256)) + "<alert>Lũ quét</alert>\r\n".encode()


@pytest.fixture
def conn() -> Iterator[Connection]:
    with fresh() as connection:
        yield connection


def test_bytes_come_back_as_they_were_sent(conn: Connection) -> None:
    sha256 = payloads.keep(conn, Payload("kttv", BODY, "application/cap+xml", AT, url="https://example.vn/1"))
    row = payloads.get(conn, sha256)
    assert row is not None
    assert sha256 == hashlib.sha256(BODY).hexdigest()
    assert (row.body, row.content_type, row.source) == (BODY, "application/cap+xml", "kttv")
    assert (row.url, row.received_at) == ("https://example.vn/1", to_us(AT))


def test_the_same_bytes_are_kept_once_as_first_received(conn: Connection) -> None:
    payloads.keep(conn, Payload("first", BODY, "text/xml", AT))
    sha256 = payloads.keep(conn, Payload("second", BODY, "text/xml", AT.replace(hour=4)))
    assert conn.execute(select(func.count()).select_from(table)).scalar_one() == 1
    row = payloads.get(conn, sha256)
    assert row is not None
    assert (row.source, row.received_at) == ("first", to_us(AT))


def test_empty_and_unknown_bytes(conn: Connection) -> None:
    row = payloads.get(conn, payloads.keep(conn, Payload("s", b"", "", AT)))
    assert row is not None
    assert row.body == b""
    assert payloads.get(conn, "0" * 64) is None


def test_bytes_that_changed_in_the_store_are_never_given_out(conn: Connection) -> None:
    sha256 = payloads.keep(conn, Payload("s", BODY, "", AT))
    conn.execute(update(table).values(body=BODY + b" "))
    with pytest.raises(ValueError, match=sha256):
        payloads.get(conn, sha256)
