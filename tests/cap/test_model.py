"""What an alert says of itself: its identity, its gravity, whether it ends."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from hub.cap.model import SEVERITIES, Alert, Info, NamedValue, at_least, severity_rank

SENT = datetime(2026, 10, 3, 6, 0, tzinfo=UTC)
CLEAR, PAST, ON = Info("a", response_types=("AllClear",)), Info("b", urgency="Past"), Info("c")


@pytest.mark.parametrize(
    ("msg_type", "infos", "ends"),
    [
        ("Cancel", (), True),
        ("Cancel", (ON,), True),
        ("Update", (CLEAR, PAST), True),
        ("Update", (CLEAR, ON), False),
        ("Update", (), False),
        ("Alert", (CLEAR,), False),
    ],
)
def test_a_message_ends_its_chain_only_as_a_whole(msg_type: str, infos: tuple[Info, ...], ends: bool) -> None:
    assert Alert("i", "s", SENT, msg_type=msg_type, infos=infos).is_ending() is ends


def test_the_gravest_info_counts_and_an_unknown_word_is_least() -> None:
    alert = Alert(
        "i", "s", SENT, infos=(Info("a", severity="Minor"), Info("b", severity="Extreme"), Info("c", severity="?"))
    )
    assert alert.severity() == "Extreme"
    assert Alert("i", "s", SENT).severity() == "Unknown"
    assert [severity_rank(word) for word in (*SEVERITIES, "?")] == [0, 1, 2, 3, 4, 4]
    assert at_least("Severe", "Severe") and at_least("Extreme", "Severe") and not at_least("Minor", "Severe")


def test_identity_compares_instants() -> None:
    there = SENT.astimezone(timezone(timedelta(hours=7)))
    assert Alert("i", "s", SENT).key == Alert("i", "s", there, note="khác").key
    assert Alert("i", "s", SENT).key != Alert("i", "s", SENT + timedelta(seconds=1)).key


def test_an_alert_does_not_change() -> None:
    alert: Any = Alert("i", "s", SENT)
    with pytest.raises(FrozenInstanceError):
        alert.note = "x"


def test_without_signatures_all_else_stays() -> None:
    alert = Alert("i", "s", SENT, note="n", signatures=(b"x",))
    assert alert.unsigned() == replace(alert, signatures=())


def test_the_first_parameter_of_a_name_is_given() -> None:
    info = Info("a", parameters=(NamedValue("k", "1"), NamedValue("k", "2"), NamedValue("e", "")))
    assert (info.parameter("k"), info.parameter("e"), info.parameter("?")) == ("1", "", None)
