"""Tests of hub.app.offering: an endpoint added at the desk gets the rules its agency was offered, from its own seq on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from hub import app
from hub.api.door import build
from hub.app.offering import offer, wanted
from hub.app.serving import services
from hub.clock import SystemClock
from hub.routing.why import why
from hub.store import people, rules
from tests.hubbing import hub_in, ledger, say

DESK: dict[str, Any] = {"owner": "so-y-te", "kind": "webhook", "settings": {"url": "https://y-te.example.test/in"}}


async def put(hub: app.Hub, endpoint_id: str, **said: Any) -> None:
    """The endpoint stands at the desk, with what is offered to its owner."""
    now = hub.clock.now()

    def write(conn: Any) -> None:
        rules.put(conn, "endpoint", endpoint_id, {**DESK, **said}, origin="desk", by="t", at=now)
        offer(conn, hub.config.profile, endpoint_id, by="t", at=now)

    await hub.store.write(write)


async def fed(hub: app.Hub) -> dict[str, rules.Rule]:
    """The subscriptions in force."""
    return {r.rule_id: r for r in await hub.store.read(lambda conn: rules.in_force(conn, "subscription"))}


async def apply(hub: app.Hub) -> list[rules.Change]:
    """What `hub config apply` changes."""
    profile, now = hub.config.profile, hub.clock.now()
    return await hub.store.write(lambda conn: rules.apply(conn, wanted(conn, profile), by="config", at=now))


async def test_an_endpoint_of_the_desk_gets_what_its_agency_was_offered(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        await put(hub, "e1")
        (rule,) = (await fed(hub)).values()
        assert (rule.rule_id, rule.origin, rule.body["number"]) == ("so-y-te.e1", "config", 6)
        assert rule.body["endpoint_id"] == "e1"
        assert "epidemic" in rule.body["hazards"]


async def test_applying_the_configuration_again_keeps_it_and_changes_nothing(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        await put(hub, "e1")
        await apply(hub)
        before = await hub.store.read(rules.rev)
        assert "so-y-te.e1" in await fed(hub)
        assert await apply(hub) == []
        assert await hub.store.read(rules.rev) == before


async def test_the_rule_holds_from_the_endpoints_own_seq_on_and_why_knows_it(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        earlier = await say(hub, "before", severity="Extreme", urgency="Immediate")
        await hub.router.step(0)
        await put(hub, "e1")
        later = await say(hub, "after", severity="Extreme", urgency="Immediate")
        await hub.router.step(0)
        rule = (await fed(hub))["so-y-te.e1"]
        assert rule.valid_from_seq == later.seq
        assert [row["alert_id"] for row in await ledger(hub)] == [later.alert_id]
        told = [await hub.store.read(lambda conn, a=a: why(conn, a, "e1")) for a in (earlier.alert_id, later.alert_id)]
        assert told[0]["rules"] == []
        assert [(r["subscription_id"], r["matched"]) for r in told[1]["rules"]] == [("so-y-te.e1", True)]


async def test_a_removed_endpoint_has_no_rules_left_whoever_made_them(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        await put(hub, "e1")
        own = {**(await fed(hub))["so-y-te.e1"].body, "number": 900}
        now = hub.clock.now()
        await hub.store.write(lambda c: rules.put(c, "subscription", "own", own, origin="desk", by="t", at=now))
        await hub.store.write(lambda c: rules.remove(c, "endpoint", "e1", by="t", at=now))
        await hub.store.write(lambda c: offer(c, hub.config.profile, "e1", by="t", at=now))
        assert await fed(hub) == {}
        await apply(hub)
        assert await fed(hub) == {}


async def test_another_owner_gets_its_own_rules_and_none_of_the_former_ones(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        await put(hub, "e1")
        await put(hub, "e1", owner="ubnd-huyen-nhon-trach")
        assert {(i, r.body["owner"]) for i, r in (await fed(hub)).items()} == {
            ("ubnd-huyen.e1", "ubnd-huyen-nhon-trach"),
            ("ubnd-huyen.e1.upstream", "ubnd-huyen-nhon-trach"),
        }


async def test_what_the_desk_changed_or_removed_stays_so(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        await put(hub, "e1")
        body = {**(await fed(hub))["so-y-te.e1"].body, "min_severity": "Extreme"}
        now = hub.clock.now()
        await hub.store.write(lambda c: rules.put(c, "subscription", "so-y-te.e1", body, origin="desk", by="t", at=now))
        await put(hub, "e1", language="en")
        assert (await fed(hub))["so-y-te.e1"].body["min_severity"] == "Extreme"
        await hub.store.write(lambda c: rules.remove(c, "subscription", "so-y-te.e1", by="t", at=now))
        await put(hub, "e1", language="vi")
        await apply(hub)
        assert await fed(hub) == {}


async def test_a_channel_that_the_offer_does_not_name_gets_nothing(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        await put(hub, "e1", owner="so-khdt")
        assert await fed(hub) == {}


@pytest.mark.parametrize("owner", ["tinh-giap-ranh-binh-duong", "bo-chqs"])
async def test_the_door_says_which_rules_feed_a_new_endpoint(tmp_path: Path, owner: str) -> None:
    async with hub_in(tmp_path) as hub:
        now = SystemClock().now()
        person = await hub.store.write(
            lambda c: people.create(c, name="A", login="a", roles=("administrator",), scope={}, at=now)
        )
        token = await hub.store.write(lambda c: people.start_session(c, person, now))
        given = services(hub)
        transport = httpx.ASGITransport(app=build(given))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1:8700", cookies={given.cookie: token}
        ) as client:
            body = {**DESK, "owner": owner, "settings": {"url": "https://192.0.2.1/in"}}
            made = await client.post("/v1/endpoints", json=body)
            assert made.status_code == 201, made.text
            told = made.json()
            assert sorted(told["subscriptions"]) == sorted(await fed(hub))
            assert told["subscriptions"]
            listed = (await client.get("/v1/endpoints")).json()["endpoints"]
            assert [one["subscriptions"] for one in listed] == [told["subscriptions"]]
            assert (await client.delete(f"/v1/endpoints/{told['endpoint_id']}")).status_code == 204
        assert await fed(hub) == {}
