"""Seeded tamperings with a store's evidence: each changes something past the hub and says which row the verification must name."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from hub.store import audit, segments
from hub.store.head import GENESIS

Named = tuple[str, str]
"""(table, id) of the first bad row."""

KEYED = {**segments.KEYS, "alerts": ("alert_id",), "payloads": ("sha256",)}
EVIDENCE = {**segments.COLUMNS, "alerts": ("cap", "payload_sha256", "seq"), "payloads": ("body",)}
ENTRY = ("at", "act", "who", "object", "body", "hash")
SEGMENT = ("stamp", "at", "rows", "body", "hash")


def tamper(conn: Connection, chance: random.Random) -> tuple[str, Named]:
    """Something was tampered with: (how, the row that is to be named)."""
    how = chance.choice(WAYS)
    return how.__name__.removeprefix("_"), how(conn, chance)


def _edit_a_row(conn: Connection, chance: random.Random) -> Named:
    table = chance.choice(tuple(KEYED))
    row = _any(conn, chance, table)
    columns = [name for name in EVIDENCE[table] if name not in KEYED[table]]
    column = chance.choice(columns)
    conn.exec_driver_sql(
        f'UPDATE {table} SET "{column}" = ? WHERE {_where(table)}', (_other(row[column]), *_key(table, row))
    )
    return table, _id(table, row)


def _delete_a_row(conn: Connection, chance: random.Random) -> Named:
    table = chance.choice([name for name in KEYED if name != "payloads"])
    row = _any(conn, chance, table)
    conn.exec_driver_sql(f"DELETE FROM {table} WHERE {_where(table)}", _key(table, row))
    return table, _id(table, row)


def _add_a_row(conn: Connection, chance: random.Random) -> Named:
    table = chance.choice([name for name in KEYED if name != "payloads"])
    row = dict(_any(conn, chance, table))
    key = KEYED[table][-1]
    row[key] = row[key] + 1_000_000 if isinstance(row[key], int) else f"{row[key]}a"
    if "seq" in row and key != "seq":
        row["seq"] += 1_000_000
    names = ", ".join(f'"{name}"' for name in row)
    conn.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))
    return table, _id(table, row)


def _swap_two_rows(conn: Connection, chance: random.Random) -> Named:
    table = chance.choice(("deliveries", "attempts", "routed"))
    key = KEYED[table][0]
    rows = _all(conn, table)
    one, other = chance.sample([row for row in rows if row.get("n", 1) == 1], 2)
    if table == "attempts":
        both = [(one, other), (other, one)]
        for mine, theirs in both:
            conn.exec_driver_sql(
                "UPDATE attempts SET began_at = ?, ended_at = ? WHERE delivery_id = ? AND n = 1",
                (theirs["began_at"], theirs["ended_at"], mine["delivery_id"]),
            )
        return table, min(_id(table, one), _id(table, other))
    if table == "routed":
        for mine, theirs in ((one, other), (other, one)):
            conn.exec_driver_sql("UPDATE routed SET at = ? WHERE seq = ?", (theirs["at"] + 1, mine["seq"]))
        return table, min(_id(table, one), _id(table, other))
    for mine, theirs in ((one, other), (other, one)):
        conn.exec_driver_sql(
            f"UPDATE deliveries SET reason = ?, created_at = ? WHERE {key} = ?",
            (theirs["reason"] + "*", theirs["created_at"], mine[key]),
        )
    return table, min(_id(table, one), _id(table, other))


def _edit_an_entry(conn: Connection, chance: random.Random) -> Named:
    row = _any(conn, chance, "audit")
    column = chance.choice(ENTRY)
    conn.exec_driver_sql(f"UPDATE audit SET {column} = ? WHERE n = ?", (_other(row[column]), row["n"]))
    return "audit", str(row["n"])


def _delete_an_entry(conn: Connection, chance: random.Random) -> Named:
    n = _any(conn, chance, "audit")["n"]
    conn.exec_driver_sql("DELETE FROM audit WHERE n = ?", (n,))
    return "audit", str(n)


def _reorder_entries(conn: Connection, chance: random.Random) -> Named:
    one, other = sorted(row["n"] for row in chance.sample(_all(conn, "audit"), 2))
    for old, new in ((one, -1), (other, one), (-1, other)):
        conn.exec_driver_sql("UPDATE audit SET n = ? WHERE n = ?", (new, old))
    return "audit", str(one)


def _cut_off_the_tail(conn: Connection, chance: random.Random) -> Named:
    """The last entries are gone, and the head row says so too: only a head kept elsewhere knows better."""
    rows = _all(conn, "audit")
    kept = rows[chance.randrange(len(rows) - 1)]
    conn.exec_driver_sql("DELETE FROM audit WHERE n > ?", (kept["n"],))
    conn.exec_driver_sql("UPDATE head SET audit_n = ?, audit_hash = ?", (kept["n"], kept["hash"]))
    return "audit", str(kept["n"] + 1)


def _rehash_the_chain(conn: Connection, chance: random.Random) -> Named:
    """An entry is altered and the chain made whole again, as somebody can who has all but the hub's key."""
    row = _any(conn, chance, "audit")
    conn.exec_driver_sql("UPDATE audit SET who = 'ai do' WHERE n = ?", (row["n"],))
    _make_whole(conn)
    return "audit", f"<={row['n']}"


