"""What we write is read back the same, in CAP's order and grammar."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from hub.cap.model import Alert, Area, Info, Reference
from hub.cap.write import number, write
from hub.cap.xml import read
from tests.cap.alert_making import alerts

SENT = datetime(2026, 10, 3, 6, 0, tzinfo=UTC)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(alerts)
def test_whatever_is_written_is_read_back(alert: Alert) -> None:
    if alert.scope == "Public":
        alert = replace(alert, restriction="")
    assert read(write(alert), zone=UTC).alert == alert


def test_elements_stand_in_the_order_of_the_schema() -> None:
    info = Info("Lũ", headline="h", expires=SENT, areas=(Area("đây"),), response_types=("Monitor",))
    root = etree.fromstring(
        write(Alert("a", "s", SENT, note="n", references=(Reference("s", "b", SENT),), infos=(info,)))
    )
    assert [etree.QName(node).localname for node in root] == [
        "identifier",
        "sender",
        "sent",
        "status",
        "msgType",
        "scope",
        "note",
        "references",
        "info",
    ]
    assert [etree.QName(node).localname for node in root[-1]] == [
        "language",
        "category",
        "event",
        "responseType",
        "urgency",
        "severity",
        "certainty",
        "expires",
        "headline",
        "area",
    ]


def test_fractions_are_dropped_alike_from_sent_and_from_references_to_it() -> None:
    moment = SENT + timedelta(milliseconds=250)
    first = read(write(Alert("a", "s", moment)), zone=UTC).alert
    second = read(write(Alert("b", "s", SENT, references=(Reference("s", "a", moment),))), zone=UTC).alert
    assert second.references[0].sent == first.sent == SENT


def test_utc_is_written_as_cap_wants_it() -> None:
    assert b"<sent>2026-10-03T06:00:00-00:00</sent>" in write(Alert("a", "s", SENT))


def test_signatures_are_put_back_as_the_bytes_they_were() -> None:
    signature = b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><A>x</A></Signature>'
    alert = Alert("a", "s", SENT, infos=(Info("e"),), signatures=(signature,))
    assert signature in write(alert)
    assert read(write(alert), zone=UTC).alert == alert


@pytest.mark.parametrize(
    ("value", "text"), [(10.5, "10.5"), (1e-7, "0.0000001"), (1e22, "1" + "0" * 22), (-0.0, "-0.0"), (3, "3.0")]
)
def test_a_number_has_no_exponent_and_comes_back(value: float, text: str) -> None:
    assert number(value) == text
    assert float(number(value)) == value


@pytest.mark.parametrize("odd", ["\x00", "\x07", "\x1b", "\ufffe", "\ud800"])
def test_a_character_no_xml_can_hold_never_stops_an_alert(odd: str) -> None:
    info = Info("Lũ", headline=f"Nước{odd} lên", areas=(Area(f"x{odd}"),))
    back = read(write(Alert("a", "s", SENT, note=odd, infos=(info,))), zone=UTC).alert
    assert (back.note, back.infos[0].headline, back.infos[0].areas[0].area_desc) == ("", "Nước lên", "x")
