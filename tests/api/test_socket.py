"""The live feed's address: wishes that are wrong are refused before the socket opens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from tests.api.doorway import Door, frame, open_door


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("query", ["?area=atlantis", "?hazard=flod", "?severity=Bad", "?after=-1", "?after=x"])
async def test_a_wrong_wish_opens_no_socket(door: Door, query: str) -> None:
    session = await door.session(await door.person("an", "dispatcher"))
    with pytest.raises(InvalidStatus) as refused:
        async with door.watch(session=session, query=query):
            pass
    assert refused.value.response.status_code in (403, 422)


async def test_a_wish_by_name_is_understood(door: Door) -> None:
    session = await door.session(await door.person("an", "dispatcher"))
    async with door.watch(session=session, query="?area=Dong+Nai&hazard=flood&severity=Severe") as viewer:
        assert (await frame(viewer, "live"))["seq"] == 0