def _edit_a_segment(conn: Connection, chance: random.Random) -> Named:
    row = _any(conn, chance, "segments")
    column = chance.choice(SEGMENT)
    _set_segment(conn, row, {column: _other(row[column])})
    return "segments", f"{row['worker']}/{row['n']}"


def _delete_a_segment(conn: Connection, chance: random.Random) -> Named:
    row = _any(conn, chance, "segments")
    conn.exec_driver_sql("DELETE FROM segments WHERE worker = ? AND n = ?", (row["worker"], row["n"]))
    return "segments", f"{row['worker']}/{row['n']}"


def _reorder_segments(conn: Connection, chance: random.Random) -> Named:
    worker = _any(conn, chance, "segments")["worker"]
    one, other = sorted(
        row["n"] for row in chance.sample([row for row in _all(conn, "segments") if row["worker"] == worker], 2)
    )
    for old, new in ((one, -1), (other, one), (-1, other)):
        conn.exec_driver_sql("UPDATE segments SET n = ? WHERE worker = ? AND n = ?", (new, worker, old))
    return "segments", f"{worker}/{one}"


def _cut_off_segments(conn: Connection, chance: random.Random) -> Named:
    """The worker's last segments are gone, and its row says so too."""
    row = _any(conn, chance, "segments")
    rows = [one for one in _all(conn, "segments") if one["worker"] == row["worker"] and one["n"] < row["n"]]
    conn.exec_driver_sql("DELETE FROM segments WHERE worker = ? AND n >= ?", (row["worker"], row["n"]))
    conn.exec_driver_sql(
        'UPDATE sealers SET n = ?, hash = ?, "rows" = ? WHERE worker = ?',
        (row["n"] - 1, rows[-1]["hash"] if rows else GENESIS, sum(one["rows"] for one in rows), row["worker"]),
    )
    return "segments", f"{row['worker']}/{row['n']}"


def _remove_a_worker(conn: Connection, chance: random.Random) -> Named:
    worker = _any(conn, chance, "sealers")["worker"]
    for table in ("segments", "sealers"):
        conn.exec_driver_sql(f"DELETE FROM {table} WHERE worker = ?", (worker,))
    return "segments", f"{worker}/1"


def _edit_the_end_of_a_worker(conn: Connection, chance: random.Random) -> Named:
    row = _any(conn, chance, "sealers")
    column = chance.choice(("hash", "rows", "anchored_n", "anchored_rows"))
    conn.exec_driver_sql(f'UPDATE sealers SET "{column}" = ? WHERE worker = ?', (_other(row[column]), row["worker"]))
    return "sealers", row["worker"]


def _rehash_a_worker(conn: Connection, chance: random.Random) -> Named:
    """A delivery and what its segment says of it are altered, and the worker's chain made whole again: its anchors know better."""
    row = _any(conn, chance, "segments")
    _forge(conn, row)
    return "segments", f"<={row['worker']}/{row['n']}"


