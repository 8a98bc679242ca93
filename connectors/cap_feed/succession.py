"""Which alert a document follows or ends, where its words alone would say something else. Pure.

Macao's weather bureau has one address for each kind of warning. An Update or the all-clear overwrites the warning there and references
only itself; nothing in its bytes names the warning it ends. What stood there before is known from the mark and travels beside the
payload's headers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from connectors.cap_feed.index import Name
from hub.cap.model import Reference
from hub.cap.repair import Repair
from hub.connector import Candidate, Payload

HEADER = "hub-replaces"
"""No server's: the hub writes it beside the headers of an answer."""


def of_the_server(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of an answer without what only the hub may write there."""
    return {name: value for name, value in headers.items() if name != HEADER}


def noted(payload: Payload, names: Sequence[Name]) -> Payload:
    """The payload with the alerts that it overwrote; their `sent` is not known, so a reference means all versions up to now."""
    if not names:
        return payload
    return replace(payload, headers={**payload.headers, HEADER: msgspec.json.encode(list(names)).decode()})


def succeeding(candidate: Candidate, payload: Payload) -> Candidate:
    """The candidate with references to what it overwrote, when it updates or cancels something and names nothing but itself."""
    alert = candidate.alert
    told = payload.headers.get(HEADER, "")
    if not told or alert.msg_type not in ("Update", "Cancel"):
        return candidate
    if any((one.sender, one.identifier) != (alert.sender, alert.identifier) for one in alert.references):
        return candidate
    names = msgspec.json.decode(told, type=list[tuple[str, str]])
    before = tuple(Reference(sender, identifier, None) for sender, identifier in names if sender == alert.sender)
    if not before:
        return candidate
    mended = Repair(
        "references-from-address", "references", after=" ".join(r.identifier for r in before), certain=False
    )
    return replace(
        candidate,
        alert=replace(alert, references=(*alert.references, *before)),
        repairs=(*candidate.repairs, mended),
    )


def happened(candidate: Candidate) -> Candidate:
    """The candidate with urgency Past taken to say that the event has happened, which ends no warning of it."""
    alert = candidate.alert
    infos = tuple(
        replace(info, urgency="Unknown") if info.urgency == "Past" and "AllClear" not in info.response_types else info
        for info in alert.infos
    )
    if alert.msg_type == "Cancel" or infos == alert.infos:
        return candidate
    mended = tuple(
        Repair("past-is-no-ending", f"info[{n}]/urgency", before="Past", after="Unknown")
        for n, (before, after) in enumerate(zip(alert.infos, infos, strict=True))
        if before != after
    )
    return replace(candidate, alert=replace(alert, infos=infos), repairs=(*candidate.repairs, *mended))
