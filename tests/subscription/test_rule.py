"""The contract's values: frozen, compared by what they say."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest
import shapely

from hub.subscription import Subscription


def test_a_subscription_is_what_it_says_and_never_changes() -> None:
    one, same = (Subscription("r1", "e1", "pccc", 7, shape=shapely.box(0, 0, 1, 1)) for _ in range(2))
    assert one == same
    with pytest.raises(FrozenInstanceError):
        one.number = 8  # type: ignore[misc]


def test_conditions_stand_in_the_order_in_which_they_are_tested() -> None:
    names = [f.name for f in fields(Subscription)]
    assert names[4:] == [
        "sources",
        "senders",
        "categories",
        "hazards",
        "min_severity",
        "urgencies",
        "certainties",
        "min_risk",
        "units",
        "shape",
        "extreme_immediate",
        "ack_min",
        "ack_min_by_severity",
    ]
