"""Reading alerts: lists, one alert with everything about it, and nothing for those who may not see it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import update

from hub.store.tables import alerts
from tests.api.doorway import Door, cap, open_door

XML = {"Content-Type": "application/cap+xml"}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def _submit(door: Door, *bodies: bytes, owner: str = "kttv") -> list[str]:
    async with await door.source(owner) as source:
        return [(await source.post("/v1/alerts", content=body, headers=XML)).json()["alert_id"] for body in bodies]


async def test_a_list_goes_on_from_next_and_ends(door: Door) -> None:
    ids = await _submit(door, *(cap(f"a{n}") for n in range(5)))
    found: list[str] = []
    async with await door.dispatcher() as dispatcher:
        after, more = 0, True
        while more:
            told = (await dispatcher.get("/v1/alerts", params={"after": after, "limit": 2})).json()
            found += [alert["id"] for alert in told["alerts"]]
            after, more = told["next"], told["more"]
    assert found == ids and after == 5


async def test_words_are_found_without_diacritics_and_all_must_stand(door: Door) -> None:
    first, _ = await _submit(door, cap("a1"), cap("a2", headline="Mưa lớn ở Tân Phú"))
    async with await door.dispatcher() as dispatcher:

        async def found(q: str) -> list[str]:
            return [one["id"] for one in (await dispatcher.get("/v1/alerts", params={"q": q})).json()["alerts"]]

        assert await found("song dong nai") == [first]
        assert await found("SÔNG Đồng") == [first]
        assert await found("song tan phu") == []
        assert len(await found("")) == 2


async def test_severity_is_the_least_that_is_listed(door: Door) -> None:
    await _submit(door, cap("a1", severity="Extreme"), cap("a2", severity="Moderate"), cap("a3", severity="Minor"))
    async with await door.dispatcher() as dispatcher:
        told = (await dispatcher.get("/v1/alerts", params={"severity": "Moderate"})).json()["alerts"]
    assert [one["severity"] for one in told] == ["Extreme", "Moderate"]


async def test_an_area_is_found_by_code_and_by_name_and_an_unknown_one_is_an_error(door: Door) -> None:
    (alert_id,) = await _submit(door, cap("a1"))
    async with await door.dispatcher() as dispatcher:
        by_code = (await dispatcher.get("/v1/alerts", params={"area": "75"})).json()["alerts"]
        by_name = (await dispatcher.get("/v1/alerts", params={"area": "dong nai"})).json()["alerts"]
        elsewhere = await dispatcher.get("/v1/alerts", params={"area": "atlantis"})
    assert [one["id"] for one in by_code] == [one["id"] for one in by_name] == [alert_id]
    assert elsewhere.status_code == 422 and elsewhere.json()["code"] == "unknown-area"


async def test_only_what_is_in_force_is_active(door: Door) -> None:
    body = cap("a1")
    sent = body.partition(b"<sent>")[2].partition(b"</sent>")[0].decode()
    reference = f"<references>kttv@example.test,a1,{sent}</references>"
    (first,) = await _submit(door, body)
    async with await door.dispatcher() as dispatcher:
        assert [one["id"] for one in (await dispatcher.get("/v1/alerts?active=true")).json()["alerts"]] == [first]
        (cancel,) = await _submit(door, cap("a2", msg_type="Cancel", references=reference))
        assert (await dispatcher.get("/v1/alerts?active=true")).json()["alerts"] == []
        told = (await dispatcher.get(f"/v1/alerts/{first}")).json()
    assert told["alert"]["state"] == "cancelled"
    assert [version["id"] for version in told["chain"]] == [first, cancel]


async def test_one_alert_tells_its_cap_repairs_units_and_chain(door: Door) -> None:
    (alert_id,) = await _submit(door, cap("a1"))
    async with await door.dispatcher() as dispatcher:
        told = (await dispatcher.get(f"/v1/alerts/{alert_id}")).json()
    assert told["cap"]["msgType"] == "Alert" and told["cap"]["info"][0]["headline"].endswith("– Lũ trên sông Đồng Nai")
    assert told["repairs"] == [] and told["provenance"]["version"] == "1.2"
    assert "Đồng Nai" in {unit["code"]: unit["name"] for unit in told["units"]}["75"]
    assert [version["id"] for version in told["chain"]] == [alert_id]


async def test_the_cap_document_is_xml_and_the_payload_is_the_bytes_as_an_attachment(door: Door) -> None:
    body = cap("a1", headline="&lt;script&gt;alert(1)&lt;/script&gt;")
    (alert_id,) = await _submit(door, body)
    async with await door.dispatcher() as dispatcher:
        document = await dispatcher.get(f"/v1/alerts/{alert_id}/cap")
        payload = await dispatcher.get(f"/v1/alerts/{alert_id}/payload")
    assert document.headers["content-type"].startswith("application/cap+xml")
    assert b"urn:oasis:names:tc:emergency:cap:1.2" in document.content
    assert payload.content == body
    assert payload.headers["content-type"] == "application/octet-stream"
    assert payload.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in payload.headers["content-security-policy"]


@pytest.mark.parametrize("tail", ["", "/cap", "/deliveries", "/why?endpoint=e1"])
async def test_what_one_may_not_see_looks_like_what_does_not_exist(door: Door, tail: str) -> None:
    (alert_id,) = await _submit(door, cap("a1"))
    member = door.client(session=await door.session(await door.person("binh", "agency_member", owner="pccc")))
    async with member, await door.dispatcher() as dispatcher:
        hidden = await member.get(f"/v1/alerts/{alert_id}{tail}")
        missing = await dispatcher.get(f"/v1/alerts/none{tail}")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.content == missing.content


async def test_a_source_sees_its_own_submissions_only(door: Door) -> None:
    (own,) = await _submit(door, cap("a1"))
    (other,) = await _submit(door, cap("b1", sender="dc@example.test"), owner="dia-chan")
    async with door.client(key=await door.key("source", "kttv")) as source:
        assert (await source.get(f"/v1/alerts/{own}")).status_code == 200
        assert (await source.get(f"/v1/alerts/{own}/payload")).status_code == 200
        for tail in ("", "/cap", "/payload"):
            assert (await source.get(f"/v1/alerts/{other}{tail}")).status_code == 404
        assert [one["id"] for one in (await source.get("/v1/alerts")).json()["alerts"]] == [own]


@pytest.mark.parametrize(
    "query", ["limit=501", "limit=0", "after=-1", "after=x", "severity=Bad", "limit=9999999999999999"]
)
async def test_a_wrong_parameter_is_named(door: Door, query: str) -> None:
    async with await door.dispatcher() as dispatcher:
        answer = await dispatcher.get(f"/v1/alerts?{query}")
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["where"].startswith("query/")


async def test_why_is_asked_of_routing_for_an_endpoint_that_exists(door: Door) -> None:
    (alert_id,) = await _submit(door, cap("a1"))
    async with door.client(session=await door.session(await door.person("quan", "administrator"))) as administrator:
        body = {"owner": "pccc", "kind": "webhook", "settings": {"url": "https://pccc.example.test/hook"}}
        made = (await administrator.post("/v1/endpoints", json=body)).json()["endpoint_id"]
    async with await door.dispatcher() as dispatcher:
        told = await dispatcher.get(f"/v1/alerts/{alert_id}/why", params={"endpoint": made})
        unknown = await dispatcher.get(f"/v1/alerts/{alert_id}/why", params={"endpoint": "nobody"})
    assert told.json()["condition"] == "severity" and unknown.status_code == 404


async def test_an_air_defence_observation_looks_as_if_it_did_not_exist(door: Door) -> None:
    ids = await _submit(door, cap("a"), cap("b"))
    hide = update(alerts).where(alerts.c.alert_id == ids[0]).values(hazards=" air_defence_obs ")
    await door.store.write(lambda conn: conn.execute(hide).rowcount)
    async with await door.dispatcher() as dispatcher:
        assert (await dispatcher.get(f"/v1/alerts/{ids[0]}")).status_code == 404
        assert (await dispatcher.get(f"/v1/alerts/{ids[0]}/payload")).status_code == 404
        assert [a["id"] for a in (await dispatcher.get("/v1/alerts")).json()["alerts"]] == [ids[1]]
        events = (await dispatcher.get("/v1/events")).text
        assert ids[0] not in events
        assert ids[1] in events
