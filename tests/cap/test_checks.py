"""What may not leave the hub."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from hub.cap.checks import faults_of
from hub.cap.model import Alert, Area, Info, Reference

SENT = datetime(2026, 11, 24, 10, 0, tzinfo=timezone(timedelta(hours=7)))
RING = ((10.9, 106.8), (10.9, 106.9), (11.0, 106.9), (10.9, 106.8))
INFO = Info(event="Lũ", categories=("Met",), expires=SENT + timedelta(hours=6), areas=(Area("Tân Phú", (RING,)),))
ALERT = Alert("lu-1", "pccc@dongnai.example", SENT, infos=(INFO,))


def test_a_right_alert_has_no_faults() -> None:
    assert faults_of(ALERT) == ()
    cancel = replace(ALERT, msg_type="Cancel", references=(Reference("s", "i", SENT),), infos=())
    assert faults_of(cancel) == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"identifier": ""}, "bad-identifier"),
        ({"identifier": "a b"}, "bad-identifier"),
        ({"identifier": "a\u00a0b"}, "bad-identifier"),
        ({"identifier": "a\nb"}, "bad-identifier"),
        ({"sender": "a,b"}, "bad-sender"),
        ({"sender": "a&b"}, "bad-sender"),
        ({"status": "actual"}, "unknown-status"),
        ({"msg_type": "Alarm"}, "unknown-msgType"),
        ({"scope": "public"}, "unknown-scope"),
        ({"scope": "Restricted"}, "restricted-without-restriction"),
        ({"scope": "Private"}, "private-without-addresses"),
        ({"msg_type": "Update"}, "no-references"),
        ({"msg_type": "Cancel"}, "no-references"),
        ({"infos": ()}, "no-info"),
        ({"references": (Reference("", "i", SENT),)}, "partial-reference"),
        ({"references": (Reference("s", "i", None),)}, "partial-reference"),
    ],
)
def test_each_fault_of_the_envelope_is_named(change: dict[str, object], code: str) -> None:
    assert code in [fault.code for fault in faults_of(replace(ALERT, **change))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"urgency": "now"}, "unknown-urgency"),
        ({"severity": "severe"}, "unknown-severity"),
        ({"certainty": "Very Likely"}, "unknown-certainty"),
        ({"categories": ("Met", "Flood")}, "unknown-category"),
        ({"response_types": ("Run",)}, "unknown-responseType"),
        ({"event": ""}, "missing-event"),
        ({"expires": None}, "no-expires"),
        ({"expires": SENT}, "expires-not-after-sent"),
        ({"headline": "x" * 161}, "headline-too-long"),
        ({"areas": (Area(""),)}, "no-areaDesc"),
        ({"areas": (Area("x", (RING[:3],)),)}, "ring-not-closed"),
        ({"areas": (Area("x", (RING[:-1] + ((0.0, 0.0),),)),)}, "ring-not-closed"),
        ({"categories": ()}, "missing-category"),
    ],
)
def test_each_fault_of_an_info_is_named_with_its_place(change: dict[str, object], code: str) -> None:
    faults = faults_of(replace(ALERT, infos=(INFO, replace(INFO, **change))))  # type: ignore[arg-type]
    assert [(f.code, f.path.split("/")[0]) for f in faults] == [(code, "info[1]")]


def test_faults_come_in_the_order_of_the_document() -> None:
    wrong = replace(ALERT, identifier="", infos=(replace(INFO, severity="x", event=""), replace(INFO, event="")))
    assert [f.code for f in faults_of(wrong)] == [
        "bad-identifier",
        "unknown-severity",
        "missing-event",
        "missing-event",
    ]
