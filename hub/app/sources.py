"""Sources of the profile with their connectors and fetchers."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from hub.app.building import Hub
from hub.config import SourceSettings, plugin, settings_of
from hub.config.secrets import revealed
from hub.connector import Source
from hub.http.fetch import FetchRules, PinnedFetcher
from hub.intake.health import Rhythm, switched_off
from hub.intake.outlet import Embedded, Published, judged_in
from hub.intake.read import Listener
from hub.intake.schedule import Schedule
from hub.store import Store, listing, sources
from hub.stream.sqlite import append_in


def listeners(hub: Hub) -> list[Listener]:
    """One for each source that is switched on."""
    return [_listener(hub, settings, *connected(hub, settings), store=hub.store) for settings in read_here(hub)]


async def listening(hub: Hub, settings: SourceSettings, store: Store) -> None:
    """The source is read, and what it says goes to `store`, until cancelled."""
    source, connector, fetcher = connected(hub, settings)
    try:
        listener = _listener(hub, settings, source, connector, fetcher, store=store)
        await Schedule([listener], chance=hub.courier.chance).run()
    finally:
        hub.fetchers.remove(fetcher)
        await fetcher.aclose()


def _listener(
    hub: Hub, settings: SourceSettings, source: Source, connector: Any, fetcher: PinnedFetcher, *, store: Store
) -> Listener:
    take = hub.deriving.door.take
    outlet = (
        Embedded(store, append_in, take) if hub.wire is None else Published(store, hub.wire, take, append_in=append_in)
    )
    return Listener(
        source,
        connector,
        fetcher,
        outlet=outlet,
        clock=hub.clock,
        machine=hub.machine,
        silent_after_s=settings.silent_after_s,
        shown=functools.partial(getattr, fetcher, "shown"),
    )


def read_here(hub: Hub) -> list[SourceSettings]:
    """The sources of the profile that are switched on."""
    return [settings for settings in hub.config.profile.sources if settings.enabled]


def show_all(conn: Connection, hub: Hub) -> None:
    """Every source that is read here is shown with its rhythm, tried or not; every other one that the profile or the record knows shows
    as off and no more as it was last seen."""
    for settings in read_here(hub):
        rhythm = Rhythm(settings.interval_s, settings.silent_after_s)
        sources.expect(
            conn,
            settings.name,
            interval_s=rhythm.interval_s,
            late_after_s=rhythm.late_after_s,
            silent_after_s=rhythm.silent_after_s,
        )
    on = {settings.name for settings in read_here(hub)}
    known = {settings.name for settings in hub.config.profile.sources}
    known |= {row.source for row in listing.sources_since(conn, 0)}
    for name in sorted(known - on):
        judged_in(conn, name, switched_off, at=hub.clock.now())


def connected(hub: Hub, settings: SourceSettings) -> tuple[Source, Any, PinnedFetcher]:
    """A source with its connector and its fetcher."""
    where = f"sources.toml: {settings.name}"
    module = plugin("connectors", settings.kind, where=where)
    own = settings_of(module, revealed(settings.settings, where=where), where=f"{where}.settings")
    source = Source(settings.name, settings.kind, own, ZoneInfo(settings.zone), settings.interval_s)
    hosts = settings.hosts or tuple(_hosts_in(settings.settings, own))
    fetcher = PinnedFetcher(
        FetchRules(
            hosts=frozenset(hosts),
            user_agent=hub.config.settings.http.user_agent,
            rewrite=settings.rewrite,
            plain_http=settings.plain_http,
            accept=settings.accept,
            ca_file=settings.ca_file,
            max_bytes=settings.max_bytes,
            timeout_s=settings.timeout_s,
        ),
        replace(hub.addresses, own=frozenset()) if hub.addresses.relaxed else hub.addresses,
        resolver=hub.resolver,
        clock=hub.machine,
    )
    hub.fetchers.append(fetcher)
    return source, module.Connector(source, clock=hub.clock), fetcher


def _hosts_in(table: Mapping[str, object], own: Any) -> list[str]:
    """The hosts of every address among the connector's settings, defaults included."""
    values = [getattr(own, name) for name in getattr(own, "__dataclass_fields__", table)]
    return [host for v in values if isinstance(v, str) and "://" in v and (host := urlsplit(v).hostname)]
