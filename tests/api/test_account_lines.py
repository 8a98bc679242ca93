"""The account in sentences, for what a real hub seldom shows: repairs, alarms, people, no bytes, no head, unknown codes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.api.account_lines import Account, lines_of
from tests.api.doorway import words

AT = datetime(2026, 11, 24, 3, 5, 9, tzinfo=UTC)
ALERT: dict[str, Any] = {
    "id": "a1",
    "identifier": "x-1",
    "sender": "kttv",
    "sent": AT,
    "msgType": "Alert",
    "headline": "Lũ",
    "event": "Lũ",
    "severity": "Severe",
    "areaDesc": ["Tân Phú"],
    "live_until": AT,
    "flags": ["no-expires"],
}
KNOWN: dict[str, Any] = {
    "source": "kttv",
    "sha256": "ab",
    "size": None,
    "content_type": "",
    "url": "",
    "received_at": AT,
    "provenance": {"signature": "valid"},
    "repairs": [{"code": "ring-closed", "path": "info[0]", "before": "1", "after": "2", "certain": False}],
}
BARE = Account(at=AT, hub="Trung tâm", mode="actual", alert=ALERT, known=KNOWN)


def said(account: Account, question: int, language: str = "vi") -> list[str]:
    lines: list[str] = lines_of(account, words(), language)["questions"][question]["lines"]
    return lines


def test_times_are_local_and_to_the_second() -> None:
    assert "10:05:09 ngày 24/11/2026" in lines_of(BARE, words(), "vi")["drawn"]
    assert "2026-11-24 10:05:09 (+07:00)" in lines_of(BARE, words(), "en")["drawn"]


def test_what_the_record_does_not_hold_is_said() -> None:
    lines = said(BARE, 0)
    assert any("không giữ bản gốc" in line and "ab" in line for line in lines)
    assert any("ring-closed" in line and "chưa chắc chắn" in line for line in lines)
    assert any("no-expires" in line for line in lines)
    assert said(BARE, 1) == said(BARE, 2) == said(BARE, 3) == ["Hồ sơ không có gì."]
    assert lines_of(BARE, words(), "vi")["proof"] == ["Bản này không kèm chữ ký của hệ thống."]
    assert lines_of(BARE, words(), "vi")["mode"] == ""
    restored = replace(BARE, restored_at="2026-11-01")
    assert "khôi phục" in lines_of(restored, words(), "vi")["proof"][0]


def test_who_decided_has_a_name_and_a_code_that_nobody_translated_stands_as_it_is() -> None:
    entry = {
        "n": 7,
        "at": AT,
        "act": "alert.judged",
        "who": "person:p1",
        "body": {"disposition": "strange", "reason": "vì thế"},
    }
    account = replace(BARE, entries=[entry], names={"person:p1": "Nguyễn Văn A"})
    (line,) = said(account, 1)
    for part in ("Mục 7", "alert.judged", "Nguyễn Văn A (person:p1)", "strange", "vì thế"):
        assert part in line


def test_what_was_never_routed_and_what_alarmed_is_decided_knowledge() -> None:
    event = {"seq": 3, "kind": "decided", "at": AT, "routed_at": None, "rules_rev": None, "matched": None}
    alarm = {"kind": "alert.held", "opened_at": AT, "closed_at": None, "detail": "chờ"}
    lines = said(replace(BARE, events=[event], alarms=[alarm]), 1, "en")
    assert lines[0].startswith("Place 3") and "not compared" in lines[0]
    assert "alert.held" in lines[1] and "closed not yet" in lines[1]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("state", ["pending", "in_flight", "failed", "superseded", "covered", "expired"])
def test_every_state_that_is_not_arrival_has_its_word(state: str, language: str) -> None:
    row = {
        "endpoint_id": "e",
        "owner": "",
        "channel": "webhook",
        "event_type": "alert.left_your_area",
        "created_at": AT,
        "reason": "r",
        "state": state,
        "outcome": "",
        "ended_by": "a2",
        "tries": [],
    }
    (line,) = said(replace(BARE, untold=[row]), 3, language)
    assert "a2" in line
    assert f"{words().say(f'account_delivery.{state}', language)}: " in line
