"""Confirming by API: who may, how, and what it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from hub.store import deliveries, tables
from tests.api.doorway import Door, cap, open_door, owe

XML = {"Content-Type": "application/cap+xml"}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def told(door: Door, *, begun: int = 1, outcome: str = "") -> tuple[str, str]:
    """(alert id, delivery id) of an alert that y-te was told of."""
    async with await door.source() as source:
        alert_id = (await source.post("/v1/alerts", content=cap("a1"), headers=XML)).json()["alert_id"]
    await owe(door, {alert_id: "y-te"})
    rows = await door.store.read(lambda conn: deliveries.of_alert(conn, alert_id))
    name = rows[0]["delivery_id"]
    state = "delivered" if begun else "pending"
    values = {"begun": begun, "state": state, "ack_min": 5, "outcome": outcome}
    await door.store.write(
        lambda conn: conn.execute(
            update(tables.deliveries).where(tables.deliveries.c.delivery_id == name).values(values)
        )
    )
    return alert_id, name


async def test_the_agencys_key_confirms_and_the_ledger_says_who(door: Door) -> None:
    alert_id, name = await told(door)
    async with door.client(key=await door.key("agency", "y-te")) as agency:
        first = await agency.post(f"/v1/deliveries/{name}/ack", json={"by": "BS. An"})
        again = await agency.post(f"/v1/deliveries/{name}/ack", json={"by": "BS. An"})
        (listed,) = (await agency.get(f"/v1/alerts/{alert_id}/deliveries")).json()["deliveries"]
    assert first.status_code == 200 and first.json() == again.json()
    body = first.json()
    assert (body["how"], body["by"], body["first"], body["settled"], body["owner"]) == (
        "api",
        "BS. An",
        True,
        True,
        "y-te",
    )
    assert (listed["state"], listed["ack"], listed["acknowledged_by"]) == ("acknowledged", "acknowledged", "BS. An")
    assert [one["by"] for one in listed["acks"]] == ["BS. An"] and listed["acks"][0]["recorded_by"].startswith("key:")


async def test_a_member_confirms_under_their_own_name(door: Door) -> None:
    _, name = await told(door)
    session = await door.session(await door.person("binh", "agency_member", owner="y-te"))
    async with door.client(session=session) as member:
        answer = await member.post(f"/v1/deliveries/{name}/ack", json={})
    assert (answer.json()["how"], answer.json()["by"]) == ("console", "Binh")


async def test_the_desk_records_a_telephone_call_and_nothing_else(door: Door) -> None:
    _, name = await told(door)
    async with await door.dispatcher() as desk:
        silent = await desk.post(f"/v1/deliveries/{name}/ack", json={})
        as_agency = await desk.post(f"/v1/deliveries/{name}/ack", json={"how": "console", "by": "An"})
        call = await desk.post(
            f"/v1/deliveries/{name}/ack", json={"how": "phone", "by": "Trần Thị B", "note": "số trực"}
        )
    assert silent.status_code == as_agency.status_code == 422
    body = call.json()
    assert (body["how"], body["by"], body["note"]) == ("phone", "Trần Thị B", "số trực")
    assert body["recorded_by"].startswith("person:")


async def test_a_call_counts_before_the_machine_has_got_through_and_its_delivery_goes_on(door: Door) -> None:
    _, name = await told(door, begun=0)
    async with await door.dispatcher() as desk, door.client(key=await door.key("agency", "y-te")) as agency:
        assert (await agency.post(f"/v1/deliveries/{name}/ack", json={})).status_code == 409
        assert (await desk.post(f"/v1/deliveries/{name}/ack", json={"how": "phone", "by": "B"})).status_code == 200
    row = await door.store.read(lambda conn: deliveries.get(conn, name))
    assert row is not None and row.state == "pending" and row.acknowledged_by == "B"
    await door.store.write(lambda conn: deliveries.delivered(conn, {name: "204"}, now=1))
    row = await door.store.read(lambda conn: deliveries.get(conn, name))
    assert row is not None and row.state == "acknowledged"


async def test_who_is_not_the_recipient_finds_nothing_and_an_administrator_may_not(door: Door) -> None:
    _, name = await told(door)
    async with door.client(key=await door.key("agency", "pccc")) as other:
        assert (await other.post(f"/v1/deliveries/{name}/ack", json={})).status_code == 404
        assert (await other.post("/v1/deliveries/dnone/ack", json={})).status_code == 404
    session = await door.session(await door.person("ad", "administrator", "dispatcher"))
    async with door.client(session=session) as both:
        assert (await both.post(f"/v1/deliveries/{name}/ack", json={"how": "phone", "by": "B"})).status_code == 403
    async with door.client(key=await door.key("source", "kttv")) as source:
        assert (await source.post(f"/v1/deliveries/{name}/ack", json={})).status_code == 403


async def test_what_policy_withheld_is_confirmed_by_nobody(door: Door) -> None:
    _, name = await told(door, outcome="withheld private")
    async with await door.dispatcher() as desk:
        assert (await desk.post(f"/v1/deliveries/{name}/ack", json={"how": "phone", "by": "B"})).status_code == 404
