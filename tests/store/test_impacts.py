"""About which incidents an estimate stands."""

from __future__ import annotations

from hub.store import impacts
from tests.store.fresh import fresh


def test_an_estimate_stands_until_it_is_taken_back() -> None:
    with fresh() as conn:
        assert not impacts.was_told(conn, "i1")
        impacts.keep(conn, "i1", told=True, at=1)
        assert impacts.was_told(conn, "i1") and not impacts.was_told(conn, "i2")
        impacts.keep(conn, "i1", told=False, at=2)
        assert not impacts.was_told(conn, "i1")
