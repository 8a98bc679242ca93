"""hub.telling.layout: one line, and the whole."""

from dataclasses import replace

from hub.cap.model import Area
from hub.consumer import EVENT_TYPES
from hub.telling import paragraphs, subject
from hub.telling.layout import names
from tests.telling.owing import alert, info, risk, told


def test_the_subject_begins_with_the_modes_word_and_the_level() -> None:
    found = told("alert.update", mode="exercise", alert=alert(info(parameters=risk("3"))))
    assert subject(found) == (
        "DIỄN TẬP – CẬP NHẬT – cấp độ rủi ro thiên tai 3 – Lũ khẩn cấp trên sông La Ngà – Xã Tân Phú, Xã Định Quán"
    )


def test_what_is_over_bears_no_level() -> None:
    assert subject(told("alert.cancel")) == "ĐÃ HỦY – Lũ khẩn cấp trên sông La Ngà – Xã Tân Phú, Xã Định Quán"
    assert "Nghiêm trọng" not in "\n".join(paragraphs(told("alert.cancel")))


def test_a_cancel_never_repeats_what_to_do() -> None:
    for kind in ("alert.cancel", "alert.left_your_area", "alert.missed"):
        assert "Di dời" not in "\n".join(paragraphs(told(kind)))


def test_an_all_clear_tells_its_own_advice() -> None:
    clear = alert(info(response_types=("AllClear",), urgency="Past", instruction="Nước có thể còn chảy xiết."))
    assert "Nước có thể còn chảy xiết." in paragraphs(told("alert.ended", alert=clear))


def test_everything_is_told_in_order() -> None:
    assert paragraphs(told()) == (
        "CẢNH BÁO",
        "Lũ khẩn cấp trên sông La Ngà. Mức độ: Nghiêm trọng",
        "Nơi: Xã Tân Phú, Xã Định Quán",
        "Thời gian: từ 10:00 đến 16:00 24/11/2026",
        "Việc cần làm: Di dời người và tài sản khỏi vùng trũng ven sông.",
        "Mực nước tại Tà Lài 113,43 m, trên BĐ3 0,43 m.",
        "Nguồn: Đài Khí tượng Thủy văn Đồng Nai",
        "Phát lúc 10:00 24/11/2026",
    )


def test_every_kind_of_event_is_told_with_the_modes_word_first() -> None:
    for kind in EVENT_TYPES:
        found = told(kind, mode="test")
        assert subject(found).startswith("THỬ NGHIỆM – ")
        assert paragraphs(found)[:2] == (f"THỬ NGHIỆM – {found.word}", "Đây là thử nghiệm hệ thống.")


def test_many_places_are_counted_and_a_long_name_is_cut_openly() -> None:
    many = told(alert=alert(info(areas=tuple(Area(f"Xã {n}") for n in range(95)))))
    assert names(many.parts[0], many, 3, 100) == "Xã 0, Xã 1, Xã 2 và 92 nơi khác"
    long = replace(many.parts[0], where=("Xã Tân Phú " * 50,))
    assert names(long, many, 3, 40) == "Xã Tân Phú Xã Tân Phú và các nơi khác"
    assert names(replace(long, where=()), many, 3, 40) == ""
