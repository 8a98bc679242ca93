"""Both connectors through the role that reads them, into a real store: from a server's bytes to records of candidates."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select

import connectors.cap_feed as cap_feed
import connectors.usgs_quakes as usgs_quakes
from hub.clock import SystemClock
from hub.connector import Candidate, Source, load
from hub.intake.outlet import Embedded
from hub.intake.read import Listener, probe
from hub.intake.schedule import Schedule
from hub.store import open_store
from hub.store.tables import payloads, sources, stream_records
from tests.connectors.loopback import Site, fetcher, serving
from tests.connectors.test_cap_feed import alert, atom
from tests.connectors.test_usgs_quakes import collection, feature

ROOT = Path(__file__).parents[2]


def rows(path: Path, table: Any) -> list[Any]:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as conn:
        found = list(conn.execute(select(table)).all())
    engine.dispose()
    return found


def feed_of(site: Site) -> cap_feed.Connector:
    source = Source("feed", "cap_feed", cap_feed.Settings(url=site.address + "/index.atom"), UTC, 0.2)
    return cap_feed.Connector(source, clock=SystemClock())


async def test_two_sources_are_read_side_by_side_and_a_dead_one_stops_neither(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    with serving() as site:
        site.put("/1.cap", alert("i1"))
        site.put("/2.cap", "<html>")
        site.put("/index.atom", atom("/2.cap", "/1.cap"))
        site.put("/quakes.geojson", collection(feature("us1")))
        store = open_store(f"sqlite:///{path}", mode="test", clock=SystemClock())
        quakes = usgs_quakes.Settings(feed_url=site.address + "/quakes.geojson", fdsn_url=site.address + "/query")
        kinds: list[tuple[Source, Any]] = [
            (Source("feed", "cap_feed", cap_feed.Settings(url=site.address + "/index.atom"), UTC, 0.2), cap_feed),
            (Source("usgs", "usgs_quakes", quakes, UTC, 0.2), usgs_quakes),
            (Source("dead", "cap_feed", cap_feed.Settings(url="http://127.0.0.1:9/"), UTC, 0.2), cap_feed),
        ]
        outlet = Embedded(store)
        listeners = [
            Listener(source, kind.Connector(source, clock=SystemClock()), fetcher(), outlet=outlet, clock=SystemClock())
            for source, kind in kinds
        ]
        running = asyncio.create_task(Schedule(listeners, chance=random.Random(1)).run())
        async with asyncio.timeout(10):
            while not {"feed", "usgs", "dead"} <= {row.source for row in rows(path, sources)}:  # noqa: ASYNC110  no event
                await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await store.close()
    said = [load(row.value) for row in rows(path, stream_records)]
    assert sorted(one.alert.identifier or one.source_key for one in said if isinstance(one, Candidate)) == ["i1", "us1"]
    states = {row.source: (row.state, row.reason) for row in rows(path, sources)}
    assert states["usgs"] == ("live", "")
    assert states["feed"][0] == "live"
    assert states["dead"] == ("failing", "refused")
    assert {one.payload_sha256 for one in said} <= {row.sha256 for row in rows(path, payloads)}


async def test_probing_a_feed_shows_its_alerts(tmp_path: Path) -> None:
    with serving() as site:
        site.put("/1.cap", alert("i1"))
        site.put("/index.atom", atom("/missing.cap", "/1.cap"))
        found = await probe(feed_of(site), fetcher())
    assert [one.alert.identifier for one in found.said if isinstance(one, Candidate)] == ["i1"]


READER = """
    import asyncio, sys
    from datetime import UTC
    import connectors.cap_feed as cap_feed
    from hub.clock import SystemClock
    from hub.connector import Source
    from hub.intake.outlet import Embedded
    from hub.intake.read import Listener
    from hub.store import open_store
    from tests.connectors.loopback import fetcher

    async def main(url, path):
        store = open_store(f"sqlite:///{path}", mode="test", clock=SystemClock())
        source = Source("feed", "cap_feed", cap_feed.Settings(url=url), UTC, 1)
        connector = cap_feed.Connector(source, clock=SystemClock())
        listener = Listener(source, connector, fetcher(), outlet=Embedded(store), clock=SystemClock())
        print("ready", flush=True)
        while True:
            await listener.turn()
            print("turn", flush=True)

    asyncio.run(main(*sys.argv[1:]))
"""


def claimed(path: Path) -> set[str]:
    """The documents that the stored mark says are done."""
    found = rows(path, sources)
    return {url.rpartition("/")[2] for url in json.loads(found[0].mark).get("documents", {})} if found else set()


def told(path: Path) -> set[str]:
    return {
        said.alert.identifier for row in rows(path, stream_records) if isinstance(said := load(row.value), Candidate)
    }


@pytest.mark.parametrize("seed", range(1))
def test_a_mark_never_claims_what_a_kill_kept_from_being_told(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    path = tmp_path / "hub.db"
    listed = 100
    with serving() as site:
        for n in range(listed):
            site.put(f"/{n}.cap", alert(f"{n}.cap"))
        site.put("/index.atom", atom(*(f"/{n}.cap" for n in range(listed))))
        command = [sys.executable, "-c", textwrap.dedent(READER), site.address + "/index.atom", str(path)]
        for kill_after in (1, 41):
            reader = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            assert reader.stdout is not None
            assert reader.stdout.readline() == "ready\n"
            until = time.monotonic() + 20
            while len(told(path)) < kill_after and time.monotonic() < until:
                time.sleep(0.002)
            time.sleep(chance.uniform(0.0, 0.05))
            os.kill(reader.pid, signal.SIGKILL)
            reader.wait(10)
            assert kill_after <= len(told(path))
            assert claimed(path) <= told(path)
        reader = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert reader.stdout is not None
        assert [reader.stdout.readline() for _ in range(2)] == ["ready\n", "turn\n"]
        os.kill(reader.pid, signal.SIGKILL)
        reader.wait(10)
    assert told(path) == claimed(path) == {f"{n}.cap" for n in range(listed)}
