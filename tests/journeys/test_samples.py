"""Journey A: the public samples go through a real hub, and every one becomes what reading it said before.

Two changes are made to what is served, and only to unsigned documents: all times of a source are moved by one constant, so that its
newest alert is sent now, and status Actual becomes Test, for a hub in mode test takes nothing else (MOD-1). The constant is one a
source, not one for all: the samples span 23 years, and under one constant nearly all of them would be long over. Signed documents are
served byte for byte: those that say Actual end `other_mode`, the one that says Test ends `born_expired`. To see expiry at work on the
others too, a control set, the signed ones among it, is served with nothing but its status changed; it ends `born_expired`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from lxml import etree

from tests.journeys import reading
from tests.journeys.sampled import SAMPLES, USGS, Served, documents, rows, sha256_of
from tests.journeys.story import RULES, Story, told

pytestmark = pytest.mark.needs("shared")

FITS: dict[str, Callable[[etree._Element], bool]] = {
    "everything": lambda info: True,
    "severe": reading.is_severe,
    "earthquakes": reading.is_earthquake,
    "new-south-wales": reading.lies_in(reading.NEW_SOUTH_WALES),
    "dong-nai": reading.lies_in(None),
}
"""What each rule of the story means, read once more."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with told(tmp_path_factory.mktemp("samples")) as story:
        yield story


def test_the_table_names_every_sample_by_its_hash() -> None:
    table = rows()
    assert {row.document for row in table} == set(documents())
    assert {row.document: sha256_of(row) for row in table} == {row.document: row.sha256 for row in table}
    assert all(row.reason for row in table)


def test_every_sample_becomes_what_the_table_says(story: Story) -> None:
    became = _became(story)
    said = {one.name: one.row.disposition for one in story.served}
    assert {name: (word, said[name]) for name, word in became.items() if word != said[name]} == {}
    assert set(Counter(said.values())) >= {"accepted", "repaired", "revision", "conflict", "held", "quarantined"}
    assert set(Counter(said.values())) >= {"duplicate", "born_expired", "other_mode"}


def test_every_endpoint_is_told_of_all_that_concerns_it_and_of_nothing_else(story: Story) -> None:
    superseded = _superseded(story)
    for endpoint, fits in FITS.items():
        due = {one.triple for one in story.told() if any(map(fits, reading.infos(_alert(one))))}
        heard = {one for one in story.heard(endpoint, "alert.new", "alert.update") if not one[1].startswith(f"{USGS}.")}
        assert due - superseded <= heard <= due, endpoint
        assert due, endpoint


def test_each_version_is_told_to_an_endpoint_under_one_id_over_all_its_tries(story: Story) -> None:
    for endpoint in RULES:
        heard = story.heard(endpoint, "alert.new", "alert.update", "alert.cancel", "alert.ended")
        assert {alert: ids for alert, ids in heard.items() if len(ids) != 1} == {}
        assert {told["type"] for told in story.receivers[endpoint].got} <= {
            "alert.new",
            "alert.update",
            "alert.cancel",
            "alert.ended",
        }
    faltering = story.receivers["everything"]
    twice = [one for one, tries in Counter(faltering.tries).items() if tries > 1]
    assert len(twice) >= 10
    assert set(faltering.tries) == set(faltering.ids)


def test_every_signature_holds_for_the_public_library(story: Story) -> None:
    assert {name: receiver.bad for name, receiver in story.receivers.items()} == dict.fromkeys(RULES, 0)
    assert all(receiver.secret and receiver.got for receiver in story.receivers.values())


def test_a_cancel_reaches_everyone_who_got_the_alert_and_nobody_else(story: Story) -> None:
    assert len(story.cancelled) >= 40
    for endpoint in RULES:
        got = {alert[1] for alert in story.heard(endpoint, "alert.cancel")}
        heard = story.heard(endpoint, "alert.new", "alert.update").keys()
        assert got == {f"cancel-of-{name}" for name, one in story.cancelled.items() if one.triple in heard}
        assert got, endpoint


def test_an_ending_update_of_the_samples_reaches_everyone_who_got_what_it_ends_and_nobody_else(story: Story) -> None:
    for endpoint in RULES:
        heard = {alert[1] for alert in story.heard(endpoint, "alert.new", "alert.update")}
        ended = {alert[1] for alert in story.heard(endpoint, "alert.ended")}
        assert ended == ({"TRI13970876.2"} if "TRI13970876.1" in heard else set())
    assert story.heard("earthquakes", "alert.ended")


