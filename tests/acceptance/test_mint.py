"""Minted identities are the same in every process and change only with what people act on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.acceptance.mint import minted, revision_hash
from hub.cap.model import Alert, Area, Circle, NamedValue, Reference
from tests.acceptance.accepting import AREA, INFO, START, quake

SAID = quake(5.11, 0).alert
QUAKE = replace(
    SAID,
    infos=(
        replace(
            INFO, parameters=(NamedValue("magnitude", "5.11"),), areas=(Area("", circles=(Circle(10.51, 107.01, 0),)),)
        ),
    ),
)


def _with(alert: Alert, **more: Any) -> Alert:
    return replace(alert, infos=(replace(alert.infos[0], **more),))


def test_the_hash_is_pinned_so_that_every_release_mints_the_same() -> None:
    assert revision_hash(QUAKE, ended=False) == "45f312baabc6"


@pytest.mark.parametrize(
    "more",
    [
        {"headline": "khác"},
        {"description": "khác"},
        {"parameters": (NamedValue("magnitude", "5.09"), NamedValue("depthKm", "10"))},
        {"areas": (Area("nơi khác", circles=(Circle(10.52, 107.02, 0),)),)},
    ],
)
def test_what_nobody_acts_on_changes_nothing(more: dict[str, Any]) -> None:
    assert revision_hash(_with(QUAKE, **more), ended=False) == revision_hash(QUAKE, ended=False)


@pytest.mark.parametrize(
    "more",
    [
        {"event": "Bão"},
        {"severity": "Extreme"},
        {"urgency": "Past"},
        {"certainty": "Likely"},
        {"instruction": "Ra khỏi nhà"},
        {"onset": START},
        {"expires": None},
        {"parameters": (NamedValue("magnitude", "5.3"),)},
        {"areas": (Area("", circles=(Circle(10.6, 107.01, 0),)),)},
        {"areas": (AREA,)},
        {"areas": (replace(AREA, geocodes=(NamedValue("VN", "1"),)),)},
    ],
)
def test_what_people_act_on_makes_a_new_version(more: dict[str, Any]) -> None:
    assert revision_hash(_with(QUAKE, **more), ended=False) != revision_hash(QUAKE, ended=False)


def test_the_end_of_an_event_is_a_version_of_its_own() -> None:
    assert revision_hash(QUAKE, ended=True) != revision_hash(QUAKE, ended=False)


@pytest.mark.parametrize(
    ("ended", "earlier", "msg_type"),
    [(False, 0, "Alert"), (False, 1, "Update"), (True, 0, "Cancel"), (True, 1, "Cancel")],
)
def test_the_kind_of_message_follows_from_what_came_before(ended: bool, earlier: int, msg_type: str) -> None:
    before = [Reference("quakes@thu.vn", "quakes.us1.x", START)] * earlier
    made = minted(quake(5.0, 3, ended=ended), source_key="us1", status="Test", earlier=before)
    assert (made.msg_type, made.references, made.status) == (msg_type, tuple(before), "Test")
    assert made.sent == quake(5.0, 3).revised_at


def test_an_identifier_holds_only_what_cap_allows() -> None:
    made = minted(quake(5.0, 3), source_key="a b,c<d&é", status="Test", earlier=())
    assert made.identifier.startswith("quakes.a-b-c-d-é.")


def test_a_magnitude_that_is_no_number_counts_as_its_text() -> None:
    one = _with(QUAKE, parameters=(NamedValue("magnitude", "mạnh"),))
    assert revision_hash(one, ended=False) != revision_hash(QUAKE, ended=False)
