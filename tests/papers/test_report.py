"""The Báo cáo nhanh: a Word document that says what the ledger says."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import Any

from lxml import etree

from hub.papers import Answered, Decided, Happened, Reported, report
from hub.papers.report import MOST_ROWS
from hub.papers.shelf import REPORT
from tests.consumers.receiving import alert
from tests.papers.writing import HAZARDS, NOW, OFFICE, WORDS, papers, shown, text_of

LATER = NOW + timedelta(minutes=4)
SAID = Reported(
    incident_id="i1",
    hazards=("Lũ",),
    severity="Severe",
    began_at=NOW,
    mode="actual",
    happened=(Happened(shown(), "Đài KTTV"),),
    answered=(
        Answered("UBND huyện Tân Phú", "Lũ khẩn cấp", ("webhook", "sms"), "acknowledged", NOW, LATER, "Trần An"),
        Answered("Công an", "Lũ khẩn cấp", ("webhook",), "delivered", NOW),
        Answered("Sở Y tế", "Lũ khẩn cấp", ("email",), "failed", outcome="rejected http-403"),
    ),
    decided=(Decided(LATER, "alert.released", "Lê Bình", "Lũ khẩn cấp", "đã gọi hỏi Đài"),),
    differences=("Độ lớn khác nhau: từ 4,1 (a) đến 4,5 (b)",),
)


def document(said: Reported = SAID) -> bytes:
    return papers().document(REPORT, report(said, office=OFFICE, words=WORDS, hazards=HAZARDS, now=NOW))


def test_it_says_what_when_who_was_told_who_confirmed_and_who_decided() -> None:
    text = text_of(document())
    for said in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Số: ........../BC",
        "BÁO CÁO NHANH",
        "Về việc: Lũ",
        "Phải báo 3 cơ quan, đơn vị; đã gửi đến 2; đã xác nhận 1.",
        "Đài KTTV",
        "UBND huyện Tân Phú",
        "webhook, sms",
        "10:34 24/11/2026",
        "Trần An",
        "đã gửi, chưa xác nhận",
        "rejected http-403",
        "Lê Bình",
        "cho phát cảnh báo đang giữ",
        "đã gọi hỏi Đài",
        "Độ lớn khác nhau",
        "Lưu: VT",
    ):
        assert said in text, said
    assert "{{" not in text
    assert "{%" not in text


def test_who_confirmed_is_not_among_the_silent() -> None:
    told = report(SAID, office=OFFICE, words=WORDS, hazards=HAZARDS, now=NOW)
    assert [one["agency"] for one in told["silent"]] == ["Công an", "Sở Y tế"]


def test_a_drill_bears_its_word_and_an_empty_section_says_so() -> None:
    bare = replace(SAID, mode="exercise", answered=(), decided=(), differences=())
    text = text_of(document(bare))
    assert text.strip().startswith("DIỄN TẬP")
    assert "Chưa có quyết định nào" in text
    assert text.count("Không có.") == 2


def test_whatever_a_source_writes_the_document_opens_and_shows_it_as_text() -> None:
    nasty = "<w:p/>&amp; {{ office.name }} {% raw %} \x00\x0b\ud800 ]]> 🌊"
    info = replace(alert().infos[0], headline=nasty, event=nasty)
    said = replace(
        SAID,
        happened=(Happened(shown(alert(infos=(info,))), nasty),),
        decided=(Decided(LATER, "x.y", nasty, nasty, nasty),),
    )
    body = document(said)
    with zipfile.ZipFile(io.BytesIO(body)) as parts:
        etree.fromstring(parts.read("word/document.xml"))
    assert "{{ office.name }}" in text_of(body)
    assert "🌊" in text_of(body)


def test_what_does_not_fit_is_counted() -> None:
    crowd = replace(SAID, answered=SAID.answered[:1] * (MOST_ROWS + 5))
    told: dict[str, Any] = report(crowd, office=OFFICE, words=WORDS, hazards=HAZARDS, now=NOW)
    assert (len(told["answered"]), told["more_answered"]) == (MOST_ROWS, 5)


def test_the_document_keeps_the_order_that_word_insists_on() -> None:
    with zipfile.ZipFile(io.BytesIO(document())) as parts:
        root = etree.fromstring(parts.read("word/document.xml"))
    word = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    order = ["pStyle", "keepNext", "pBdr", "spacing", "ind", "jc", "rPr"]
    for inside in root.iter(f"{word}pPr"):
        names = [child.tag.removeprefix(word) for child in inside]
        assert names == sorted(names, key=order.index), names
    cells = list(root.iter(f"{word}tc"))
    assert len(cells) > 30
    assert all(cell[-1].tag == f"{word}p" for cell in cells), "a cell without a paragraph at its end does not open"
