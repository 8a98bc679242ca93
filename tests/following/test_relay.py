"""hub.following.relay: the topic follows the accepted order; what is sent twice bears the same seq; the mark never runs ahead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from hub import app
from hub.cap.model import Alert
from hub.cap.xml import read
from hub.consumer import Published
from hub.errors import LeaseLost
from hub.following.log import StoredLog
from hub.following.relay import UNPUBLISHED, UNREACHABLE, Origin, Record, Relay, record_of
from hub.policy import may_publish
from hub.store import NotStored, Store, alarms, follower_marks, leases, rules
from hub.store.fenced import FencedStore
from hub.store.tables import quarantine
from tests.hubbing import hub_in, later, say, triple

ORIGIN = Origin("https://hub.example.test", "test", "e1")


class Topic:
    """What brokers would keep; `full` how often they refuse first, `torn` whether they keep it and the ack is lost."""

    def __init__(self, *, full: int = 0, torn: int = 0) -> None:
        self.records: list[Record] = []
        self.full, self.torn = full, torn

    async def publish(self, topic: str, records: Sequence[Record]) -> None:
        if self.full:
            self.full -= 1
            raise NotStored("too few replicas")
        self.records += records
        if self.torn:
            self.torn -= 1
            raise NotStored("no answer")

    def header(self, name: str) -> list[str]:
        return [dict(headers)[name].decode() for _, _, headers in self.records]

    def identifiers(self) -> list[str]:
        return [read(value, zone=UTC).alert.identifier for _, value, _ in self.records]


def log_of(hub: app.Hub) -> StoredLog:
    return StoredLog(hub.store, clock=hub.clock, may_publish=may_publish, mark=lambda alert: alert)


def relay_of(hub: app.Hub, topic: Topic, *, store: Store | None = None, log: object = None) -> Relay:
    chosen = log or log_of(hub)
    return Relay("public", "alerts.public", chosen, topic, store or hub.store, origin=ORIGIN, clock=hub.clock)  # type: ignore[arg-type]


async def mark(hub: app.Hub) -> int:
    return await hub.store.read(lambda conn: follower_marks.seq_of(conn, "relay public"))


async def open_alarms(hub: app.Hub, about: str) -> list[str]:
    return await hub.store.read(lambda conn: [row.kind for row in alarms.open_about(conn, about)])


async def test_alerts_stand_on_the_topic_in_order_with_the_headers_of_the_contract(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        topic, sent = Topic(), later(-120)
        first = await say(hub, "mot", sent=sent)
        await say(hub, "kin", scope="Restricted")
        assert await relay_of(hub, topic).step(timeout_s=0) == 1
        await say(hub, "huy", msg_type="Cancel", sent=later(-60), references=triple("mot", sent))
        relay = relay_of(hub, topic)
        assert await relay.step(timeout_s=0) == 1
        assert await relay.step(timeout_s=0) == 0
        assert topic.identifiers() == ["mot", "huy"]
        assert topic.header("ce_type") == ["cap.alert", "cap.cancel"]
        assert topic.header("ce_seq") == ["1", "3"] and topic.header("ce_id") == ["e1-1", "e1-3"]
        assert topic.header("ce_subject")[0] == first.alert_id
        assert {key for key, _, _ in topic.records} == set(topic.header("ce_chainid"))
        assert len(set(topic.header("ce_chainid"))) == 1 and topic.header("ce_chainseq") == ["1", "2"]
        assert set(topic.header("ce_mode")) == {"test"} and set(topic.header("content-type")) == {"application/cap+xml"}
        assert await mark(hub) == 3


async def test_what_waits_for_a_person_is_not_told(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        now = datetime.now(UTC)
        limited = {"max_severity": "Minor"}
        await hub.store.write(
            lambda conn: rules.put(conn, "authority", "nguon", limited, origin="desk", by="t", at=now)
        )
        held = await say(hub, "cho")
        assert held.disposition == "held"
        topic = Topic()
        assert await relay_of(hub, topic).step(timeout_s=0) == 0
        assert topic.records == [] and await mark(hub) == held.seq
        await hub.acceptor.release(held.alert_id, who="truc", reason="đã gọi lại")
        assert await relay_of(hub, topic).step(timeout_s=0) == 1
        assert topic.identifiers() == ["cho"] and topic.header("ce_seq") == ["2"]


async def test_brokers_that_refuse_move_no_mark_and_call_an_operator_until_they_take_it(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        await say(hub, "mot")
        topic = Topic(full=1)
        relay = relay_of(hub, topic)
        with pytest.raises(NotStored):
            await relay.step(timeout_s=0)
        assert (await mark(hub), await open_alarms(hub, "public")) == (0, [UNREACHABLE])
        await relay.step(timeout_s=0)
        assert (await mark(hub), topic.identifiers(), await open_alarms(hub, "public")) == (1, ["mot"], [])


async def test_after_a_lost_ack_the_same_comes_again_under_the_same_seq(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        for name in ("mot", "hai"):
            await say(hub, name)
        topic = Topic(torn=1)
        with pytest.raises(NotStored):
            await relay_of(hub, topic).step(timeout_s=0)
        await relay_of(hub, topic).step(timeout_s=0)  # another process
        assert topic.header("ce_seq") == ["1", "2", "1", "2"]
        assert topic.records[:2] == topic.records[2:]


async def test_one_that_slept_moves_no_mark_and_leaves_no_event_out(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        topic = Topic()
        old = await hub.store.write(lambda c: leases.acquire(c, "r", holder="a", ttl_s=0, clock=hub.machine))
        assert old is not None
        sleeper = relay_of(hub, topic, store=FencedStore(hub.store, old))
        for name in ("mot", "hai"):
            await say(hub, name)
        await hub.store.write(lambda c: leases.acquire(c, "r", holder="b", ttl_s=60, clock=hub.machine))
        with pytest.raises(LeaseLost):
            await sleeper.step(timeout_s=0)
        assert await mark(hub) == 0
        await relay_of(hub, topic).step(timeout_s=0)
        greatest, acted = 0, []
        for seq in map(int, topic.header("ce_seq")):
            if seq > greatest:
                greatest = seq
                acted.append(seq)
        assert acted == [1, 2]


async def test_two_that_both_move_the_mark_are_told_apart_without_a_lease_too(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        await hub.store.write(lambda conn: follower_marks.advance(conn, "x", after=0, seq=4))
        with pytest.raises(LeaseLost, match="not at 0"):
            await hub.store.write(lambda conn: follower_marks.advance(conn, "x", after=0, seq=5))


class Faulty:
    """A log in which one event cannot be put into words."""

    def __init__(self, log: StoredLog, bad: int) -> None:
        self._log, self._bad = log, bad

    async def some(self, after: int, most: int) -> tuple[list[Published], int]:
        if after < self._bad <= after + most:
            raise ValueError("no words for it")
        return await self._log.some(after, most)


async def test_an_event_without_words_is_set_aside_with_an_alarm_and_the_others_go_on(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        for name in ("mot", "hai", "ba"):
            await say(hub, name)
        topic = Topic()
        relay = relay_of(hub, topic, log=Faulty(log_of(hub), bad=2))
        while await mark(hub) < 3:
            await relay.step(timeout_s=0)
        assert topic.identifiers() == ["mot", "ba"]
        assert await open_alarms(hub, "public 2") == [UNPUBLISHED]
        (kept,) = await hub.store.read(lambda conn: conn.execute(select(quarantine)).all())
        assert (kept.stage, kept.source, kept.record) == ("relay", "public", b"2")


def test_a_record_is_the_same_whenever_it_is_made() -> None:
    one = Published(
        seq=7,
        alert_id="a",
        chain_id="c",
        chain_seq=2,
        alert=Alert("i", "s", datetime(2026, 11, 24, 3, 0, tzinfo=UTC)),
        cap_xml=b"<alert/>",
        received_at=datetime(2026, 11, 24, 3, 0, tzinfo=UTC),
        active=True,
        keep_until=datetime(2026, 11, 25, 3, 0, tzinfo=UTC),
    )
    key, value, headers = record_of(one, ORIGIN)
    assert (key, value) == ("c", b"<alert/>")
    assert dict(headers)["ce_time"] == b"2026-11-24T03:00:00.000000Z"
    assert dict(headers)["ce_specversion"] == b"1.0"
