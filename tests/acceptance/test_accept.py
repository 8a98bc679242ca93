"""Acceptance is one transaction, and one bad record stops nobody (ACC-1, DEL-7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select

from hub.acceptance.accept import AcceptanceLoop
from hub.cap.model import Alert
from hub.connector import Candidate, Withdrawn, dump
from hub.store import tables
from hub.stream import Record
from tests.acceptance.accepting import START, Desk, candidate, cap


@dataclass
class Tape:
    """A reader over records at hand."""

    records: list[Record]
    committed: list[Record] = field(default_factory=list)

    async def take(self, most: int, timeout_s: float) -> list[Record]:
        taken, self.records = self.records[:most], self.records[most:]
        return taken

    async def commit(self, records: list[Record]) -> None:
        self.committed += records


def _naive(identifier: str) -> Candidate:
    """A candidate no decision can be made on: its time has no zone."""
    broken: Alert = replace(cap(identifier), sent=datetime(2026, 10, 3))  # noqa: DTZ001 - the fault itself
    return candidate(broken)


async def test_a_batch_is_decided_in_its_order(hub: Desk) -> None:
    said = [candidate(cap("a")), Withdrawn("nguon", "", "dai@thu.vn", "a"), candidate(cap("b"))]
    decisions = await hub.acceptor.accept(said)
    assert [d.seq for d in decisions] == [1, 3]
    assert [kind for kind, _ in await hub.events()] == ["decided", "withdrawn", "decided"]


async def test_one_that_fails_undoes_the_whole_batch(hub: Desk) -> None:
    with pytest.raises(ValueError, match="naive"):
        await hub.acceptor.accept([candidate(cap("a")), _naive("b")])
    assert await hub.rows() == []
    (decision,) = await hub.accept(cap("a"))
    assert decision.seq == 1


async def test_every_decision_is_in_the_audit_with_who_submitted_it(hub: Desk) -> None:
    (decision,) = await hub.acceptor.accept([candidate(cap("a"))], who="key7")
    stmt = select(tables.audit).where(tables.audit.c.act == "alert.decided")
    (entry,) = await hub.store.read(lambda conn: conn.execute(stmt).all())
    assert (entry.who, entry.object) == ("key7", decision.alert_id)


async def test_the_loop_decides_what_is_there_and_commits_it(hub: Desk) -> None:
    tape = Tape([_record(1, dump(candidate(cap("a")))), _record(2, dump(candidate(cap("b"))))])
    loop = AcceptanceLoop(hub.acceptor, tape, hub.store, clock=hub.clock)  # type: ignore[arg-type]
    assert await loop.step(timeout_s=0) == 2
    assert await loop.step(timeout_s=0) == 0
    assert [r.position for r in tape.committed] == [1, 2]
    assert await hub.states() == {"a": "active", "b": "active"}


async def test_a_poisonous_record_is_quarantined_and_the_others_are_decided(hub: Desk) -> None:
    tape = Tape([_record(1, b"no record"), _record(2, dump(candidate(cap("a"))))])
    loop = AcceptanceLoop(hub.acceptor, tape, hub.store, clock=hub.clock)  # type: ignore[arg-type]
    assert await loop.step(timeout_s=0) == 2
    assert await hub.states() == {"a": "active"}
    (kept,) = await hub.store.read(lambda conn: conn.execute(select(tables.quarantine)).all())
    assert (kept.stage, kept.reason) == ("acceptance", "record-unreadable")
    assert len(tape.committed) == 2


def _record(position: int, value: bytes) -> Record:
    return Record(position=position, key="nguon", value=value, at=START)
