"""The shape of CAP in JSON: every key with CAP's spelling, and which may be left out. Values only; `hub.cap.json` fills them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec


class _Struct(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    pass


def _shown(make: Callable[[], Any]) -> Any:
    """A default for reading only: what CAP requires is always written. (omit_defaults leaves out plain defaults and empty `list`s.)"""
    return msgspec.field(default_factory=lambda: make())


class Value(_Struct, frozen=True):
    """A `valueName`/`value` pair."""

    value_name: str
    value: str


class Resource(_Struct, frozen=True):
    """CAP's resource."""

    resource_desc: str
    mime_type: str
    size: int | None = None
    uri: str = ""
    deref_uri: str = ""
    digest: str = ""


class Area(_Struct, frozen=True):
    """CAP's area; polygons and circles as CAP writes them."""

    area_desc: str
    polygon: list[str] = []
    circle: list[str] = []
    geocode: list[Value] = []
    altitude: float | None = None
    ceiling: float | None = None


class Info(_Struct, frozen=True):
    """CAP's info; times as CAP writes them."""

    event: str
    category: list[str] = _shown(list)
    urgency: str = _shown(lambda: "Unknown")
    severity: str = _shown(lambda: "Unknown")
    certainty: str = _shown(lambda: "Unknown")
    language: str = _shown(lambda: "en-US")
    response_type: list[str] = []
    audience: str = ""
    event_code: list[Value] = []
    effective: str = ""
    onset: str = ""
    expires: str = ""
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    contact: str = ""
    parameter: list[Value] = []
    resource: list[Resource] = []
    area: list[Area] = []


class Alert(_Struct, frozen=True):
    """CAP's alert; references as triples, signatures base64."""

    identifier: str
    sender: str
    sent: str
    status: str = _shown(lambda: "Actual")
    msg_type: str = _shown(lambda: "Alert")
    scope: str = _shown(lambda: "Public")
    source: str = ""
    restriction: str = ""
    addresses: list[str] = []
    code: list[str] = []
    note: str = ""
    references: list[str] = []
    incidents: list[str] = []
    info: list[Info] = []
    signature: list[str] = []
