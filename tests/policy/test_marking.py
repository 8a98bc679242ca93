"""Outside mode actual every text of an alert begins with the mode's word, in its language."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.cap.model import Alert, Info
from hub.policy.marking import MOST_HEADLINE, marking
from hub.words import Words

WORDS = Words.load(Path(__file__).resolve().parents[2] / "config" / "words")
ALERT = Alert(
    "a",
    "s",
    datetime(2026, 10, 3, tzinfo=UTC),
    infos=(
        Info("Lũ", language="vi-VN", headline="Lũ lên", description="Mực nước", instruction="Sơ tán ngay"),
        Info("Flood", language="en-US"),
    ),
)


@pytest.mark.parametrize(("mode", "vi", "en"), [("exercise", "DIỄN TẬP", "EXERCISE"), ("test", "THỬ NGHIỆM", "TEST")])
def test_each_text_is_marked_once_in_its_language(mode: str, vi: str, en: str) -> None:
    mark = marking(WORDS, mode)
    first, second = mark(ALERT).infos
    assert (first.headline, first.instruction) == (f"{vi} – Lũ lên", f"{vi} – Sơ tán ngay")
    assert first.description == f"{vi} – Mực nước"
    assert (second.headline, second.description, second.instruction) == (f"{en} – Flood", "", "")
    assert mark(mark(ALERT)) == mark(ALERT)


def test_the_event_that_machines_read_is_not_touched_and_a_long_headline_stays_within_its_limit() -> None:
    long = Alert("a", "s", ALERT.sent, infos=(Info("Lũ", language="vi", headline="x" * 200),))
    (info,) = marking(WORDS, "exercise")(long).infos
    assert (info.event, len(info.headline)) == ("Lũ", MOST_HEADLINE)


def test_in_mode_actual_nothing_is_changed() -> None:
    assert marking(WORDS, "actual")(ALERT) is ALERT
