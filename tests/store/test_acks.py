"""hub.store.acks: rows are kept once, and a digest tells every change."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, update

from hub.store import acks, tables
from tests.store.fresh import fresh


def delivery(name: str, **changes: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {}
    for column in tables.deliveries.columns:
        empty[column.name] = None if column.nullable else 0 if "INT" in str(column.type) else ""
    return {**empty, "delivery_id": name, "endpoint_id": name, "seq": 1, "state": "delivered", **changes}


def said(name: str, by: str, at: int, *, endpoint: str = "e") -> dict[str, Any]:
    return {
        "ack_id": acks.ack_id(name, how="link", by=by, recorded_by=""),
        "delivery_id": name,
        "alert_id": "a",
        "seq": 1,
        "endpoint_id": endpoint,
        "owner": "o",
        "how": "link",
        "by": by,
        "recorded_by": "",
        "note": "",
        "at": at,
    }


def test_each_is_kept_once_and_the_first_moves_the_delivery() -> None:
    with fresh() as conn:
        conn.execute(insert(tables.deliveries), [delivery("d1"), delivery("d2", state="superseded")])
        first, again, later = (acks.keep(conn, said("d1", by, at)) for by, at in (("An", 5), ("An", 9), ("Bình", 7)))
        assert first == again and (first.first, later.first, first.at) == (1, 0, 5)
        assert [row.by for row in acks.of_deliveries(conn, ["d1", "d2"])["d1"]] == ["An", "Bình"]
        assert acks.keep(conn, said("d2", "An", 5)).first == 1
        rows = {row.delivery_id: row for row in conn.execute(tables.deliveries.select())}
        assert rows["d1"].state == "acknowledged" and rows["d1"].acknowledged_at == 5
        assert rows["d2"].state == "superseded" and rows["d2"].acknowledged_by == "An"


def test_endpoints_are_counted_not_presses() -> None:
    with fresh() as conn:
        conn.execute(insert(tables.deliveries), [delivery("d1"), delivery("d2")])
        for name, by, endpoint in (("d1", "An", "e"), ("d1", "Bình", "e"), ("d2", "An", "f")):
            acks.keep(conn, said(name, by, 5, endpoint=endpoint))
        assert acks.confirming(conn, 1, "o") == 2 and acks.confirming(conn, 1, "x") == 0
        assert acks.counts(conn, [(1, "o"), (2, "o")]) == {(1, "o"): 2}


def test_a_changed_row_has_another_digest() -> None:
    with fresh() as conn:
        conn.execute(insert(tables.deliveries), [delivery("d1")])
        kept = acks.keep(conn, said("d1", "An", 5))
        conn.execute(update(tables.acks).values(by="Bình"))
        changed = acks.get(conn, kept.ack_id)
        assert changed is not None and acks.digest(changed) != acks.digest(kept)
