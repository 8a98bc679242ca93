"""The witness: anchors and exported heads while a hub runs, and `hub audit verify` over what it left."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from hub.app import running, verify
from hub.app.witness import HEADS, KEY, export
from hub.config import load
from hub.errors import ConfigError
from hub.store import anchors, head
from hub.store.signed import read_heads
from tests.hubbing import Receiver, another_source, endpoint, hub_in, say, settle
from tests.journeys.town import receiving


def data(folder: Path) -> Path:
    return folder / "test"


async def test_each_head_is_exported_once_and_the_newest_of_an_hour_stands(tmp_path: Path) -> None:
    with receiving(Receiver()) as receiver:
        async with hub_in(tmp_path) as hub:
            await endpoint(hub, "e", receiver.base)
            first = await hub.witness.testify()
            await say(hub, "mot")
            await settle(hub)
            second = await hub.witness.testify()
            again = await hub.witness.testify()
            assert first.audit_n < second.audit_n == again.audit_n
            exported = read_heads(hub.config.data_dir / HEADS)
            assert exported[-1].audit_n == second.audit_n
            assert {one.fault() for one in exported} == {""}
            assert stat.S_IMODE((hub.config.data_dir / KEY).stat().st_mode) == 0o600
            assert not list((hub.config.data_dir / HEADS).glob("*.tmp"))
            assert await hub.store.read(anchors.waiting) == 0


async def test_many_rows_are_anchored_before_their_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(Receiver()) as receiver:
        async with hub_in(tmp_path) as hub:
            await endpoint(hub, "e", receiver.base)
            await hub.witness.step()
            await say(hub, "mot")
            await settle(hub)
            await hub.witness.step()
            assert await hub.store.read(anchors.waiting) > 0, "its minute is not over"
            monkeypatch.setattr(anchors, "MOST_ROWS", 1)
            await hub.witness.step()
            assert await hub.store.read(anchors.waiting) == 0


async def test_a_hub_that_stops_leaves_everything_anchored_and_verified(tmp_path: Path) -> None:
    config = load(None, mode="test", data_dir=str(tmp_path))
    with receiving(Receiver()) as receiver:
        async with hub_in(tmp_path) as hub:
            await endpoint(hub, "e", receiver.base)
            up = asyncio.Event()

            async def ready() -> None:
                up.set()

            task = asyncio.create_task(running.run(hub, ("acceptance", "routing", "delivery"), ready=ready))
            async with asyncio.timeout(20):
                await up.wait()
                await another_source(hub, "nguon")  # the profile does not know it
                await say(hub, "mot")
                while not receiver.ids:  # noqa: ASYNC110 - the receiver is a thread
                    await asyncio.sleep(0.02)
                assert (await verify(config)).ok, "a running hub can be verified"
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
    report = await verify(config)
    assert report.ok, report
    assert report.segments and report.heads and report.rows >= 2
    with closing(sqlite3.connect(config.data_dir / "hub.db")) as raw:
        raw.execute("DELETE FROM audit WHERE n = (SELECT max(n) FROM audit)")
        raw.execute(
            "UPDATE head SET audit_n = audit_n - 1, audit_hash = (SELECT hash FROM audit ORDER BY n DESC LIMIT 1)"
        )
        raw.commit()
    bad = (await verify(config)).bad
    assert bad is not None
    assert "the tail is missing" in bad.reason


async def test_a_store_that_is_not_there_and_heads_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    config = load(None, mode="test", data_dir=str(tmp_path))
    with pytest.raises(ConfigError, match="there is none"):
        await verify(config)
    async with hub_in(tmp_path):
        pass
    with pytest.raises(ConfigError, match="holds no signed head"):
        await verify(config, tmp_path / "no-such-file")
    assert (await verify(config)).ok


async def test_a_head_that_cannot_be_exported_is_tried_again(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        (hub.config.data_dir / HEADS).write_text("in the way")
        await hub.witness.testify()
        (hub.config.data_dir / HEADS).unlink()
        await hub.witness.testify()
        assert len(read_heads(hub.config.data_dir / HEADS)) == 1
        assert (await hub.store.read(head.look)).audit_n == read_heads(hub.config.data_dir / HEADS)[0].audit_n


async def test_an_export_replaces_only_the_file_of_its_hour(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        one = await hub.store.read(hub.witness.head)
        path = export(tmp_path / "out", one)
        before = path.stat().st_ino
        assert export(tmp_path / "out", one) == path
        assert path.stat().st_ino != before
        assert list(read_heads(tmp_path / "out")) == [one]
