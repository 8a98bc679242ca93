"""hub.store.sources: marks and health of sources."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from hub.store import sources
from tests.store.fresh import fresh


@pytest.fixture
def conn() -> Iterator[Connection]:
    with fresh() as connection:
        yield connection


def test_a_source_never_read_has_an_empty_mark_and_no_row(conn: Connection) -> None:
    assert sources.mark_of(conn, "usgs") == {}
    assert sources.get(conn, "usgs") is None


def test_a_mark_comes_back_as_it_was_set_and_leaves_the_health_alone(conn: Connection) -> None:
    sources.set_health(conn, "usgs", {"state": "late", "reason": "timeout", "failures": 2, "faults": ["timeout"]})
    sources.set_mark(conn, "usgs", {"etag": '"ă"', "known": {"us1": [1, 2]}})
    assert sources.mark_of(conn, "usgs") == {"etag": '"ă"', "known": {"us1": [1, 2]}}
    row = sources.get(conn, "usgs")
    assert row is not None
    assert (row.state, row.reason, row.failures, row.faults) == ("late", "timeout", 2, '["timeout"]')


def test_health_leaves_the_mark_alone(conn: Connection) -> None:
    sources.set_mark(conn, "usgs", {"etag": "a"})
    sources.set_health(conn, "usgs", {"state": "live", "reason": "", "last_success_at": 5, "failures": 0, "faults": ()})
    assert sources.mark_of(conn, "usgs") == {"etag": "a"}
    row = sources.get(conn, "usgs")
    assert row is not None and row.last_success_at == 5


def test_every_change_gets_a_greater_rev_over_all_sources(conn: Connection) -> None:
    revs = []
    for source in ("a", "b", "a", "c", "a"):
        sources.set_health(conn, source, {"state": "live"})
        row = sources.get(conn, source)
        assert row is not None
        revs.append(row.rev)
    assert revs == [1, 2, 3, 4, 5]
