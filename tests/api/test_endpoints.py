"""Endpoints: a secret shown once, a challenge before anything else, and nobody else's endpoint."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.store import deliveries, endpoints, rules
from tests.api.doorway import Door, cap, open_door, owe

BODY = {
    "owner": "pccc",
    "kind": "webhook",
    "settings": {"url": "https://pccc.example.test/hook", "api_token": "geheim"},
}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def _signed_in(door: Door, role: str, **scope: Any) -> httpx.AsyncClient:
    return door.client(session=await door.session(await door.person(role + scope.get("owner", ""), role, **scope)))


async def test_a_new_endpoint_is_challenged_and_its_secret_shown_this_once(door: Door) -> None:
    async with await _signed_in(door, "administrator") as administrator:
        made = await administrator.post("/v1/endpoints", json=BODY)
        listed = await administrator.get("/v1/endpoints")
    told = made.json()
    assert made.status_code == 201 and told["proven"] is True
    assert door.asked == [("prove", told["endpoint_id"])]
    assert len(base64.b64decode(told["secret"].removeprefix("whsec_"))) == 32
    (shown,) = listed.json()["endpoints"]
    assert told["secret"] not in listed.text and "geheim" not in listed.text
    assert (shown["endpoint_id"], shown["state"], shown["origin"]) == (told["endpoint_id"], "unproven", "desk")
    state = await door.store.read(lambda conn: endpoints.get(conn, told["endpoint_id"]))
    assert state is not None and told["secret"] not in state.sealed
    assert endpoints.secrets_of(state, door.services.seal_key) == (told["secret"],)


async def test_rotating_gives_a_new_secret_beside_the_old(door: Door) -> None:
    async with await _signed_in(door, "administrator") as administrator:
        made = (await administrator.post("/v1/endpoints", json=BODY)).json()
        rotated = (await administrator.post(f"/v1/endpoints/{made['endpoint_id']}/rotate")).json()
    state = await door.store.read(lambda conn: endpoints.get(conn, made["endpoint_id"]))
    assert state is not None
    assert endpoints.secrets_of(state, door.services.seal_key) == (rotated["secret"], made["secret"])


async def test_a_member_manages_the_endpoints_of_their_own_agency_only(door: Door) -> None:
    async with (
        await _signed_in(door, "agency_member", owner="pccc") as own,
        await _signed_in(door, "agency_member", owner="y-te") as other,
    ):
        made = await own.post("/v1/endpoints", json=BODY)
        assert made.status_code == 201
        endpoint_id = made.json()["endpoint_id"]
        assert (await other.get("/v1/endpoints")).json() == {"endpoints": []}
        for method, tail in (("PUT", ""), ("DELETE", ""), ("POST", "/rotate"), ("POST", "/test"), ("POST", "/prove")):
            body = {**BODY, "owner": "y-te"} if method == "PUT" else None
            answer = await other.request(method, f"/v1/endpoints/{endpoint_id}{tail}", json=body)
            assert answer.status_code == 404, (method, tail)
        assert (await other.post("/v1/endpoints", json=BODY)).status_code in (403, 404)
        handed = await own.put(f"/v1/endpoints/{endpoint_id}", json={**BODY, "owner": "y-te"})
        assert handed.status_code in (403, 404)
    assert {act for act, _ in door.asked} == {"prove"}


async def test_an_alternate_is_another_endpoint_that_the_asker_may_change(door: Door) -> None:
    async with (
        await _signed_in(door, "agency_member", owner="pccc") as own,
        await _signed_in(door, "agency_member", owner="y-te") as other,
    ):
        first = (await own.post("/v1/endpoints", json=BODY)).json()["endpoint_id"]
        theirs = (await other.post("/v1/endpoints", json={**BODY, "owner": "y-te"})).json()["endpoint_id"]
        made = await own.post("/v1/endpoints", json={**BODY, "alternate": first})
        assert (made.status_code, made.json()["alternate"]) == (201, first)
        for name in (theirs, "khong-co"):
            refused = await own.post("/v1/endpoints", json={**BODY, "alternate": name})
            assert (refused.status_code, refused.json()["code"]) == (422, "invalid"), name
        assert (await own.put(f"/v1/endpoints/{first}", json={**BODY, "alternate": first})).status_code == 422


async def test_a_changed_endpoint_is_a_new_version_and_is_challenged_again(door: Door) -> None:
    async with await _signed_in(door, "administrator") as administrator:
        endpoint_id = (await administrator.post("/v1/endpoints", json=BODY)).json()["endpoint_id"]
        changed = {**BODY, "settings": {"url": "https://new.example.test/"}}
        told = (await administrator.put(f"/v1/endpoints/{endpoint_id}", json=changed)).json()
        assert (told["version"], told["settings"]) == (2, {"url": "https://new.example.test/"})
        assert door.asked == [("prove", endpoint_id)] * 2
        assert (await administrator.delete(f"/v1/endpoints/{endpoint_id}")).status_code == 204
        assert (await administrator.post(f"/v1/endpoints/{endpoint_id}/test")).status_code == 404
    history = await door.store.read(lambda conn: rules.history(conn, "endpoint", endpoint_id))
    assert [rule.removed for rule in history] == [False, False, True]


async def test_settings_that_the_channel_refuses_make_no_endpoint(tmp_path: Path) -> None:
    def check(kind: str, settings: Any) -> str:
        return "" if kind == "webhook" and "url" in settings else "no url"

    async with open_door(tmp_path, check_endpoint=check) as door, await _signed_in(door, "administrator") as client:
        refused = await client.post("/v1/endpoints", json={**BODY, "settings": {}})
        assert refused.status_code == 422 and "no url" in refused.json()["detail"]
        assert (await client.get("/v1/endpoints")).json() == {"endpoints": []}


async def test_a_test_and_a_redelivery_are_asked_of_delivery(door: Door) -> None:
    async with await door.source() as source:
        sent = await source.post("/v1/alerts", content=cap("a1"), headers={"Content-Type": "text/xml"})
    alert_id = sent.json()["alert_id"]
    await owe(door, {alert_id: "pccc"})
    (owed,) = await door.store.read(lambda conn: deliveries.of_alert(conn, alert_id))
    again = {"delivery_id": owed["delivery_id"]}
    async with (
        await _signed_in(door, "agency_member", owner="pccc") as own,
        await _signed_in(door, "agency_member", owner="y-te") as other,
    ):
        assert (await own.post("/v1/endpoints/e-pccc/test")).json()["sent"] is True
        assert (await own.post("/v1/endpoints/e-pccc/redeliver", json=again)).status_code == 202
        assert (await own.post("/v1/endpoints/e-pccc/redeliver", json={"delivery_id": "d0"})).status_code == 404
        assert (await other.post("/v1/endpoints/e-pccc/redeliver", json=again)).status_code == 404
    assert door.asked == [("test", "e-pccc"), ("redeliver", owed["delivery_id"])]


async def test_a_process_without_delivery_says_so(tmp_path: Path) -> None:
    async with (
        open_door(tmp_path, prove=None, send_test=None) as door,
        await _signed_in(door, "administrator") as client,
    ):
        made = await client.post("/v1/endpoints", json=BODY)
        assert made.status_code == 201 and made.json()["proven"] is False
        assert (await client.post(f"/v1/endpoints/{made.json()['endpoint_id']}/test")).status_code == 501


@pytest.mark.parametrize(
    "change", [{"owner": ""}, {"owner": "../x"}, {"kind": "a b"}, {"language": "vie"}, {"extra": 1}]
)
async def test_a_wrong_endpoint_is_refused_without_repeating_what_was_sent(door: Door, change: dict[str, Any]) -> None:
    async with await _signed_in(door, "administrator") as administrator:
        answer = await administrator.post("/v1/endpoints", json={**BODY, **change})
    assert answer.status_code == 422 and answer.json()["faults"] and "geheim" not in answer.text


async def test_a_secret_inside_a_setting_is_not_shown_either(door: Door) -> None:
    settings = {"url": "https://x.example.test/", "headers": {"Authorization": "geheim", "X-Way": "1"}}
    async with await _signed_in(door, "administrator") as administrator:
        told = (await administrator.post("/v1/endpoints", json={**BODY, "settings": settings})).json()
    assert told["settings"] == {"url": "https://x.example.test/", "headers": {"X-Way": "1"}}


async def test_an_alternate_is_another_endpoint_that_is_there(door: Door) -> None:
    async with await _signed_in(door, "administrator") as administrator:
        first = (await administrator.post("/v1/endpoints", json=BODY)).json()["endpoint_id"]
        second = await administrator.post("/v1/endpoints", json={**BODY, "alternate": first})
        assert second.json()["alternate"] == first
        assert (await administrator.post("/v1/endpoints", json={**BODY, "alternate": "e0"})).status_code == 422
        itself = await administrator.put(f"/v1/endpoints/{first}", json={**BODY, "alternate": first})
        assert itself.status_code == 422


async def test_a_code_proves_and_a_wrong_one_is_told_so(tmp_path: Path) -> None:
    given: list[tuple[str, str]] = []

    async def give(endpoint_id: str, code: str) -> bool:
        given.append((endpoint_id, code))
        return code == "40717203"

    async with (
        open_door(tmp_path, give_code=give) as door,
        await _signed_in(door, "agency_member", owner="pccc") as own,
        await _signed_in(door, "agency_member", owner="y-te") as other,
    ):
        endpoint_id = (await own.post("/v1/endpoints", json=BODY)).json()["endpoint_id"]
        path = f"/v1/endpoints/{endpoint_id}/proof"
        assert (await other.post(path, json={"code": "40717203"})).status_code == 404
        for odd in ("4071720", "٤٠٧١٧٢٠٣", "40717203\n", ""):
            assert (await own.post(path, json={"code": odd})).status_code == 422
        assert given == []
        wrong = await own.post(path, json={"code": "00000000"})
        assert (wrong.status_code, wrong.json()["code"]) == (409, "wrong-code")
        right = await own.post(path, json={"code": "40717203"})
        assert (right.status_code, right.json()["proven"]) == (200, True)
        assert given == [(endpoint_id, "00000000"), (endpoint_id, "40717203")]
