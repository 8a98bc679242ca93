"""The door for readings: who may give them, what is impossible, and that what is refused calls somebody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub.deriving.taking import AHEAD, dump, load
from hub.store.readings import Taken
from hub.store.tables import readings, stream_records
from tests.deriving.river import START, Basin, basin, reading


@pytest_asyncio.fixture
async def water(tmp_path: Path) -> AsyncIterator[Basin]:
    async with basin(tmp_path) as opened:
        yield opened


async def kept(water: Basin) -> list[Any]:
    return list(await water.hub.store.read(lambda conn: conn.execute(select(readings)).all()))


async def queued(water: Basin) -> int:
    asked = select(stream_records.c.position).where(stream_records.c.topic == "readings")
    return len(await water.hub.store.read(lambda conn: conn.execute(asked).all()))


async def test_a_good_reading_is_kept_as_said_and_queued(water: Basin) -> None:
    assert await water.take(reading(11205, START, unit="cm")) == [Taken("taken")]
    (row,) = await kept(water)
    assert (float(row.value), row.unit, row.verdict) == (11205, "cm", "taken")
    assert await queued(water) == 1


async def test_the_same_again_is_a_duplicate_even_within_one_call_and_a_correction_is_not(water: Basin) -> None:
    one = reading(112.0, START)
    assert await water.take(one, one) == [Taken("taken"), Taken("duplicate")]
    assert await water.take(reading(112.0, START, payload_sha256="another")) == [Taken("duplicate")]
    elsewhere = START.astimezone(timezone(timedelta(hours=7)))
    assert await water.take(reading(112.0, elsewhere)) == [Taken("duplicate")]
    assert await water.take(reading(112.1, START)) == [Taken("taken")]
    assert (len(await kept(water)), await queued(water)) == (2, 2)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"value": 1134.3}, "implausible"),
        ({"value": 1e308}, "implausible"),
        ({"value": -112.0}, "implausible"),
        ({"value": 0.0}, "implausible"),
        ({"value": 112.0, "unit": "cm"}, "implausible"),
        ({"unit": "m3/s"}, "unit-wrong"),
        ({"unit": "mét"}, "unit-wrong"),
        ({"datum": "Hòn Dấu"}, "datum-other"),
        ({"station": "can-tho"}, "station-unknown"),
        ({"quantity": "flow"}, "quantity-unknown"),
        ({"quality": "bad"}, "bad"),
        ({"at": START + AHEAD + timedelta(seconds=1)}, "in-the-future"),
        ({"at": START - timedelta(hours=6, seconds=1)}, "too-old"),
        ({"at": datetime(1, 1, 2, tzinfo=START.tzinfo)}, "quantity-unknown"),
    ],
)
async def test_what_cannot_be_used_is_kept_with_the_reason_and_never_queued(
    water: Basin, changes: dict[str, Any], reason: str
) -> None:
    value, at = changes.pop("value", 112.0), changes.pop("at", START)
    assert await water.take(reading(value, at, **changes)) == [Taken("kept", reason)]
    assert [row.verdict for row in await kept(water)] == [reason]
    assert await queued(water) == 0


async def test_the_datum_of_the_table_may_be_said(water: Basin) -> None:
    assert await water.take(reading(112.0, START, datum="QĐ 05/2020")) == [Taken("taken")]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"value": float("nan")}, "not-a-number"),
        ({"value": float("inf")}, "not-a-number"),
        ({"value": float("-inf")}, "not-a-number"),
        ({"quality": "excellent"}, "quality-unknown"),
        ({"at": START.replace(tzinfo=None)}, "no-zone"),
        ({"source": "la"}, "beyond-authority station"),
        ({"source": "nobody"}, "no-authority"),
    ],
)
async def test_what_is_no_reading_or_not_the_source_s_to_say_is_not_even_kept(
    water: Basin, changes: dict[str, Any], reason: str
) -> None:
    value, at = changes.pop("value", 112.0), changes.pop("at", START)
    good = reading(112.0, START)
    assert await water.take(reading(value, at, **changes), good) == [Taken("refused", reason), Taken("taken")]
    assert len(await kept(water)) == 1


async def test_a_lost_decimal_comma_calls_a_person_until_a_good_number_comes(water: Basin) -> None:
    await water.say(113.2)
    assert (await water.say(1134.3)).reason == "implausible"
    assert ("reading.implausible", "ta-lai/level") in await water.alarms()
    await water.say(113.4)
    assert ("reading.implausible", "ta-lai/level") not in await water.alarms()


async def test_who_says_what_is_not_theirs_is_told_to_a_person(water: Basin) -> None:
    await water.take(reading(112.0, START, source="la"))
    await water.take(reading(112.0, START, unit="m3/s"))
    assert {("reading.unauthorised", "la"), ("reading.unusable", "kttv")} <= await water.alarms()


def test_a_record_is_the_same_reading_again() -> None:
    one = reading(112.05, START, quality="suspect", datum="x")
    assert load(dump(one)) == one
