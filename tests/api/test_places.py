"""Places: found without diacritics, with what they are today."""

from __future__ import annotations

from pathlib import Path

from hub.places import fold
from tests.api.doorway import open_door


async def test_a_place_is_found_by_name_and_by_code(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door, await door.dispatcher() as dispatcher:
        by_name = (await dispatcher.get("/v1/places", params={"q": "bien hoa", "limit": 5})).json()["places"]
        by_code = (await dispatcher.get("/v1/places", params={"q": "75"})).json()["places"]
        none = (await dispatcher.get("/v1/places", params={"q": "atlantis"})).json()["places"]
        empty = await dispatcher.get("/v1/places", params={"q": ""})
    assert by_name and len(by_name) <= 5 and fold("Biên Hòa") in fold(by_name[0]["full_name"])
    assert by_code[0]["code"] == "75" and by_code[0]["level"] == "province"
    assert none == [] and empty.status_code == 422


async def test_an_old_unit_tells_what_it_is_today(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door, await door.dispatcher() as dispatcher:
        places = (await dispatcher.get("/v1/places", params={"q": "Huyện Tân Phú"})).json()["places"]
    district = next(place for place in places if place["level"] == "district")
    assert district["valid_to"] == "2025-07-01" and district["today"]
