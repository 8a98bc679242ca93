"""Pushed and asked-for earthquakes through the role that reads them, into a real store; cuts and kills lose nothing and tell nothing twice."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, select

import connectors.emsc_quakes as emsc_quakes
import connectors.fdsn_quakes as fdsn_quakes
from hub.clock import SystemClock
from hub.connector import Candidate, Source, load
from hub.intake.outlet import Embedded
from hub.intake.read import Listener, probe
from hub.intake.schedule import Schedule
from hub.store import open_store
from hub.store.tables import sources, stream_records
from tests.connectors.loopback import Site, fetcher, serving
from tests.connectors.portal import Portal, collection, feature, frame, pushing
from tests.connectors.test_fdsn_quakes import event, quakeml

ROOT = Path(__file__).parents[2]


def rows(path: Path, table: Any) -> list[Any]:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as conn:
        found = list(conn.execute(select(table)).all())
    engine.dispose()
    return found


def told(path: Path) -> list[Candidate]:
    said = [load(row.value) for row in sorted(rows(path, stream_records), key=lambda row: row.position)]
    return [one for one in said if isinstance(one, Candidate)]


def keys(path: Path, *, backlog: bool | None = None) -> list[str]:
    return [one.source_key for one in told(path) if backlog is None or one.backlog is backlog]


def states(path: Path) -> dict[str, tuple[str, str]]:
    return {row.source: (row.state, row.reason) for row in rows(path, sources)}


def faults(path: Path, source: str) -> list[str]:
    return next((json.loads(row.faults) for row in rows(path, sources) if row.source == source), [])


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  no event tells of a committed row
            await asyncio.sleep(0.05)


def fresh(key: str, **more: Any) -> dict[str, Any]:
    """An event of a minute ago by the machine's clock."""
    return feature(key, at=datetime.now(UTC) - timedelta(minutes=2), **more)


