"""Deliveries to be told, in the house's real types."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hub.cap.model import Alert, Area, Info, NamedValue
from hub.consumer import Delivery
from hub.hazards import Hazards
from hub.telling import Told, tell
from hub.words import VIETNAM, Words

ROOT = Path(__file__).resolve().parents[2]
WORDS = Words.load(ROOT / "config" / "words")
HAZARDS = Hazards.load(ROOT / "config" / "hazards.csv")
AT = datetime(2026, 11, 24, 10, 0, tzinfo=VIETNAM)


def info(**changes: Any) -> Info:
    """A flood on the La Ngà, in Vietnamese."""
    said = Info(
        event="Lũ",
        language="vi-VN",
        categories=("Met",),
        urgency="Immediate",
        severity="Severe",
        certainty="Likely",
        headline="Lũ khẩn cấp trên sông La Ngà",
        description="Mực nước tại Tà Lài 113,43 m, trên BĐ3 0,43 m.",
        instruction="Di dời người và tài sản khỏi vùng trũng ven sông.",
        sender_name="Đài Khí tượng Thủy văn Đồng Nai",
        expires=AT + timedelta(hours=6),
        areas=(Area("Xã Tân Phú"), Area("Xã Định Quán")),
    )
    return replace(said, **changes)


def risk(level: str) -> tuple[NamedValue, ...]:
    return (NamedValue("VN:capDoRuiRo", level),)


def alert(*infos: Info, **changes: Any) -> Alert:
    given: dict[str, Any] = {"identifier": "vn.1", "sender": "kttv@example.vn", "sent": AT, "infos": infos, **changes}
    return Alert(**given)


def delivery(event_type: str = "alert.new", **changes: Any) -> Delivery:
    given: dict[str, Any] = {
        "delivery_id": "d0123",
        "event_type": event_type,
        "mode": "actual",
        "attempt_no": 1,
        "attempted_at": AT,
        "lane": 1,
        "chain_id": "c1",
        "alert": None if event_type.startswith("endpoint.") else alert(info()),
        "live_infos": (0,),
        **changes,
    }
    return Delivery(**given)


def told(event_type: str = "alert.new", language: str = "vi", **changes: Any) -> Told:
    return tell(delivery(event_type, **changes), WORDS, language=language, hazards=HAZARDS)
