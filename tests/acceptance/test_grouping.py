"""A chain stays in its incident; chains of one event share one (CHN-3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from hub.acceptance.facts import work_out
from hub.acceptance.grouping import group, incident_facts
from hub.acceptance.incident import IncidentFacts, Windows
from hub.cap.model import Area, Circle, NamedValue
from hub.store import alerts, head, incidents
from tests.acceptance.accepting import AREA, INFO, START, cap, gazetteer, hazards
from tests.store.fresh import fresh

WINDOWS = Windows()


def _facts(chain_id: str = "c1", *, source: str = "nguon", minute: float = 0, **more: Any) -> IncidentFacts:
    alert = cap("a", minute, infos=(replace(INFO, **more),))
    worked = work_out(alert, gazetteer=gazetteer(), hazards=hazards())
    return incident_facts(alert, worked.infos, chain_id=chain_id, source=source, named=worked.named)


def _group(conn: Connection, facts: IncidentFacts) -> str:
    state = head.lock(conn)
    if not alerts.chains_by_age(conn, [facts.chain_id]):
        state.chain_n += 1
        alerts.insert_chain(conn, chain_id=facts.chain_id, n=state.chain_n, incident_id=None)
    state.next_seq()
    chain = alerts.chains_by_age(conn, [facts.chain_id])[0]
    incident_id = group(conn, state, facts, WINDOWS, own=chain.incident_id or "")
    alerts.set_incident(conn, chain_id=facts.chain_id, incident_id=incident_id)
    head.save(conn, state)
    return incident_id


def test_two_chains_of_one_flood_share_an_incident_and_another_hazard_does_not() -> None:
    with fresh() as conn:
        first = _group(conn, _facts("c1"))
        assert _group(conn, _facts("c2", source="khac")) == first
        assert _group(conn, _facts("c3", event="Hạn hán", headline="Hạn hán")) != first


def test_an_alert_of_several_hazards_finds_and_is_found_by_any_of_them() -> None:
    """Its infos say storm and flood; of the two names neither is the incident's only one."""
    with fresh() as conn:
        storm, flood = {"event": "Bão", "headline": "Bão"}, {"event": "Lũ", "headline": "Lũ"}
        several = [replace(INFO, **said) for said in (storm, flood)]
        alert = cap("a", 0, infos=tuple(several))
        worked = work_out(alert, gazetteer=gazetteer(), hazards=hazards())
        both = incident_facts(alert, worked.infos, chain_id="c1", source="nguon", named=worked.named)
        assert len(both.hazards) > 1
        first = _group(conn, both)
        assert _group(conn, _facts("c2", source="khac", **storm)) == first
        assert _group(conn, _facts("c3", source="ba", **flood)) == first
    with fresh() as conn:
        single = _group(conn, _facts("c2", source="khac", **storm))
        assert _group(conn, both) == single
        assert _group(conn, _facts("c3", source="ba", **flood)) == single


def test_a_chain_that_changes_hazard_or_time_stays_in_its_incident() -> None:
    with fresh() as conn:
        first = _group(conn, _facts("c1"))
        assert _group(conn, _facts("c1", event="Hạn hán", headline="Hạn hán")) == first
        assert _group(conn, _facts("c1", onset=START + timedelta(days=90))) == first


def test_an_incident_keeps_the_newest_facts_of_each_chain() -> None:
    with fresh() as conn:
        incident_id = _group(conn, _facts("c1", severity="Minor"))
        _group(conn, _facts("c1", severity="Extreme"))
        row = incidents.get(conn, incident_id)
        assert row is not None and '"Extreme"' in row.body and '"Minor"' not in row.body


@pytest.mark.parametrize(
    ("parameters", "minute"),
    [
        ((NamedValue("EventOriginTime", "2026-10-03T06:07:00Z"),), 7),
        ((NamedValue("time", "2026-10-03T13:07:00+07:00"),), 7),
        ((NamedValue("time", "2026-10-03T06:07:00"),), 7),
        ((NamedValue("time", "sáng nay"),), 0),
        ((), 0),
    ],
)
def test_an_event_began_at_its_origin_time_else_its_onset_else_when_it_was_sent(
    parameters: tuple[NamedValue, ...], minute: int
) -> None:
    assert _facts(parameters=parameters).began_at == START + timedelta(minutes=minute)


def test_without_an_origin_time_the_earliest_onset_counts() -> None:
    assert _facts(onset=START + timedelta(hours=1)).began_at == START + timedelta(hours=1)


@pytest.mark.parametrize(
    ("said", "magnitude"), [("5.4", 5.4), ("5.4 Mwp", 5.4), ("mạnh", None), ("", None), ("nan", None)]
)
def test_a_magnitude_is_the_number_that_is_said(said: str, magnitude: float | None) -> None:
    assert _facts(parameters=(NamedValue("Magnitude", said),)).magnitude == magnitude


def test_the_epicentre_and_the_names_of_incidents_are_taken_over() -> None:
    area = Area(AREA.area_desc, circles=(Circle(10.5, 107.5, 0),))
    facts = _facts(areas=(area,))
    assert (facts.lat, facts.lon, facts.severity, facts.names) == (10.5, 107.5, "Severe", frozenset())
