"""Subscriptions as documents: there and back, and every mistake named by its key."""

from __future__ import annotations

import json
from typing import Any

import pytest
import shapely

from hub.errors import ConfigError
from hub.subscription import Subscription, body_of, subscription_of

LEAST = {"endpoint_id": "e1", "owner": "pccc", "number": 7}
SQUARE = {"type": "Polygon", "coordinates": [[[106.8, 10.9], [106.9, 10.9], [106.9, 11.0], [106.8, 10.9]]]}
FULL = Subscription(
    "r1",
    "e1",
    "pccc",
    7,
    sources=frozenset({"kttv"}),
    senders=frozenset({"a", "b"}),
    categories=frozenset({"Met"}),
    hazards=frozenset({"flood"}),
    min_severity="Moderate",
    urgencies=frozenset({"Immediate"}),
    certainties=frozenset({"Observed"}),
    min_risk=2,
    units=frozenset({"731"}),
    shape=shapely.MultiPolygon([shapely.box(106.1234567890123, 10, 107, 11), shapely.box(108, 10, 109, 11)]),
    extreme_immediate=True,
)


@pytest.mark.parametrize("rule", [FULL, Subscription("r1", "e1", "pccc", 0)])
def test_a_subscription_comes_back_equal_through_json(rule: Subscription) -> None:
    body = body_of(rule)
    through = json.loads(json.dumps(body))
    assert through == body
    assert subscription_of("r1", through) == rule
    assert body_of(subscription_of("r1", through)) == body


def test_what_is_left_out_means_any() -> None:
    assert subscription_of("r1", {**LEAST, "shape": None, "min_risk": None}) == Subscription("r1", "e1", "pccc", 7)


def test_a_star_means_any() -> None:
    assert subscription_of("r1", {**LEAST, "hazards": ["flood", "*"]}).hazards == frozenset()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hazard", ["flood"]),
        ("subscription_id", "r2"),
        ("hazards", "flood"),
        ("hazards", [1]),
        ("hazards", [""]),
        ("hazards", None),
        ("units", {"731": 1}),
        ("units", [75]),
        ("categories", ["met"]),
        ("urgencies", ["immediate"]),
        ("certainties", ["Sure"]),
        ("min_severity", "severe"),
        ("min_severity", None),
        ("min_severity", ["Severe"]),
        ("number", True),
        ("number", -1),
        ("number", "7"),
        ("min_risk", 0),
        ("min_risk", 6),
        ("min_risk", True),
        ("min_risk", 2.0),
        ("extreme_immediate", 1),
        ("extreme_immediate", "yes"),
        ("endpoint_id", ""),
        ("owner", None),
        ("shape", {}),
        ("shape", []),
        ("shape", "POINT (1 1)"),
        ("shape", {"type": "Nothing", "coordinates": []}),
        ("shape", {"type": "Polygon", "coordinates": [[[106.8, 10.9], [106.9]]]}),
        ("shape", {"type": "Polygon", "coordinates": [[["a", "b"], ["c", "d"], ["e", "f"]]]}),
        ("shape", {"type": "Polygon", "coordinates": []}),
        ("shape", {"type": "Point", "coordinates": [10.9, 106.8]}),
        ("shape", {"type": "Point", "coordinates": [float("nan"), 10.9]}),
        ("shape", {"type": "Feature", "geometry": SQUARE}),
    ],
)
def test_every_mistake_is_named_by_its_key(key: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        subscription_of("r1", {**LEAST, key: value})
    assert caught.value.where == f"subscription r1.{key}"
    assert caught.value.mend


@pytest.mark.parametrize("key", ["endpoint_id", "owner", "number"])
def test_a_missing_key_is_named(key: str) -> None:
    with pytest.raises(ConfigError, match=f"r1.{key}: is missing"):
        subscription_of("r1", {k: v for k, v in LEAST.items() if k != key})


def test_a_shape_that_crosses_itself_is_mended_and_heights_are_left_out() -> None:
    bow = {"type": "Polygon", "coordinates": [[[106, 10, 5], [107, 11, 5], [107, 10, 5], [106, 11, 5], [106, 10, 5]]]}
    shape = subscription_of("r1", {**LEAST, "shape": bow}).shape
    assert shape is not None and shape.is_valid and not shape.has_z and shape.area > 0
