"""Followers of the profile, each with its host, and the publisher that pushes what they wrote."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection

from hub.app.building import Hub
from hub.app.sending import owner_of
from hub.config import plugin, settings_of
from hub.consumer import AlertLog, FollowerIO
from hub.following.host import Host
from hub.following.log import StoredLog
from hub.following.treaty import TreatyLog
from hub.following.websub import Publisher
from hub.http.fetch import FetchRules, PinnedFetcher
from hub.http.urls import read_url
from hub.policy import Key, No, Recipient, Treaty, What, may, may_publish
from hub.policy.marking import marking
from hub.store import Store, keys, rules
from hub.store.rulebook import Rulebook
from hub.words import Words

WEBSUB = "/v1/websub"
"""Where subscribers of feeds ask to be pushed."""


def followers(hub: Hub) -> list[Host]:
    """The hosts, not running. Public feeds read one log, the feeds of one owner another."""
    hosts = []
    mode = hub.config.settings.hub.mode
    mark = marking(Words.load(hub.config.root / "words"), mode)
    logs: dict[str, AlertLog] = {"": StoredLog(hub.store, clock=hub.clock, may_publish=may_publish, mark=mark)}
    for kind, name, body in hub.config.profile.documents:
        if kind != "feed":
            continue
        table = dict(body)
        owner = str(table.pop("owner", ""))
        module = plugin("consumers", str(table.pop("kind", "cap_feed")), where=f"feeds.toml: {name}")
        settings = settings_of(module, table, where=f"feeds.toml: {name}")
        if owner not in logs:
            who = partial(reader, Rulebook(), owner)
            logs[owner] = TreatyLog(hub.store, clock=hub.clock, who=who, mode=mode, mark=mark)
        folder = hub.config.data_dir / "feeds" / (f"of/{owner}" if owner else "")
        folder.mkdir(parents=True, exist_ok=True)
        io = FollowerIO(
            folder=folder,
            clock=hub.clock,
            machine=hub.machine,
            base_url=hub.base_url,
            mode=mode,
            path=f"/feeds/of/{owner}" if owner else "/feeds",
            hub_url=hub.base_url + WEBSUB,
        )
        hosts.append(Host(name, module.Follower(name, settings, io), logs[owner], hub.store))
    return hosts


def publisher(hub: Hub, store: Store) -> Publisher:
    """Pushes the feeds of this hub to their subscribers; what became of it goes to `store`."""

    async def gets(url: str, timeout_s: float) -> bytes:
        host = read_url(url).host
        rules = FetchRules(hosts=frozenset({host}), user_agent=hub.config.settings.http.user_agent, timeout_s=timeout_s)
        fetcher = PinnedFetcher(rules, hub.addresses, resolver=hub.resolver, clock=hub.machine)
        try:
            return (await fetcher.get(url, accept="text/plain, */*;q=0.5", max_bytes=4096)).body
        finally:
            await fetcher.aclose()

    return Publisher(
        store,
        poster=hub.poster,
        gets=gets,
        clock=hub.machine,
        folder=hub.config.data_dir / "feeds",
        hub_url=hub.base_url + WEBSUB,
        seal_key=hub.seal_key,
        may_read=lambda conn, key_id, feed: _may_read(hub, conn, key_id, feed),
    )


def _may_read(hub: Hub, conn: Connection, key_id: str, feed: str) -> bool:
    """Whether that key is still good and may still read that feed."""
    record = keys.get(conn, key_id)
    if record is None or not record.is_good(hub.machine.now()):
        return False
    treaty = rules.get(conn, "treaty", record.owner)
    who = Key(key_id, record.kind, record.owner, frozenset(record.scopes), Treaty.of(treaty.body if treaty else None))
    owner = feed.split("/")[1] if feed.startswith("of/") else ""
    what = What("feed", owners=frozenset({owner} if owner else ()))
    return not isinstance(may(who, "feed.read", what), No)


def reader(book: Rulebook, owner: str, conn: Connection) -> Recipient:
    """Who reads the feeds of that owner; one nobody knows is an unknown owner, for whom there is nothing."""
    known = book.at(conn)
    return owner_of(known, owner) if known.get("owner", owner) is not None else Recipient(owner="", kind="unknown")
