"""Submitting an alert: decided and durable before the answer, or refused with a reason, never lost in between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from hub.api import guard
from hub.store import NotStored, listing
from hub.store.tables import alerts, audit, events, payloads, quarantine
from tests.api.doorway import Door, cap, open_door

XML = {"Content-Type": "application/cap+xml"}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def _rows(door: Door, table: Any) -> list[Any]:
    return await door.store.read(lambda conn: list(conn.execute(select(table)).all()))


async def test_an_accepted_alert_is_durable_with_its_bytes_when_the_answer_comes(door: Door) -> None:
    body = cap("kttv-1")
    async with await door.source() as source:
        answer = await source.post("/v1/alerts", content=body, headers=XML)
    told = answer.json()
    assert answer.status_code == 202 and told["disposition"] == "accepted" and told["seq"] == 1
    assert answer.headers["location"] == f"/v1/alerts/{told['alert_id']}"
    assert told["chain_id"] and told["incident_id"]
    (alert,), (event,), (kept,) = await _rows(door, alerts), await _rows(door, events), await _rows(door, payloads)
    assert (alert.alert_id, event.seq, kept.body) == (told["alert_id"], 1, body)
    assert kept.sha256 == told["payload_sha256"] and kept.source == "kttv"
    (entry,) = [row for row in await _rows(door, audit) if row.act == "alert.decided"]
    assert entry.who.startswith("key:")


async def test_the_same_bytes_again_are_a_duplicate_under_the_first_id(door: Door) -> None:
    body = cap("kttv-1")
    async with await door.source() as source:
        first = await source.post("/v1/alerts", content=body, headers=XML)
        again = await source.post("/v1/alerts", content=body, headers=XML)
    assert again.status_code == 200
    assert again.json()["disposition"] == "duplicate"
    assert (again.json()["alert_id"], again.json()["seq"]) == (first.json()["alert_id"], first.json()["seq"])


async def test_other_content_under_the_same_identity_is_a_conflict_and_both_are_kept(door: Door) -> None:
    first = cap("kttv-1")
    async with await door.source() as source:
        await source.post("/v1/alerts", content=first, headers=XML)
        answer = await source.post("/v1/alerts", content=first.replace(b"Severe", b"Extreme"), headers=XML)
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["disposition"] == "conflict"
    assert len(await _rows(door, payloads)) == 2
    states = {row.disposition: row.state for row in await _rows(door, alerts)}
    assert states == {"accepted": "active", "conflict": "none"}


async def test_cap_in_json_is_taken_as_well(door: Door) -> None:
    async with await door.source() as source, await door.dispatcher() as dispatcher:
        xml = await source.post("/v1/alerts", content=cap("kttv-1"), headers=XML)
        told = (await dispatcher.get(f"/v1/alerts/{xml.json()['alert_id']}")).json()["cap"]
        told["identifier"] = "kttv-2"
        answer = await source.post("/v1/alerts", json=told)
    assert answer.status_code == 202 and answer.json()["disposition"] == "accepted"


@pytest.mark.parametrize("body", [b"", b"not xml", b"<alert>", b"<html></html>", b"\xff\xfe\x00", b"<a>" * 5000])
async def test_what_cannot_be_read_is_refused_with_a_reason_and_kept_for_a_person(door: Door, body: bytes) -> None:
    async with await door.source() as source:
        answer = await source.post("/v1/alerts", content=body, headers=XML)
    assert answer.status_code == 422 and answer.json()["code"] == "cap-unreadable"
    assert answer.json()["reason"]
    (held,), (kept,) = await _rows(door, quarantine), await _rows(door, payloads)
    assert kept.body == body and held.payload_sha256 == kept.sha256 and held.source == "kttv"


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"identifier": 5}', b"null", b'{"sent": "yesterday"}'])
async def test_json_that_is_no_alert_is_refused_with_a_reason(door: Door, body: bytes) -> None:
    async with await door.source() as source:
        answer = await source.post("/v1/alerts", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422 and answer.json()["code"] == "cap-unreadable"


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_another_content_type_is_refused(door: Door, content_type: str) -> None:
    async with await door.source() as source:
        answer = await source.post("/v1/alerts", content=cap("kttv-1"), headers={"Content-Type": content_type})
    assert answer.status_code == 415
    assert await _rows(door, payloads) == []


async def test_a_body_over_four_mebibytes_is_refused_and_one_just_under_is_read(door: Door) -> None:
    async with await door.source() as source:
        over = await source.post("/v1/alerts", content=b"x" * (guard.MOST_ALERT_BYTES + 1), headers=XML)
        under = await source.post("/v1/alerts", content=b"x" * guard.MOST_ALERT_BYTES, headers=XML)
    assert over.status_code == 413 and over.json()["code"] == "too-large"
    assert under.status_code == 422


async def test_a_person_airs_nothing_by_submitting(door: Door) -> None:
    for role in ("dispatcher", "duty_commander", "administrator", "auditor"):
        client = door.client(session=await door.session(await door.person(role, role)))
        async with client:
            assert (await client.post("/v1/alerts", content=cap("x"), headers=XML)).status_code == 403
    assert await _rows(door, alerts) == []


@pytest.mark.parametrize("kind", ["agency", "feed"])
async def test_only_a_source_s_key_submits(door: Door, kind: str) -> None:
    async with door.client(key=await door.key(kind, "pccc")) as client:
        assert (await client.post("/v1/alerts", content=cap("x"), headers=XML)).status_code == 403


async def test_nobody_submits_without_a_key(door: Door) -> None:
    async with door.client() as client:
        answer = await client.post("/v1/alerts", content=cap("x"), headers=XML)
    assert answer.status_code == 401 and "bearer" in answer.headers["www-authenticate"].casefold()


async def test_many_at_once_get_one_seq_each_without_a_gap(door: Door) -> None:
    async with await door.source() as source:
        sent = [source.post("/v1/alerts", content=cap(f"kttv-{n}"), headers=XML) for n in range(40)]
        told = [answer.json() for answer in await asyncio.gather(*sent)]
    assert sorted(one["seq"] for one in told) == list(range(1, 41))


async def test_an_alert_nobody_can_decide_is_kept_and_calls_a_person(tmp_path: Path) -> None:
    class Broken:
        def accept_in(self, conn: Connection, said: Any, *, who: str = "") -> Any:
            raise ZeroDivisionError("secret detail")

    async with open_door(tmp_path, acceptor=Broken()) as door:
        body = cap("kttv-1")
        async with await door.source() as source:
            answer = await source.post("/v1/alerts", content=body, headers=XML)
        assert answer.status_code == 500 and "secret" not in answer.text and "ZeroDivision" not in answer.text
        (held,), (kept,) = await _rows(door, quarantine), await _rows(door, payloads)
        assert kept.body == body and (held.stage, held.reason) == ("acceptance", "ZeroDivisionError")


async def test_a_store_that_fails_means_503_and_nothing_accepted(tmp_path: Path) -> None:
    class Full:
        def accept_in(self, conn: Connection, said: Any, *, who: str = "") -> Any:
            raise NotStored("disk is full at /secret/path")

    async with open_door(tmp_path, acceptor=Full()) as door:
        async with await door.source() as source:
            answer = await source.post("/v1/alerts", content=cap("kttv-1"), headers=XML)
        assert answer.status_code == 503 and int(answer.headers["retry-after"]) > 0
        assert "secret" not in answer.text
        assert await door.store.read(listing.head_seq) == 0


async def test_the_answer_tells_the_repairs(door: Door) -> None:
    body = cap("kttv-1").replace(b"+07:00</sent>", b"</sent>")
    async with await door.source() as source:
        answer = await source.post("/v1/alerts", content=body, headers=XML)
    assert answer.json()["disposition"] == "repaired"
    assert answer.json()["repairs"]
    json.dumps(answer.json()["repairs"])


async def test_an_alert_in_json_is_mended_as_one_in_xml_would_be(door: Door) -> None:
    async with await door.source() as source:
        now = datetime.now(UTC).replace(microsecond=0)
        alert = {
            "identifier": "json-1",
            "sender": "kttv@example.test",
            "sent": now.isoformat(),
            "status": "Test",
            "msgType": "Alert",
            "scope": "Public",
            "restriction": "nội bộ",
            "info": [
                {"event": "Lũ", "category": ["Met"], "severity": "severe", "urgency": "Foobar", "certainty": "Likely"}
            ],
        }
        answer = await source.post("/v1/alerts", json=alert)
        assert answer.status_code == 202, answer.text
        assert {"word-respelled", "word-unknown", "restriction-without-restricted"} <= set(answer.json()["repairs"])
