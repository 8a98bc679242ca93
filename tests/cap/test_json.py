"""CAP as JSON: everything comes back, everything required is there, and nothing odd gets in."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from hub.cap.json import circle_text, content_hash, from_json, read, ring_text, to_json
from hub.cap.model import Alert, Area, Circle, Info, NamedValue, Reference
from hub.errors import ParseError
from tests.cap.alert_making import alerts

SENT = datetime(2026, 10, 3, 6, 0, tzinfo=UTC)
GIVEN: dict[str, Any] = {"identifier": "a", "sender": "s", "sent": "2026-10-03T13:00:00+07:00"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(alerts)
def test_whatever_is_written_is_read_back(alert: Alert) -> None:
    assert from_json(to_json(alert)) == alert
    assert to_json(from_json(to_json(alert))) == to_json(alert)


def test_what_cap_requires_is_always_there_and_what_is_absent_is_left_out() -> None:
    said = json.loads(to_json(Alert("a", "s", SENT, infos=(Info("Lũ", categories=()),))))
    assert set(said) == {"identifier", "sender", "sent", "status", "msgType", "scope", "info"}
    assert said["info"] == [
        {
            "event": "Lũ",
            "category": [],
            "urgency": "Unknown",
            "severity": "Unknown",
            "certainty": "Unknown",
            "language": "en-US",
        }
    ]


def test_fractions_offsets_and_signatures_are_kept() -> None:
    sent = (SENT + timedelta(microseconds=1)).astimezone(timezone(timedelta(hours=7)))
    back = from_json(to_json(Alert("a", "s", sent, signatures=(b"\x00\xff",))))
    assert back.sent == sent and back.sent.utcoffset() == timedelta(hours=7)
    assert back.signatures == (b"\x00\xff",)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"identifier": ""}, "missing-element"),
        ({"sender": ""}, "missing-element"),
        ({"sent": "2026-10-03T13:00:00"}, "bad-time"),
        ({"sent": "mai"}, "bad-time"),
        ({"sent": "0001-01-01T00:00:00+07:00"}, "bad-time"),
        ({"sent": 7}, "not-cap-json"),
        ({"severity": "Extreme"}, "not-cap-json"),
        ({"references": ["x"]}, "bad-reference"),
        ({"references": ["s,x,mai"]}, "bad-time"),
        ({"signature": ["a"]}, "bad-signature"),
        ({"info": [{}]}, "not-cap-json"),
        ({"info": [{"event": "e", "expires": "mai"}]}, "bad-time"),
    ],
)
def test_what_is_no_cap_is_refused_with_its_key(more: dict[str, Any], reason: str) -> None:
    with pytest.raises(ParseError) as error:
        from_json(json.dumps(GIVEN | more).encode())
    assert error.value.reason == reason


@pytest.mark.parametrize(
    "area",
    [
        {"polygon": ["1,2 3,4 1,2"]},
        {"polygon": ["1,2 3,4 5,6 7,8"]},
        {"polygon": ["1,2 3,4 5 1,2"]},
        {"polygon": ["nan,nan nan,nan nan,nan nan,nan"]},
        {"polygon": ["106,10 107,10 107,11 106,10"]},
        {"polygon": ["1,inf 3,4 5,6 1,inf"]},
        {"circle": ["10,107"]},
        {"circle": ["10,107 inf"]},
        {"circle": ["10,107 -1"]},
        {"circle": ["nan,107 1"]},
    ],
)
def test_a_shape_that_is_not_on_earth_is_refused(area: dict[str, Any]) -> None:
    said = GIVEN | {"info": [{"event": "e", "area": [{"areaDesc": "x", **area}]}]}
    with pytest.raises(ParseError, match="bad-"):
        from_json(json.dumps(said).encode())


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"identifier":"\xff"}'])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError, match="not-cap-json"):
        from_json(body)


def test_content_is_the_same_in_every_zone_and_without_signatures() -> None:
    hanoi = timezone(timedelta(hours=7))
    info = Info("Lũ", expires=SENT, onset=SENT)
    one = Alert("a", "s", SENT, references=(Reference("s", "b", SENT),), infos=(info,), signatures=(b"x",))
    there = SENT.astimezone(hanoi)
    same = Alert(
        "a", "s", there, references=(Reference("s", "b", there),), infos=(replace(info, expires=there, onset=there),)
    )
    assert content_hash(one) == content_hash(same)
    assert content_hash(one) != content_hash(replace(one, note="x"))


def test_content_is_the_same_however_its_text_is_laid_out() -> None:
    texts = {"headline": "a b", "description": "a b", "instruction": "a b", "contact": "a b", "sender_name": "a b"}
    area = Area("a b", geocodes=(NamedValue("k", "v w"),))
    one = Alert(
        "a", "s", SENT, note="a b", infos=(Info("a b", parameters=(NamedValue("k", "a b"),), areas=(area,), **texts),)
    )
    laid_out = dict.fromkeys(texts, "a\n    b")
    info = Info("a  b", parameters=(NamedValue("k", "a\tb"),), areas=(replace(area, area_desc="a \n b"),), **laid_out)
    assert content_hash(one) == content_hash(replace(one, note="a\nb", infos=(info,)))
    for other in (
        replace(info, description="ab"),
        replace(info, areas=(replace(area, geocodes=(NamedValue("k", "v"),)),)),
    ):
        assert content_hash(one) != content_hash(replace(one, infos=(other,)))


def test_shapes_are_written_as_cap_writes_them() -> None:
    assert ring_text(((1e-7, 106.5), (2.0, 107.0))) == "0.0000001,106.5 2.0,107.0"
    assert circle_text(Circle(10.5, 107.5, 0.0)) == "10.5,107.5 0.0"
    assert from_json(to_json(Alert("a", "s", SENT, infos=(Info("e", areas=(Area("x"),)),)))).infos[0].areas == (
        Area("x"),
    )


def test_what_others_submit_is_mended_and_named_as_xml_is() -> None:
    info = {"event": "Lũ", "language": "vi_VN", "severity": "apocalyptic", "headline": "a\u0007<b>b</b>"}
    area = {"areaDesc": "x", "polygon": ["10,106 11,107 11,106 10,107 10,106"]}
    said = GIVEN | {"restriction": "nội bộ", "sent": "2026-10-03T13:00:00.5+07:00", "info": [info | {"area": [area]}]}
    parsed = read(json.dumps(said).encode(), zone=UTC)
    alert = parsed.alert
    assert (alert.scope, alert.sent.microsecond, alert.infos[0].severity) == ("Restricted", 0, "Unknown")
    assert (alert.infos[0].language, alert.infos[0].headline) == ("vi-VN", "ab")
    assert {"restriction-without-restricted", "language-respelled", "tags-dropped"} <= {r.code for r in parsed.repairs}
    assert "unknown-severity" in {f.code for f in parsed.faults}
    assert parsed.uncertain_areas


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(alerts)
def test_a_sound_submission_is_read_as_it_is(alert: Alert) -> None:
    if alert.scope == "Public":
        alert = replace(alert, restriction="")
    assert read(to_json(alert), zone=UTC).alert == alert


@pytest.mark.parametrize(
    ("area", "reason"),
    [({"polygon": ["1,2 " * 200_001]}, "too-many-vertices"), ({"polygon": ["1_0,2 3,4 5,6 1_0,2"]}, "bad-polygon")],
)
def test_a_ring_too_large_or_in_no_grammar_of_cap_is_refused(area: dict[str, Any], reason: str) -> None:
    with pytest.raises(ParseError, match=reason):
        from_json(json.dumps(GIVEN | {"info": [{"event": "e", "area": [{"areaDesc": "x", **area}]}]}).encode())
