"""Lists of alerts and events: by seq, filtered, never more than was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, insert, update

from hub.store import listing
from hub.store.listing import Sought
from hub.store.tables import alert_units, alerts, deliveries, events, head, sources
from tests.store.fresh import fresh


@pytest.fixture
def conn() -> Iterator[Connection]:
    with fresh() as open_conn:
        yield open_conn


def _alert(conn: Connection, seq: int, **values: Any) -> str:
    alert_id = f"a{seq}"
    row: dict[str, Any] = {column.name: None if column.nullable else "" for column in alerts.columns}
    numbers = dict.fromkeys(("sent", "ending", "released", "keep_until", "received_at"), 0)
    row |= {
        **numbers,
        "alert_id": alert_id,
        "seq": seq,
        "cap": b"{}",
        "facts": b"",
        "state": "active",
        "live_until": 100,
    }
    conn.execute(insert(alerts), row | {"hazards": " flood ", "severity": "Severe", "chain_id": "c1"} | values)
    _event(conn, seq, alert_id)
    return alert_id


def _event(conn: Connection, seq: int, alert_id: str, kind: str = "decided") -> None:
    conn.execute(insert(events), {"seq": seq, "kind": kind, "alert_id": alert_id, "at": 0})


def _delivery(conn: Connection, seq: int, alert_id: str, endpoint_id: str, state: str, rev: int) -> None:
    row: dict[str, Any] = {column.name: None if column.nullable else "" for column in deliveries.columns}
    numbers = (
        "chain_seq",
        "lane",
        "due_at",
        "expires_at",
        "attempts",
        "begun",
        "ack_min",
        "subscription_version",
        "created_at",
    )
    row |= dict.fromkeys(numbers, 0)
    row |= {"delivery_id": f"d{seq}{endpoint_id}", "alert_id": alert_id, "seq": seq, "endpoint_id": endpoint_id}
    conn.execute(insert(deliveries), row | {"state": state, "rev": rev})


def _found(conn: Connection, **sought: Any) -> list[int]:
    return [row.seq for row in listing.after(conn, 0, sought=Sought(**sought), limit=100)]


def test_pages_go_forward_and_backward_by_seq(conn: Connection) -> None:
    for seq in range(1, 6):
        _alert(conn, seq)
    assert [row.seq for row in listing.after(conn, 2, sought=Sought(), limit=2)] == [3, 4]
    assert [row.seq for row in listing.before(conn, 4, sought=Sought(), limit=2)] == [3, 2]


def test_in_force_is_active_and_not_yet_over_and_endings_come_only_when_asked(conn: Connection) -> None:
    _alert(conn, 1)
    _alert(conn, 2, live_until=50)
    _alert(conn, 3, state="superseded")
    _alert(conn, 4, state="cancels", keep_until=200)
    _alert(conn, 5, state="ends", keep_until=50)
    _alert(conn, 6, state="none")
    assert _found(conn, active_at=50) == [1]
    assert _found(conn, active_at=50, endings=True) == [1, 4]
    assert _found(conn) == [1, 2, 3, 4, 5, 6]


def test_filters_all_have_to_fit(conn: Connection) -> None:
    _alert(conn, 1, severity="Extreme", hazards=" flood storm ", folded="song dong nai", source="kttv")
    _alert(conn, 2, severity="Minor", hazards=" storm ", folded="tan phu", source="usgs")
    _alert(conn, 3, severity="Odd", hazards=" flood_tide ", folded="100% dong")
    conn.execute(insert(alert_units), [{"alert_id": "a1", "unit": "75"}, {"alert_id": "a2", "unit": "26000"}])
    assert _found(conn, hazard="flood") == [1]
    assert _found(conn, hazard="flo%") == []
    assert _found(conn, severity="Moderate") == [1]
    assert _found(conn, units=("75", "26000")) == [1, 2]
    assert _found(conn, words=("dong", "song")) == [1]
    assert _found(conn, words=("dong",)) == [1, 3]
    assert _found(conn, words=("%",)) == [3]
    assert _found(conn, words=("_",)) == []
    assert _found(conn, source="usgs") == [2]
    assert _found(conn, source="usgs", severity="Severe") == []


def test_events_come_with_their_alert_up_to_a_seq(conn: Connection) -> None:
    first = _alert(conn, 1)
    _alert(conn, 2)
    _event(conn, 3, first, kind="revived")
    found = listing.events_after(conn, 0, upto=3, limit=9)
    assert [(row.event_seq, row.kind, row.alert_id) for row in found] == [
        (1, "decided", "a1"),
        (2, "decided", "a2"),
        (3, "revived", "a1"),
    ]
    assert [row.event_seq for row in listing.events_after(conn, 0, upto=2, limit=9)] == [1, 2]
    assert [row.event_seq for row in listing.events_before(conn, 2, limit=9)] == [2, 1]


def test_deliveries_are_counted_by_alert_over_all_its_events(conn: Connection) -> None:
    first = _alert(conn, 1)
    _event(conn, 2, first, kind="revived")
    other = _alert(conn, 3)
    _delivery(conn, 1, first, "e1", "delivered", 5)
    _delivery(conn, 1, first, "e2", "pending", 6)
    _delivery(conn, 2, first, "e1", "pending", 9)
    _delivery(conn, 3, other, "e3", "failed", 7)
    assert listing.delivery_counts(conn, [first, other]) == {
        first: (9, {"delivered": 1, "pending": 2}),
        other: (7, {"failed": 1}),
    }
    assert listing.delivery_counts(conn, [first, other], endpoints=["e2"]) == {first: (6, {"pending": 1})}
    assert listing.delivery_counts(conn, [first, other], endpoints=[]) == {}
    assert listing.endpoints_owed(conn, [first, other, "none"]) == {
        first: frozenset({"e1", "e2"}),
        other: frozenset({"e3"}),
    }


def test_what_policy_withheld_is_owed_to_nobody_but_what_failed_is(conn: Connection) -> None:
    first, other = _alert(conn, 1), _alert(conn, 2)
    _delivery(conn, 1, first, "e1", "skipped", 5)
    _delivery(conn, 1, first, "e2", "failed", 6)
    _delivery(conn, 2, other, "e1", "skipped", 7)
    for seq, outcome in ((1, "withheld treaty-hazard"), (2, "withheld restricted")):
        row = (deliveries.c.seq == seq) & (deliveries.c.endpoint_id == "e1")
        conn.execute(update(deliveries).where(row).values(outcome=outcome))
    assert listing.endpoints_owed(conn, [first, other]) == {first: frozenset({"e2"})}


def test_units_may_be_asked_for_among_a_few(conn: Connection) -> None:
    first = _alert(conn, 1)
    conn.execute(insert(alert_units), [{"alert_id": first, "unit": str(unit)} for unit in range(5)])
    assert listing.units_of(conn, [first], among=["3", "9"]) == {first: frozenset({"3"})}
    assert len(listing.units_of(conn, [first])[first]) == 5 and listing.units_of(conn, ["none"]) == {}


def test_more_ids_than_a_statement_may_hold_are_asked_for_in_portions(conn: Connection) -> None:
    first = _alert(conn, 1)
    conn.execute(insert(alert_units), {"alert_id": first, "unit": "75"})
    assert listing.units_of(conn, [first, *(f"x{n}" for n in range(40_000))]) == {first: frozenset({"75"})}


def test_one_alert_its_chain_and_changed_sources(conn: Connection) -> None:
    _alert(conn, 1, chain_seq=2)
    _alert(conn, 2, chain_seq=1)
    assert [row.seq for row in listing.chain(conn, "c1")] == [2, 1]
    found = listing.one(conn, "a2")
    assert found is not None and found.seq == 2 and listing.one(conn, "none") is None
    row: dict[str, Any] = {column.name: None if column.nullable else "" for column in sources.columns}
    conn.execute(insert(sources), [row | {"source": f"s{n}", "failures": 0, "rev": n} for n in (1, 2)])
    assert [row.source for row in listing.sources_since(conn, 1)] == ["s2"]
    assert listing.head_seq(conn) == 0
    conn.execute(update(head).values(seq=7))
    assert listing.head_seq(conn) == 7


def test_the_last_words_of_an_incident_are_those_in_force_and_the_endings_newest_first(conn: Connection) -> None:
    for seq, state in enumerate(("superseded", "active", "cancels", "held", "ends", "cancelled"), start=1):
        _alert(conn, seq, state=state, incident_id="i1", chain_id=f"c{seq}")
    _alert(conn, 9, state="active", incident_id="i2", chain_id="c9")
    assert [row.seq for row in listing.last_words(conn, "i1", limit=9)] == [5, 3, 2]
    assert [row.seq for row in listing.last_words(conn, "i1", limit=1)] == [5]
    assert listing.last_words(conn, "i9", limit=9) == []
