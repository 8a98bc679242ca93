"""An Update sounds again for a reason only (CHN-3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from hub.acceptance.change import sounds_again
from hub.cap.model import Alert, Area, Circle, Info, NamedValue, Ring

SENT = datetime(2026, 10, 3, 6, 0, tzinfo=UTC)
SQUARE: Ring = ((11.0, 107.0), (11.0, 107.5), (11.5, 107.5), (11.0, 107.0))
AREA = Area("xã Đak Lua", polygons=(SQUARE,), geocodes=(NamedValue("VN:2025", "26209"),))
INFO = Info(
    "Lũ",
    severity="Severe",
    urgency="Expected",
    language="vi",
    onset=SENT + timedelta(hours=6),
    expires=SENT + timedelta(hours=24),
    headline="Lũ trên sông Đồng Nai",
    instruction="Lên chỗ cao.",
    areas=(AREA,),
)
ALERT = Alert("A", "s", SENT, infos=(INFO,))


def updated(*infos: Info, after_h: float = 1) -> Alert:
    return replace(ALERT, identifier="B", msg_type="Update", sent=SENT + timedelta(hours=after_h), infos=infos)


def reasons(**changes: object) -> tuple[str, ...]:
    return sounds_again(ALERT, updated(replace(INFO, **changes)))  # type: ignore[arg-type]


def test_the_same_again_is_shown_and_does_not_sound() -> None:
    assert reasons() == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"headline": "Lũ lớn"},
        {"description": "Mực nước 110 m."},
        {"certainty": "Observed"},
        {"instruction": "  Lên chỗ\n cao. "},
        {"onset": SENT + timedelta(hours=7)},
        {"onset": (SENT + timedelta(hours=6)).astimezone(timezone(timedelta(hours=7)))},
        {"expires": SENT + timedelta(hours=23)},
        {"areas": (replace(AREA, area_desc="Dak Lua"),)},
        {"areas": (replace(AREA, polygons=(SQUARE[1:] + SQUARE[1:2],)),)},
        {"areas": (replace(AREA, polygons=(tuple((lat + 0.00001, lon) for lat, lon in reversed(SQUARE)),)),)},
        {"areas": (Area("a", polygons=(SQUARE,)), Area("b", geocodes=AREA.geocodes))},
    ],
)
def test_wording_and_what_is_no_more_than_before_do_not_sound(changes: dict[str, object]) -> None:
    assert reasons(**changes) == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"severity": "Extreme"}, "severity"),
        ({"severity": "Moderate"}, "severity"),
        ({"areas": (*INFO.areas, Area("thêm", circles=(Circle(11, 107, 5),)))}, "area"),
        ({"areas": (replace(AREA, geocodes=()),)}, "area"),
        ({"areas": (replace(AREA, polygons=()),)}, "area"),
        ({"onset": SENT + timedelta(hours=5)}, "onset-earlier"),
        ({"onset": None}, "onset-earlier"),
        ({"expires": SENT + timedelta(hours=25)}, "expires-later"),
        ({"expires": None}, "expires-later"),
        ({"instruction": "Sơ tán ngay."}, "instruction"),
        ({"instruction": ""}, "instruction"),
    ],
)
def test_each_reason_is_found_alone(changes: dict[str, object], reason: str) -> None:
    assert reasons(**changes) == (reason,)


def test_an_onset_that_passed_before_both_is_not_earlier() -> None:
    before = replace(ALERT, infos=(replace(INFO, onset=SENT - timedelta(hours=1)),))
    assert sounds_again(before, updated(replace(INFO, onset=SENT - timedelta(hours=2)))) == ()


def test_a_greater_urgency_without_onset_is_an_earlier_onset() -> None:
    before = replace(ALERT, infos=(replace(INFO, onset=None),))
    assert sounds_again(before, updated(replace(INFO, onset=None))) == ()
    assert sounds_again(before, updated(replace(INFO, onset=None, urgency="Immediate"))) == ("onset-earlier",)
    assert sounds_again(before, updated(replace(INFO, onset=None, urgency="Unknown"))) == ()


def test_an_expiry_missing_in_both_is_no_change() -> None:
    before = replace(ALERT, infos=(replace(INFO, expires=None),))
    assert sounds_again(before, updated(replace(INFO, expires=None))) == ()
    assert sounds_again(before, updated(INFO)) == ("expires-later",)


def test_a_severity_that_moves_between_segments_sounds_though_the_gravest_is_the_same() -> None:
    north, south = Area("bắc", circles=(Circle(11.5, 107, 5),)), Area("nam", circles=(Circle(10.8, 107, 5),))
    grave, mild = replace(INFO, severity="Extreme"), replace(INFO, severity="Minor")
    before = replace(ALERT, infos=(replace(grave, areas=(north,)), replace(mild, areas=(south,))))
    after = updated(replace(mild, areas=(north,)), replace(grave, areas=(south,)))
    assert sounds_again(before, after) == ("severity",)


def test_of_several_infos_for_one_area_the_gravest_and_the_earliest_count() -> None:
    second = replace(INFO, severity="Minor", onset=SENT + timedelta(hours=9))
    before = replace(ALERT, infos=(INFO, second))
    assert (
        sounds_again(before, updated(INFO, replace(second, severity="Moderate", onset=SENT + timedelta(hours=8)))) == ()
    )
    assert sounds_again(before, updated(replace(INFO, onset=SENT + timedelta(hours=5)), second)) == ("onset-earlier",)
    north, south = Area("bắc", circles=(Circle(11.5, 107, 5),)), Area("nam", circles=(Circle(10.8, 107, 5),))
    extreme_south = replace(INFO, severity="Extreme", areas=(south,))
    mild_north = replace(second, areas=(north,))
    calm = replace(ALERT, infos=(extreme_south, mild_north))
    grave = updated(extreme_south, mild_north, replace(mild_north, severity="Severe"))
    assert sounds_again(calm, grave) == ("severity",)


def test_a_greater_urgency_counts_when_one_info_of_the_area_gives_no_onset() -> None:
    open_end = replace(INFO, onset=None)
    before = replace(ALERT, infos=(INFO, open_end))
    assert sounds_again(before, updated(INFO, replace(open_end, urgency="Immediate"))) == ("onset-earlier",)


def test_another_language_of_the_same_is_no_change_but_other_advice_in_one_language_is() -> None:
    english = replace(INFO, language="en", instruction="Move to higher ground.")
    assert sounds_again(ALERT, updated(INFO, english)) == ()
    both = replace(ALERT, infos=(INFO, english))
    assert sounds_again(both, updated(INFO, replace(english, instruction="Leave now."))) == ("instruction",)
    assert sounds_again(ALERT, updated(english)) == ("instruction",)


def test_an_update_without_info_sounds_for_what_it_no_longer_says() -> None:
    assert "area" in sounds_again(ALERT, updated())


def test_an_area_of_words_alone_is_compared_by_its_words() -> None:
    words = replace(ALERT, infos=(replace(INFO, areas=(Area("toàn tỉnh"),)),))
    assert sounds_again(words, updated(replace(INFO, areas=(Area("toàn  tỉnh"),)))) == ()
    assert sounds_again(words, updated(replace(INFO, areas=(Area("phía bắc tỉnh"),)))) == ("area",)
