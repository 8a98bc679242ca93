"""The loops: bad records do not stop good ones, a full disk changes nothing, and a flood of readings is only a flood of readings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from hub.deriving import run
from hub.store import NotStored
from hub.store.tables import gauges, quarantine, readings
from tests.deriving.river import Basin, basin, reading


@pytest_asyncio.fixture
async def water(tmp_path: Path) -> AsyncIterator[Basin]:
    async with basin(tmp_path) as opened:
        yield opened


async def verdicts(water: Basin) -> list[str]:
    asked = select(readings.c.verdict).order_by(readings.c.at)
    return list(await water.hub.store.read(lambda conn: list(conn.execute(asked).scalars())))


async def test_each_reading_has_its_verdict(water: Basin) -> None:
    await water.say(111.5)
    await water.say(114.5)
    now = water.clock.now()
    await water.take(reading(111.4, now - timedelta(minutes=15)), reading(114.6, now - timedelta(minutes=12)))
    await water.settle()
    await water.say(1145.0)
    assert await verdicts(water) == ["late", "late", "used", "doubted", "implausible"]
    assert ("reading.doubted", "ta-lai/level") in await water.alarms()
    await water.say(111.6)
    assert ("reading.doubted", "ta-lai/level") not in await water.alarms()


async def test_a_record_that_is_no_reading_goes_to_quarantine_and_the_others_on(water: Basin) -> None:
    await water.hub.stream.append("readings", [("ta-lai", b"{not a reading")])
    await water.say(112.1)
    (kept,) = await water.hub.store.read(lambda conn: conn.execute(select(quarantine)).all())
    assert (kept.stage, kept.source, bytes(kept.record)) == ("deriving", "ta-lai", b"{not a reading")
    assert len(await water.told()) == 1
    assert await water.hub.deriving.readings.step(timeout_s=0.0) == 0


async def test_a_reading_whose_gauge_left_the_tables_is_said_to_be_unknown(water: Basin) -> None:
    await water.take(reading(112.1, water.clock.now()))
    water.hub.deriving.stations._gauges.clear()  # type: ignore[attr-defined]
    await water.settle()
    assert await verdicts(water) == ["gauge-unknown"]


async def test_when_nothing_can_be_kept_nothing_is_lost(water: Basin, monkeypatch: pytest.MonkeyPatch) -> None:
    await water.take(reading(112.1, water.clock.now()))

    async def full(fn: Any) -> Any:
        raise NotStored("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(water.hub.store, "write", full)
        with pytest.raises(NotStored):
            await water.hub.deriving.readings.step(timeout_s=0.0)
    await water.settle()
    assert len(await water.told()) == 1


async def test_ten_thousand_readings_of_one_gauge_in_a_second_are_one_alert(water: Basin) -> None:
    now = water.clock.now()
    said = [reading(112.0 + n / 100_000, now + timedelta(microseconds=n * 100)) for n in range(10_000)]
    for start in range(0, len(said), 500):
        await water.take(*said[start : start + 500])
    water.clock.advance(1)
    steps = 0
    while await water.hub.deriving.readings.step(timeout_s=0.0):
        steps += 1
    assert steps == -(-10_000 // run.BATCH)
    await water.settle()
    assert len(await water.told()) == 1
    assert set(await verdicts(water)) == {"used"}


async def test_the_clock_loop_asks_only_gauges_that_are_due(water: Basin) -> None:
    await water.say(113.0)
    assert await water.hub.deriving.clock.step() == 0
    water.clock.advance(90 * 60 + 1)
    assert await water.hub.deriving.clock.step() == 1
    assert await water.hub.deriving.clock.step() == 0


async def test_a_gauge_whose_state_cannot_be_read_calls_a_person_and_the_others_are_looked_at(water: Basin) -> None:
    await water.say(113.0)
    await water.say(107.0, station="phu-hiep")
    await water.hub.store.write(
        lambda conn: conn.execute(update(gauges).where(gauges.c.station == "phu-hiep").values(body="{"))
    )
    water.clock.advance(91 * 60)
    await water.settle()
    assert ("gauge.failed", "phu-hiep/level") in await water.alarms()
    assert (await water.told())[-1].infos[0].parameter("gauge:change") == "silent"
    assert await water.hub.deriving.clock.step() == 0
