"""Acceptance is one transaction, and one bad record stops nobody (ACC-1, DEL-7)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from hub.acceptance.accept import Acceptor, acceptance_loop
from hub.cap.model import Area
from hub.connector import Candidate, Withdrawn, dump
from hub.store import NotStored, tables
from hub.stream.memory import MemoryStream
from tests.acceptance.accepting import INFO, Desk, candidate, cap
from tests.fulldisk import FullDisk


def _undecidable(identifier: str) -> Candidate:
    """A candidate no decision can be made on: its ring has two points, which no reader makes."""
    area = Area("hỏng", polygons=(((11.0, 107.0), (11.1, 107.0)),))
    return candidate(cap(identifier, infos=(replace(INFO, areas=(area,)),)))


async def test_a_batch_is_decided_in_its_order(hub: Desk) -> None:
    said = [candidate(cap("a")), Withdrawn("nguon", "", "dai@thu.vn", "a"), candidate(cap("b"))]
    decisions = await hub.acceptor.accept(said)
    assert [d.seq for d in decisions] == [1, 3]
    assert [kind for kind, _ in await hub.events()] == ["decided", "withdrawn", "decided"]


async def test_one_that_fails_undoes_the_whole_batch(hub: Desk) -> None:
    with pytest.raises(ValueError):
        await hub.acceptor.accept([candidate(cap("a")), _undecidable("b")])
    assert await hub.rows() == []
    (decision,) = await hub.accept(cap("a"))
    assert decision.seq == 1


async def test_every_decision_is_in_the_audit_with_who_submitted_it(hub: Desk) -> None:
    (decision,) = await hub.acceptor.accept([candidate(cap("a"))], who="key7")
    stmt = select(tables.audit).where(tables.audit.c.act == "alert.decided")
    (entry,) = await hub.store.read(lambda conn: conn.execute(stmt).all())
    assert (entry.who, entry.object) == ("key7", decision.alert_id)


async def test_the_loop_decides_what_is_there_and_commits_it(hub: Desk) -> None:
    stream = MemoryStream()
    await stream.append("candidates", [("nguon", dump(candidate(cap("a")))), ("nguon", dump(candidate(cap("b"))))])
    loop = acceptance_loop(hub.acceptor, stream.reader("candidates", "acceptance"), hub.store, clock=hub.clock)
    assert await loop.step(timeout_s=0) == 2
    assert await loop.step(timeout_s=0) == 0
    assert await hub.states() == {"a": "active", "b": "active"}


async def test_a_poisonous_record_is_quarantined_and_the_others_are_decided(hub: Desk) -> None:
    stream = MemoryStream()
    records = [("nguon", b"no record"), ("nguon", dump(_undecidable("x"))), ("nguon", dump(candidate(cap("a"))))]
    await stream.append("candidates", records)
    loop = acceptance_loop(hub.acceptor, stream.reader("candidates", "acceptance"), hub.store, clock=hub.clock)
    assert await loop.step(timeout_s=0) == 3
    assert await loop.step(timeout_s=0) == 0
    assert await hub.states() == {"a": "active"}
    kept = await hub.store.read(lambda conn: conn.execute(select(tables.quarantine)).all())
    assert {(row.stage, row.reason, row.record) for row in kept} == {
        ("acceptance", "record-unreadable", b"no record"),
        ("acceptance", "ValueError", dump(_undecidable("x"))),
    }


async def test_a_full_disk_never_makes_a_good_record_poisonous(hub: Desk) -> None:
    disk = FullDisk(hub.store)
    acceptor = Acceptor(disk, hub.acceptor._setting, clock=hub.clock)
    stream = MemoryStream()
    await stream.append("candidates", [("nguon", dump(candidate(cap("a"))))])
    loop = acceptance_loop(acceptor, stream.reader("candidates", "acceptance"), disk, clock=hub.clock)
    disk.failing = 4  # as often as a poisonous record is tried; then there is room to quarantine it
    while disk.failing:
        with pytest.raises(NotStored):
            await loop.step(timeout_s=0)
    assert await loop.step(timeout_s=0) == 1
    assert await hub.states() == {"a": "active"}
    assert await hub.store.read(lambda conn: conn.execute(select(tables.quarantine)).all()) == []
