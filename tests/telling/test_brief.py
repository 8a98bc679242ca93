"""hub.telling.brief: the most urgent first, in segments that never break a word."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.cap.model import Area
from hub.consumer import EVENT_TYPES
from hub.telling import Room, brief, one_line, segments
from hub.telling.plain import units
from hub.words import sms_parts
from tests.telling.owing import alert, info, told

ROOMS = [Room.marked(1), Room.marked(3), Room.folded(1), Room.folded(2)]
LINK = "https://canhbao.example.vn/a/Zk3v9QpL2m"


@given(st.text(), st.sampled_from([Room.marked(9), Room.folded(9)]))
def test_segments_hold_the_whole_text_and_each_fits(text: str, room: Room) -> None:
    whole = room.written(one_line(text))
    cut = segments(whole, room)
    assert "".join(cut).replace(" ", "") == whole.replace(" ", "")
    assert all(units(one) <= (room.single if len(cut) == 1 else room.joined) for one in cut)


@given(st.lists(st.text("aăâbđ", min_size=1, max_size=20), max_size=60))
def test_no_word_is_broken(words: list[str]) -> None:
    assert " ".join(segments(" ".join(words), Room.marked(99))).split() == words


def test_an_emoji_is_never_cut_in_half() -> None:
    cut = segments("🌊" * 100, Room.marked(9))
    assert "".join(cut) == "🌊" * 100
    assert all(len(one) <= 33 for one in cut)


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_every_event_fits_its_segments_and_says_mode_and_kind_first(kind: str, room: Room) -> None:
    found = told(kind, mode="exercise", ack_url=LINK)
    text = brief(found, room)
    assert text.startswith(room.written(f"DIỄN TẬP – {found.word}")[:60])
    assert len(segments(text, room)) <= room.parts
    assert sms_parts(text) <= room.parts


@given(headline=st.text(max_size=3000), event=st.text(min_size=1, max_size=300), place=st.text(max_size=3000))
def test_whatever_a_source_writes_fits(headline: str, event: str, place: str) -> None:
    found = told(alert=alert(info(headline=headline, event=event, areas=(Area(place),))), ack_url=LINK)
    for room in ROOMS:
        assert len(segments(brief(found, room), room)) <= room.parts


def test_the_most_urgent_stands_first() -> None:
    assert brief(told(ack_url=LINK), Room.marked(3)) == (
        "CẢNH BÁO – Nghiêm trọng – Lũ. Xã Tân Phú, Xã Định Quán. Đến 16:00 24/11/2026. "
        f"Di dời người và tài sản khỏi vùng trũng ven sông. Lũ khẩn cấp trên sông La Ngà {LINK}"
    )


def test_the_short_form_is_folded() -> None:
    text = brief(told(), Room.folded(1))
    assert text.isascii()
    assert text.startswith("CANH BAO - Nghiem trong - Lu. Xa Tan Phu, Xa Dinh Quan. Den 16:00 24/11/2026. Di doi nguoi")
    assert len(text) <= 160


def test_places_leave_room_for_what_to_do() -> None:
    found = told(alert=alert(info(areas=tuple(Area(f"Xã Số {n}") for n in range(95)))))
    text = brief(found, Room.marked(2))
    assert re.search(r"Xã Số 0, .* và \d+ nơi khác", text)
    assert "Di dời người và tài sản" in text


def test_a_link_is_whole_or_absent() -> None:
    long = "https://canhbao.example.vn/a/" + "x" * 200
    assert long not in brief(told(ack_url=long), Room.marked(3))
    assert "https" not in brief(told(ack_url=long), Room.marked(3))
    assert brief(told(ack_url=LINK), Room.marked(2)).endswith(f" {LINK}")


def test_half_a_time_is_never_told() -> None:
    for spare in range(30):
        found = told(alert=alert(info(event="Lũ" + " x" * spare)))
        text = brief(found, Room.marked(1))
        assert "16:00…" not in text
        assert "Đến…" not in text


def test_a_cancel_says_so_and_never_what_to_do() -> None:
    text = brief(told("alert.cancel"), Room.marked(2))
    assert text.startswith("ĐÃ HỦY – Lũ. Xã Tân Phú, Xã Định Quán. Cảnh báo này đã bị hủy")
    assert "Di dời" not in brief(told("alert.cancel"), Room.marked(9))


def test_further_segments_of_a_warning_are_counted() -> None:
    two = alert(info(), info(severity="Extreme", event="Vỡ đập"))
    assert "Còn 1 phần tin khác" in brief(told(alert=two, live_infos=(0, 1)), Room.marked(3))
