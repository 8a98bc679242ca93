"""The accepted alerts as followers read them."""

from __future__ import annotations

import asyncio
from datetime import UTC
from pathlib import Path

from sqlalchemy import Connection

from hub.cap.xml import read
from hub.clock import SetClock
from hub.following.log import StoredLog
from hub.policy import may_publish
from hub.store import alerts, head
from tests.hubbing import hub_in, later, say, triple


async def test_the_log_gives_what_is_in_force_and_then_what_comes(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        log = StoredLog(hub.store, clock=hub.clock, may_publish=may_publish, mark=lambda alert: alert)
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


async def test_who_saw_a_public_alert_sees_its_end_and_no_word_of_what_is_restricted(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        log = StoredLog(hub.store, clock=hub.clock, may_publish=may_publish, mark=lambda alert: alert)
        sent, secret = later(-120), {"scope": "Restricted", "headline": "Bí mật", "unit": "731"}
        await say(hub, "mot", sent=sent)
        await say(hub, "huy", msg_type="Cancel", sent=later(-60), references=triple("mot", sent), **secret)
        (ended,) = await log.in_force()
        assert (ended.alert.identifier, ended.alert.msg_type, ended.alert.infos) == ("huy", "Cancel", ())
        assert [r.identifier for r in ended.alert.references] == ["mot"]
        assert (ended.alert.scope, ended.units, ended.hazards) == ("Public", frozenset(), frozenset())
        assert "Bí mật" not in ended.cap_xml.decode() and read(ended.cap_xml, zone=UTC).faults == ()
        assert ended.keep_until > hub.clock.now()


async def test_the_end_of_what_nobody_saw_is_not_published_though_it_says_public(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        log = StoredLog(hub.store, clock=hub.clock, may_publish=may_publish, mark=lambda alert: alert)
        sent = later(-120)
        await say(hub, "mat", sent=sent, scope="Restricted")
        await say(hub, "huy-mat", msg_type="Cancel", sent=later(-60), references=triple("mat", sent))
        await say(hub, "huy-la", msg_type="Cancel", sent=later(-60), references=triple("chua-ai-thay", sent))
        assert await log.in_force() == []


async def test_a_chain_that_became_restricted_ends_for_those_who_saw_its_beginning(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        log = StoredLog(hub.store, clock=hub.clock, may_publish=may_publish, mark=lambda alert: alert)
        first, second = later(-180), later(-120)
        await say(hub, "mot", sent=first)
        await say(hub, "hai", msg_type="Update", sent=second, references=triple("mot", first), scope="Restricted")
        assert await log.in_force() == []
        named = f"{triple('mot', first)} {triple('hai', second)}"
        await say(hub, "huy", msg_type="Cancel", sent=later(-60), references=named, scope="Restricted")
        (ended,) = await log.in_force()
        assert [r.identifier for r in ended.alert.references] == ["mot"], "what is restricted is not even named"


async def test_what_expires_leaves_though_nothing_happened_and_what_stays_is_not_read_again(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        clock = SetClock(hub.clock.now())
        log = StoredLog(hub.store, clock=clock, may_publish=may_publish, mark=lambda alert: alert)
        await say(hub, "ngan", expires=later(600))
        await say(hub, "dai", expires=later(6000))
        first = {one.alert.identifier: one for one in await log.in_force()}
        assert list(first) == ["ngan", "dai"]
        clock.advance(700)
        assert [one.alert.identifier for one in await log.in_force()] == ["dai"]
        await say(hub, "moi")
        after = {one.alert.identifier: one for one in await log.in_force()}
        assert list(after) == ["dai", "moi"]
        assert after["dai"] is first["dai"]


async def test_an_alert_told_anew_is_another_entry(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        log = StoredLog(hub.store, clock=hub.clock, may_publish=may_publish, mark=lambda alert: alert)
        await say(hub, "mot")
        (before,) = await log.in_force()

        def revive(conn: Connection) -> None:
            state = head.lock(conn)
            alerts.insert_event(conn, seq=state.next_seq(), kind="revived", alert_id=before.alert_id, at=0)
            head.save(conn, state)

        await hub.store.write(revive)
        (after,) = await log.in_force()
        assert after.seq == before.seq + 1
