"""What routing knows of an alert, what a subscription asks for, and the two answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shapely.geometry.base import BaseGeometry

from hub.cap.model import Alert


@dataclass(frozen=True, slots=True)
class InfoFacts:
    """What routing needs to know of one info, worked out once at acceptance.

    `hazards` are ids of the hazard table, never empty ("other" at least). `units` are administrative codes with all their ancestors
    and successors; `shape` is the union of polygons and circles (longitude, latitude as shapely wants; a circle of radius 0 is a
    point) or None. `province_wide` is True when an area could not be resolved and was widened for attention. `elsewhere` is True
    when every area is known and lies outside the province and its neighbours: without it, no unit and no shape mean that nobody
    knows where. `live_until` is when this info ends for everyone. `risk_level` is the official disaster-risk level 1–5 when the
    bulletin gives one (VN:capDoRuiRo).
    """

    hazards: frozenset[str]
    units: frozenset[str]
    shape: BaseGeometry | None
    live_until: datetime
    risk_level: int | None = None
    province_wide: bool = False
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """An accepted alert with the facts of each info, in the order of `alert.infos`."""

    alert_id: str
    source: str
    alert: Alert
    infos: tuple[InfoFacts, ...]


@dataclass(frozen=True, slots=True)
class Subscription:
    """One rule. Empty sets mean "any"; conditions are tested in the order of the fields below.

    `min_severity` "Unknown" takes everything. `units` are administrative codes; `shape` an area in (longitude, latitude). With both,
    either may fit. `min_risk` is an extra test only for infos that carry an official risk level. `extreme_immediate` lets an info
    that is Extreme and Immediate pass every condition on what it says (categories to `min_risk`), never those on who speaks
    (`sources`, `senders`) or where (`units`, `shape`). `number` is what people call it ("quy tắc gửi tin số 07").
    `ack_min` are the minutes within which somebody must acknowledge, 0 asks for nobody; `ack_min_by_severity` says where it differs.
    """

    subscription_id: str
    endpoint_id: str
    owner: str
    number: int
    sources: frozenset[str] = frozenset()
    senders: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    hazards: frozenset[str] = frozenset()
    min_severity: str = "Unknown"
    urgencies: frozenset[str] = frozenset()
    certainties: frozenset[str] = frozenset()
    min_risk: int | None = None
    units: frozenset[str] = frozenset()
    shape: BaseGeometry | None = None
    extreme_immediate: bool = False
    ack_min: int = 0
    ack_min_by_severity: Mapping[str, int] = field(default_factory=dict, hash=False)

    def ack_min_within(self, severity: str) -> int:
        """Minutes within which an alert of that severity must be acknowledged; 0 asks for nobody."""
        return self.ack_min_by_severity.get(severity, self.ack_min)


@dataclass(frozen=True, slots=True)
class Match:
    """The subscription fits: `infos` are the indexes of all infos that fit, `reason` the conditions in words of the rule."""

    infos: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Miss:
    """It does not: `condition` is the first that failed for the info that came furthest, `detail` what was wanted and found."""

    condition: str
    detail: str
