"""The relays of a hub, one for each partner that reads a topic: what policy and treaty let it see goes there."""

from __future__ import annotations

from functools import partial

from hub.app.building import Hub
from hub.app.followers import reader
from hub.app.wire import Wire, partner_topic
from hub.config.check_stream import PUBLIC
from hub.following.log import StoredLog
from hub.following.relay import Origin, Relay, Some
from hub.following.treaty import TreatyLog
from hub.policy import may_publish
from hub.policy.marking import marking
from hub.store import Store, meta
from hub.store.rulebook import Rulebook
from hub.words import Words


async def relaying(hub: Hub, wire: Wire, partner: str, store: Store) -> None:
    """The partner's topic follows the accepted order; the mark goes to `store`; until cancelled."""
    await wire.good.wait()
    epoch = await store.read(lambda conn: meta.get(conn, "epoch") or "")
    origin = Origin(hub.base_url, hub.config.settings.hub.mode, epoch)
    log = log_of(hub, partner)
    await Relay(partner, partner_topic(partner), log, wire.stream, store, origin=origin, clock=hub.clock).run()


def log_of(hub: Hub, partner: str) -> Some:
    """What that partner may see of the accepted order."""
    mode = hub.config.settings.hub.mode
    mark = marking(Words.load(hub.config.root / "words"), mode)
    if partner == PUBLIC:
        return StoredLog(hub.store, clock=hub.clock, may_publish=may_publish, mark=mark)
    who = partial(reader, Rulebook(), partner)
    return TreatyLog(hub.store, clock=hub.clock, who=who, mode=mode, mark=mark)
