"""Gauges all the way to accepted alerts: one chain each, told once, whatever restarts in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest_asyncio

from hub.deriving import SOURCE
from hub.store import gauges, rules
from tests.deriving.river import START, Basin, basin, reading

FLOOD = (111.6, 111.8, 112.05, 112.2, 112.52, 112.8, 113.1, 113.43)
EBB = (113.2, 112.95, *[112.8] * 8, *[112.3] * 8, *[111.8] * 8)


@pytest_asyncio.fixture
async def water(tmp_path: Path) -> AsyncIterator[Basin]:
    async with basin(tmp_path) as opened:
        yield opened


async def test_a_flood_is_one_chain_of_alerts_from_first_to_all_clear(water: Basin) -> None:
    for value in (*FLOOD, *EBB):
        await water.say(value)
    rows, told = await water.rows(), await water.told()
    assert len({row.chain_id for row in rows}) == 1
    assert [row.disposition for row in rows] == ["accepted"] * 6
    assert [(a.msg_type, a.infos[0].severity, a.infos[0].parameter("VN:baoDong")) for a in told] == [
        ("Alert", "Minor", "1"),
        ("Update", "Moderate", "2"),
        ("Update", "Severe", "3"),
        ("Update", "Moderate", "2"),
        ("Update", "Minor", "1"),
        ("Update", "Minor", None),
    ]
    assert told[-1].is_ending() and not any(alert.is_ending() for alert in told[:-1])
    assert [row.state for row in rows] == ["ended"] * 5 + ["ends"]


async def test_the_next_flood_is_another_chain(water: Basin) -> None:
    for value in (*FLOOD[:4], *[111.8] * 8, 112.1):
        await water.say(value)
    rows = await water.rows()
    assert [row.msg_type for row in rows] == ["Alert", "Update", "Alert"]
    assert rows[0].chain_id == rows[1].chain_id != rows[2].chain_id


async def test_two_gauges_have_two_chains(water: Basin) -> None:
    await water.say(112.1)
    await water.say(104.6, station="phu-hiep")
    await water.say(112.6)
    rows = await water.rows()
    assert len({row.chain_id for row in rows}) == 2
    assert [a.infos[0].parameter("gauge:station") for a in await water.told()] == ["ta-lai", "phu-hiep", "ta-lai"]


async def test_silence_keeps_the_alert_and_says_so_and_only_real_readings_end_it(water: Basin) -> None:
    await water.say(113.43)
    water.clock.advance(91 * 60)
    await water.settle()
    (opened, silent), rows = await water.told(), await water.rows()
    assert silent.infos[0].certainty == "Likely" and silent.infos[0].severity == "Severe"
    assert "Không có dữ liệu" in silent.infos[0].headline and "vẫn còn hiệu lực" in silent.infos[0].headline
    assert silent.infos[0].parameter("gauge:state") == "no-data"
    assert rows[-1].state == "active" and not silent.is_ending()
    assert silent.infos[0].expires == opened.infos[0].expires, "a later end would sound again"
    assert ("gauge.silent", "ta-lai/level") in await water.alarms()
    await water.say(112.7)
    assert (await water.told())[-1].infos[0].certainty == "Observed"
    assert ("gauge.silent", "ta-lai/level") not in await water.alarms()


async def test_a_silent_gauge_s_alert_never_ends_by_itself(water: Basin) -> None:
    await water.say(113.43)
    for _ in range(60):
        water.clock.advance(3600)
        await water.settle()
    rows = await water.rows()
    assert rows[-1].state == "active" and rows[-1].live_until > gauges_now(water)
    assert 3 <= len(rows) <= 6, "told anew once in 18 hours, not each hour"
    assert len({row.chain_id for row in rows}) == 1


def gauges_now(water: Basin) -> int:
    return int(water.clock.now().timestamp() * 1_000_000)


async def test_a_restart_in_the_middle_goes_on_where_it_was(tmp_path: Path) -> None:
    values, clock = (*FLOOD, *EBB), None
    for start in range(0, len(values), 5):
        async with basin(tmp_path, clock=clock) as water:
            clock = water.clock
            for value in values[start : start + 5]:
                await water.say(value)
    async with basin(tmp_path, clock=clock) as water:
        rows = await water.rows()
    assert [row.msg_type for row in rows] == ["Alert", *["Update"] * 5]
    assert len({row.chain_id for row in rows}) == 1


async def test_two_processes_tell_each_change_once(tmp_path: Path) -> None:
    async with basin(tmp_path) as one, basin(tmp_path, clock=one.clock) as other:
        for value in (*FLOOD, *EBB):
            one.clock.advance(600)
            await one.take(reading(value, one.clock.now()))
            loops = [b.hub.deriving.readings.step(timeout_s=0.0) for b in (one, other, one, other)]
            await asyncio.gather(*loops, other.hub.deriving.clock.step(), one.hub.deriving.clock.step())
        one.clock.advance(91 * 60)
        await asyncio.gather(*(b.hub.deriving.clock.step() for b in (one, other, one, other)))
        await one.settle()
        rows = await one.rows()
    assert [row.msg_type for row in rows] == ["Alert", *["Update"] * 5]


async def test_the_gauges_of_the_storm_scenario_tell_each_crossing_once(water: Basin) -> None:
    """Scenario storm-tri-an-ta-lai: a number each hour that keeps until the next is given, and 90 minutes of silence at the peak."""
    given = {
        33: ("ta-lai", 111.60),
        34: ("ta-lai", 112.05),
        40: ("tri-an", 61.70),
        44: ("ta-lai", 112.52),
        46: ("phu-hiep", 105.60),
        52: ("ta-lai", 113.43),
        60: ("bien-hoa", 2.12),
        72: ("ta-lai", 112.70),
    }
    values: dict[str, float] = {}
    for hour in range(33, 76):
        if hour in given:
            values |= [given[hour]]
        water.clock.set(START + timedelta(hours=hour))
        for station, value in values.items():
            if station == "ta-lai" and hour in (54, 55):
                continue
            await water.take(reading(value, water.clock.now(), station=station))
        await water.settle()
    told: dict[str, list[tuple[str | None, str | None]]] = {}
    for alert in await water.told():
        info = alert.infos[0]
        change = info.parameter("gauge:change")
        if change != "standing":
            told.setdefault(str(info.parameter("gauge:station")), []).append((change, info.parameter("VN:baoDong")))
    assert told["ta-lai"] == [
        ("opened", "1"),
        ("rose", "2"),
        ("rose", "3"),
        ("silent", "3"),
        ("returned", "3"),
        ("fell", "2"),
    ]
    assert (told["tri-an"], told["phu-hiep"], told["bien-hoa"]) == (
        [("opened", "1")],
        [("opened", "2")],
        [("opened", "2")],
    )
    assert len({row.chain_id for row in await water.rows()}) == 4


async def test_a_gauge_that_left_the_tables_calls_a_person_and_is_asked_no_more(water: Basin) -> None:
    await water.say(113.43)
    water.hub.deriving.stations._gauges.clear()  # type: ignore[attr-defined]
    water.clock.advance(91 * 60)
    await water.settle()
    assert ("gauge.gone", "ta-lai/level") in await water.alarms()
    assert await water.hub.store.read(lambda conn: gauges.due(conn, gauges_now(water))) == []
    assert len(await water.rows()) == 1


async def test_sources_that_differ_are_shown_and_the_higher_counts(water: Basin) -> None:
    await water.say(113.2)
    await water.say(112.2, 1, source="khac")
    assert ("gauge.disagrees", "ta-lai/level") in await water.alarms()
    await water.say(113.55)
    said = (await water.told())[-1].infos[0].description
    assert "Các nguồn số đo khác nhau: 113,55 m (kttv) và 112,20 m (khac)" in said
    water.clock.advance(100 * 60)
    await water.say(113.4, 0)
    assert ("gauge.disagrees", "ta-lai/level") not in await water.alarms()


async def test_without_authority_what_the_hub_concludes_waits_for_a_person(tmp_path: Path) -> None:
    async with basin(tmp_path) as water:
        await water.hub.store.write(lambda conn: rules.remove(conn, "authority", SOURCE, by="t", at=START))
        await water.say(113.2)
        (row,) = await water.rows()
    assert (row.disposition, row.reason) == ("held", "no-authority")
