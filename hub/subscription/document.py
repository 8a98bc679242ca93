"""A subscription as it is stored and configured: JSON in, JSON out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from hub.cap.model import CATEGORIES, CERTAINTIES, SEVERITIES, URGENCIES
from hub.errors import ConfigError
from hub.subscription.rule import Subscription

_SETS = ("sources", "senders", "categories", "hazards", "urgencies", "certainties", "units")
_WORDS = {"categories": CATEGORIES, "urgencies": URGENCIES, "certainties": CERTAINTIES}
_NAMES = ("endpoint_id", "owner")
MOST_ACK_MIN = 7 * 24 * 60
"""A week: who asks for more asks for nobody."""

_FIELDS = tuple(f.name for f in fields(Subscription) if f.name != "subscription_id")


def subscription_of(subscription_id: str, body: Mapping[str, Any]) -> Subscription:
    """The subscription of a stored document: lists for sets ("*" among them means any), `shape` as a GeoJSON geometry.

    Raises:
        ConfigError: an unknown or missing key, a wrong type or a word that CAP does not have; it names the key.
    """
    where = f"subscription {subscription_id}"
    values: dict[str, Any] = {"subscription_id": subscription_id}
    for key, value in body.items():
        if key not in _FIELDS:
            raise ConfigError(f"{where}.{key}", "unknown key", f"one of {', '.join(_FIELDS)}")
        values[key] = _value(f"{where}.{key}", key, value)
    for key in (*_NAMES, "number"):
        if key not in values:
            raise ConfigError(f"{where}.{key}", "is missing", "every subscription has one")
    return Subscription(**values)


def _value(where: str, key: str, value: Any) -> Any:
    if key in _SETS:
        return _set(where, value, _WORDS.get(key, ()))
    if key == "shape":
        return None if value is None else _shape(where, value)
    if key == "min_severity":
        if value not in SEVERITIES:
            raise ConfigError(where, f"{value!r} is no severity", f"one of {', '.join(SEVERITIES)}")
    elif key in _NAMES:
        if not isinstance(value, str) or not value:
            raise ConfigError(where, f"{value!r} is no name", "a string that is not empty")
    elif key == "ack_min_by_severity":
        return _minutes(where, value)
    elif key == "ack_min":
        if not _is_number(value, 0, MOST_ACK_MIN):
            raise ConfigError(where, f"{value!r} is no number of minutes", "minutes, or 0 to ask for none")
    elif key == "extreme_immediate":
        if not isinstance(value, bool):
            raise ConfigError(where, f"{value!r} is neither true nor false", "true or false")
    elif key == "min_risk":
        if value is not None and not _is_number(value, 1, 5):
            raise ConfigError(where, f"{value!r} is no risk level", "1 to 5, or nothing")
    elif not _is_number(value, 0, 10**9):
        raise ConfigError(where, f"{value!r} is no number of a rule", "a whole number, 0 or more")
    return value


def _minutes(where: str, value: Any) -> dict[str, int]:
    mend = "a table of severities and minutes, such as { Extreme = 3, Severe = 10 }"
    if not isinstance(value, Mapping):
        raise ConfigError(where, f"{value!r} is no table", mend)
    for severity, minutes in value.items():
        if severity not in SEVERITIES:
            raise ConfigError(where, f"{severity!r} is no severity", f"one of {', '.join(SEVERITIES)}")
        if not _is_number(minutes, 0, MOST_ACK_MIN):
            raise ConfigError(where, f"{minutes!r} is no number of minutes", "minutes, or 0 to ask for none")
    return dict(value)


def _is_number(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _set(where: str, value: Any, words: tuple[str, ...]) -> frozenset[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) and v for v in value):
        raise ConfigError(where, f"{value!r} is no list of words", "a list of strings, none empty")
    if "*" in value:
        return frozenset()
    unknown = sorted(set(value) - set(words)) if words else []
    if unknown:
        raise ConfigError(where, f"CAP has no {unknown[0]!r}", f"one of {', '.join(words)}")
    return frozenset(value)


_DRAWN = ("Polygon", "MultiPolygon", "Point", "MultiPoint", "LineString", "MultiLineString", "GeometryCollection")


def _shape(where: str, value: Any) -> BaseGeometry:
    """A valid geometry in two dimensions."""
    mend = "type and coordinates of a Polygon, MultiPolygon or Point"
    if not isinstance(value, Mapping) or value.get("type") not in _DRAWN:
        raise ConfigError(where, "is no GeoJSON geometry", mend)
    try:
        found: BaseGeometry = shapely.force_2d(shape(dict(value)))
        west, south, east, north = found.bounds
    except (TypeError, ValueError, KeyError, AttributeError, ShapelyError) as error:
        raise ConfigError(where, f"is no GeoJSON geometry ({error})", mend) from error
    # NaN compares false, so that an empty geometry and one with NaN are refused too
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise ConfigError(where, "is empty or not on Earth", "longitude before latitude, as GeoJSON says")
    return found if bool(shapely.is_valid(found)) else shapely.make_valid(found)


def body_of(subscription: Subscription) -> dict[str, Any]:
    """The stored document of a subscription, only JSON values; `subscription_of` gives an equal one back."""
    body: dict[str, Any] = {}
    for name in _FIELDS:
        value = getattr(subscription, name)
        if name == "shape":
            if value is not None:
                body[name] = _lists(mapping(value))
        elif value is not None:
            body[name] = (
                sorted(value) if isinstance(value, frozenset) else dict(value) if isinstance(value, Mapping) else value
            )
    return body


def _lists(value: Any) -> Any:
    """The same with lists for tuples, as JSON has them."""
    if isinstance(value, Mapping):
        return {key: _lists(inner) for key, inner in value.items()}
    return [_lists(inner) for inner in value] if isinstance(value, tuple | list) else value
