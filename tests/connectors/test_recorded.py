"""Every connector against its recorded cases. HUB_RECORD=1 rewrites them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hub.connector import Candidate, Withdrawn, dump, load
from hub.errors import ParseError
from tests.connectors.recorded import cases, connector_of, heard, kinds, module_of, payload_of, record


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.parent.name}/{case.name}")
def test_a_recorded_payload_says_what_was_written_down(case: Path) -> None:
    if os.environ.get("HUB_RECORD") == "1":
        record(case)
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    said = heard(case, expected)
    assert said == {name: expected[name] for name in ("said", "parse_error") if name in expected}


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.parent.name}/{case.name}")
def test_a_recorded_payload_says_the_same_every_time_and_survives_the_stream(case: Path) -> None:
    asked = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    connector = connector_of(case.parent.name, settings=asked.get("settings", {}), zone=asked.get("zone", "UTC"))
    payload = payload_of(case, asked)
    try:
        said = list(connector.parse(payload))
    except ParseError:
        with pytest.raises(ParseError):
            connector.parse(payload)
        return
    assert list(connector.parse(payload)) == said
    records = [one for one in said if isinstance(one, Candidate | Withdrawn)]
    assert [load(dump(one)) for one in records] == records
    assert {one.payload_sha256 for one in said} <= {payload.sha256}


@pytest.mark.parametrize("kind", kinds())
def test_every_connector_has_a_recorded_case_and_the_shape_of_the_contract(kind: str) -> None:
    assert [case for case in cases() if case.parent.name == kind], f"connectors/{kind} has no recorded case"
    module = module_of(kind)
    assert module.Connector.Settings is module.Settings
    assert (module.__doc__ or "").strip(), "a connector's docstring names address, rhythm, units, zone and format"
