"""Subscriptions made at the desk: versioned, checked before they can silently never match, and for one's own endpoint only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.store import rules
from hub.subscription import subscription_of
from tests.api.doorway import Door, open_door, put_rule

BODY: dict[str, Any] = {"endpoint_id": "e-pccc", "hazards": ["flood"], "min_severity": "Severe", "units": ["75"]}
SQUARE = {"type": "Polygon", "coordinates": [[[106.8, 10.9], [107.2, 10.9], [107.2, 11.3], [106.8, 10.9]]]}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        for owner in ("pccc", "y-te"):
            body = {"owner": owner, "kind": "webhook", "settings": {}}
            await opened.store.write(lambda conn, o=owner, b=body: put_rule(conn, "endpoint", f"e-{o}", b))
        yield opened


async def _member(door: Door, owner: str) -> Any:
    return door.client(session=await door.session(await door.person(f"m-{owner}", "agency_member", owner=owner)))


async def test_a_rule_made_at_the_desk_can_be_read_by_routing_and_takes_its_owner_from_the_endpoint(door: Door) -> None:
    async with await _member(door, "pccc") as member:
        made = await member.post("/v1/subscriptions", json={**BODY, "shape": SQUARE})
        assert made.status_code == 201
        listed = (await member.get("/v1/subscriptions")).json()["subscriptions"]
    assert listed == [made.json()]
    (rule,) = await door.store.read(lambda conn: rules.in_force(conn, "subscription"))
    read = subscription_of(rule.rule_id, rule.body)
    assert (read.owner, read.endpoint_id, read.hazards) == ("pccc", "e-pccc", frozenset({"flood"}))
    assert read.shape is not None and read.shape.area > 0
    assert rule.origin == "desk" and rule.by.startswith("person:")


async def test_each_rule_gets_the_next_number_and_none_is_given_twice(door: Door) -> None:
    async with await _member(door, "pccc") as member:
        first = (await member.post("/v1/subscriptions", json=BODY)).json()
        await member.delete(f"/v1/subscriptions/{first['subscription_id']}")
        second = (await member.post("/v1/subscriptions", json=BODY)).json()
    assert (first["number"], second["number"]) == (1, 2)


async def test_a_change_is_a_new_version_and_the_old_one_stays(door: Door) -> None:
    async with await _member(door, "pccc") as member:
        made = (await member.post("/v1/subscriptions", json=BODY)).json()
        address = f"/v1/subscriptions/{made['subscription_id']}"
        changed = (await member.put(address, json={**BODY, "min_severity": "Extreme", "number": 1})).json()
        assert (changed["version"], changed["min_severity"]) == (2, "Extreme")
        assert (await member.delete(address)).status_code == 204
        assert (await member.put(address, json=BODY)).status_code == 404
        assert (await member.get("/v1/subscriptions")).json() == {"subscriptions": []}
    history = await door.store.read(lambda conn: rules.history(conn, "subscription", made["subscription_id"]))
    assert [rule.body.get("min_severity") for rule in history] == ["Severe", "Extreme", None]


async def test_nobody_feeds_or_sees_another_s_endpoint(door: Door) -> None:
    async with await _member(door, "pccc") as own, await _member(door, "y-te") as other:
        made = (await own.post("/v1/subscriptions", json=BODY)).json()
        assert (await other.get("/v1/subscriptions")).json() == {"subscriptions": []}
        address = f"/v1/subscriptions/{made['subscription_id']}"
        assert (await other.delete(address)).status_code == 404
        assert (await other.put(address, json={**BODY, "endpoint_id": "e-y-te"})).status_code == 404
        assert (await other.post("/v1/subscriptions", json=BODY)).status_code == 404
        assert (await own.put(address, json={**BODY, "endpoint_id": "e-y-te"})).status_code == 404


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"hazards": ["flod"]}, "hazards"),
        ({"units": ["99999"]}, "units"),
        ({"endpoint_id": "e-none"}, "endpoint_id"),
        ({"shape": {"type": "Polygon"}}, "shape"),
        ({"shape": {"type": "Blob", "coordinates": [[1, 2]]}}, "shape"),
        ({"min_severity": "Bad"}, "min_severity"),
        ({"min_risk": 9}, "min_risk"),
        ({"unit": ["75"]}, "unit"),
        ({"owner": "y-te"}, "owner"),
    ],
)
async def test_a_rule_that_would_never_match_is_refused_and_says_where(door: Door, change: Any, where: str) -> None:
    async with await _member(door, "pccc") as member:
        answer = await member.post("/v1/subscriptions", json={**BODY, **change})
        assert answer.status_code == 422
        assert where in answer.json()["faults"][0]["where"]
        assert (await member.get("/v1/subscriptions")).json() == {"subscriptions": []}


async def test_a_dispatcher_sees_all_rules_and_changes_none(door: Door) -> None:
    async with await _member(door, "pccc") as member, await door.dispatcher() as dispatcher:
        made = (await member.post("/v1/subscriptions", json=BODY)).json()
        assert (await dispatcher.get("/v1/subscriptions")).json() == {"subscriptions": [made]}
        assert (await dispatcher.post("/v1/subscriptions", json=BODY)).status_code == 403
