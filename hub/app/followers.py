"""Followers of the profile, each with its host."""

from __future__ import annotations

from hub.app.building import Hub
from hub.config import plugin, settings_of
from hub.consumer import FollowerIO
from hub.following.host import Host
from hub.following.log import StoredLog
from hub.policy import may_publish
from hub.policy.marking import marking
from hub.words import Words


def followers(hub: Hub) -> list[Host]:
    """The hosts, not running; they read one log."""
    hosts = []
    mark = marking(Words.load(hub.config.root / "words"), hub.config.settings.hub.mode)
    log_ = StoredLog(hub.store, clock=hub.clock, may_publish=may_publish, mark=mark)
    for kind, name, body in hub.config.profile.documents:
        if kind != "feed":
            continue
        table = dict(body)
        module = plugin("consumers", str(table.pop("kind", "cap_feed")), where=f"feeds.toml: {name}")
        folder = hub.config.data_dir / "feeds"
        folder.mkdir(parents=True, exist_ok=True)
        settings = settings_of(module, table, where=f"feeds.toml: {name}")
        io = FollowerIO(
            folder=folder,
            clock=hub.clock,
            machine=hub.machine,
            base_url=hub.base_url,
            mode=hub.config.settings.hub.mode,
        )
        hosts.append(Host(name, module.Follower(name, settings, io), log_, hub.store))
    return hosts
