"""Whom the hub tells about itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from hub.delivery.telling import tell_chief, tell_owner
from hub.store import notices, rosters, rulebook, rules
from tests.store.fresh import fresh

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def made(conn: Connection, kind: str, name: str, **body: Any) -> None:
    rules.put(conn, kind, name, body, origin="desk", by="t", at=NOW)


def test_an_agency_is_told_by_its_other_endpoints_of_the_one_that_takes_nothing() -> None:
    with fresh() as conn:
        for name, owner in (("a", "o"), ("b", "o"), ("c", "p")):
            made(conn, "endpoint", name, owner=owner)
        assert tell_owner(conn, rulebook.read(conn), "a", reason="http-410", now=5) == ["b"]
        (row,) = notices.about(conn, "endpoint.suspended", "a")
        assert (row.endpoint_id, row.reason) == ("b", "a: http-410")
        assert tell_owner(conn, rulebook.read(conn), "c", reason="http-410", now=5) == []
        assert tell_owner(conn, rulebook.read(conn), "gone", reason="http-410", now=5) == []


def test_the_chief_is_the_policys_and_of_people_only_who_is_on_duty() -> None:
    with fresh() as conn:
        on, off = (rosters.put_contact(conn, owner="chief", name=name, phone="1") for name in ("An", "Bình"))
        rosters.put_duty(conn, on, begins=NOW - timedelta(hours=1), ends=NOW + timedelta(hours=1))
        made(conn, "endpoint", "office", owner="chief")
        made(conn, "endpoint", "an", owner="chief", contact=on)
        made(conn, "endpoint", "binh", owner="chief", contact=off)
        made(conn, "endpoint", "other", owner="o")
        book = rulebook.read(conn)
        assert tell_chief(conn, book, reason="60 s", at=NOW, now=5) == [], "no policy names a chief"
        made(conn, "escalation", "p", severities=["Extreme"], chief="chief")
        assert set(tell_chief(conn, rulebook.read(conn), reason="60 s", at=NOW, now=5)) == {"office", "an"}
