"""Whose clock runs, and until when: versions one after another, several rules, what is withheld, what is covered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub import app
from hub.acknowledging.acknowledge import Said, acknowledge
from hub.acknowledging.expecting import MINUTE_US, expect_lifted
from hub.clock import to_us
from hub.store import escalations, rulebook, spared
from tests.hubbing import Ahead, Receiver, another_source, endpoint, hub_in, later, ledger, say, settle, triple
from tests.journeys.town import receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


async def clocks(hub: app.Hub) -> list[Any]:
    return list(await hub.store.read(lambda conn: list(escalations.waiting(conn, 100))))


async def test_the_shortest_of_several_rules_counts_and_the_row_says_until_when(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base, ack_min=30, ack_min_by_severity={"Severe": 7})
        await endpoint(hub, "f", f"{receiver.base}/f", ack_min=9)
        await endpoint(hub, "g", f"{receiver.base}/g")
        before = to_us(datetime.now(UTC))
        await say(hub, "mot")
        await settle(hub)
        (clock,) = await clocks(hub)
        assert 0 <= clock.ack_due_at - before - 7 * MINUTE_US < 5_000_000
        asked = {row["endpoint_id"]: (row["ack_min"], row["ack_due_at"]) for row in await ledger(hub)}
        assert asked == {"e": (7, clock.ack_due_at), "f": (9, clock.ack_due_at), "g": (0, None)}
        assert receiver.got[0]["data"]["ack_url"].startswith(f"{hub.base_url}/a/")


async def test_an_update_that_nobody_had_confirmed_keeps_the_deadline_and_a_graver_one_brings_it_nearer(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path, clock=Ahead()) as hub:
        assert isinstance(hub.clock, Ahead)
        await endpoint(hub, "e", receiver.base, ack_min=10, ack_min_by_severity={"Extreme": 2})
        sent = [later(-60 + n) for n in range(3)]
        await say(hub, "mot", sent=sent[0])
        await settle(hub)
        (first,) = await clocks(hub)
        hub.clock.minutes = 6
        await say(hub, "hai", msg_type="Update", references=triple("mot", sent[0]), sent=sent[1], instruction="Sơ tán")
        await settle(hub)
        (second,) = await clocks(hub)
        assert second.ack_due_at == first.ack_due_at
        await say(hub, "ba", msg_type="Update", references=triple("hai", sent[1]), sent=sent[2], severity="Extreme")
        await settle(hub)
        (third,) = await clocks(hub)
        assert third.ack_due_at < first.ack_due_at
        ended = await hub.store.read(lambda conn: escalations.of(conn, first.seq, "co-quan"))
        assert ended is not None and (ended.state, ended.ended_by) == ("ended", "superseded")


async def test_after_an_acknowledgement_only_what_sounds_asks_again(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base, ack_min=10)
        sent, ends = [later(-60 + n) for n in range(3)], later(6 * 3600)
        await say(hub, "mot", sent=sent[0], expires=ends)
        await settle(hub)
        name = (await ledger(hub))[0]["delivery_id"]
        now = datetime.now(UTC)
        await hub.store.write(lambda conn: acknowledge(conn, name, Said("link", "An"), at=now))
        silent = triple("mot", sent[0])
        await say(hub, "hai", msg_type="Update", references=silent, sent=sent[1], expires=ends, headline="Tin số 2")
        await settle(hub)
        assert await clocks(hub) == []
        assert (await ledger(hub))[1]["ack_due_at"] is None
        await say(hub, "ba", msg_type="Update", references=triple("hai", sent[1]), sent=sent[2], severity="Extreme")
        await settle(hub)
        assert len(await clocks(hub)) == 1
        assert (await ledger(hub))[0]["acknowledged_by"] == "An", "an ack of a version stays that version's"


async def test_nobody_is_asked_for_what_policy_withheld_and_an_unproven_endpoint_still_counts(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base, ack_min=5)
        await say(hub, "rieng", scope="Private", addresses="nguoi-khac")
        await settle(hub)
        assert [row["outcome"] for row in await ledger(hub)] == ["withheld private"]
        assert await clocks(hub) == []
        from hub.store import endpoints

        await hub.store.write(lambda conn: endpoints.set_state(conn, "e", "suspended", reason="gone"))
        await say(hub, "hai")
        await settle(hub)
        assert [clock.owner for clock in await clocks(hub)] == ["co-quan"], (
            "who cannot be reached must be told otherwise"
        )


async def test_what_another_source_covers_asks_only_once_it_is_told_itself(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await another_source(hub, "khac")
        await endpoint(hub, "e", receiver.base, ack_min=5)
        await say(hub, "mot")
        await settle(hub)
        await say(hub, "hai", source="khac", sender="khac@example.test")
        await settle(hub)
        rows = await ledger(hub)
        assert [row["state"] for row in rows] == ["delivered", "covered"] and len(await clocks(hub)) == 1
        covered = rows[1]["delivery_id"]

        def lift(conn: Any) -> None:
            now = to_us(datetime.now(UTC))
            spared.lift(conn, [covered], now)
            expect_lifted(conn, [covered], book=rulebook.read(conn), now=now)
            expect_lifted(conn, [covered], book=rulebook.read(conn), now=now + 60_000_000)

        await hub.store.write(lift)
        assert len(await clocks(hub)) == 2
        assert (await ledger(hub))[1]["ack_due_at"] is not None
