"""Deeds in the decision chain, in the same transaction as the deed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from hub.api import record
from hub.store import audit
from hub.store.tables import audit as table
from tests.api.doorway import open_door

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


async def test_a_deed_stands_in_the_chain_and_one_undone_does_not(tmp_path: Path) -> None:
    def undone(conn: Connection) -> None:
        record.note(conn, at=NOW, act="endpoint.rotated", who="person:p1", object="e2")
        raise LookupError

    async with open_door(tmp_path) as door:
        note = {"at": NOW, "act": "endpoint.rotated", "who": "person:p1", "object": "e1"}
        await door.store.write(lambda conn: record.note(conn, **note, body={"x": 1}))
        with pytest.raises(LookupError):
            await door.store.write(undone)
        rows = await door.store.read(lambda conn: conn.execute(select(table)).all())
        assert [(row.act, row.object, row.body) for row in rows] == [("endpoint.rotated", "e1", '{"x":1}')]
        assert (await door.store.read(audit.verify)).ok
