"""Pushing readings: durable before the answer, each with what became of it, refused with a reason, never half."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hub.deriving.taking import Door as ReadingDoor
from hub.policy import Authority
from hub.store import NotStored
from hub.store.tables import payloads, readings, stream_records
from hub.stream.sqlite import append_in
from tests.api.doorway import Door, open_door
from tests.deriving.river import stations

HERE = {"kttv": Authority(stations=frozenset({"ta-lai"})), "khac": Authority()}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    take = ReadingDoor(stations(), lambda conn, source: HERE.get(source), append_in).take
    async with open_door(tmp_path, take_readings=take) as opened:
        yield opened


def one(value: Any = 112.05, **changed: Any) -> dict[str, Any]:
    """A reading of now."""
    at = datetime.now(UTC).replace(microsecond=0).isoformat()
    return {"station": "ta-lai", "quantity": "level", "value": value, "unit": "m", "at": at, **changed}


async def push(door: Door, *said: Any, source: str = "kttv") -> Any:
    async with await door.source(source) as client:
        return await client.post("/v1/readings", json={"readings": list(said)})


async def rows(door: Door, table: Any) -> list[Any]:
    return await door.store.read(lambda conn: list(conn.execute(select(table)).all()))


async def test_a_reading_is_durable_with_its_bytes_when_the_answer_comes(door: Door) -> None:
    answer = await push(door, one())
    assert answer.status_code == 202, answer.text
    assert answer.json() == {"taken": 1, "readings": [{"disposition": "taken", "reason": ""}]}
    (kept,), (payload,) = await rows(door, readings), await rows(door, payloads)
    assert (kept.source, float(kept.value), kept.payload_sha256) == ("kttv", 112.05, payload.sha256)
    assert len(await rows(door, stream_records)) == 1


async def test_sending_it_again_is_safe(door: Door) -> None:
    said = one()
    await push(door, said)
    answer = await push(door, said)
    assert (answer.status_code, answer.json()["duplicate"]) == (200, 1)
    assert len(await rows(door, stream_records)) == len(await rows(door, payloads)) == 1


async def test_one_bad_reading_does_not_take_the_good_ones_with_it(door: Door) -> None:
    answer = await push(door, one(), one("112,05"), one(1134.3), one(unit="furlong"), {"station": "ta-lai"})
    assert answer.status_code == 202
    told = answer.json()
    assert (told["taken"], told["kept"], told["refused"]) == (1, 2, 2)
    assert [r["disposition"] for r in told["readings"]] == ["taken", "refused", "kept", "kept", "refused"]
    assert told["readings"][1]["reason"].startswith("invalid: Expected `float`, got `str`")
    assert (told["readings"][2]["reason"], told["readings"][3]["reason"]) == ("implausible", "unit-wrong")
    assert "station" not in told["readings"][4]["reason"] or "missing" in told["readings"][4]["reason"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"value": 1134.3}, "implausible"),
        ({"value": 1e308}, "implausible"),
        ({"value": -5}, "implausible"),
        ({"value": None}, "invalid: Expected `float`"),
        ({"station": "phu-hiep"}, "beyond-authority station"),
        ({"station": ""}, "invalid"),
        ({"station": "x" * 101}, "invalid"),
        ({"quantity": "flow"}, "quantity-unknown"),
        ({"at": "2026-07-31T05:00:00"}, "invalid"),
        ({"at": "yesterday"}, "invalid"),
        ({"at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}, "in-the-future"),
        ({"at": "2000-01-01T00:00:00Z"}, "quantity-unknown"),
        ({"quality": "excellent"}, "quality-unknown"),
        ({"datum": "Hòn Dấu"}, "datum-other"),
        ({"extra": 1}, "invalid: Object contains unknown field `extra`"),
    ],
)
async def test_what_cannot_be_used_is_refused_with_its_reason(door: Door, changed: dict[str, Any], reason: str) -> None:
    answer = await push(door, one(**changed))
    assert answer.status_code == 422 and answer.json()["code"] == "readings-refused"
    assert answer.json()["readings"][0]["reason"].startswith(reason)
    assert await rows(door, stream_records) == []


async def test_history_is_kept_for_the_record_and_is_no_error(door: Door) -> None:
    answer = await push(door, one(at=(datetime.now(UTC) - timedelta(days=2)).isoformat()))
    assert (answer.status_code, answer.json()["readings"][0]["reason"]) == (200, "too-old")
    assert len(await rows(door, readings)) == 1 and await rows(door, stream_records) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"readings": []}',
        b'{"readings": {}}',
        b'{"readings": [1], "more": 1}',
        b"\xff\xfe",
        b'{"readings":' + b"[" * 3000,
        b'{"readings": [' + b",".join([b"{}"] * 501) + b"]}",
    ],
)
async def test_a_body_that_is_no_list_of_readings_is_refused(door: Door, body: bytes) -> None:
    async with await door.source() as client:
        answer = await client.post("/v1/readings", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422 and answer.json()["code"] == "readings-unreadable"


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
async def test_what_json_has_no_number_for_is_no_number(door: Door, number: bytes) -> None:
    body = b'{"readings": [{"station":"ta-lai","quantity":"level","unit":"m","at":"2026-11-24T00:00:00Z","value":%s}]}'
    async with await door.source() as client:
        answer = await client.post("/v1/readings", content=body % number, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert await rows(door, readings) == []


async def test_a_source_without_stations_gives_none(door: Door) -> None:
    answer = await push(door, one(), source="khac")
    assert answer.status_code == 422 and answer.json()["readings"][0]["reason"] == "beyond-authority station"
    answer = await push(door, one(), source="dia-chan")
    assert answer.json()["readings"][0]["reason"] == "no-authority"
    assert await rows(door, readings) == []


async def test_only_a_source_s_key_pushes_readings(door: Door) -> None:
    for kind in ("agency", "feed", "metrics"):
        async with door.client(key=await door.key(kind, "kttv")) as client:
            assert (await client.post("/v1/readings", json={"readings": [one()]})).status_code == 403
    async with await door.dispatcher() as person:
        assert (await person.post("/v1/readings", json={"readings": [one()]})).status_code == 403
    async with door.client() as nobody:
        assert (await nobody.post("/v1/readings", json={"readings": [one()]})).status_code == 401


async def test_another_content_type_is_refused(door: Door) -> None:
    async with await door.source() as client:
        answer = await client.post("/v1/readings", content=b"ta-lai;112,05", headers={"Content-Type": "text/csv"})
    assert answer.status_code == 415


async def test_a_source_that_sends_without_end_is_told_to_wait_and_another_is_not(door: Door) -> None:
    many = [one(112 + n / 1000) for n in range(500)]
    answers = [await push(door, *many) for _ in range(7)]
    assert [answer.status_code for answer in answers[:6]] == [202, 200, 200, 200, 200, 200]
    assert answers[6].status_code == 429 and int(answers[6].headers["retry-after"]) > 0
    assert (await push(door, one())).status_code == 429
    assert (await push(door, one(), source="khac")).status_code == 422


async def test_a_store_that_fails_means_503_and_nothing_taken(tmp_path: Path) -> None:
    def full(*_: Any) -> Any:
        raise NotStored("disk full at /secret")

    async with open_door(tmp_path, take_readings=full) as door:
        answer = await push(door, one())
        assert answer.status_code == 503 and "secret" not in answer.text
        assert await rows(door, payloads) == []


async def test_a_process_without_gauges_says_so(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        assert (await push(door, one())).status_code == 503
