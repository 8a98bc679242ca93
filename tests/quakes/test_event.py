"""hub.quakes.event: what an event is when its source says little."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.quakes.event import Catalogue, Quake

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "deleted"), [("deleted", True), ("reviewed", False), ("rejected", False), ("", False)]
)
def test_only_the_source_takes_an_event_back(status: str, deleted: bool) -> None:
    assert Quake("a", ("a",), AT, status=status).deleted is deleted


def test_what_a_source_did_not_say_is_none_and_never_zero() -> None:
    bare = Quake("a", ("a",), AT)
    assert (bare.magnitude, bare.depth_km, bare.lat, bare.lon, bare.at, bare.kind) == (None, None, None, None, None, "")
    assert Catalogue((bare,)).broken == ()
