"""hub.telling.facts: what is to be told of a delivery."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.cap.model import Area, NamedValue, Reference
from hub.consumer import EVENT_TYPES
from hub.policy.marking import marking
from hub.telling import Part
from hub.telling.facts import ENDINGS, LEVELS
from tests.telling.owing import AT, WORDS, alert, delivery, info, risk, told


def only(event_type: str = "alert.new", **changes: object) -> Part:
    (part,) = told(event_type, **changes).parts
    return part


def test_every_kind_of_event_has_its_word_in_both_languages() -> None:
    kinds = [e.removeprefix("alert.").replace(".", "_") for e in EVENT_TYPES]
    for language in ("vi", "en"):
        keys = WORDS.texts[language].keys()
        assert {f"telling.{kind}" for kind in kinds} <= keys
        assert {f"telling.{kind}_says" for kind in kinds if kind != "new"} <= keys
        assert {f"telling.drill_{mode}" for mode in ("exercise", "test")} <= keys
    assert set(ENDINGS) <= set(EVENT_TYPES)


def test_a_level_by_law_is_named_with_its_scale_and_only_when_the_bulletin_gives_one() -> None:
    assert only(alert=alert(info(parameters=risk("3")))).level == "cấp độ rủi ro thiên tai 3"
    assert only(alert=alert(info(parameters=(NamedValue("VN:baoDong", "2"),)))).level == "báo động 2"
    assert only().level == "Nghiêm trọng"


@pytest.mark.parametrize("said", ["", "0", "6", "cấp 3", "III", "3\n", "²", "99999999999"])
def test_a_level_that_the_law_does_not_know_is_not_repeated(said: str) -> None:
    level = only(alert=alert(info(parameters=risk(said)))).level
    assert level == ("cấp độ rủi ro thiên tai 3" if said.strip() == "3" else "Nghiêm trọng")


def test_what_the_hub_computed_is_said_so_and_gives_way_to_the_bulletin() -> None:
    computed = NamedValue("VN:capDoRuiRoHeThongTinh", "2")
    assert only(alert=alert(info(parameters=(computed,)))).level == "cấp độ rủi ro thiên tai 2 (hệ thống tính)"
    assert only(alert=alert(info(parameters=(computed, *risk("3"))))).level == "cấp độ rủi ro thiên tai 3"


def test_no_scale_is_called_by_a_bare_word() -> None:
    for _, key, _ in LEVELS:
        assert len(WORDS.say(key, "vi", level=3).split()) >= 3


def test_the_modes_word_is_told_once_and_apart() -> None:
    marked = marking(WORDS, "exercise")(alert(info()))
    found = told(mode="exercise", alert=marked)
    assert (found.mode_word, found.drill) == ("DIỄN TẬP", "Đây là diễn tập.")
    assert found.parts[0].headline == "Lũ khẩn cấp trên sông La Ngà"
    assert found.parts[0].advice.startswith("Di dời")


def test_an_english_info_marked_in_english_is_told_without_its_mark() -> None:
    english = info(language="en-US", headline="Flood", event="Flood")
    found = told(mode="test", alert=marking(WORDS, "test")(alert(english)))
    assert found.parts[0].headline == "Flood"


def test_in_mode_actual_nothing_is_taken_away() -> None:
    assert only(alert=alert(info(headline="DIỄN TẬP – Lũ"))).headline == "DIỄN TẬP – Lũ"


def test_an_event_in_another_language_is_called_as_it_is_called_here() -> None:
    assert only(alert=alert(info(language="en-US", headline="", event="Tsunami Warning"))).what == "Sóng thần"
    assert (
        only(
            alert=alert(info(language="en-US", headline="", event="Meteor", description="", categories=("Other",)))
        ).what
        == "Meteor"
    )
    assert told(language="en", alert=alert(info(language="en-US", event="Tsunami Warning"))).parts[0].what == (
        "Tsunami Warning"
    )


def test_a_cancel_without_infos_is_told_of_what_it_cancels() -> None:
    bare = alert(msg_type="Cancel")
    part = only("alert.cancel", alert=bare, earlier=alert(info()), live_infos=())
    assert (part.headline, part.where) == ("Lũ khẩn cấp trên sông La Ngà", ("Xã Tân Phú", "Xã Định Quán"))


def test_a_cancel_of_something_unknown_still_says_whose_and_when() -> None:
    bare = alert(msg_type="Cancel", references=(Reference("kttv@example.vn", "vn.0", AT),))
    assert (
        only("alert.cancel", alert=bare, live_infos=()).what == "cảnh báo phát lúc 10:00 24/11/2026 (kttv@example.vn)"
    )


def test_only_infos_that_concern_the_recipient_are_told_gravest_first() -> None:
    infos = (info(headline="a", severity="Minor"), info(headline="b"), info(headline="c", severity="Extreme"))
    found = told(alert=alert(*infos), live_infos=(0, 2))
    assert [part.headline for part in found.parts] == ["c", "a"]


def test_an_uncertain_area_is_said() -> None:
    assert told(flags=("area-uncertain", "no-expires")).notes == ("vùng chưa chắc chắn",)


def test_a_summary_lists_what_is_in_force() -> None:
    line = {
        "severity": "Severe",
        "headline": "Lũ\nLa Ngà",
        "live_until": "2026-11-24T09:00:00+00:00",
        "identifier": "x",
    }
    odd = {"severity": "Awful", "headline": "", "live_until": "", "identifier": "vn.9"}
    found = told("alert.summary", summary=(line, odd))
    assert found.parts == ()
    assert found.listed == ("Nghiêm trọng: Lũ La Ngà, đến 16:00 24/11/2026", "Chưa rõ mức độ: vn.9, đến ?")


def test_a_source_cannot_break_a_line_or_turn_the_text_round() -> None:
    part = only(alert=alert(info(headline="Lũ\r\nBcc: all@example.vn\u202e", sender_name="a\nb", areas=())))
    assert part.headline == "Lũ Bcc: all@example.vn"
    assert part.who == "a b"


def test_the_telling_knows_no_contract() -> None:
    folder = Path(__file__).resolve().parents[2] / "hub" / "telling"
    assert not any("hub.consumer import" in p.read_text(encoding="utf-8") for p in folder.glob("*.py"))
    assert delivery().earlier is None


def test_thousands_of_areas_are_counted_and_not_listed() -> None:
    part = only(alert=alert(info(areas=tuple(Area(f"Xã {n}") for n in range(10_000)))))
    assert len(part.where) == 401
    assert part.where[-1] == "9600 nơi khác"
