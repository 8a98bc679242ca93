"""Readings are kept once each, as said, with their verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from hub.connector import Reading
from hub.store import readings
from tests.store.fresh import fresh

AT = datetime(2026, 7, 31, tzinfo=UTC)
ONE = Reading("kttv", "ta-lai", "level", 112.0, "m", AT, "p")


def test_the_same_words_are_one_reading_whatever_brought_them() -> None:
    assert readings.id_of(ONE) == readings.id_of(replace(ONE, payload_sha256="q"))
    assert readings.id_of(ONE) == readings.id_of(replace(ONE, at=AT.astimezone(timezone(timedelta(hours=7)))))
    others = [
        replace(ONE, value=112.1),
        replace(ONE, unit="cm"),
        replace(ONE, at=AT + timedelta(microseconds=1)),
        replace(ONE, source="x"),
        replace(ONE, station="x"),
        replace(ONE, quantity="x"),
        replace(ONE, quality="suspect"),
        replace(ONE, datum="x"),
    ]
    assert len({readings.id_of(one) for one in [ONE, *others]}) == 1 + len(others)


def test_what_was_kept_before_is_not_new_and_keeps_its_verdict() -> None:
    other = replace(ONE, value=112.1)
    with fresh() as conn:
        assert readings.keep(conn, [(ONE, "taken"), (ONE, "taken")], at=AT) == [True, False]
        readings.judge(conn, {readings.id_of(ONE): "used"})
        assert readings.keep(conn, [(ONE, "taken"), (other, "implausible")], at=AT) == [False, True]
        rows = readings.of_gauge(conn, "ta-lai", "level", limit=10)
    assert {(float(row.value), row.verdict) for row in rows} == {(112.0, "used"), (112.1, "implausible")}


def test_the_newest_of_a_gauge_come_first() -> None:
    said = [(replace(ONE, at=AT + timedelta(minutes=n)), "used") for n in range(5)]
    with fresh() as conn:
        readings.keep(conn, [*said, (replace(ONE, station="x"), "used")], at=AT)
        readings.judge(conn, {})
        rows = readings.of_gauge(conn, "ta-lai", "level", limit=3)
    assert [row.at for row in rows] == sorted((row.at for row in rows), reverse=True) and len(rows) == 3


def test_more_readings_than_a_statement_takes_are_compared_all_the_same() -> None:
    said = [(replace(ONE, at=AT + timedelta(seconds=n)), "used") for n in range(1200)]
    with fresh() as conn:
        assert all(readings.keep(conn, said, at=AT))
        assert not any(readings.keep(conn, said, at=AT))
