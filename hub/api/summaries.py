"""An alert as lists and feeds show it: what people need to choose by, in CAP's spelling on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Row

from hub.acceptance.facts import risk_level
from hub.api.services import Services
from hub.cap import json as cap_json
from hub.cap.model import Alert, Info
from hub.clock import from_us

LANGUAGE = "vi"
COMPUTED_RISK = "VN:capDoRuiRoHeThongTinh"
"""The parameter in which the hub says the level that it computes; the official one is another."""

MOST_HEADLINE = 500
MOST_AREAS = 20
MOST_AREA_DESC = 200


def summary(row: Row[Any]) -> dict[str, Any]:
    """The alert of a listed row (`hub.store.listing.LISTED`)."""
    alert = cap_json.from_json(row.cap)
    return {
        "id": row.alert_id,
        "seq": row.seq,
        "source": row.source,
        "sender": row.sender,
        "identifier": row.identifier,
        "sent": alert.sent,
        "status": row.status,
        "msgType": row.msg_type,
        "scope": alert.scope,
        "disposition": row.disposition,
        "reason": row.reason,
        "flags": msgspec.json.decode(row.flags),
        "repairs": len(msgspec.json.decode(row.repairs)),
        "chain_id": row.chain_id,
        "chain_seq": row.chain_seq,
        "incident_id": row.incident_id,
        "state": row.state,
        "superseded_by": row.superseded_by,
        "withdrawn_at": moment(row.withdrawn_at),
        "held_until": moment(row.held_until),
        "held_by": row.held_by,
        "live_until": from_us(row.live_until),
        "keep_until": from_us(row.keep_until),
        "received_at": from_us(row.received_at),
        "hazards": row.hazards.split(),
        "severity": row.severity,
        **told(alert),
        **risk(shown_info(alert)),
    }


def marked(summary: Mapping[str, Any], services: Services) -> dict[str, Any]:
    """The same for those who read without the page round it: outside mode actual the headline begins with the mode's word (MOD-1)."""
    if services.mode == "actual":
        return dict(summary)
    said = summary["headline"] or summary["event"]
    language = summary["language"] or LANGUAGE
    return {**summary, "headline": services.words.with_mode(said, mode=services.mode, language=language)}


def version(row: Row[Any]) -> dict[str, Any]:
    """One version of a chain, in short."""
    return {
        "id": row.alert_id,
        "seq": row.seq,
        "chain_seq": row.chain_seq,
        "msgType": row.msg_type,
        "sent": from_us(row.sent),
        "disposition": row.disposition,
        "state": row.state,
        "superseded_by": row.superseded_by,
    }


def delivery(row: Mapping[str, Any]) -> dict[str, Any]:
    """One delivery with its attempts, times as instants."""
    attempts = [
        {**told, "began_at": moment(told["began_at"]), "ended_at": moment(told["ended_at"])} for told in row["tries"]
    ]
    kept = {name: value for name, value in row.items() if name not in ("tries", "begun", "claimed_by")}
    times = ("due_at", "expires_at", "lease_until", "created_at", "delivered_at", "ack_due_at", "acknowledged_at")
    infos = msgspec.json.decode(row["infos"] or "[]")
    moments = {name: moment(row[name]) for name in times}
    return {**kept, **moments, "infos": infos, "sounds": row["sounds"].split(), "tries": attempts}


def moment(us: int | None) -> Any:
    """The instant of a stored time, or None."""
    return from_us(us) if us is not None else None


def shown_info(alert: Alert) -> Info | None:
    """The info people read first: the first in Vietnamese, else the first; None for an alert without any."""
    return next(
        (info for info in alert.infos if info.language.casefold().startswith(LANGUAGE)), next(iter(alert.infos), None)
    )


def risk(info: Info | None) -> dict[str, Any]:
    """The disaster-risk level 1 to 5, None where there is none; `risk_computed` where it is the hub's own and no bulletin gives it."""
    official = risk_level(info) if info is not None else None
    said = info.parameter(COMPUTED_RISK) if info is not None and official is None else None
    computed = int(said) if said in ("1", "2", "3", "4", "5") else None
    return {"risk_level": official if official is not None else computed, "risk_computed": computed is not None}


def told(alert: Alert) -> dict[str, Any]:
    """What the info people read first says; the note of an alert without any."""
    info = shown_info(alert)
    if info is None:
        return {
            "event": "",
            "headline": alert.note[:MOST_HEADLINE],
            "areaDesc": [],
            "language": "",
            "urgency": "Unknown",
        }
    return {
        "event": info.event[:MOST_HEADLINE],
        "headline": info.headline[:MOST_HEADLINE],
        "areaDesc": [area.area_desc[:MOST_AREA_DESC] for area in info.areas[:MOST_AREAS]],
        "language": info.language,
        "urgency": info.urgency,
        "certainty": info.certainty,
        "onset": info.onset,
        "expires": info.expires,
    }
