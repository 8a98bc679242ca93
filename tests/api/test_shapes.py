"""The OpenAPI document tells the truth: real answers have exactly the shapes it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from hub.api import shapes
from hub.scales import Scales
from tests.api.doorway import ROOT, cap, open_door, owe, put_rule
from tests.console.telling import QUAKE, STORM

ANSWERS: dict[str, type[BaseModel]] = {
    "/v1/console": shapes.About,
    "/v1/session": shapes.Session,
    "/v1/alerts": shapes.AlertList,
    "/v1/alerts/{id}": shapes.AlertWhole,
    "/v1/alerts/{id}/deliveries": shapes.DeliveryList,
    "/v1/events": shapes.EventList,
    "/v1/sources": shapes.SourceList,
    "/v1/endpoints": shapes.EndpointList,
    "/v1/map/units": shapes.Features,
    "/v1/map/alerts": shapes.AlertsOnMap,
    "/v1/desk": shapes.DeskAcks,
}


async def test_every_answer_that_the_console_reads_has_the_shape_that_is_told(tmp_path: Path) -> None:
    scales = Scales.load(ROOT / "config" / "scales.csv")
    async with open_door(tmp_path, scales=scales, rings=lambda *_: [("III", 9.0)]) as door:
        async with await door.source() as source:
            for body in (cap("a1"), STORM.cap(), QUAKE.cap(), cap("c1", msg_type="Cancel")):
                sent = await source.post("/v1/alerts", content=body, headers={"Content-Type": "text/xml"})
        alert_id = sent.json()["alert_id"]
        await door.store.write(
            lambda conn: put_rule(conn, "endpoint", "e-pccc", {"owner": "pccc", "kind": "webhook", "settings": {}})
        )
        await owe(door, {alert_id: "pccc"})
        async with await door.dispatcher() as an:
            await an.post("/v1/desk", json={"alert_ids": [alert_id]})
            for address, model in ANSWERS.items():
                answer: Any = (await an.get(address.format(id=alert_id))).json()
                model.model_validate(answer)


@pytest.mark.parametrize("model", [shapes.Summary, shapes.About, shapes.AlertOnMap], ids=lambda one: one.__name__)
def test_a_member_that_is_not_told_is_an_error(model: type[shapes.Shape]) -> None:
    assert model.model_config["extra"] == "forbid"
