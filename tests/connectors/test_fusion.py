"""One earthquake told by USGS, EMSC and GEOFON in their own formats is one incident; twins are two; disagreement is kept (CHN-3)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import connectors.emsc_quakes as emsc
import connectors.fdsn_quakes as fdsn
import connectors.usgs_quakes as usgs
from hub.acceptance.accept import Acceptor, Setting
from hub.acceptance.authorities import Trusted
from hub.acceptance.incident import QUAKE_WITHIN, QUAKE_WITHIN_KM, Windows, km_between, same_event
from hub.acceptance.incident import IncidentFacts as Facts
from hub.clock import SetClock
from hub.connector import Candidate, Payload, Source
from hub.store import listing
from tests.acceptance.accepting import START, Desk, desk, gazetteer, hazards
from tests.connectors.portal import feature as emsc_feature
from tests.connectors.portal import frame
from tests.connectors.test_fdsn_quakes import quakeml

AT = START + timedelta(minutes=5)
KM = 1 / 111.195
"""Degrees of latitude in a kilometre."""

SOURCES = ("usgs", "emsc", "geofon")


@dataclass(frozen=True)
class Told:
    """One network's solution: seconds after and kilometres north of the first one's."""

    source: str
    key: str
    magnitude: float = 5.2
    late_s: float = 0.0
    north_km: float = 0.0
    depth_km: float = 10.0
    revised_s: float = 120.0

    @property
    def candidate(self) -> Candidate:
        """The bytes of that network, read by its connector."""
        return {"usgs": _usgs, "emsc": _emsc, "geofon": _geofon}[self.source](self)

    @property
    def at(self) -> datetime:
        return AT + timedelta(seconds=self.late_s)

    @property
    def lat(self) -> float:
        return 14.0 + self.north_km * KM


def _read(kind: Any, source: str, chosen: Any, body: str, when: datetime) -> Candidate:
    connector = kind.Connector(Source(source, source, chosen, UTC), clock=SetClock(START))
    (said,) = connector.parse(Payload(source, body.encode(), "", when))
    assert isinstance(said, Candidate)
    return said


def _usgs(told: Told) -> Candidate:
    def ms(moment: datetime) -> int:
        return round(moment.timestamp() * 1000)

    feature = {
        "type": "Feature",
        "id": told.key,
        "geometry": {"type": "Point", "coordinates": [108.3, told.lat, told.depth_km]},
        "properties": {
            "mag": told.magnitude,
            "magType": "mww",
            "place": "Kon Plông, Vietnam",
            "time": ms(told.at),
            "updated": ms(told.at + timedelta(seconds=told.revised_s)),
            "type": "earthquake",
            "status": "reviewed",
            "ids": f",{told.key},",
        },
    }
    return _read(usgs, "usgs", usgs.Settings(), json.dumps({"type": "FeatureCollection", "features": [feature]}), START)


def _emsc(told: Told) -> Candidate:
    event = emsc_feature(
        told.key, told.magnitude, at=told.at, lat=told.lat, depth=told.depth_km, revised_s=told.revised_s - 60
    )
    return _read(emsc, "emsc", emsc.Settings(), frame("create", event), told.at + timedelta(seconds=told.revised_s))


def _geofon(told: Told) -> Candidate:
    event = (
        f'<event publicID="smi:org.gfz-potsdam.de/geofon/{told.key}"><type>earthquake</type><origin publicID="o">'
        f"<time><value>{told.at.isoformat()}</value></time><latitude><value>{told.lat}</value></latitude>"
        f"<longitude><value>108.3</value></longitude><depth><value>{told.depth_km * 1000}</value></depth></origin>"
        f'<magnitude publicID="m"><mag><value>{told.magnitude}</value></mag></magnitude></event>'
    )
    chosen = fdsn.Settings(url="https://x/query", sender="geofon.gfz.de", network="GEOFON")
    return _read(fdsn, "geofon", chosen, quakeml(event), told.at + timedelta(seconds=told.revised_s))


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path, {source: {} for source in SOURCES}) as opened:
        setting = Setting(
            mode="test",
            gazetteer=gazetteer(),
            hazards=hazards(),
            trusted=Trusted(),
            status_of=dict.fromkeys(SOURCES, "Test"),
        )
        opened.acceptor = Acceptor(opened.store, setting, clock=opened.clock)
        yield opened


async def grouped(hub: Desk, *told: Told) -> list[str]:
    """The incident of each, in the order they were told."""
    decisions = await hub.accept(*(one.candidate for one in told))
    assert all(one.disposition == "accepted" for one in decisions)
    return [one.incident_id for one in decisions]


CATALOGUE = (
    Told("usgs", "us7000t1a1", 5.0),
    Told("emsc", "20261003_0000112", 5.1, late_s=1.9, north_km=8.0, depth_km=12.0),
    Told("geofon", "gfz2026tjqz", 4.9, late_s=-2.4, north_km=-14.0, depth_km=33.0),
)
"""One quake as three catalogues have it, with differences such as they usually have."""


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
async def test_one_quake_of_three_networks_is_one_incident_in_every_order(hub: Desk, order: tuple[int, ...]) -> None:
    ids = await grouped(hub, *(CATALOGUE[n] for n in order))
    assert len(set(ids)) == 1
    rows = await hub.store.read(lambda conn: listing.last_words(conn, ids[0], limit=10))
    assert {row.source for row in rows} == set(SOURCES), "each alert is kept"


@pytest.mark.parametrize(
    ("late_s", "north_km", "one"),
    [
        (30.0, 60.0, False),
        (30.0, 0.0, False),
        (15.0, 99.0, True),
        (16.0, 0.0, True),
        (16.2, 0.0, False),
        (0.0, 99.9, True),
        (0.0, 100.2, False),
        (15.0, 101.0, False),
    ],
)
async def test_twins_are_two_incidents_and_one_quake_is_one_up_to_the_limits(
    hub: Desk, late_s: float, north_km: float, one: bool
) -> None:
    first, second = await grouped(
        hub, Told("usgs", "us1"), Told("emsc", "20261003_0000001", late_s=late_s, north_km=north_km)
    )
    assert (first == second) is one


async def test_two_quakes_of_one_network_are_never_one_incident_however_near(hub: Desk) -> None:
    for source in SOURCES:
        first, second = await grouped(
            hub, Told(source, f"{source}-a"), Told(source, f"{source}-b", late_s=1, north_km=1)
        )
        assert first != second


async def test_a_foreshock_and_its_main_shock_find_each_their_own(hub: Desk) -> None:
    """10 s apart: every solution fits both incidents, and the nearer in time is right."""
    shocks = (0.0, 10.0)
    ids = await grouped(hub, *(Told("usgs", f"us{t:g}", late_s=t) for t in shocks))
    others = await grouped(
        hub,
        *(Told("emsc", f"emsc{t:g}", late_s=t + 1.5) for t in reversed(shocks)),
        *(Told("geofon", f"gfz{t:g}", late_s=t - 1.5) for t in shocks),
    )
    assert ids[0] != ids[1]
    assert others == [ids[1], ids[0], ids[0], ids[1]]


async def test_the_stronger_word_is_kept_beside_the_weaker_and_a_weaker_one_takes_nothing_back(hub: Desk) -> None:
    ids = await grouped(hub, Told("emsc", "e", 6.9), Told("usgs", "u", 4.8))
    assert ids[0] == ids[1]
    states = {row.source: (row.state, row.severity) for row in await hub.rows()}
    assert states == {"emsc": ("active", "Severe"), "usgs": ("active", "Minor")}


async def test_a_revision_that_moves_far_away_stays_in_its_incident(hub: Desk) -> None:
    ids = await grouped(hub, *CATALOGUE)
    moved = Told("emsc", "20261003_0000112", 5.4, late_s=25.0, north_km=180.0, revised_s=900)
    assert await grouped(hub, moved) == ids[:1]


FAR = st.floats(0, 40)
WIDE = st.floats(-150, 150)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(late_s=FAR, north_km=WIDE, east_deg=st.floats(-2, 2), lat=st.floats(-80, 80), lon=st.floats(-180, 180))
def test_two_solutions_are_one_quake_exactly_within_both_limits(
    late_s: float, north_km: float, east_deg: float, lat: float, lon: float
) -> None:
    def facts(source: str, at: datetime, lat: float, lon: float) -> Facts:
        return Facts(source, source, frozenset({"earthquake"}), at, at + timedelta(days=1), lat=lat, lon=lon)

    there_lon = (lon + east_deg + 180) % 360 - 180
    a = facts("a", AT, lat, lon)
    b = facts("b", AT + timedelta(seconds=late_s), lat + north_km * KM, there_lon)
    apart = km_between(a, b)
    assert apart is not None
    expected = b.began_at - a.began_at <= QUAKE_WITHIN and apart <= QUAKE_WITHIN_KM
    assert same_event(a, b, Windows()) is same_event(b, a, Windows()) is expected
