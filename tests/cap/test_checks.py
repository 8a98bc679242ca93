"""What may not be emitted, each by its fault."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.cap.checks import faults_of
from hub.cap.model import Alert, Area, Info, Reference

SENT = datetime(2026, 10, 3, 6, 0, tzinfo=UTC)
RING = ((10.0, 106.0), (10.0, 107.0), (11.0, 107.0), (10.0, 106.0))
INFO = Info("Lũ", expires=SENT + timedelta(hours=1), headline="x" * 160, areas=(Area("đây", polygons=(RING,)),))
ALERT = Alert("a", "s", SENT, infos=(INFO,))


def _codes(alert: Alert) -> list[str]:
    return [fault.code for fault in faults_of(alert)]


def test_a_sound_alert_has_no_fault() -> None:
    assert faults_of(ALERT) == ()
    assert faults_of(replace(ALERT, msg_type="Cancel", infos=(), references=(Reference("s", "b", SENT),))) == ()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"identifier": "a b"}, "bad-identifier"),
        ({"identifier": ""}, "bad-identifier"),
        ({"sender": "a,b"}, "bad-sender"),
        ({"sender": "a&b"}, "bad-sender"),
        ({"status": "x"}, "unknown-status"),
        ({"msg_type": "x"}, "unknown-msgType"),
        ({"scope": "x"}, "unknown-scope"),
        ({"scope": "Restricted"}, "restricted-without-restriction"),
        ({"scope": "Private"}, "private-without-addresses"),
        ({"msg_type": "Update"}, "no-references"),
        ({"infos": ()}, "no-info"),
        ({"restriction": "nội bộ"}, "restriction-without-restricted"),
        ({"references": (Reference("s", "a", SENT),)}, "self-reference"),
        ({"references": (Reference("", "b", SENT),)}, "partial-reference"),
        ({"references": (Reference("s", "b", None),)}, "partial-reference"),
    ],
)
def test_every_fault_of_the_envelope_is_named(more: dict[str, Any], code: str) -> None:
    assert _codes(replace(ALERT, **more)) == [code]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"urgency": "x"}, "unknown-urgency"),
        ({"severity": "x"}, "unknown-severity"),
        ({"certainty": "x"}, "unknown-certainty"),
        ({"categories": ("x",)}, "unknown-category"),
        ({"categories": ()}, "missing-category"),
        ({"language": "Tiếng Việt"}, "bad-language"),
        ({"response_types": ("Chạy",)}, "unknown-responseType"),
        ({"event": ""}, "missing-event"),
        ({"expires": None}, "no-expires"),
        ({"expires": SENT}, "expires-not-after-sent"),
        ({"headline": "x" * 161}, "headline-too-long"),
        ({"areas": (Area(""),)}, "no-areaDesc"),
        ({"areas": (Area("x", polygons=(RING[:3],)),)}, "ring-not-closed"),
        ({"areas": (Area("x", polygons=((*RING[:3], (1.0, 2.0)),)),)}, "ring-not-closed"),
    ],
)
def test_every_fault_of_an_info_is_named_with_its_place(more: dict[str, Any], code: str) -> None:
    (fault,) = faults_of(replace(ALERT, infos=(INFO, replace(INFO, **more))))
    assert fault.code == code and fault.path.startswith("info[1]")
