"""Earthquakes through acceptance: one estimate an incident, revised, taken back, never doubled by a second network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import delete, update

from hub.cap.model import Alert, Area, Circle, Info, NamedValue
from hub.connector import Candidate
from hub.deriving.shaking import depth_of
from hub.store.tables import incidents
from tests.deriving.river import START, Basin, basin


@pytest_asyncio.fixture
async def land(tmp_path: Path) -> AsyncIterator[Basin]:
    async with basin(tmp_path) as opened:
        opened.hub.acceptor._setting.status_of.update({"mang-a": "Test", "mang-b": "Test"})  # type: ignore[attr-defined]
        yield opened


def quake(
    magnitude: float | None, minute: float = 0, *, source: str = "mang-a", key: str = "us1", **other: Any
) -> Candidate:
    """A network's version of an earthquake off Vũng Tàu."""
    at = other.pop("at", START)
    lat, lon = other.pop("where", (10.1, 107.6))
    named = {"originTime": at.isoformat(), "depthKm": "10", "magnitude": "" if magnitude is None else str(magnitude)}
    info = Info(
        event="Động đất",
        categories=("Geo",),
        severity="Minor",
        language="vi-VN",
        parameters=tuple(NamedValue(name, value) for name, value in named.items() if value),
        areas=(Area("x", circles=(Circle(lat, lon, 0.0),)),),
    )
    sent = START + timedelta(minutes=minute)
    alert = Alert("", "mang@thu.vn", sent, infos=(info,))
    return Candidate(source, alert, "", source_key=key, revised_at=sent, **other)


async def said(land: Basin, *candidates: Candidate) -> list[Any]:
    """Each is accepted and everything follows; the estimates there are then."""
    for one in candidates:
        land.clock.advance(60)
        await land.hub.acceptor.accept([one])
        await land.settle()
    return await land.rows()


async def test_a_quake_felt_here_is_one_estimate_in_the_incident_of_the_network(land: Basin) -> None:
    (row,) = await said(land, quake(5.6))
    (alert,) = await land.told()
    (original,) = await land.rows("mang-a")
    assert (row.disposition, row.msg_type, row.severity) == ("accepted", "Alert", "Minor")
    assert row.incident_id == original.incident_id
    assert "hệ thống tính" in alert.infos[0].headline
    assert "742" in {code.value for code in alert.infos[0].areas[0].geocodes}


async def test_a_revision_is_an_update_and_what_changes_nothing_is_nothing(land: Basin) -> None:
    rows = await said(land, quake(5.6), quake(5.3, 4), quake(5.3, 5, at=START + timedelta(seconds=1)))
    assert [row.msg_type for row in rows] == ["Alert", "Update"]
    assert len({row.chain_id for row in rows}) == 1


async def test_a_second_network_makes_no_second_estimate_and_the_stronger_counts(land: Basin) -> None:
    rows = await said(land, quake(5.3), quake(5.6, 1, source="mang-b", key="b1", at=START + timedelta(seconds=3)))
    assert len({row.chain_id for row in rows}) == 1
    last = (await land.told())[-1]
    assert last.infos[0].parameter("magnitude") == "5.6" and last.source == "mang-a, mang-b"


async def test_an_estimate_nobody_feels_any_more_is_taken_back(land: Basin) -> None:
    rows = await said(land, quake(5.6), quake(3.0, 5))
    assert [row.msg_type for row in rows] == ["Alert", "Cancel"]
    assert rows[-1].state == "cancels"


async def test_a_deleted_quake_takes_its_estimate_back(land: Basin) -> None:
    rows = await said(land, quake(5.6), quake(5.6, 5, ended=True))
    assert [row.msg_type for row in rows] == ["Alert", "Cancel"]


async def test_while_one_network_still_says_it_the_estimate_stands(land: Basin) -> None:
    rows = await said(land, quake(5.6), quake(5.3, 1, source="mang-b", key="b1"), quake(5.6, 5, ended=True))
    assert [row.msg_type for row in rows][-1] == "Update"
    assert (await land.told())[-1].infos[0].parameter("magnitude") == "5.3"


@pytest.mark.parametrize("candidate", [quake(3.8), quake(None), quake(8.4, where=(16.0, 119.0)), quake(1e6)])
async def test_what_nobody_feels_or_nobody_can_estimate_tells_nobody(land: Basin, candidate: Candidate) -> None:
    assert await said(land, candidate) == []


async def test_an_aftershock_that_is_hardly_felt_tells_nobody(land: Basin) -> None:
    main = quake(6.3)
    shock = quake(5.3, 20, key="us2", at=START + timedelta(minutes=20))
    rows = await said(land, main, shock)
    assert len(rows) == 1
    alone = quake(5.3, 40 * 1440 + 4, key="us3", at=START + timedelta(days=40), where=(10.1, 107.6))
    land.clock.set(START + timedelta(days=40, minutes=5))
    assert len(await said(land, alone)) == 2


async def test_an_incident_that_cannot_be_read_is_set_aside_and_the_next_is_estimated(land: Basin) -> None:
    await land.hub.acceptor.accept([quake(5.6)])
    await land.hub.store.write(lambda conn: conn.execute(update(incidents).values(body="{")))
    await land.settle()
    assert await land.rows() == []
    ((kind, _),) = await land.alarms()
    assert kind == "quake.unestimated"
    await land.hub.store.write(lambda conn: conn.execute(delete(incidents)))
    later = START + timedelta(hours=1)
    assert len(await said(land, quake(5.6, 60, key="us9", at=later))) == 1


async def test_two_processes_make_one_estimate(tmp_path: Path) -> None:
    async with basin(tmp_path) as one, basin(tmp_path, clock=one.clock) as other:
        one.hub.acceptor._setting.status_of.update({"mang-a": "Test"})  # type: ignore[attr-defined]
        await one.hub.acceptor.accept([quake(5.6)])
        steps = [b.hub.deriving.shaking.step(timeout_s=0.0) for b in (one, other, one, other)]
        assert sorted(await asyncio.gather(*steps))[-1] == 1
        await one.settle()
        assert len(await one.rows()) == 1


async def test_what_came_with_a_first_read_stays_a_thing_of_the_past(land: Basin) -> None:
    (row,) = await said(land, quake(5.6, backlog=True))
    assert "backlog" in row.flags


def test_a_depth_is_read_as_sources_write_it() -> None:
    def alert(name: str, value: str) -> Alert:
        info = Info("Động đất", parameters=(NamedValue(name, value),))
        return Alert("x", "y", START, infos=(info,))

    assert depth_of(alert("depthKm", "12.5")) == 12.5
    assert depth_of(alert("EventDepth", "10 kilometers")) == 10
    assert depth_of(alert("depth", "33km")) == 33
    assert depth_of(alert("depth", "-2")) == 0
    for wrong in ("10000", "nan", "deep", ""):
        assert depth_of(alert("depth", wrong)) is None
