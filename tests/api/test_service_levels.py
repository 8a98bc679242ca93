"""Service levels by month: reckoned by hand, and shown to whom they concern."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update

from hub.api.problems import Problem
from hub.api.service_levels import Level, bounds, count, shares
from hub.clock import to_us
from hub.store import tables
from hub.words import VIETNAM
from tests.api.doorway import Door, open_door
from tests.api.test_escalations import running


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


def test_a_month_is_viet_nams_and_december_has_an_end() -> None:
    begins, ends = bounds("2026-12")
    assert begins.astimezone(UTC) == datetime(2026, 11, 30, 17, tzinfo=UTC)
    assert ends.astimezone(UTC) == datetime(2026, 12, 31, 17, tzinfo=UTC)
    with pytest.raises(Problem):
        bounds("9999-12")


def test_shares_are_of_the_nearest_rank() -> None:
    assert shares([]) is None
    assert shares([5.0]) == {"p50": 5.0, "p90": 5.0, "max": 5.0}
    assert shares([float(n) for n in range(10, 0, -1)]) == {"p50": 5.0, "p90": 9.0, "max": 10.0}


def test_what_is_still_in_time_is_asked_and_not_missed() -> None:
    def clock(state: str, due: int, closed: int | None = None, by: str = "") -> Any:
        return SimpleNamespace(
            owner="o", state=state, opened_at=0, ack_due_at=due, closed_at=closed, ended_by=by, alert_id="a"
        )

    found: dict[str, Level] = {}
    clocks = [
        clock("acknowledged", 60_000_000, 30_000_000, "k"),
        clock("acknowledged", 60_000_000, 90_000_000, "k"),
        clock("waiting", 60_000_000),
        clock("waiting", 200_000_000),
        clock("ended", 60_000_000, 70_000_000, "expired"),
    ]
    count(found, [], clocks, now=100_000_000)
    level = found["o"]
    assert (level.asked, level.ack_s, level.in_time) == (5, [30.0, 90.0], 1)
    assert [one["why"] for one in level.missing] == ["overdue", "expired"]


async def test_an_agency_sees_its_own_and_the_desk_everybodys(door: Door) -> None:
    alert_id, _ = await running(door)
    now = datetime.now(VIETNAM)
    arrived = to_us(now) + 2_000_000
    stmt = update(tables.deliveries).values(
        delivered_at=arrived, created_at=arrived - 1_500_000, event_type="alert.new"
    )
    await door.store.write(lambda conn: conn.execute(stmt))
    month = f"{now:%Y-%m}"
    async with await door.dispatcher() as desk:
        (told,) = (await desk.get("/v1/service-levels", params={"month": month})).json()["owners"]
        assert (await desk.get("/v1/service-levels", params={"month": "2001-02"})).json()["owners"] == []
        assert (await desk.get("/v1/service-levels", params={"month": "2026-13"})).status_code == 422
        assert (await desk.get("/v1/service-levels")).status_code == 422
    assert (told["owner"], told["owed"], told["delivered"], told["deliver_s"]["max"]) == ("y-te", 1, 1, 1.5)
    assert (told["asked"], told["acknowledged"], told["ack_s"]) == (1, 0, None)
    assert told["unacknowledged"] == [{"alert_id": alert_id, "why": "overdue"}]
    for owner, seen in (("y-te", ["y-te"]), ("pccc", [])):
        async with door.client(key=await door.key("agency", owner)) as agency:
            listed = (await agency.get("/v1/service-levels", params={"month": month})).json()["owners"]
            assert [one["owner"] for one in listed] == seen
