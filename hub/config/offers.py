"""Offers: what each agency is to get, written once; every endpoint of the agency makes a subscription of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from hub.cap.model import SEVERITIES
from hub.config.agencies import Agencies, Agency
from hub.config.decode import decode
from hub.config.toml import read_list
from hub.faults import Faults, gathering
from hub.places import Gazetteer
from hub.places.tables import read_flows

WATER = frozenset({"flood", "dam_release", "dam_failure", "water_pollution", "oil_spill", "chemical"})
"""Hazards that rivers carry on: what happens upstream concerns those downstream."""

_HOUR = re.compile(r"([01]\d|2[0-3]):[0-5]\d")

AREAS = ("province", "own_units", "own_units_and_upstream", "border_units_and_upstream", "any")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One [[offer]] of offers.toml."""

    id: str
    """Unique; the subscriptions' ids begin with it."""

    agency: str
    """Id in agencies.csv; a row with * stands for every agency of that row. Of one that is no more its successor takes over."""

    number: int
    """What people call the rule; with * it is counted on from here."""

    area: str = "province"
    """province, own_units, own_units_and_upstream, border_units_and_upstream, or any."""

    hazards: tuple[str, ...] = ()
    """Ids of hazards.csv; ["*"] or nothing means any."""

    min_severity: str = "Unknown"
    """The least grave CAP severity; Unknown takes everything."""

    min_risk: int | None = None
    """The least official disaster-risk level, 1 to 5, of bulletins that give one."""

    extreme_immediate: bool = True
    """Extreme and Immediate passes whatever hazard and severity say, never another area."""

    channels: tuple[str, ...] = ()
    """Kinds of endpoints that get it, in the order of the ladder; empty means any."""

    ack_min: int | None = None
    """Minutes within which somebody must acknowledge; 0 asks for none. Without it `ack_min_by_severity` says it of each."""

    ack_min_by_severity: dict[str, int] = field(default_factory=dict)
    """The same by severity, where it differs."""

    digest: str = ""
    """HH:MM of the one summary a day that is sent instead of single alerts; empty sends each."""

    def ack_min_within(self, severity: str) -> int:
        """Minutes within which an alert of that severity must be acknowledged; 0 asks for none."""
        return self.ack_min_by_severity.get(severity, self.ack_min or 0)


def read_offers(path: Path, faults: Faults | None = None) -> list[Offer]:
    """The offers of `path`; [] when there is no such file.

    Raises:
        ConfigError: without `faults`, for an unknown key, a wrong type or value; it names file, line, offer and key.
    """
    offers: list[Offer] = []
    with gathering(faults) as kept:
        for entry in read_list(path, "offer", "id", kept):
            with kept.kept(str(entry.table["id"])):
                offer = decode(entry.table, Offer, where=f"{entry.where}: ")
                with kept.kept(where=entry.where):
                    _check(offer)
                for other in offers:
                    for key in ("id", "number"):
                        if getattr(other, key) == getattr(offer, key):
                            reason = f"{getattr(offer, key)!r} stands there twice, first at [{other.id}]"
                            kept.add(f"{entry.where}: {key}", reason, "give one another")
                offers.append(offer)
    return offers


def _check(offer: Offer) -> None:
    """The offer alone makes sense.

    Raises:
        ConfigError: it does not; told of the key.
    """
    found = Faults()
    for key, severities in (("min_severity", [offer.min_severity]), ("ack_min_by_severity", offer.ack_min_by_severity)):
        for severity in severities:
            if severity not in SEVERITIES:
                found.add(key, f"{severity!r} is no severity", ", ".join(SEVERITIES))
    if offer.number < 1:
        found.add("number", f"{offer.number} is no number of a rule", "1 or more")
    if offer.area not in AREAS:
        found.add("area", f"{offer.area!r} is unknown", ", ".join(AREAS))
    if offer.min_risk is not None and not 1 <= offer.min_risk <= 5:
        found.add("min_risk", f"{offer.min_risk} is no risk level", "1 to 5")
    if offer.digest and not _HOUR.fullmatch(offer.digest):
        found.add("digest", f"{offer.digest!r} is no time of day", 'HH:MM, such as "07:00"')
    if len(set(offer.channels)) < len(offer.channels):
        found.add("channels", "a channel stands there twice", "each once, in the order of the ladder")
    found.raise_any()


