"""Incidents are found by hazard and time, and kept under one id."""

from __future__ import annotations

from sqlalchemy import Connection

from hub.store import incidents
from tests.store.fresh import fresh


def _keep(conn: Connection, incident_id: str, n: int, *hazards: str, last_at: int = 10, known: bool = False) -> None:
    incidents.keep(
        conn,
        incident_id=incident_id,
        n=n,
        hazards=hazards or ("flood",),
        began_at=1,
        last_at=last_at,
        body=f"[{last_at}]",
        known=known,
    )


def _found(conn: Connection, *hazards: str, since: int = 0) -> list[str]:
    return [row.incident_id for row in incidents.near(conn, hazards=hazards, since=since)]


def test_incidents_near_are_those_of_the_hazard_that_went_on_oldest_first() -> None:
    with fresh() as conn:
        _keep(conn, "i2", 2)
        _keep(conn, "i1", 1)
        _keep(conn, "i3", 3, "drought")
        _keep(conn, "i4", 4, last_at=4)
        assert _found(conn, "flood", since=5) == ["i1", "i2"]
        assert _found(conn, "flood", "drought", since=10) == ["i1", "i2", "i3"]
        assert _found(conn) == []


def test_an_incident_is_found_once_by_any_of_the_hazards_it_has_now() -> None:
    with fresh() as conn:
        _keep(conn, "i1", 1, "storm", "flood")
        assert _found(conn, "flood") == _found(conn, "storm") == _found(conn, "storm", "flood") == ["i1"]
        _keep(conn, "i1", 1, "landslide", "flood", known=True)
        assert (_found(conn, "storm"), _found(conn, "landslide"), _found(conn, "flood")) == ([], ["i1"], ["i1"])


def test_a_known_incident_is_changed_in_place() -> None:
    with fresh() as conn:
        _keep(conn, "i1", 1)
        _keep(conn, "i1", 1, last_at=99, known=True)
        row = incidents.get(conn, "i1")
        assert row is not None and (row.last_at, row.body, row.n) == (99, "[99]", 1)
        assert incidents.get(conn, "i2") is None
