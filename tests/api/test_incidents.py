"""`GET /v1/incidents/{id}`: what each source says of one event, and only to those who may read it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from hub.cap.model import Alert, Area, Circle, Info, NamedValue
from hub.connector import Candidate
from hub.store.tables import alerts
from tests.api.doorway import Door, cap, open_door, owe

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


def quake(source: str, magnitude: float, severity: str, *, late_s: float = 0, lat: float = 14.0) -> Candidate:
    parameters = (
        NamedValue("magnitude", str(magnitude)),
        NamedValue("depthKm", "10"),
        NamedValue("originTime", (NOW + timedelta(seconds=late_s)).isoformat()),
    )
    info = Info(
        "Động đất",
        severity=severity,
        language="vi-VN",
        headline=f"Động đất {source}",
        parameters=parameters,
        areas=(Area("Kon Plông", circles=(Circle(lat, 108.3, 0.0),)),),
    )
    alert = Alert(
        f"q-{source}-{magnitude}", f"{source}@example.test", NOW, status="Test", msg_type="Alert", infos=(info,)
    )
    return Candidate(source=source, alert=alert, payload_sha256="")


async def accepted(door: Door, *said: Candidate) -> list[Any]:
    acceptor: Any = door.services.acceptor
    return [(await acceptor.accept([one]))[0] for one in said]


async def test_an_incident_shows_each_source_the_gravest_first_and_the_disagreement_in_words(door: Door) -> None:
    weak, strong = await accepted(
        door, quake("kttv", 4.8, "Minor"), quake("dia-chan", 6.1, "Severe", late_s=5, lat=14.3)
    )
    assert weak.incident_id == strong.incident_id
    async with await door.dispatcher() as dispatcher:
        told = (await dispatcher.get(f"/v1/incidents/{weak.incident_id}")).json()
    assert told["hazards"] == [{"id": "earthquake", "vi": "Động đất", "en": "Earthquake"}]
    assert [member["source"] for member in told["members"]] == ["dia-chan", "kttv"]
    assert (told["severity"], told["gravest"], told["more"]) == ("Severe", [strong.alert_id], False)
    first = told["members"][0]
    assert (first["magnitude"], first["depth_km"], first["lat"], first["in_force"]) == (6.1, 10.0, 14.3, True)
    assert datetime.fromisoformat(told["began_at"]) == NOW
    assert [one["about"] for one in told["disagreements"]] == ["severity", "magnitude", "place", "time"]
    assert told["disagreements"][1]["vi"] == "Độ lớn khác nhau: từ 4,8 (kttv) đến 6,1 (dia-chan)"


async def test_what_is_over_is_shown_and_disagrees_with_nobody(door: Door) -> None:
    weak, strong = await accepted(door, quake("kttv", 4.8, "Minor"), quake("dia-chan", 6.1, "Severe"))
    over = update(alerts).where(alerts.c.alert_id == strong.alert_id).values(live_until=0)
    await door.store.write(lambda conn: conn.execute(over).rowcount)
    async with await door.dispatcher() as dispatcher:
        told = (await dispatcher.get(f"/v1/incidents/{weak.incident_id}")).json()
    assert [(member["source"], member["in_force"]) for member in told["members"]] == [
        ("kttv", True),
        ("dia-chan", False),
    ]
    assert (told["severity"], told["disagreements"]) == ("Minor", [])


async def test_an_agency_sees_of_an_incident_what_is_owed_to_it_and_nothing_is_no_incident(door: Door) -> None:
    weak, strong = await accepted(door, quake("kttv", 4.8, "Minor"), quake("dia-chan", 6.1, "Severe"))
    await owe(door, {weak.alert_id: "pccc"})
    for owner, seen in (("pccc", ["kttv"]), ("y-te", None)):
        async with door.client(key=await door.key("agency", owner)) as agency:
            answer = await agency.get(f"/v1/incidents/{weak.incident_id}")
            if seen is None:
                assert answer.status_code == 404
                unknown = await agency.get("/v1/incidents/nothing")
                assert answer.json()["title"] == unknown.json()["title"]
                continue
            told = answer.json()
            assert [member["source"] for member in told["members"]] == seen
            assert told["disagreements"] == [] and strong.alert_id not in answer.text


async def test_a_source_sees_only_its_own_word(door: Door) -> None:
    weak, _ = await accepted(door, quake("kttv", 4.8, "Minor"), quake("dia-chan", 6.1, "Severe"))
    async with await door.source("kttv") as source:
        told = (await source.get(f"/v1/incidents/{weak.incident_id}")).json()
    assert [member["source"] for member in told["members"]] == ["kttv"]


async def test_a_flood_is_an_incident_too_and_an_alert_names_it(door: Door) -> None:
    async with await door.source() as source:
        headers = {"Content-Type": "application/cap+xml"}
        alert_id = (await source.post("/v1/alerts", content=cap("f"), headers=headers)).json()["alert_id"]
    async with await door.dispatcher() as dispatcher:
        incident_id = (await dispatcher.get(f"/v1/alerts/{alert_id}")).json()["alert"]["incident_id"]
        told = (await dispatcher.get(f"/v1/incidents/{incident_id}")).json()
    assert [member["id"] for member in told["members"]] == [alert_id]
    assert told["members"][0]["magnitude"] is None and told["disagreements"] == []


async def test_air_defence_observations_are_in_no_incident(door: Door) -> None:
    weak, _ = await accepted(door, quake("kttv", 4.8, "Minor"), quake("dia-chan", 6.1, "Severe"))
    hide = update(alerts).values(hazards=" air_defence_obs ")
    await door.store.write(lambda conn: conn.execute(hide).rowcount)
    async with await door.dispatcher() as dispatcher:
        assert (await dispatcher.get(f"/v1/incidents/{weak.incident_id}")).status_code == 404