def ack_faults(offer: Offer) -> Iterator[tuple[str, str, str]]:
    """(key, reason, mend): of every severity it takes an offer says within how many minutes somebody acknowledges, the graver sooner."""
    for severity, minutes in offer.ack_min_by_severity.items():
        if minutes < 0:
            yield "ack_min_by_severity", f"{severity} = {minutes} is negative", "minutes, or 0 to ask for none"
    if offer.ack_min is not None and offer.ack_min < 0:
        yield "ack_min", f"{offer.ack_min} is negative", "minutes, or 0 to ask for none"
    if offer.min_severity not in SEVERITIES:
        return
    taken = SEVERITIES[: SEVERITIES.index(offer.min_severity) + 1]
    unsaid = [one for one in taken if offer.ack_min is None and one not in offer.ack_min_by_severity]
    if unsaid:
        mend = "ack_min = 5 for all, ack_min_by_severity for single ones, 0 to ask for none"
        yield "ack_min", f"nothing says within how many minutes {', '.join(unsaid)} is acknowledged", mend
        return
    asked = [(one, offer.ack_min_within(one)) for one in taken if one != "Unknown" and offer.ack_min_within(one)]
    for (graver, sooner), (lesser, later) in pairwise(asked):
        if sooner > later:
            reason = f"{graver} may wait {sooner} min and {lesser} only {later}"
            yield "ack_min_by_severity", reason, "the graver, the sooner"


def subscriptions(
    offers: Iterable[Offer],
    agencies: Agencies,
    endpoints: Mapping[str, Mapping[str, Any]],
    *,
    gazetteer: Gazetteer,
    flows: Path,
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(kind, id, body) of every subscription these offers make for these endpoints (id -> body with owner and kind).

    An offer for agencies or endpoints that are not there makes none. Where rivers count, a second subscription takes water hazards
    of the units upstream.
    """
    upstream = read_flows(flows)
    for offer in offers:
        for n, agency in enumerate(agencies.of(offer.agency)):
            for endpoint_id, endpoint in sorted(endpoints.items()):
                if endpoint.get("owner") != agency.id or endpoint.get("contact"):
                    continue  # one person's telephone is turned to while they are on duty
                if offer.channels and endpoint.get("kind") not in offer.channels:
                    continue
                body = _body(offer, agency, endpoint_id, number=offer.number + n)
                name = f"{offer.id}.{endpoint_id}"
                own, above = _units(offer, agency, gazetteer, upstream)
                yield "subscription", name, {**body, "units": sorted(own)}
                water = sorted(WATER if offer.hazards in ((), ("*",)) else WATER & set(offer.hazards))
                if above and water:
                    # Extreme and Immediate passes whatever the hazard, which would make every fire upstream theirs.
                    yield (
                        "subscription",
                        f"{name}.upstream",
                        {
                            **body,
                            "units": sorted(above),
                            "hazards": water,
                            "extreme_immediate": False,
                        },
                    )


def _body(offer: Offer, agency: Agency, endpoint_id: str, *, number: int) -> dict[str, Any]:
    body: dict[str, Any] = {
        "endpoint_id": endpoint_id,
        "owner": agency.id,
        "number": number,
        "hazards": [] if "*" in offer.hazards else list(offer.hazards),
        "min_severity": offer.min_severity,
        "extreme_immediate": offer.extreme_immediate,
    }
    if offer.min_risk is not None:
        body["min_risk"] = offer.min_risk
    if offer.ack_min:
        body["ack_min"] = offer.ack_min
    if offer.ack_min_by_severity:
        body["ack_min_by_severity"] = dict(offer.ack_min_by_severity)
    return body


def _units(
    offer: Offer, agency: Agency, gazetteer: Gazetteer, upstream: Mapping[str, frozenset[str]]
) -> tuple[frozenset[str], frozenset[str]]:
    """(the units whose alerts the agency gets, those of which it gets only what rivers bring)."""
    own = frozenset(agency.units)
    if offer.area == "any":
        return frozenset(), frozenset()
    if offer.area == "province":
        return frozenset({gazetteer.province.code}), frozenset()
    if offer.area == "border_units_and_upstream":
        at_border = [neighbour.own_units for neighbour in gazetteer.neighbours if neighbour.code in own]
        return frozenset().union(*at_border) or own, _above(own, gazetteer, upstream)
    return own, _above(own, gazetteer, upstream) if offer.area == "own_units_and_upstream" else frozenset()


def _above(own: Iterable[str], gazetteer: Gazetteer, upstream: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """All units upstream, by the districts in which these units lie or lay."""
    start = {code for unit in own for code in (unit, *gazetteer.reached([unit])) if code in upstream}
    if gazetteer.province.code in start:
        start.discard(gazetteer.province.code)
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        for code in upstream.get(waiting.pop(), ()):
            if code not in found:
                found.add(code)
                waiting.append(code)
    return frozenset(found - start - set(own))
