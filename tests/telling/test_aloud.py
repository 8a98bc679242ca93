"""hub.telling.aloud: whole sentences for a voice."""

import re

from hypothesis import given
from hypothesis import strategies as st

from hub.cap.model import Area
from hub.consumer import EVENT_TYPES
from hub.telling import play_time_s, read_aloud
from tests.telling.owing import alert, info, told


def test_numbers_times_and_abbreviations_are_words() -> None:
    said = read_aloud(told(alert=alert(info(headline="Mực nước Tà Lài 113,43 m, trên BĐ3 0,43 m lúc 13h30"))))
    assert "một trăm mười ba phẩy bốn ba mét, trên báo động ba không phẩy bốn ba mét" in said
    assert "mười ba giờ ba mươi phút" in said
    assert "mười sáu giờ ngày hai mươi bốn tháng mười một" in said


def test_a_drill_is_named_first_and_last() -> None:
    for kind in EVENT_TYPES:
        said = read_aloud(told(kind, mode="exercise"))
        assert said.startswith("Đây là diễn tập. ")
        assert said.endswith(" Đây là diễn tập.")
        assert "diễn tập" not in read_aloud(told(kind))


def test_an_ending_says_what_ended_and_never_what_to_do() -> None:
    said = read_aloud(told("alert.cancel"))
    assert said.startswith("Chú ý, chú ý. Hủy cảnh báo. Cảnh báo đã phát: Lũ khẩn cấp trên sông La Ngà.")
    assert "Cảnh báo này đã bị hủy, không còn hiệu lực." in said
    assert "Di dời" not in said


def test_capitals_throughout_are_not_spelt() -> None:
    (first, *_) = read_aloud(told("alert.ended", alert=alert(info(sender_name="ĐÀI KHÍ TƯỢNG")))).split("Nguồn")
    loud = info(headline="LŨ KHẨN CẤP", instruction="RỜI KHỎI VÙNG TRŨNG", response_types=("AllClear",))
    said = read_aloud(told("alert.ended", alert=alert(loud)))
    assert "Rời khỏi vùng trũng." in said
    assert first


def test_addresses_and_signs_are_not_read() -> None:
    odd = info(headline="Lũ 🌊 xem https://example.vn/a?b=1 hoặc a@example.vn *gấp*", sender_name="kttv@example.vn")
    said = read_aloud(told(alert=alert(odd)))
    assert not re.search(r"https|@|🌊|\*|Nguồn", said)
    assert "Lũ xem hoặc gấp. Mức độ: Nghiêm trọng." in said


def test_a_code_is_read_digit_by_digit() -> None:
    assert "bốn, bảy, không, một" in read_aloud(told("endpoint.challenge", challenge="4701"))


def test_a_long_list_of_places_ends_openly() -> None:
    said = read_aloud(told(alert=alert(info(areas=tuple(Area(f"Xã {name} Phú") for name in "ABCDEFGHIKLM")))))
    assert "Xã I Phú" not in said
    assert "và bốn nơi khác" in said


@given(st.text(max_size=500))
def test_everything_read_is_sentences_of_words(text: str) -> None:
    said = read_aloud(told(alert=alert(info(headline=text, instruction=text))))
    assert said.endswith(".")
    assert ".." not in said
    assert "\n" not in said


def test_play_time_grows_with_what_is_said() -> None:
    short, long = read_aloud(told("endpoint.test")), read_aloud(told())
    assert 5 < play_time_s(short, syllables_per_minute=180) < play_time_s(long, syllables_per_minute=180) < 60
    assert play_time_s("một hai ba", syllables_per_minute=60) == 3.0
    assert play_time_s("một. hai.", syllables_per_minute=120) == 2.2


def test_of_many_parts_the_gravest_three_are_read_and_the_others_counted() -> None:
    many = tuple(info(headline=f"Lũ tại {name}", areas=(Area(name),), expires=None, onset=None) for name in "ABCDE")
    grave = tuple(
        info(headline=f"Vỡ đập {n}", severity="Extreme", certainty=c)
        for n, c in (("một", "Likely"), ("hai", "Observed"))
    )
    said = read_aloud(told(alert=alert(*many, *grave), live_infos=tuple(range(7))))
    assert said.count("Mức độ") == 3
    assert said.index("Vỡ đập một") < said.index("Vỡ đập hai") < said.index("Lũ tại")
    assert "Còn bốn phần tin khác." in said or "còn bốn phần tin khác." in said
