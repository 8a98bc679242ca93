"""hub.intake.read: a source's mark never runs ahead of its candidates, and no plugin's error gets out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.clock import SetClock
from hub.connector import Candidate, Mark, Read, Unreadable, Withdrawn
from hub.errors import ParseError, SourceError
from hub.http import Fetcher
from hub.intake.outlet import Embedded
from hub.intake.read import Listener, probe
from hub.store.tables import payloads, quarantine, sources, stream_records
from tests.intake.speaking import (
    START,
    Connector,
    NoFetcher,
    OpenedStore,
    PushedConnector,
    Script,
    payload,
    said,
    source_of,
)


class Rig:
    def __init__(self, *turns: list[Read | Exception], connector: type[Connector] = Connector, **rest: Any) -> None:
        self.script = Script(turns=list(turns))
        self.store = OpenedStore()
        self.clock = SetClock(START)
        self._built: tuple[type[Connector], dict[str, Any]] = (connector, rest)
        self.listener = self.anew()

    def anew(self) -> Listener:
        """A listener as after a restart: the same store, nothing remembered."""
        kind, rest = self._built
        source = source_of(self.script)
        outlet = Embedded(self.store)
        self.listener = Listener(
            source, kind(source, clock=self.clock), NoFetcher(), outlet=outlet, clock=self.clock, **rest
        )
        return self.listener

    @property
    def row(self) -> Any:
        (row,) = self.store.rows(sources)
        return row

    def names(self) -> list[str]:
        return [
            one.alert.identifier if isinstance(one, Candidate) else f"-{one.identifier}" for one in self.store.said()
        ]


async def test_payloads_candidates_mark_and_health_are_one_transaction() -> None:
    rig = Rig([Read((payload("a", "b"),), {"etag": "1"})])
    turn = await rig.listener.turn()
    assert (turn.reads, turn.records, turn.reason) == (1, 2, "")
    assert rig.names() == ["a", "b"]
    assert [row.sha256 for row in rig.store.rows(payloads)] == [payload("a", "b").sha256]
    assert (rig.row.mark, rig.row.state) == ('{"etag":"1"}', "live")
    assert rig.store.writes == 1


async def test_a_mark_never_runs_ahead_of_its_candidates_when_the_commit_fails() -> None:
    read = Read((payload("a"),), {"etag": "1"})
    rig = Rig([read], [read])
    rig.store.breaks = [OSError("disk full")]
    with pytest.raises(OSError, match="disk full"):
        await rig.listener.turn()
    for table in (sources, stream_records, payloads):
        assert rig.store.rows(table) == []
    await rig.listener.turn()
    assert rig.script.marks == [{}, {}]
    assert rig.names() == ["a"], "what was not durable is not remembered as said"


async def test_a_failure_in_the_middle_keeps_what_was_durable_before_it() -> None:
    rig = Rig([Read((payload("a"),), {"n": 1}), SourceError("timeout"), Read((payload("b"),), {"n": 2})], [])
    turn = await rig.listener.turn()
    assert (turn.reads, turn.reason) == (1, "timeout")
    assert (rig.row.mark, rig.row.reason, rig.row.failures) == ('{"n":1}', "timeout", 1)
    await rig.listener.turn()
    assert rig.script.marks[1] == {"n": 1}


async def test_a_restart_tells_what_is_listed_once_more_and_a_running_process_does_not() -> None:
    read = Read((payload("a"),), {"etag": "1"})
    again = Read((payload("a", "b"),), {"etag": "2"})
    rig = Rig([read], [again], [again])
    await rig.listener.turn()
    await rig.listener.turn()
    assert rig.names() == ["a", "b"]
    rig.anew()
    await rig.listener.turn()
    assert rig.names() == ["a", "b", "a", "b"]


async def test_what_vanished_is_told_after_the_rest_and_may_come_back() -> None:
    gone = Withdrawn("one", "", "sender", "a")
    rig = Rig(
        [Read((payload("a"),), {"n": 1})],
        [Read((payload("b"),), {"n": 2}, withdrawn=(gone,))],
        [Read((payload("a", "b"),), {"n": 3})],
    )
    for _ in range(3):
        await rig.listener.turn()
    assert rig.names() == ["a", "b", "-a", "a"], "b is listed all the time and is not told again"


async def test_an_unreadable_part_is_quarantined_and_the_rest_goes_on() -> None:
    rig = Rig([Read((payload("a", "!x", "b"),), {"n": 1})])
    await rig.listener.turn()
    assert rig.names() == ["a", "b"]
    (row,) = rig.store.rows(quarantine)
    assert (row.stage, row.source, row.reason, row.payload_sha256) == (
        "intake",
        "one",
        "bad",
        payload("a", "!x", "b").sha256,
    )
    assert rig.row.state == "live"


async def test_a_payload_that_cannot_be_read_is_kept_quarantined_and_shown_as_wrong_content() -> None:
    def html(_: Any) -> list[Any]:
        raise ParseError("not-cap", "root <html>")

    rig = Rig([Read((payload("a"),), {})], [])
    rig.script.parse = html
    await rig.listener.turn()
    assert [row.reason for row in rig.store.rows(quarantine)] == ["not-cap"]
    assert len(rig.store.rows(payloads)) == 1
    assert (rig.row.state, rig.row.reason, rig.row.mark) == ("wrong-content", "not-cap", "{}")
    await rig.listener.turn()
    assert rig.row.state == "wrong-content"


async def test_a_page_that_changes_at_every_read_does_not_fill_the_disk() -> None:
    def html(_: Any) -> list[Any]:
        raise ParseError("not-cap")

    rig = Rig(*[[Read((payload(str(n)),), {})] for n in range(200)])
    rig.script.parse = html
    for _ in range(200):
        await rig.listener.turn()
    assert 1 <= len(rig.store.rows(payloads)) <= 15


async def test_unreadable_documents_that_the_mark_moves_past_are_all_kept() -> None:
    def html(_: Any) -> list[Any]:
        raise ParseError("not-cap")

    rig = Rig(*[[Read((payload(str(n)),), {"n": n})] for n in range(30)])
    rig.script.parse = html
    for _ in range(30):
        await rig.listener.turn()
    assert len(rig.store.rows(payloads)) == 30


async def test_a_plugin_that_breaks_while_reading_is_a_failing_source_and_nothing_else() -> None:
    rig = Rig([KeyError("secret token")], [Read((payload("a"),), {"n": 1})])
    turn = await rig.listener.turn()
    assert turn.reason == "connector-fault"
    assert (rig.row.state, rig.row.reason) == ("failing", "connector-fault")
    assert "secret" not in rig.row.faults
    await rig.listener.turn()
    assert rig.row.state == "live"


async def test_a_mark_that_cannot_be_stored_is_the_plugins_fault_and_not_the_stores() -> None:
    rig = Rig([Read((payload("a"),), {"n": object()})])
    assert (await rig.listener.turn()).reason == "connector-fault"
    assert rig.store.said() == []


async def test_only_the_first_read_of_a_pushed_source_is_backlog() -> None:
    rig = Rig([Read((payload("a"),), {"n": 1}), Read((payload("b"),), {"n": 2})], connector=PushedConnector)
    await rig.listener.turn()
    assert [one.backlog for one in rig.store.said()] == [True, False]


async def test_looking_while_a_turn_ends_undoes_nothing_of_the_turn() -> None:
    rig = Rig([Read((payload("a"),), {"n": 1})], [Read((payload("b"),), {"n": 2})])
    await rig.listener.turn()
    rig.clock.advance(1000)
    looking = asyncio.create_task(rig.listener.look())
    await rig.listener.turn()
    await looking
    assert rig.row.state == "live"
    assert rig.row.last_success_at == rig.row.last_change_at


async def test_a_source_that_hangs_is_given_up_and_its_reading_is_closed() -> None:
    closed: list[bool] = []

    class Hanging(Connector):
        async def read(self, mark: Mark, fetcher: Fetcher) -> AsyncIterator[Read]:
            try:
                await asyncio.sleep(60)
                yield Read((), {})
            finally:
                closed.append(True)

    rig = Rig(connector=Hanging, read_limit_s=0.05)
    turn = await rig.listener.turn()
    assert turn.reason == "timeout"
    assert closed == [True]


async def test_a_source_that_asks_for_patience_is_given_it() -> None:
    rig = Rig([SourceError("http-429", retry_after_s=300)])
    assert (await rig.listener.turn()).retry_after_s == 300


async def test_a_read_without_news_moves_only_the_time_of_the_last_success() -> None:
    rig = Rig([Read((payload("a"),), {"n": 1})], [Read((), {"n": 1})], [])
    for _ in range(3):
        await rig.listener.turn()
        rig.clock.advance(60)
    assert rig.row.last_change_at < rig.row.last_success_at
    assert rig.row.mark == '{"n":1}'


async def test_the_first_read_and_the_first_after_an_outage_are_backlog() -> None:
    rig = Rig(*[[Read((payload(name),), {"n": name})] for name in ("a", "b", "c")])
    await rig.listener.turn()
    rig.clock.advance(60)
    await rig.listener.turn()
    rig.clock.advance(3600)
    await rig.listener.turn()
    assert [one.backlog for one in rig.store.said()] == [True, False, True]


async def test_looking_finds_a_source_late_and_writes_only_when_that_changed() -> None:
    rig = Rig([Read((payload("a"),), {"n": 1})])
    await rig.listener.turn()
    rig.clock.advance(1000)
    await rig.listener.look()
    writes = rig.store.writes
    assert (rig.row.state, rig.row.reason) == ("late", "not-read-in-time")
    await rig.listener.look()
    assert rig.store.writes == writes


async def test_probing_shows_what_would_be_said_and_stores_nothing() -> None:
    script = Script(turns=[[Read((payload("a", "!x"),), {"n": 1}, faults=("http-404 y",))]])
    found = await probe(Connector(source_of(script), clock=SetClock(START)), NoFetcher())
    assert found.said == (said(payload("a", "!x"), "a"), Unreadable("one", payload("a", "!x").sha256, "bad", "!x"))
    assert (found.mark, found.faults, found.reason) == ({"n": 1}, ("http-404 y",), "")
    assert found.lines() == [
        "11 bytes from test://one",
        "Alert a 2026-11-24T02:55:00+00:00 Actual Unknown Lũ: ",
        "unreadable: bad !x",
        "fault: http-404 y",
        "would say 2",
    ]


async def test_probing_a_source_that_cannot_be_read_says_why() -> None:
    script = Script(turns=[[SourceError("tls-chain", "no issuer")]])
    found = await probe(Connector(source_of(script), clock=SetClock(START)), NoFetcher())
    assert (found.reason, found.payloads, found.said) == ("tls-chain", (), ())
    assert found.lines() == ["fault: tls-chain: no issuer", "not read: tls-chain"]
