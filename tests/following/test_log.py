"""The accepted alerts as followers read them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hub.following.log import StoredLog
from hub.policy import may_publish
from tests.hubbing import hub_in, later, say, triple


async def test_the_log_gives_what_is_in_force_and_then_what_comes(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        log = StoredLog(hub.store, clock=hub.clock, may_publish=may_publish)
        sent = later(-120)
        await say(hub, "mot", sent=sent)
        assert [p.alert.identifier for p in await log.in_force()] == ["mot"]
        seen = []
        async with asyncio.timeout(10):
            async for one in log.after(0):
                seen.append((one.alert.identifier, one.active))
                if len(seen) == 1:
                    await say(hub, "huy", msg_type="Cancel", sent=later(-60), references=triple("mot", sent))
                if one.alert.identifier == "huy":
                    break
        assert seen[0] == ("mot", True)
        assert [p.alert.identifier for p in await log.in_force()] == ["huy"]
