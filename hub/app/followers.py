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
from hub.policy import Recipient, may_publish
from hub.store.rulebook import Rulebook

WEBSUB = "/v1/websub"
"""Where subscribers of feeds ask to be pushed."""


def followers(hub: Hub) -> list[Host]:
    """The hosts, not running. Public feeds read one log, the feeds of one owner another."""
    hosts = []
    logs: dict[str, AlertLog] = {"": StoredLog(hub.store, clock=hub.clock, may_publish=may_publish)}
    mode = hub.config.settings.hub.mode
    for kind, name, body in hub.config.profile.documents:
        if kind != "feed":
            continue
        table = dict(body)
        owner = str(table.pop("owner", ""))
        module = plugin("consumers", str(table.pop("kind", "cap_feed")), where=f"feeds.toml: {name}")
        settings = settings_of(module, table, where=f"feeds.toml: {name}")
        if owner not in logs:
            logs[owner] = TreatyLog(hub.store, clock=hub.clock, who=partial(_who, Rulebook(), owner), mode=mode)
        folder = hub.config.data_dir / "feeds" / (f"of/{owner}" if owner else "")
        folder.mkdir(parents=True, exist_ok=True)
        io = FollowerIO(
            folder=folder,
            clock=hub.clock,
            base_url=hub.base_url,
            mode=mode,
            path=f"/feeds/of/{owner}" if owner else "/feeds",
            hub_url=hub.base_url + WEBSUB,
        )
        hosts.append(Host(name, module.Follower(name, settings, io), logs[owner], hub.store))
    return hosts


def _who(book: Rulebook, owner: str, conn: Connection) -> Recipient:
    return owner_of(book.at(conn), owner)
