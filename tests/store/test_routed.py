"""Which events were routed, and which are late."""

from __future__ import annotations

from pathlib import Path

from hub.clock import to_us
from hub.store import routed, rules
from tests.hubbing import hub_in, say, settle


async def test_an_event_is_late_until_it_is_routed(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        decided = await say(hub, "mot")
        soon = to_us(hub.clock.now()) + 10_000_000
        assert await hub.store.read(lambda conn: routed.unrouted(conn, before=soon)) == [decided.seq]
        assert await hub.store.read(lambda conn: routed.routed_with(conn, decided.alert_id)) is None
        assert not await hub.store.read(lambda conn: routed.is_routed(conn, decided.seq))
        await settle(hub)
        assert await hub.store.read(lambda conn: routed.unrouted(conn, before=soon)) == []
        assert await hub.store.read(routed.last_routed) == decided.seq
        rev = await hub.store.read(rules.rev)
        assert await hub.store.read(lambda conn: routed.routed_with(conn, decided.alert_id)) == rev
