"""Incidents: one event in the world, told by several (CHN-3)."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

from hub.acceptance.incident import (
    Incident,
    IncidentFacts,
    Windows,
    choose,
    disagreement,
    same_event,
)

START = datetime(2026, 10, 3, 6, 0, tzinfo=UTC)
WINDOWS = Windows(by_hazard={"flood": timedelta(hours=24), "storm": timedelta(hours=12)})


def quake(source: str, seconds: float = 0, *, lat: float | None = 11.5, lon: float | None = 107.0) -> IncidentFacts:
    return IncidentFacts(
        chain_id=f"{source}-{seconds:g}",
        source=source,
        hazards=frozenset({"earthquake"}),
        began_at=START + timedelta(seconds=seconds),
        until=START + timedelta(hours=6),
        lat=lat,
        lon=lon,
    )


def flood(source: str, start_h: float, end_h: float, *units: str, hazard: str = "flood") -> IncidentFacts:
    return IncidentFacts(
        chain_id=f"{source}-{start_h:g}",
        source=source,
        hazards=frozenset({hazard}),
        began_at=START + timedelta(hours=start_h),
        until=START + timedelta(hours=end_h),
        units=frozenset(units),
        around=frozenset({*units, "75"}),
    )


def incident(name: str, n: int, *chains: IncidentFacts) -> Incident:
    return Incident(name, n, chains)


def test_earthquakes_within_16_seconds_and_100_km_of_two_sources_are_one() -> None:
    usgs = quake("usgs")
    assert same_event(usgs, quake("emsc", 16), WINDOWS)
    assert not same_event(usgs, quake("emsc", 16.1), WINDOWS)
    assert same_event(usgs, quake("emsc", lat=11.5 + 99.9 / 111.195), WINDOWS)
    assert not same_event(usgs, quake("emsc", lat=11.5 + 100.1 / 111.195), WINDOWS)


def test_the_distance_goes_over_the_date_line() -> None:
    assert same_event(quake("usgs", lon=179.9), quake("emsc", lon=-179.9), WINDOWS)


def test_an_earthquake_without_epicentre_is_joined_to_none() -> None:
    assert not same_event(quake("usgs", lat=None), quake("emsc"), WINDOWS)
    assert not same_event(quake("usgs", lon=None), quake("emsc", lon=None), WINDOWS)


def test_two_chains_of_one_source_are_never_in_one_earthquake() -> None:
    known = incident("one", 1, quake("usgs"), quake("emsc", 3))
    assert choose(quake("usgs", 5), [known], WINDOWS) is None
    assert choose(quake("gfz", 5), [known], WINDOWS) == "one"


def test_a_row_of_near_misses_does_not_grow_into_one_earthquake() -> None:
    known = incident("one", 1, quake("usgs"), quake("emsc", 14))
    assert choose(quake("gfz", 25), [known], WINDOWS) is None


def test_of_two_earthquakes_that_fit_the_nearer_in_time_is_taken() -> None:
    main, after = incident("main", 1, quake("usgs")), incident("after", 2, quake("usgs", 20))
    for order in permutations([main, after]):
        assert choose(quake("emsc", 12), order, WINDOWS) == "after"
        assert choose(quake("emsc", 8), order, WINDOWS) == "main"


def test_a_chain_stays_where_it_is_however_it_is_revised() -> None:
    told = quake("usgs")
    moved = replace(told, lat=15.0, began_at=START + timedelta(minutes=1))
    assert choose(moved, [incident("one", 1, told, quake("emsc", 2))], WINDOWS) == "one"


def test_other_events_share_a_hazard_a_place_and_a_time() -> None:
    first = flood("hydro", 0, 12, "26209")
    assert same_event(first, flood("dam", 6, 20, "26209", "26212"), WINDOWS)
    assert not same_event(first, flood("dam", 6, 20, "26212"), WINDOWS)
    assert not same_event(first, flood("dam", 6, 20, "26209", hazard="storm"), WINDOWS)
    assert same_event(first, flood("dam", 36, 40, "26209"), WINDOWS)
    assert not same_event(first, flood("dam", 36.1, 40, "26209"), WINDOWS)


def test_one_source_may_tell_of_one_flood_in_two_chains_and_one_that_agrees_is_enough() -> None:
    known = incident("one", 1, flood("hydro", 0, 12, "26209"), flood("dam", 0, 12, "26212"))
    assert choose(flood("hydro", 3, 9, "26212"), [known], WINDOWS) == "one"


def test_a_province_and_a_commune_in_it_are_one_place_and_two_communes_are_not() -> None:
    province = flood("nchmf", 0, 12, "75")
    assert same_event(province, flood("hydro", 1, 5, "26209"), WINDOWS)
    assert not same_event(flood("a", 0, 12, "26209"), flood("b", 0, 12, "26212"), WINDOWS)


def test_a_name_in_incidents_joins_other_places_but_not_other_hazards_or_seasons() -> None:
    first = replace(flood("hydro", 0, 12, "26209"), names=frozenset({"LU-07"}))
    other = replace(flood("dam", 90, 99, "26212"), names=frozenset({"LU-07", "x"}))
    assert same_event(first, other, WINDOWS)
    assert not same_event(first, replace(other, hazards=frozenset({"fire"})), WINDOWS)
    later = replace(other, began_at=START + timedelta(days=60), until=START + timedelta(days=61))
    assert not same_event(first, later, WINDOWS)
    assert not same_event(first, replace(other, names=frozenset()), WINDOWS)


def test_of_several_that_fit_the_nearest_in_time_and_then_the_oldest_is_taken() -> None:
    older, younger = incident("b", 1, flood("x", 0, 9, "u")), incident("a", 2, flood("y", 0, 9, "u"))
    far = incident("c", 0, flood("z", -8, 9, "u"))
    for order in permutations([older, younger, far]):
        assert choose(flood("new", 1, 5, "u"), order, WINDOWS) == "b"


def test_what_is_one_event_does_not_depend_on_who_is_asked() -> None:
    chance = random.Random(4)
    joined = 0
    for _ in range(5000):
        a, b = (
            replace(
                quake(chance.choice(["usgs", "emsc"]), chance.uniform(0, 30), lat=chance.uniform(11, 12.5)),
                hazards=frozenset(chance.sample(["earthquake", "flood", "storm"], chance.choice([1, 1, 2]))),
                units=frozenset(chance.sample("abc", chance.randrange(3))),
                around=frozenset(chance.sample("abcp", chance.randrange(4))),
                names=frozenset(chance.sample("xyz", chance.randrange(2))),
            )
            for _ in range(2)
        )
        assert same_event(a, b, WINDOWS) == same_event(b, a, WINDOWS)
        joined += same_event(a, b, WINDOWS)
    assert 200 < joined < 4800


def test_earthquakes_apart_from_one_another_are_grouped_alike_in_every_order() -> None:
    chains = [quake("usgs"), quake("emsc", 7), quake("gfz", 15), quake("usgs", 60), quake("emsc", 66)]
    groupings = set()
    for order in permutations(chains):
        incidents: dict[str, Incident] = {}
        for chain in order:
            name = choose(chain, list(incidents.values()), WINDOWS) or chain.chain_id
            told = incidents[name].chains if name in incidents else ()
            incidents[name] = Incident(name, len(incidents), (*told, chain))
        groupings.add(frozenset(frozenset(c.chain_id for c in i.chains) for i in incidents.values()))
    assert groupings == {
        frozenset({frozenset({"usgs-0", "emsc-7", "gfz-15"}), frozenset({"usgs-60", "emsc-66"})}),
    }


def test_the_stronger_warning_is_the_one_shown_and_the_disagreement_is_named() -> None:
    chains = [
        replace(quake("usgs"), severity="Moderate", magnitude=5.4),
        replace(quake("emsc", 6, lat=11.6), severity="Extreme", magnitude=6.1),
        replace(quake("gfz", 2), severity="Unknown"),
    ]
    seen = {disagreement(order) for order in permutations(chains)}
    assert len(seen) == 1
    said = seen.pop()
    assert (said.severity, said.gravest, said.magnitudes) == ("Extreme", ("emsc-6",), (5.4, 6.1))
    assert said.severities == (("emsc", "Extreme"), ("usgs", "Moderate"), ("gfz", "Unknown"))
    assert said.apart_s == 6.0
    assert 11.0 < said.apart_km < 11.2
    assert not said.is_one_voice


def test_sources_that_say_the_same_speak_with_one_voice() -> None:
    assert disagreement([quake("usgs"), quake("emsc")]).is_one_voice
    assert disagreement([]).is_one_voice
