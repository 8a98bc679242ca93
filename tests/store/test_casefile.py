"""What the record holds of one incident: versions, deliveries, decisions of people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from hub.clock import to_us
from hub.store import audit, casefile, head, listing
from hub.store.tables import alerts, deliveries
from tests.api.doorway import Door, open_door, owe
from tests.api.paperwork import said

NOW = datetime.now(UTC)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def test_versions_are_those_of_the_incident_in_order_and_the_newest_when_there_are_many(door: Door) -> None:
    ids = [await said(door, f"a{n}") for n in range(4)]
    one = await door.store.read(lambda conn: listing.one(conn, ids[0]))
    assert one is not None
    same = update(alerts).where(alerts.c.alert_id.in_(ids[:3])).values(incident_id=one.incident_id)
    other = update(alerts).where(alerts.c.alert_id == ids[3]).values(incident_id="other")
    await door.store.write(lambda conn: (conn.execute(same).rowcount, conn.execute(other).rowcount))
    read = await door.store.read(lambda conn: casefile.versions(conn, one.incident_id, limit=2))
    assert [row.alert_id for row in read] == ids[1:3]


async def test_what_policy_withheld_is_owed_to_nobody(door: Door) -> None:
    first, second = await said(door), await said(door, "a2")
    await owe(door, {first: "so-y-te", second: "cong-an"})
    withheld = update(deliveries).where(deliveries.c.alert_id == second).values(outcome="withheld private")
    await door.store.write(lambda conn: conn.execute(withheld).rowcount)
    rows = await door.store.read(lambda conn: casefile.owed(conn, {first, second}))
    assert [row.alert_id for row in rows] == [first]
    waiting = await door.store.read(lambda conn: casefile.unconfirmed(conn, now=to_us(NOW), lane=3, limit=9))
    assert [row.alert_id for row in waiting] == [first]


async def test_a_replaced_version_waits_for_nobody(door: Door) -> None:
    alert_id = await said(door)
    await owe(door, {alert_id: "so-y-te"})
    over = update(alerts).where(alerts.c.alert_id == alert_id).values(state="superseded")
    await door.store.write(lambda conn: conn.execute(over).rowcount)
    assert await door.store.read(lambda conn: casefile.unconfirmed(conn, now=to_us(NOW), lane=3, limit=9)) == []


async def test_decisions_are_those_of_people_about_these_objects_since_then(door: Door) -> None:
    def write(conn: Connection) -> None:
        state = head.lock(conn)
        for who, about, ago in (
            ("person:p1", "a", 0),
            ("kttv", "a", 0),
            ("person:p1", "b", 0),
            ("person:p1", "a", 9),
            ("command line", "a", 0),
        ):
            audit.append(conn, state, at=NOW - timedelta(minutes=ago), act="x", who=who, object=about, body={})
        head.save(conn, state)

    await door.store.write(write)
    since = to_us(NOW - timedelta(minutes=1))
    rows = await door.store.read(lambda conn: casefile.decisions(conn, {"a"}, since=since))
    assert [(row.who, row.object) for row in rows] == [("person:p1", "a"), ("command line", "a")]
