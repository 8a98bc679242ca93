"""A flood at Tà Lài: pushed readings → a real hub → signed webhooks of one chain, through silence, a typing error and a kill."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.journeys.test_spine import signed_in, subscribe
from tests.journeys.town import Receiver, Town, free_port, receiving, until

AUTHORITIES = """
[[authority]]
source = "he-thong-tinh"
senders = ["canhbao@dongnai.gov.vn"]
hazards = ["flood", "earthquake"]
units = ["75"]

[[authority]]
source = "kttv"
stations = ["ta-lai"]
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    town = Town(tmp_path, free_port(), "", AUTHORITIES)
    town.write()
    profile = tmp_path / "profile" / "profile.toml"
    profile.write_text(profile.read_text(encoding="utf-8") + 'sender = "canhbao@dongnai.gov.vn"\n', encoding="utf-8")
    yield town
    town.kill()


class Gauge:
    """A logger at Tà Lài with the source's key: a reading every three minutes, those of the last 86 minutes pushed now, oldest first."""

    def __init__(self, town: Town, key: str) -> None:
        self._town = town
        self._key = key
        self._at = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=86)

    def say(self, *values: float) -> httpx.Response:
        """One request with a reading each three minutes."""
        said = []
        for value in values:
            self._at += timedelta(minutes=3)
            at = self._at.astimezone().isoformat()
            said.append({"station": "ta-lai", "quantity": "level", "value": value, "unit": "m", "at": at})
        return self.send(said)

    def send(self, said: list[dict[str, Any]]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._key}"}
        return httpx.post(f"{self._town.base}/v1/readings", json={"readings": said}, headers=headers, timeout=10)


def alarms_told(receiver: Receiver) -> list[tuple[str, str]]:
    """(event type, alarm level in force) of what the agency got, in the order of its chain."""
    told = sorted(receiver.got, key=lambda one: one["data"]["chain_seq"])
    return [(one["type"], _parameter(one, "VN:baoDong")) for one in told]


def _parameter(told: dict[str, Any], name: str) -> str:
    info = told["data"]["alert"]["info"][0]
    return next((p["value"] for p in info.get("parameter", []) if p["valueName"] == name), "")


def test_a_flood_at_a_gauge_becomes_one_chain_of_webhooks(town: Town, receiver: Receiver) -> None:
    town.start()
    client = signed_in(town)
    subscribe(client, receiver, owner="ubnd-huyen-tan-phu")
    gauge = Gauge(town, town.hub("key", "create", "source", "kttv"))

    assert gauge.say(111.6, 112.05).status_code == 202
    until(lambda: alarms_told(receiver) == [("alert.new", "1")], within_s=20, what="BĐ1")
    assert gauge.say(112.52).status_code == 202
    until(lambda: len(receiver.got) == 2, within_s=20, what="BĐ2")
    wrong = gauge.say(1134.3)
    assert (wrong.status_code, wrong.json()["readings"][0]["reason"]) == (422, "implausible")

    town.kill()
    town.start()
    client = signed_in(town)
    assert gauge.say(113.0, 113.43).status_code == 202
    until(lambda: len(receiver.got) == 3, within_s=20, what="BĐ3 after a restart")
    (live,) = [g for g in client.get("/v1/gauges").json()["gauges"] if g["station"] == "ta-lai"]
    assert (live["alarm"], live["value"], live["where"]["vi"]) == (3, 113.43, "trên BĐ3 0,43 m")

    assert gauge.say(112.85, 112.3).status_code == 202
    assert gauge.say(*[111.7] * 19).status_code == 202
    for number, what in ((4, "below BĐ3"), (5, "below BĐ2"), (6, "the end")):
        until(lambda: len(receiver.got) == number, within_s=20, what=what)  # noqa: B023 - asked at once
        assert number == 6 or gauge.say(111.7).status_code == 202

    assert receiver.bad == 0
    assert alarms_told(receiver) == [
        ("alert.new", "1"),
        ("alert.update", "2"),
        ("alert.update", "3"),
        ("alert.update", "2"),
        ("alert.update", "1"),
        ("alert.ended", ""),
    ]
    assert len({one["data"]["chain_id"] for one in receiver.got}) == 1
    assert {one["data"]["alert"]["status"] for one in receiver.got} == {"Test"}
    assert town.stop() == 0
