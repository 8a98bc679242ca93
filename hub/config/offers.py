"""Offers: what each agency is to get, written once; every endpoint of the agency makes a subscription of it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.cap.model import SEVERITIES
from hub.config.agencies import Agencies, Agency
from hub.config.decode import decode
from hub.config.toml import read_toml
from hub.errors import ConfigError
from hub.places import Gazetteer

WATER = frozenset({"flood", "dam_release", "dam_failure", "water_pollution", "oil_spill", "chemical"})
"""Hazards that rivers carry on: what happens upstream concerns those downstream."""

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

    ack_min: int = 0
    """Minutes within which somebody must acknowledge; 0 asks for none."""

    ack_min_by_severity: dict[str, int] = field(default_factory=dict)
    """The same by severity, where it differs."""

    digest: str = ""
    """HH:MM of the one summary a day that is sent instead of single alerts; empty sends each."""


def read_offers(path: Path) -> list[Offer]:
    """The offers of `path`; [] when there is no such file.

    Raises:
        ConfigError: an unknown key, a wrong type or value; it names file, offer and key.
    """
    if not path.exists():
        return []
    tables = read_toml(path).get("offer", [])
    if not isinstance(tables, list):
        raise ConfigError(f"{path}: offer", "is not a list of tables", "write [[offer]]")
    offers = [_offer(table, f"{path}: offer[{n}] {table.get('id', '')}".rstrip()) for n, table in enumerate(tables)]
    for what in ("id", "number"):
        values = [getattr(offer, what) for offer in offers]
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise ConfigError(f"{path}: {what}", f"{twice[0]!r} stands there twice", "give one another")
    return offers


def _offer(table: Mapping[str, Any], where: str) -> Offer:
    offer = decode(table, Offer, where=where)
    for severity in (offer.min_severity, *offer.ack_min_by_severity):
        if severity not in SEVERITIES:
            raise ConfigError(f"{where}.min_severity", f"{severity!r} is no severity", ", ".join(SEVERITIES))
    if offer.area not in AREAS:
        raise ConfigError(f"{where}.area", f"{offer.area!r} is unknown", ", ".join(AREAS))
    if offer.min_risk is not None and not 1 <= offer.min_risk <= 5:
        raise ConfigError(f"{where}.min_risk", f"{offer.min_risk} is no risk level", "1 to 5")
    return offer


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
    upstream = _upstream(flows)
    for offer in offers:
        for n, agency in enumerate(agencies.of(offer.agency)):
            for endpoint_id, endpoint in sorted(endpoints.items()):
                if endpoint.get("owner") != agency.id or (
                    offer.channels and endpoint.get("kind") not in offer.channels
                ):
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
    return body if offer.min_risk is None else {**body, "min_risk": offer.min_risk}


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


def _upstream(path: Path) -> dict[str, frozenset[str]]:
    """Unit -> the units directly upstream."""
    if not path.is_file():
        raise ConfigError(str(path), "the table of rivers is missing", "restore it from the distribution")
    above: dict[str, set[str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for downstream in row["downstream"].split("|"):
                above.setdefault(downstream, set()).add(row["unit"])
    return {code: frozenset(units) for code, units in above.items()}


def unknown_in(
    offers: Sequence[Offer], agencies: Agencies, hazards: Iterable[str]
) -> Iterator[tuple[str, str, str, str]]:
    """(offer, key, reason, mend) of every offer that names an agency or a hazard that is not there."""
    known = set(hazards) | {"*"}
    for offer in offers:
        if not agencies.of(offer.agency):
            yield offer.id, "agency", f"there is no agency {offer.agency!r}", "see agencies.csv"
        for hazard in offer.hazards:
            if hazard not in known:
                yield offer.id, "hazards", f"there is no hazard {hazard!r}", "an id of config/hazards.csv"
