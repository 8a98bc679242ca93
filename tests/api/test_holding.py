"""The duty commander releases or dismisses a held alert over HTTP; nobody else does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.doorway import Door, cap, open_door

XML = {"Content-Type": "application/cap+xml"}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def _held(door: Door) -> str:
    async with await door.source("nobody-configured") as source:
        told = (await source.post("/v1/alerts", content=cap("a"), headers=XML)).json()
    assert told["disposition"] == "held"
    return str(told["alert_id"])


async def test_only_the_duty_commander_may_release(door: Door) -> None:
    alert_id = await _held(door)
    async with await door.dispatcher() as dispatcher:
        answer = await dispatcher.post(f"/v1/alerts/{alert_id}/release", json={"reason": "xác nhận"})
        assert answer.status_code == 403
    commander = door.client(session=await door.session(await door.person("chi-huy", "duty_commander")))
    async with commander:
        answer = await commander.post(f"/v1/alerts/{alert_id}/release", json={"reason": "xác nhận qua điện thoại"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["disposition"] in ("accepted", "repaired")
        again = await commander.post(f"/v1/alerts/{alert_id}/dismiss", json={"reason": "nhầm"})
        assert (again.status_code, again.json()["code"]) == (409, "not-held")
        assert (await commander.post("/v1/alerts/nothing/release", json={"reason": "nhầm"})).status_code == 404
        assert (await commander.post(f"/v1/alerts/{alert_id}/release", json={})).status_code == 422
