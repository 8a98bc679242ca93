"""The watch over the desk: a minute without a console that listens is told once, and again the next time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub import app
from hub.clock import to_us
from hub.delivery.deskwatch import DeskWatch
from hub.store import alarms, audit, listening, notices, rules
from tests.hubbing import Ahead, endpoint, hub_in


async def listens(hub: app.Hub) -> None:
    at = to_us(hub.machine.now())
    await hub.store.write(lambda conn: listening.heard(conn, "p", at=at))


async def alarmed(hub: app.Hub) -> bool:
    return any(alarm.kind == "desk.unheard" for alarm in await hub.store.read(alarms.open_alarms))


async def told(hub: app.Hub) -> int:
    return len(await hub.store.read(lambda conn: notices.about(conn, "desk.unheard", "desk")))


async def test_nobody_listening_for_a_minute_is_told_to_the_chief_once_each_time(tmp_path: Path) -> None:
    async with hub_in(tmp_path, clock=Ahead()) as hub:
        assert isinstance(hub.clock, Ahead)
        await endpoint(hub, "c", "http://127.0.0.1:1/", units=None)
        now = datetime.now(UTC)

        def chief(conn: Any) -> None:
            rules.put(conn, "escalation", "p", {"chief": "co-quan"}, origin="desk", by="t", at=now)

        await hub.store.write(chief)
        watch = DeskWatch(hub.store, hub.clock, hub.machine)
        hub.clock.minutes = 0.9
        await watch.step()
        assert not await alarmed(hub), "a hub that has just started waits for its consoles"
        hub.clock.minutes = 1.1
        for _ in range(3):
            await watch.step()
        assert await alarmed(hub) and await told(hub) == 1
        await listens(hub)
        await watch.step()
        assert not await alarmed(hub)
        hub.clock.minutes = 2.0
        await watch.step()
        assert not await alarmed(hub)
        hub.clock.minutes = 2.2
        await watch.step()
        await DeskWatch(hub.store, hub.clock, hub.machine).step()
        assert await alarmed(hub) and await told(hub) == 2
        assert (await hub.store.read(audit.verify)).ok


async def test_a_restart_closes_no_alarm_and_tells_nobody_again(tmp_path: Path) -> None:
    async with hub_in(tmp_path, clock=Ahead()) as hub:
        assert isinstance(hub.clock, Ahead)
        watch = DeskWatch(hub.store, hub.clock, hub.machine)
        hub.clock.minutes = 2
        await watch.step()
        again = DeskWatch(hub.store, hub.clock, hub.machine)
        await again.step()
        assert await alarmed(hub)
        hub.clock.minutes = 4
        await again.step()
        opened = await hub.store.read(alarms.open_alarms)
        assert [alarm.kind for alarm in opened] == ["desk.unheard"]
