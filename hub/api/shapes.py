"""The shapes of answers that the console reads, for the OpenAPI document alone: answers are encoded elsewhere, and a test compares them.

Names are those on the wire, CAP's spelling among them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
Spoken = dict[str, str]
"""A text by language."""


class Shape(BaseModel):
    """A JSON object with exactly these members."""

    model_config = ConfigDict(extra="forbid")


class Summary(Shape):
    """An alert as lists and the live feed show it. Without an info there is no certainty, onset or expires."""

    id: str
    seq: int
    source: str
    sender: str
    identifier: str
    sent: datetime
    status: str
    msgType: str  # noqa: N815
    scope: str
    disposition: str
    reason: str
    flags: list[str]
    repairs: int
    chain_id: str | None
    chain_seq: int | None
    incident_id: str | None
    state: str
    superseded_by: str | None
    withdrawn_at: datetime | None
    held_until: datetime | None
    held_by: str | None
    live_until: datetime
    keep_until: datetime
    received_at: datetime
    hazards: list[str]
    severity: Severity
    event: str
    headline: str
    areaDesc: list[str]  # noqa: N815
    language: str
    urgency: str
    certainty: str = ""
    onset: datetime | None = None
    expires: datetime | None = None
    risk_level: int | None
    risk_computed: bool


class AlertList(Shape):
    """A portion of alerts; `next` goes on from there."""

    alerts: list[Summary]
    next: int
    more: bool


class HazardName(Shape):
    """A hazard with its names."""

    id: str
    vi: str
    en: str


class Place(Shape):
    """A unit by code."""

    code: str
    name: str


class Version(Shape):
    """One version of a chain, in short."""

    id: str
    seq: int
    chain_seq: int | None
    msgType: str  # noqa: N815
    sent: datetime
    disposition: str
    state: str
    superseded_by: str | None


class Repair(Shape):
    """What was put right in a bulletin, and whether that is sure."""

    code: str
    path: str
    before: str
    after: str
    certain: bool


class AlertWhole(Shape):
    """An alert with its CAP in JSON, its repairs and its chain."""

    alert: Summary
    cap: dict[str, Any]
    repairs: list[Repair]
    flags: list[str]
    hazards: list[HazardName]
    provenance: dict[str, Any]
    units: list[Place]
    chain: list[Version]


class Attempt(BaseModel):
    """One try."""

    attempt: int
    began_at: datetime | None
    ended_at: datetime | None
    outcome: str


class Delivery(BaseModel):
    """One alert version owed to one endpoint."""

    delivery_id: str
    alert_id: str
    endpoint_id: str
    event_type: str
    state: str
    due_at: datetime | None
    expires_at: datetime | None
    created_at: datetime | None
    delivered_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    attempts: int
    subscription_id: str
    reason: str
    outcome: str
    ended_by: str
    sounds: list[str]
    stands_for: str
    tries: list[dict[str, Any]]


class DeliveryList(Shape):
    """Everything owed of one alert."""

    deliveries: list[Delivery]


class RuleSaid(Shape):
    """What one rule of an endpoint said about an alert."""

    subscription_id: str
    number: str | int | None
    version: int
    matched: bool
    reason: str
    condition: str
    detail: str
    infos: list[int]


class Why(Shape):
    """Why an endpoint got an alert or did not."""

    alert_id: str
    endpoint_id: str
    disposition: str
    state: str
    rules: list[RuleSaid]
    deliveries: list[dict[str, Any]]


class EventTold(Shape):
    """One event of the accepted order."""

    seq: int
    kind: str
    alert: Summary


class EventList(Shape):
    """A portion of the accepted order."""

    events: list[EventTold]
    next: int
    head: int
    epoch: str


class EndpointTold(BaseModel):
    """An endpoint, as far as the console needs it."""

    endpoint_id: str
    owner: str
    kind: str


class EndpointList(BaseModel):
    """Every endpoint the asker may see."""

    endpoints: list[EndpointTold]


class Doubt(Shape):
    """Something about a source that a person should know."""

    code: str
    detail: str
    at: str | None
    told: Spoken


class SourceTold(Shape):
    """The health of one source of this moment."""

    source: str
    state: str
    reason: str
    told: Spoken
    interval_s: float | None
    late_after_s: float | None
    silent_after_s: float | None
    last_try_at: datetime | None
    last_success_at: datetime | None
    last_change_at: datetime | None
    late_at: datetime | None
    age_s: float | None
    failures: int
    outcomes: Any
    certificate_expires_at: datetime | None
    certificate_soon: bool
    certificate_told: Spoken | None = None
    faults: list[Any]
    doubts: list[Doubt]
    rev: int


class SourceList(Shape):
    """Every source."""

    sources: list[SourceTold]
    at: datetime


class GaugeTold(Shape):
    """A gauge: `no-data` where nobody knows, whatever its last number was."""

    station: str
    quantity: str
    name: Spoken
    water: Spoken
    lat: float
    lon: float
    unit: str
    datum: str
    levels: dict[str, float]
    state: Literal["live", "no-data"]
    alarm: int | None
    value: float | None
    at: datetime | None
    source: str = ""
    trend: str | None = None
    where: Spoken | None = None


class GaugeList(Shape):
    """Every gauge."""

    gauges: list[GaugeTold]


class Session(Shape):
    """Who is asking and what they may."""

    name: str
    roles: list[str]
    has_password: bool
    mode: str
    may: list[str]


class LevelWord(Shape):
    """One level of a scale in the law of the day; `colour` is "" where the law names none."""

    level: int
    vi: str
    en: str
    colour: str


class About(Shape):
    """What the console must know before the first alert."""

    hub: str
    mode: Literal["actual", "exercise", "test"]
    mode_words: Spoken
    place: Place
    scales: dict[str, list[LevelWord]]
    heartbeat_s: float
    stale_s: float
    most_in_snapshot: int


class Ring(Shape):
    """How far an intensity is estimated to be felt."""

    intensity: str
    radius_km: float


class Epicentre(Shape):
    """An earthquake on the map."""

    lon: float
    lat: float
    magnitude: float
    depth_km: float | None
    rings: list[Ring]


class AlertOnMap(Shape):
    """Where one alert in force is."""

    id: str
    chain_id: str | None
    severity: Severity
    hazards: list[str]
    risk_level: int | None
    risk_computed: bool
    units: list[str]
    shapes: list[dict[str, Any]]
    epicentre: Epicentre | None


class AlertsOnMap(Shape):
    """Alerts in force, newest first."""

    alerts: list[AlertOnMap]
    more: bool


class DeskAck(Shape):
    """Who of the duty room acknowledged an alert, and when."""

    alert_id: str
    acknowledged_at: datetime
    by: str
    name: str


class DeskAcks(Shape):
    """What the duty room has acknowledged of what is in force, newest first."""

    acknowledged: list[DeskAck]


class Feature(Shape):
    """A GeoJSON feature."""

    type: Literal["Feature"]
    properties: dict[str, Any]
    geometry: dict[str, Any]


class Features(Shape):
    """A GeoJSON feature collection."""

    type: Literal["FeatureCollection"]
    features: list[Feature]


def of(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """What a route says of its answer in the OpenAPI document."""
    return {200: {"model": model}}
