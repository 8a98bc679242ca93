"""What the feed reads of the accepted order: where a telling begins, and portions that say whether there is more."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub import policy
from hub.api import order
from hub.api.auth import Asker, Caller
from hub.api.feed import Resume, Wish
from hub.api.group import Group
from hub.api.sight import Needs, Sight
from hub.store import alerts, head, meta
from tests.api.doorway import Door, cap, open_door, owe

XML = {"Content-Type": "application/cap+xml"}
SEES_ALL = Caller(policy.Person("p", frozenset({"dispatcher"})), "token")


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def _submit(door: Door, *names: str) -> list[str]:
    async with await door.source() as source:
        answers = [await source.post("/v1/alerts", content=cap(name), headers=XML) for name in names]
    return [answer.json()["alert_id"] for answer in answers]


def _group(**wish: str) -> Group:
    return Group(Sight(Asker(SEES_ALL, "alert.watch")), Wish(**wish))


async def _opening(door: Door, group: Group, resume: Resume) -> order.Opening:
    now = datetime.now(UTC)
    return await door.store.read(
        lambda conn: order.opening(
            conn, group, resume, now=now, machine=door.services.machine.now(), words=door.services.words
        )
    )


async def test_one_who_was_nowhere_begins_with_what_is_in_force(door: Door) -> None:
    ids = await _submit(door, "a1", "a2")
    began = await _opening(door, _group(), Resume())
    shot = json.loads(began.snapshot[began.snapshot.index(b"{") :])
    assert [alert["id"] for alert in shot["alerts"]] == ids[::-1] and list(began.shown) == ids
    assert (began.seq, began.last, list(began.recent)) == (2, 2, ids)


async def test_one_who_knows_a_place_of_this_epoch_goes_on_from_there(door: Door) -> None:
    ids = await _submit(door, "a1", "a2")
    epoch = await door.store.read(lambda conn: meta.get(conn, "epoch"))
    began = await _opening(door, _group(), Resume(1, epoch or ""))
    assert (began.seq, began.snapshot, began.last, list(began.recent)) == (1, b"", 1, ids[:1])
    for elsewhere in (Resume(1, "another"), Resume(3), Resume(-1)):
        assert (await _opening(door, _group(), elsewhere)).snapshot


async def test_before_the_first_fitting_alert_there_is_none(door: Door) -> None:
    await _submit(door, "a1")
    began = await _opening(door, _group(severity="Extreme"), Resume(1))
    assert (began.seq, began.last, list(began.recent)) == (1, 0, [])


async def test_portions_say_whether_there_is_more_and_lose_nothing(door: Door) -> None:
    (alert_id,) = await _submit(door, "a1")
    count = 2 * order.PORTION

    def events(conn: object) -> None:
        state = head.lock(conn)  # type: ignore[arg-type]
        for _ in range(count):
            alerts.insert_event(conn, seq=state.next_seq(), kind="revived", alert_id=alert_id, at=0)  # type: ignore[arg-type]
        head.save(conn, state)  # type: ignore[arg-type]

    await door.store.write(events)
    seqs, seq, more, reads = [], 0, True, 0
    while more:
        at = seq
        things, seq, more = await door.store.read(lambda conn: order.portion(conn, count + 1, at, Needs()))  # noqa: B023
        seqs += [thing.seq for thing in things]
        reads += 1
    assert seqs == list(range(1, count + 2)) and seq == count + 1 and reads == 3
    nothing = await door.store.read(lambda conn: order.portion(conn, seq, seq, Needs()))
    assert nothing == ([], seq, False)


async def test_deliveries_are_counted_for_those_who_may_know(door: Door) -> None:
    (alert_id,) = await _submit(door, "a1")
    await owe(door, {alert_id: "pccc"})
    group = _group()
    told = await door.store.read(lambda conn: order.deliveries_of(conn, group, [alert_id], at=datetime.now(UTC)))
    assert told[alert_id][1] == {"pending": 1}
    group.sight.deliveries = False
    assert await door.store.read(lambda conn: order.deliveries_of(conn, group, [alert_id], at=datetime.now(UTC))) == {}
