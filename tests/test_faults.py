"""Tests of hub.faults."""

from __future__ import annotations

import pytest

from hub.errors import ConfigError
from hub.faults import Faults, gathering


def test_mistakes_are_gathered_and_told_together() -> None:
    faults = Faults()
    with faults.kept("a", where="f.csv line 2"):
        raise ConfigError("lat", "is no number", "a number")
    faults.add("f.csv line 3", "stands twice", "leave one")
    with pytest.raises(ConfigError) as caught:
        faults.raise_any()
    assert [one.where for one in caught.value.each()] == ["f.csv line 2: lat", "f.csv line 3"]
    assert faults.blamed == ["a"]


def test_gathered_inside_and_told_outside_nothing_is_lost() -> None:
    outer = Faults()
    with outer.kept(where="units.csv"), gathering(None) as inner:
        inner.add("a", "x", "y")
        inner.add("b", "x", "y")
    assert [one.where for one in outer.found] == ["units.csv: a", "units.csv: b"]


def test_who_gathers_outside_decides_when_to_raise() -> None:
    outer = Faults()
    with gathering(outer) as same:
        same.add("a", "x", "y")
    assert same is outer
    with gathering(None):
        pass