def _rehash_everything(conn: Connection, chance: random.Random) -> Named:
    """As before, and the anchors and the decision chain as well: only the signed heads know better."""
    _forge(conn, _any(conn, chance, "segments"))
    ends = {(row["worker"], row["n"]): row["hash"] for row in _all(conn, "segments")}
    first = 0
    for entry in _all(conn, "audit"):
        if entry["act"] != "ledger.anchored":
            continue
        workers = msgspec.json.decode(entry["body"])["workers"]
        changed = {name: {"n": end["n"], "hash": ends[(name, end["n"])]} for name, end in workers.items()}
        if changed != workers:
            first = first or entry["n"]
            body = msgspec.json.encode({"workers": changed}, order="sorted").decode()
            conn.exec_driver_sql("UPDATE audit SET body = ? WHERE n = ?", (body, entry["n"]))
    _make_whole(conn)
    return "audit", f"<={first}"


WAYS: Sequence[Callable[[Connection, random.Random], Named]] = (
    _edit_a_row,
    _edit_a_row,
    _delete_a_row,
    _add_a_row,
    _swap_two_rows,
    _edit_an_entry,
    _delete_an_entry,
    _reorder_entries,
    _cut_off_the_tail,
    _rehash_the_chain,
    _edit_a_segment,
    _delete_a_segment,
    _reorder_segments,
    _cut_off_segments,
    _remove_a_worker,
    _edit_the_end_of_a_worker,
    _rehash_a_worker,
    _rehash_everything,
)


def _forge(conn: Connection, row: dict[str, Any]) -> None:
    body = msgspec.json.decode(row["body"])
    body[0][3] = "0" * 64
    _set_segment(conn, row, {"body": msgspec.json.encode(body).decode()})
    previous = GENESIS
    for one in [one for one in _all(conn, "segments") if one["worker"] == row["worker"]]:
        said = {key: one[key] for key in ("worker", "n", "stamp", "at", "rows", "body")}
        previous = segments.hash_of(previous, **said)
        _set_segment(conn, one, {"hash": previous})
    conn.exec_driver_sql("UPDATE sealers SET hash = ? WHERE worker = ?", (previous, row["worker"]))


def _make_whole(conn: Connection) -> None:
    previous = GENESIS
    for row in _all(conn, "audit"):
        said = {key: row[key] for key in ("n", "at", "act", "who", "object", "body")}
        previous = audit.hash_of(previous, **said)
        conn.exec_driver_sql("UPDATE audit SET hash = ? WHERE n = ?", (previous, row["n"]))
    conn.exec_driver_sql("UPDATE head SET audit_hash = ?", (previous,))


def _set_segment(conn: Connection, row: dict[str, Any], values: dict[str, Any]) -> None:
    names = ", ".join(f'"{name}" = ?' for name in values)
    conn.exec_driver_sql(
        f"UPDATE segments SET {names} WHERE worker = ? AND n = ?", (*values.values(), row["worker"], row["n"])
    )


def _all(conn: Connection, table: str) -> list[dict[str, Any]]:
    order = {"audit": "n", "segments": "worker, n", "sealers": "worker"}.get(table) or ", ".join(KEYED[table])
    return [dict(row._mapping) for row in conn.exec_driver_sql(f"SELECT * FROM {table} ORDER BY {order}")]


def _any(conn: Connection, chance: random.Random, table: str) -> dict[str, Any]:
    return chance.choice(_all(conn, table))


def _where(table: str) -> str:
    return " AND ".join(f"{name} = ?" for name in KEYED[table])


def _key(table: str, row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEYED[table])


def _id(table: str, row: dict[str, Any]) -> str:
    return "/".join(str(part) for part in _key(table, row))


def _other(value: Any) -> Any:
    """Another value of the same kind."""
    if value is None:
        return 1
    if isinstance(value, int):
        return value + 1_000_000_000
    return value + (b" " if isinstance(value, bytes) else " ")
