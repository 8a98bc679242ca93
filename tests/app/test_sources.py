"""Sources with their connectors and fetchers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from hub import app
from hub.app.running import run
from hub.app.sources import connected, listeners
from hub.config import SourceSettings
from hub.errors import ConfigError
from hub.store import listing, sources
from tests.hubbing import hub_in

FEED = {"url": "http://127.0.0.1:9/index.xml"}


async def test_every_source_that_is_switched_on_gets_a_listener(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        wanted = {s.name for s in hub.config.profile.sources if s.enabled}
        assert {one.source.name for one in listeners(hub)} == wanted
        for fetcher in hub.fetchers:
            await fetcher.aclose()


async def test_what_a_source_promises_is_what_its_listener_expects(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        _sources(hub, SourceSettings(name="mot", kind="cap_feed", silent_after_s=7200, settings=FEED))
        (listener,) = listeners(hub)
        assert listener.rhythm.silent_after_s == 7200
        for fetcher in hub.fetchers:
            await fetcher.aclose()


async def test_a_source_that_is_switched_off_or_gone_shows_as_off_from_the_start(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        on = SourceSettings(name="bat", kind="cap_feed", settings=FEED)
        _sources(hub, on, replace(on, name="tat", enabled=False), replace(on, name="chua-doc", enabled=False))

        def before(conn: Connection) -> None:
            for name in ("bat", "tat", "da-bo"):
                sources.set_health(conn, name, {"state": "live", "reason": "", "failures": 0, "faults": ()})
                sources.set_mark(conn, name, {"n": 1})

        await hub.store.write(before)
        seen: asyncio.Future[dict[str, tuple[str, str]]] = asyncio.get_running_loop().create_future()

        async def ready() -> None:
            rows = await hub.store.read(lambda conn: listing.sources_since(conn, 0))
            seen.set_result({row.source: (row.state, row.reason) for row in rows})

        task = asyncio.create_task(run(hub, ("intake",), ready=ready))
        async with asyncio.timeout(20):
            states = await seen
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    assert states.pop("bat")[0] != "off"
    assert states == dict.fromkeys(("tat", "chua-doc", "da-bo"), ("off", "switched-off"))


def _sources(hub: app.Hub, *settings: SourceSettings) -> None:
    config = hub.config
    hub.config = replace(config, profile=replace(config.profile, sources=settings))


async def test_a_kind_that_is_none_is_refused_with_the_source_named(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        with pytest.raises(ConfigError, match="la"):
            connected(hub, SourceSettings(name="la", kind="no_such_kind"))
