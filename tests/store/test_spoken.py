"""hub.store.spoken: readings, items and reports are kept once."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from hub.store import spoken
from hub.store.tables import spoken as table
from tests.store.fresh import fresh

AT = datetime(2026, 11, 24, tzinfo=UTC)


def test_the_same_words_of_one_source_are_kept_once_and_of_another_again() -> None:
    with fresh() as conn:
        first = spoken.keep(conn, kind="reading", source="a", body="{}", at=AT)
        assert spoken.keep(conn, kind="reading", source="a", body="{}", at=datetime(2027, 1, 1, tzinfo=UTC)) == first
        assert spoken.keep(conn, kind="reading", source="b", body="{}", at=AT) != first
        rows = conn.execute(select(table).order_by(table.c.source)).all()
    assert [(row.source, row.kind, row.at) for row in rows] == [
        ("a", "reading", 1795478400000000),
        ("b", "reading", 1795478400000000),
    ]
