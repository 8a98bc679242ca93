"""`/v1/map/…`: our own ground and where alerts are, longitude first, and nothing that the caller may not see."""

from __future__ import annotations

from pathlib import Path

import shapely

from hub.api.atlas import _epicentre
from hub.cap.model import Area, Circle, Info, NamedValue
from tests.api.doorway import cap, open_door
from tests.console.telling import QUAKE, STORM


async def test_the_ground_is_valid_geojson_and_every_outline_says_what_it_is_worth(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door, await door.dispatcher() as an:
        told = (await an.get("/v1/map/units")).json()
    home = [one for one in told["features"] if one["properties"]["home"]]
    assert {one["properties"]["level"] for one in home} >= {"province", "district"} or home
    for one in told["features"]:
        shape = shapely.geometry.shape(one["geometry"])
        assert not shape.is_empty and 100 < shape.centroid.x < 112 and 5 < shape.centroid.y < 25
        assert (one["properties"]["outline"] is None) == (shape.geom_type == "Point")
    assert any(not one["properties"]["home"] for one in told["features"])


async def test_alerts_in_force_are_where_their_units_are_and_an_earthquake_has_its_rings(tmp_path: Path) -> None:
    async with open_door(tmp_path, rings=lambda magnitude, depth: [("IV", 40.0), ("III", magnitude * depth)]) as door:
        async with await door.source() as source:
            for told in (STORM, QUAKE):
                body = told.cap()
                sent = await source.post("/v1/alerts", content=body, headers={"Content-Type": "text/xml"})
                assert sent.status_code in (200, 202)
        async with await door.dispatcher() as an:
            listed = (await an.get("/v1/map/alerts")).json()
            first = (await an.get("/v1/map/alerts?limit=1")).json()
    quake, storm = listed["alerts"]
    assert set(STORM.units) <= set(storm["units"]) and (storm["risk_level"], storm["risk_computed"]) == (4, False)
    assert storm["epicentre"] is None and quake["shapes"] == []
    assert (quake["epicentre"]["lon"], quake["epicentre"]["lat"]) == (107.35, 10.15)
    assert [ring["intensity"] for ring in quake["epicentre"]["rings"]] == ["IV", "III"]
    assert not listed["more"] and first["more"] and len(first["alerts"]) == 1


async def test_a_member_of_an_agency_sees_only_what_is_owed_to_it(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        async with await door.source() as source:
            await source.post("/v1/alerts", content=cap("a1"), headers={"Content-Type": "text/xml"})
        session = await door.session(await door.person("xa", "agency_member", owner="pccc"))
        async with door.client(session=session) as member:
            assert (await member.get("/v1/map/alerts")).json()["alerts"] == []


def test_a_magnitude_that_is_no_number_makes_no_epicentre() -> None:
    info = Info(
        event="x",
        parameters=(NamedValue("magnitude", "strong"),),
        areas=(Area("x", circles=(Circle(10.0, 107.0, 0.0),)),),
    )
    assert _epicentre(info, None) is None  # type: ignore[arg-type]
