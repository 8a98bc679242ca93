"""CAP as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from hub.cap.json import circle_text, content_hash, from_json, ring_text, to_json
from hub.cap.model import Alert, Area, Circle, Info, NamedValue, Reference, Resource
from hub.errors import ParseError

SENT = datetime(2026, 11, 24, 10, 0, tzinfo=timezone(timedelta(hours=7)))
RING = ((10.9, 106.8), (10.9, 106.9), (11.0, 106.9), (10.9, 106.8))
ALERT = Alert(
    identifier="lu-1",
    sender="pccc@dongnai.example",
    sent=SENT,
    status="Exercise",
    msg_type="Update",
    scope="Restricted",
    source="Trạm Tà Lài",
    restriction="nội bộ",
    addresses=("a b", "c"),
    codes=("x",),
    note="ghi chú",
    references=(Reference("s", "lu-0", SENT - timedelta(hours=1)), Reference("s", "a,b", None)),
    incidents=("một", "hai"),
    infos=(
        Info(
            event="Lũ",
            categories=("Met", "Safety"),
            language="vi-VN",
            response_types=("Evacuate",),
            event_codes=(NamedValue("a", ""),),
            effective=SENT,
            onset=SENT,
            expires=SENT + timedelta(hours=6),
            headline='"Lũ" lên nhanh',
            parameters=(NamedValue("mực nước", "113,5"),),
            resources=(Resource("ảnh", "image/png", 10, "https://x.example/a", "QQ==", "ab"),),
            areas=(Area("Tân Phú", (RING,), (Circle(11.0, 107.0, 0.0),), (NamedValue("XA", "26101"),), -3.5, 100.0),),
        ),
    ),
    signatures=(b"<Signature/>\x00\xff",),
)


def test_an_alert_with_everything_comes_back_equal() -> None:
    assert from_json(to_json(ALERT)) == ALERT


def test_names_on_the_wire_are_cap_s_and_what_is_absent_is_left_out() -> None:
    said = json.loads(to_json(Alert("i", "s", SENT, msg_type="Cancel")))
    assert said == {"identifier": "i", "sender": "s", "sent": "2026-11-24T10:00:00+07:00", "msgType": "Cancel"}
    assert json.loads(to_json(ALERT))["info"][0]["area"][0]["circle"] == ["11.0,107.0 0.0"]


def test_vietnamese_letters_are_utf_8_and_not_escaped() -> None:
    assert "Trạm Tà Lài".encode() in to_json(ALERT)


def test_the_hash_ignores_signatures_and_sees_everything_else() -> None:
    assert content_hash(ALERT) == content_hash(ALERT.unsigned())
    assert content_hash(ALERT) != content_hash(replace(ALERT, note="khác"))
    assert content_hash(ALERT) != content_hash(replace(ALERT, sent=SENT.astimezone(UTC)))


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "not-cap-json"),
        (b"[]", "not-cap-json"),
        (b'{"identifier":"i"}', "sender"),
        (b'{"identifier":"","sender":"s","sent":"2026-11-24T10:00:00+07:00"}', "identifier"),
        (b'{"identifier":"i","sender":"s","sent":"2026-11-24T10:00:00"}', "sent"),
        (b'{"identifier":"i","sender":"s","sent":"2026-11-24T10:00:00+07:00","colour":1}', "colour"),
        (b'{"identifier":"i","sender":"s","sent":"2026-11-24T10:00:00+07:00","references":["x"]}', "references[0]"),
        (
            b'{"identifier":"i","sender":"s","sent":"2026-11-24T10:00:00+07:00",'
            b'"info":[{"event":"e","area":[{"areaDesc":"d","polygon":["1,2 3"]}]}]}',
            "info[0].area[0].polygon[0]",
        ),
        (
            b'{"identifier":"i","sender":"s","sent":"2026-11-24T10:00:00+07:00",'
            b'"info":[{"event":"e","area":[{"areaDesc":"d","circle":["1,2"]}]}]}',
            "info[0].area[0].circle[0]",
        ),
    ],
)
def test_a_wrong_document_is_refused_by_the_name_of_what_is_wrong(body: bytes, named: str) -> None:
    with pytest.raises(ParseError) as caught:
        from_json(body)
    assert named in str(caught.value)


@pytest.mark.parametrize("said", ["nan,106 11,107 12,106 nan,106", "10,inf 11,107 12,106 10,inf"])
def test_coordinates_that_are_no_numbers_are_refused(said: str) -> None:
    body = json.dumps(
        {
            "identifier": "i",
            "sender": "s",
            "sent": "2026-11-24T10:00:00+07:00",
            "info": [{"event": "e", "area": [{"areaDesc": "d", "polygon": [said]}]}],
        }
    ).encode()
    with pytest.raises(ParseError):
        from_json(body)


def test_a_signature_that_is_no_base64_is_a_parse_error() -> None:
    body = b'{"identifier":"i","sender":"s","sent":"2026-11-24T10:00:00+07:00","signature":["\\u00e9"]}'
    with pytest.raises(ParseError):
        from_json(body)


def test_texts_of_geometry_are_cap_s() -> None:
    assert ring_text(RING) == "10.9,106.8 10.9,106.9 11.0,106.9 10.9,106.8"
    assert circle_text(Circle(11.0, 107.0, 5.5)) == "11.0,107.0 5.5"
