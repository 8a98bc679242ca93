"""CAP 1.2 as frozen values: one alert as one source said it. Times are aware and keep the source's offset.

Names are CAP's in snake_case; repeated elements are tuples with a plural name. Coordinates are (latitude, longitude) in degrees
WGS 84, as CAP writes them. Words of CAP's enumerations are plain strings: a value outside the enumeration is kept as said and named
by `hub.cap.checks`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

Point = tuple[float, float]
"""(latitude, longitude) in degrees."""

Ring = tuple[Point, ...]
"""A closed ring: at least four points, the last equal to the first. CAP has no holes."""

STATUSES = ("Actual", "Exercise", "System", "Test", "Draft")
MSG_TYPES = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPES = ("Public", "Restricted", "Private")
CATEGORIES = (
    "Geo",
    "Met",
    "Safety",
    "Security",
    "Rescue",
    "Fire",
    "Health",
    "Env",
    "Transport",
    "Infra",
    "CBRNE",
    "Other",
)
RESPONSE_TYPES = ("Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None")
URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")


@dataclass(frozen=True, slots=True)
class NamedValue:
    """A `valueName`/`value` pair: eventCode, parameter or geocode. The value may be empty, never absent."""

    value_name: str
    value: str


@dataclass(frozen=True, slots=True)
class Reference:
    """One item of `references`. `sender` is "" and `sent` None when the source left them out (CAP 1.2 §3.2.1 wants all three)."""

    sender: str
    identifier: str
    sent: datetime | None


@dataclass(frozen=True, slots=True)
class Circle:
    """`radius_km` around a centre; radius 0 is a point (an epicentre), never an area."""

    lat: float
    lon: float
    radius_km: float


@dataclass(frozen=True, slots=True)
class Resource:
    """An attached or linked file. `size` is bytes; `digest` is SHA-1 in hexadecimal (CAP 1.2 §3.2.3)."""

    resource_desc: str
    mime_type: str
    size: int | None = None
    uri: str = ""
    deref_uri: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """Where. The area is the union of polygons, circles and geocodes. `altitude` and `ceiling` are feet above mean sea level."""

    area_desc: str
    polygons: tuple[Ring, ...] = ()
    circles: tuple[Circle, ...] = ()
    geocodes: tuple[NamedValue, ...] = ()
    altitude: float | None = None
    ceiling: float | None = None


@dataclass(frozen=True, slots=True)
class Info:
    """What, in one language or for one segment."""

    event: str
    categories: tuple[str, ...] = ("Other",)
    urgency: str = "Unknown"
    severity: str = "Unknown"
    certainty: str = "Unknown"
    language: str = "en-US"
    response_types: tuple[str, ...] = ()
    audience: str = ""
    event_codes: tuple[NamedValue, ...] = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    contact: str = ""
    parameters: tuple[NamedValue, ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()

    def is_ending(self) -> bool:
        """Whether this info says the event is over: responseType AllClear or urgency Past."""
        return "AllClear" in self.response_types or self.urgency == "Past"

    def parameter(self, value_name: str) -> str | None:
        """The first parameter of that name, or None."""
        return next((p.value for p in self.parameters if p.value_name == value_name), None)


@dataclass(frozen=True, slots=True)
class Alert:
    """One CAP message. `signatures` are the XML-DSig elements as received, never re-serialised."""

    identifier: str
    sender: str
    sent: datetime
    status: str = "Actual"
    msg_type: str = "Alert"
    scope: str = "Public"
    source: str = ""
    restriction: str = ""
    addresses: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    note: str = ""
    references: tuple[Reference, ...] = ()
    incidents: tuple[str, ...] = ()
    infos: tuple[Info, ...] = ()
    signatures: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def key(self) -> tuple[str, str, datetime]:
        """Identity (sender, identifier, sent), compared as instants (ACC-2)."""
        return (self.sender, self.identifier, self.sent)

    def is_ending(self) -> bool:
        """Whether the message ends its chain: a Cancel, or an Update whose every info is AllClear or Past (ACC-4)."""
        if self.msg_type == "Cancel":
            return True
        return self.msg_type == "Update" and bool(self.infos) and all(info.is_ending() for info in self.infos)

    def severity(self) -> str:
        """The gravest severity among the infos; Unknown without any."""
        return min((i.severity for i in self.infos), key=severity_rank, default="Unknown")

    def unsigned(self) -> Alert:
        """The same alert without its signatures: what content comparison and re-emission use."""
        return replace(self, signatures=())


def severity_rank(severity: str) -> int:
    """0 for Extreme … 4 for Unknown and for any other word: smaller is graver."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES) - 1


def at_least(severity: str, threshold: str) -> bool:
    """Whether `severity` is as grave as `threshold` or graver."""
    return severity_rank(severity) <= severity_rank(threshold)
