"""The Phiếu báo tin: what a person holds in the hand and signs for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.cap.model import NamedValue
from hub.papers import notice
from hub.papers.notice import day_of
from hub.papers.shelf import NOTICE
from tests.consumers.receiving import alert, cancel
from tests.papers.writing import HAZARDS, NOW, OFFICE, WORDS, papers, shown


def page(**changes: Any) -> str:
    told = changes.pop("told", None)
    values = notice(shown(told, **changes), office=OFFICE, words=WORDS, hazards=HAZARDS, now=NOW)
    return papers().page(NOTICE, values).html


def test_it_has_the_form_of_an_administrative_document_and_says_what_where_until_when() -> None:
    info = replace(
        alert().infos[0],
        instruction="Di dời khỏi bãi sông",
        parameters=(NamedValue("VN:soBanTin", "07"), NamedValue("VN:capDoRuiRo", "3")),
    )
    text = page(told=alert(infos=(info,)))
    for said in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "Số: ........../PBT",
        "Đồng Nai, ngày 24 tháng 11 năm 2026",
        "PHIẾU BÁO TIN",
        "Lũ khẩn cấp trên sông La Ngà",
        "cấp độ rủi ro thiên tai 3",
        "Xã Tân Phú",
        "16:00 24/11/2026",
        "Di dời khỏi bãi sông",
        "bản tin số 07",
        "Đài Khí tượng Thủy văn",
        "10:01 24/11/2026",
        "Đang hiệu lực",
        "không phải công điện",
        "Ký nhận",
        "Lưu: VT",
        "TRỰC CHỈ HUY",
    ):
        assert said in text, said


@pytest.mark.parametrize(
    ("standing", "said"),
    [("superseded", "Đã có tin thay thế"), ("over", "Đã hết hiệu lực bản tin"), ("ended", "Đã kết thúc hoặc bị hủy")],
)
def test_what_is_no_longer_in_force_says_so_in_a_frame_at_the_top(standing: str, said: str) -> None:
    text = page(standing=standing)
    assert f'<p class="mode">{said}</p>' in text
    assert text.index(said) < text.index("Loại tin")


def test_a_cancel_says_what_it_cancels_and_bears_no_level() -> None:
    text = page(told=cancel(), earlier=alert(), standing="ended")
    assert "ĐÃ HỦY" in text
    assert "Lũ khẩn cấp" in text
    assert "<dt>Mức độ</dt>" not in text


def test_a_drill_bears_its_word_at_the_top() -> None:
    text = page(mode="exercise")
    assert text.index("DIỄN TẬP") < text.index("CỘNG HÒA")


def test_what_a_source_writes_stays_text() -> None:
    info = replace(alert().infos[0], headline="<script>x</script>", description="{{ office.name }}")
    text = page(told=alert(infos=(info,)))
    assert "<script" not in text
    assert "{{ office.name }}" in text


def test_days_and_months_are_written_as_the_decree_wants() -> None:
    assert day_of(datetime(2026, 2, 5, tzinfo=UTC)) == "ngày 05 tháng 02 năm 2026"
    assert day_of(datetime(2026, 9, 30, 18, tzinfo=UTC)) == "ngày 01 tháng 10 năm 2026"
    assert day_of(datetime(2026, 3, 15, tzinfo=UTC)) == "ngày 15 tháng 3 năm 2026"
