"""connectors.cap_feed.succession: whom a document follows that says so only by its address."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.cap_feed.succession import HEADER, happened, noted, of_the_server, succeeding
from hub.cap.model import Alert, Info, Reference
from hub.connector import Candidate, Payload

AT = datetime(2026, 11, 24, 3, tzinfo=UTC)
PAYLOAD = Payload("feed", b"x", "", AT, headers={"etag": "e"})


def candidate(msg_type: str, *references: Reference) -> Candidate:
    return Candidate("feed", Alert("ms_02", "smg", AT, msg_type=msg_type, references=references), "x")


def test_what_overwrites_references_what_stood_there_in_all_its_versions() -> None:
    payload = noted(PAYLOAD, (("smg", "ms_01"),))
    assert payload.headers["etag"] == "e"
    for msg_type in ("Update", "Cancel"):
        assert succeeding(candidate(msg_type), payload).alert.references == (Reference("smg", "ms_01", None),)
    itself = Reference("smg", "ms_02", AT)
    assert succeeding(candidate("Update", itself), payload).alert.references[-1] == Reference("smg", "ms_01", None)


@pytest.mark.parametrize(
    ("said", "payload"),
    [
        (candidate("Alert"), noted(PAYLOAD, (("smg", "ms_01"),))),
        (candidate("Update", Reference("smg", "other", AT)), noted(PAYLOAD, (("smg", "ms_01"),))),
        (candidate("Update"), noted(PAYLOAD, (("stranger", "ms_01"),))),
        (candidate("Update"), noted(PAYLOAD, ())),
        (candidate("Update"), PAYLOAD),
    ],
)
def test_otherwise_it_says_what_it_says(said: Candidate, payload: Payload) -> None:
    assert succeeding(said, payload) == said


def test_no_server_writes_our_header() -> None:
    assert of_the_server({HEADER: "[]", "etag": "e"}) == {"etag": "e"}


def quake(msg_type: str, **said: object) -> Candidate:
    info = Info("Gempabumi", **{"urgency": "Past", **said})  # type: ignore[arg-type]
    return Candidate("feed", Alert("e1", "inatews", AT, msg_type=msg_type, infos=(info,)), "x")


def test_an_update_of_an_earthquake_that_is_past_is_no_all_clear() -> None:
    said = happened(quake("Update"))
    assert not said.alert.is_ending()
    assert [(repair.code, repair.path) for repair in said.repairs] == [("past-is-no-ending", "info[0]/urgency")]


@pytest.mark.parametrize(
    "said", [quake("Cancel"), quake("Update", response_types=("AllClear",)), quake("Update", urgency="Immediate")]
)
def test_a_cancel_or_an_all_clear_ends_it_all_the_same(said: Candidate) -> None:
    assert happened(said) == said