def test_earthquakes_of_a_source_that_speaks_no_cap_are_told_as_alerts(story: Story) -> None:
    told = {
        endpoint: sorted(a[1].split(".")[1] for a in story.heard(endpoint, "alert.new") if a[1].startswith(f"{USGS}."))
        for endpoint in RULES
    }
    assert told == {
        "everything": ["1234", "3456"],
        "new-south-wales": ["1234", "3456"],
        "severe": [],
        "earthquakes": [],
        "dong-nai": [],
    }


def test_the_live_feed_shows_the_whole_accepted_order_without_a_gap(story: Story) -> None:
    frames = story.frames.alerts()
    (snapshot,) = [frame for frame in story.frames.got if frame["frame"] == "snapshot"]
    assert [frame["prev"] for frame in frames] == [snapshot["last"], *(frame["seq"] for frame in frames)][:-1]
    events = story.ledger.rows("SELECT seq, alert_id FROM events WHERE seq > ? ORDER BY seq", snapshot["seq"])
    shown = [(event["seq"], event["alert_id"]) for event in events][: len(frames)]
    assert [(frame["seq"], frame["id"]) for frame in frames] == shown
    seen = {frame["alert"]["identifier"] for frame in frames}
    assert seen >= {one.triple[1] for one in story.told()} | {f"cancel-of-{name}" for name in story.cancelled}


def test_the_atom_feed_lists_what_is_in_force_and_keeps_each_cancel(story: Story) -> None:
    superseded = _superseded(story)
    in_force = {one.triple[1] for one in story.told() if one.triple not in superseded}
    quakes = {name for name in story.first_atom if name.startswith(f"{USGS}.")}
    assert len(quakes) == 2
    endings = {name for name in story.first_atom if name in _endings(story)}
    assert story.first_atom.keys() - quakes - endings == in_force
    over = {one.triple[1] for one in story.cancelled.values()} | {"TRI13970876.1"}
    assert story.last_atom.keys() >= {f"cancel-of-{name}" for name in story.cancelled} | {"TRI13970876.2"}
    assert not story.last_atom.keys() & over


@pytest.mark.parametrize("schema", ["cap12.xsd", "cap12_extended.xsd"])
def test_every_document_of_the_atom_feed_is_valid_cap(story: Story, schema: str) -> None:
    valid = etree.XMLSchema(etree.parse(SAMPLES / "xsd" / "google_cap-library" / schema))
    wrong = {}
    for name, document in {**story.first_atom, **story.last_atom}.items():
        if not valid.validate(etree.fromstring(document)):
            wrong[name] = str(valid.error_log.last_error)
    assert wrong == {}


def test_the_hub_ends_in_order_and_nothing_went_wrong_inside(story: Story) -> None:
    assert story.exit_code == 0
    assert "Traceback" not in story.stderr
    stages = story.ledger.rows("SELECT DISTINCT stage FROM quarantine")
    assert [row["stage"] for row in stages] == [
        "intake"
    ]  # three failures of a later stage would be the hub's own (DEL-7)


def _became(story: Story) -> dict[str, str]:
    """What became of every sample: the disposition of the alert that its bytes brought, each alert counted for the first that says it.

    Only our own Cancels are left over. What brought none is `quarantined` when its bytes are in quarantine for that, else the hub's word when it is said again.
    """
    stored = story.ledger.rows("SELECT * FROM alerts ORDER BY seq")
    broken = {row["payload_sha256"]: row["reason"] for row in story.ledger.rows("SELECT * FROM quarantine")}
    became = {}
    for one in story.served:
        mine = next((row for row in stored if _is_of(row, one)), None)
        if mine is not None:
            stored.remove(mine)
            became[one.name] = mine["disposition"]
        elif (one.payload in broken and not all(one.triple)) or broken.get(one.payload) == "doctype":
            became[one.name] = "quarantined"
        else:
            became[one.name] = story.again.get(one.name, "")
    assert {row["identifier"] for row in stored} == {f"cancel-of-{name}" for name in story.cancelled}
    return became


def _is_of(row: dict[str, object], one: Served) -> bool:
    if row["source"] != one.row.source:
        return False
    if one.row.source == USGS:
        return row["source_key"] == one.event_id
    return row["payload_sha256"] == one.payload and (row["sender"], row["identifier"]) == one.triple[:2]


def _superseded(story: Story) -> set[tuple[str, str, datetime | None]]:
    """What a revision in the same reading superseded: who is told of it in between may differ (ACC-4)."""
    revised = {one.triple[:2] for one in story.served if one.row.disposition == "revision"}
    return {one.triple for one in story.told() if one.triple[:2] in revised and one.row.disposition != "revision"}


def _endings(story: Story) -> set[str]:
    return {one.triple[1] for one in story.served if one.alert is not None and reading.is_ending(one.alert)}


def _alert(one: Served) -> etree._Element:
    assert one.alert is not None
    return one.alert
