"""hub.store.quarantine: trouble is kept once, with when it was first met."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from hub.clock import to_us
from hub.store import quarantine
from hub.store.tables import quarantine as table
from tests.store.fresh import fresh

AT = datetime(2026, 11, 24, tzinfo=UTC)


def test_the_same_trouble_with_the_same_bytes_is_kept_once_with_its_first_time() -> None:
    told = {"stage": "intake", "source": "nchmf", "reason": "not-cap", "detail": "<html>"}
    with fresh() as conn:
        first = quarantine.keep(conn, **told, payload_sha256="ab", at=AT)
        assert quarantine.keep(conn, **told, payload_sha256="ab", at=AT + timedelta(days=1)) == first
        assert quarantine.keep(conn, **told, payload_sha256="cd", at=AT) != first
        quarantine.keep(conn, stage="acceptance", source="nchmf", reason="fault", detail="", record=b"\x00", at=AT)
        rows = conn.execute(select(table).where(table.c.payload_sha256 == "ab")).all()
        poison = conn.execute(select(table.c.record).where(table.c.stage == "acceptance")).scalar_one()
    assert [row.at for row in rows] == [to_us(AT)]
    assert poison == b"\x00"
