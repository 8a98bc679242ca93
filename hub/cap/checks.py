"""What the standard asks beyond the schema, for alerts that we emit (CAP 1.2 §3.2)."""

from __future__ import annotations

from collections.abc import Iterator

from hub.cap import model
from hub.cap.language import TAG
from hub.cap.model import Alert, Info
from hub.cap.repair import Fault

HEADLINE_AT_MOST = 160
_FORBIDDEN = frozenset(" ,<&")


def faults_of(alert: Alert) -> tuple[Fault, ...]:
    """Everything wrong with the alert, in the order of the document; () for one that may be emitted."""
    return (*_envelope(alert), *(f for n, info in enumerate(alert.infos) for f in _info(info, f"info[{n}]", alert)))


def _envelope(alert: Alert) -> Iterator[Fault]:
    for name, value in (("identifier", alert.identifier), ("sender", alert.sender)):
        if not value or _FORBIDDEN & set(value):
            yield Fault(f"bad-{name}", name, value)
    for name, word, known in (
        ("status", alert.status, model.STATUSES),
        ("msgType", alert.msg_type, model.MSG_TYPES),
        ("scope", alert.scope, model.SCOPES),
    ):
        if word not in known:
            yield Fault(f"unknown-{name}", name, word)
    if alert.scope == "Restricted" and not alert.restriction:
        yield Fault("restricted-without-restriction", "restriction")
    if alert.scope == "Private" and not alert.addresses:
        yield Fault("private-without-addresses", "addresses")
    if alert.msg_type in ("Update", "Cancel", "Ack", "Error") and not alert.references:
        yield Fault("no-references", "references", alert.msg_type)
    if alert.msg_type in ("Alert", "Update") and not alert.infos:
        yield Fault("no-info", "info")
    if alert.restriction and alert.scope != "Restricted":
        yield Fault("restriction-without-restricted", "scope", alert.scope)
    if any((r.sender, r.identifier) == (alert.sender, alert.identifier) for r in alert.references):
        yield Fault("self-reference", "references", alert.identifier)
    if any(not r.sender or r.sent is None for r in alert.references):
        yield Fault("partial-reference", "references")


def _info(info: Info, path: str, alert: Alert) -> Iterator[Fault]:
    for name, word, known in (
        ("urgency", info.urgency, model.URGENCIES),
        ("severity", info.severity, model.SEVERITIES),
        ("certainty", info.certainty, model.CERTAINTIES),
    ):
        if word not in known:
            yield Fault(f"unknown-{name}", f"{path}/{name}", word)
    if not info.categories:
        yield Fault("missing-category", path)
    if not TAG.fullmatch(info.language):
        yield Fault("bad-language", f"{path}/language", info.language)
    for response in info.response_types:
        if response not in model.RESPONSE_TYPES:
            yield Fault("unknown-responseType", f"{path}/responseType", response)
    for category in info.categories:
        if category not in model.CATEGORIES:
            yield Fault("unknown-category", f"{path}/category", category)
    if not info.event:
        yield Fault("missing-event", path)
    if info.expires is None:
        yield Fault("no-expires", path)
    elif info.expires <= alert.sent:
        yield Fault("expires-not-after-sent", f"{path}/expires")
    if len(info.headline) > HEADLINE_AT_MOST:
        yield Fault("headline-too-long", f"{path}/headline", f"{len(info.headline)} characters")
    for n, area in enumerate(info.areas):
        if not area.area_desc:
            yield Fault("no-areaDesc", f"{path}/area[{n}]")
        for ring in area.polygons:
            if len(ring) < 4 or ring[0] != ring[-1]:
                yield Fault("ring-not-closed", f"{path}/area[{n}]")