@asynccontextmanager
async def running(path: Path, portal: Portal, site: Site) -> AsyncIterator[None]:
    """Both sources read by intake, as in a running hub."""
    store = open_store(f"sqlite:///{path}", mode="test", clock=SystemClock())
    pushed = emsc_quakes.Settings(push_url=portal.url, fdsn_url=site.address + "/emsc", reconnect_s=(0.05,))
    polled = fdsn_quakes.Settings(url=site.address + "/geofon", sender="geofon.gfz.de", network="GEOFON")
    kinds: list[tuple[Source, Any]] = [
        (Source("emsc", "emsc_quakes", pushed, UTC, 0.5), emsc_quakes),
        (Source("geofon", "fdsn_quakes", polled, UTC, 0.2), fdsn_quakes),
    ]
    listeners = [
        Listener(
            source, kind.Connector(source, clock=SystemClock()), fetcher(), outlet=Embedded(store), clock=SystemClock()
        )
        for source, kind in kinds
    ]
    task = asyncio.create_task(Schedule(listeners, chance=random.Random(1), push_waits_s=(0.05,)).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await store.close()


async def test_a_pushed_and_a_polled_network_are_read_side_by_side_and_a_cut_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    with serving() as site:
        async with pushing() as portal:
            site.put("/emsc?*", collection(fresh("old")))
            site.put("/geofon?*", quakeml(event("gfz1")))
            async with running(path, portal, site):
                await until(lambda: {"old", "gfz1"} <= set(keys(path)) and bool(portal.listening))
                await portal.say(frame("create", fresh("pushed")))
                await until(lambda: "pushed" in keys(path))
                site.put("/emsc?*", collection(fresh("old"), fresh("pushed"), fresh("during")))
                await portal.cut()
                await until(lambda: "during" in keys(path))
                await portal.say(frame("update", fresh("later", revised_s=5)))
                await until(lambda: "later" in keys(path))
    assert keys(path, backlog=True).count("old") == 1
    assert not {"pushed", "during", "later"} & set(keys(path, backlog=True)), "what happens now is no backlog"
    assert states(path) == {"emsc": ("live", ""), "geofon": ("live", "")}


async def test_a_dead_line_shows_on_the_source_page_while_the_source_is_live_by_asking(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    away = Portal(url="ws://127.0.0.1:9/standing_order/websocket")
    with serving() as site:
        site.put("/emsc?*", collection(fresh("asked")))
        site.put("/geofon?*", b"", status=503)
        async with running(path, away, site):
            await until(lambda: "asked" in keys(path) and "geofon" in states(path))
            assert states(path)["emsc"] == ("live", "")
            assert faults(path, "emsc")[0].startswith("refused 127.0.0.1")
            assert states(path)["geofon"] == ("failing", "http-503")
            site.put("/emsc?*", b"", status=500)
            await until(lambda: states(path)["emsc"] == ("failing", "http-500"))
            assert "the line: refused" in faults(path, "emsc")[0]
            site.put("/emsc?*", collection(fresh("asked"), fresh("again")))
            await until(lambda: states(path)["emsc"] == ("live", "") and "again" in keys(path))


async def test_nonsense_on_the_line_is_wrong_content_until_something_readable_comes(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    with serving() as site:
        async with pushing() as portal:
            site.put("/emsc?*", b"", status=503)
            site.put("/geofon?*", b"", status=204)
            async with running(path, portal, site):
                await until(lambda: states(path).get("emsc") is not None and bool(portal.listening))
                await portal.say("<html>")
                await until(lambda: states(path)["emsc"] == ("wrong-content", "not-json"))
                await portal.say(frame("create", fresh("after")))
                await until(lambda: states(path)["emsc"] == ("live", "") and "after" in keys(path))


async def test_probing_shows_what_the_sources_would_say(tmp_path: Path) -> None:
    with serving() as site:
        async with pushing() as portal:
            site.put("/emsc?*", collection(fresh("e1")))
            chosen = emsc_quakes.Settings(push_url=portal.url, fdsn_url=site.address + "/emsc")
            source = Source("emsc", "emsc_quakes", chosen, UTC, 60)
            found = await probe(emsc_quakes.Connector(source, clock=SystemClock()), fetcher())
    assert [one.source_key for one in found.said if isinstance(one, Candidate)] == ["e1"]


READER = """
    import asyncio, sys
    from datetime import UTC
    import connectors.emsc_quakes as emsc_quakes
    from hub.clock import SystemClock
    from hub.connector import Source
    from hub.intake.outlet import Embedded
    from hub.intake.read import Listener
    from hub.store import open_store
    from tests.connectors.loopback import fetcher

    async def main(push_url, fdsn_url, path):
        store = open_store(f"sqlite:///{path}", mode="test", clock=SystemClock())
        chosen = emsc_quakes.Settings(push_url=push_url, fdsn_url=fdsn_url, reconnect_s=(0.05,))
        source = Source("emsc", "emsc_quakes", chosen, UTC, 0.5)
        connector = emsc_quakes.Connector(source, clock=SystemClock())
        listener = Listener(source, connector, fetcher(), outlet=Embedded(store), clock=SystemClock())
        print("ready", flush=True)
        while True:
            await listener.turn()

    asyncio.run(main(*sys.argv[1:]))
"""


def claimed(path: Path) -> set[str]:
    """The events that the stored mark says were told."""
    found = rows(path, sources)
    return set(json.loads(found[0].mark).get("known", {})) if found else set()


async def test_kills_between_a_frame_and_the_disk_lose_nothing_and_the_mark_never_claims_it(tmp_path: Path) -> None:
    path, chance = tmp_path / "hub.db", random.Random(7)
    happened: list[dict[str, Any]] = []
    with serving() as site:
        async with pushing() as portal:
            command = [sys.executable, "-c", textwrap.dedent(READER), portal.url, site.address + "/emsc", str(path)]

            async def happen() -> None:
                happened.append(fresh(f"e{len(happened)}"))
                site.put("/emsc?*", collection(*happened))
                await portal.say(frame("create", happened[-1]))

            for _ in range(3):
                reader = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
                assert reader.stdout is not None
                assert await asyncio.wait_for(reader.stdout.readline(), 30) == b"ready\n"
                await portal.until(lambda: bool(portal.listening))
                for _ in range(chance.randrange(5, 15)):
                    await happen()
                    await asyncio.sleep(chance.uniform(0, 0.02))
                os.kill(reader.pid, signal.SIGKILL)
                await reader.wait()
                await portal.until(lambda: not portal.listening)
                assert claimed(path) <= set(keys(path))
                await happen()  # while nobody listens
            every = {one["id"] for one in happened}
            reader = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
            await until(lambda: set(keys(path)) == every)
            os.kill(reader.pid, signal.SIGKILL)
            await reader.wait()
    assert claimed(path) <= every
    identities = {(one.source_key, one.revised_at, one.alert.infos) for one in told(path)}
    assert len(identities) == len(every), "pushed, listed or listed again, it is the same alert"
