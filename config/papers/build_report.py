"""Builds bao_cao_nhanh.docx, the template of the Báo cáo nhanh: `python config/papers/build_report.py`. Needs python-docx; the hub does not.

Layout after Decree 30/2020/NĐ-CP, annex I: A4, margins 20/20/30/15 mm, Times New Roman 13, the two-column head, the kind and its
summary, the text, who signs, who receives. What stands in {{ }} and {% %} is filled in by docxtpl (see README.md).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

CENTER = WD_ALIGN_PARAGRAPH.CENTER
FONT = "Times New Roman"


def build(path: Path) -> None:
    """The template stands at `path`."""
    paper = Document()
    _page(paper)
    _words(paper, "{%p if mode_word %}")
    _words(paper, "{{ mode_word }}", bold=True, size=16, align=CENTER)
    _words(paper, "{%p endif %}")
    _head(paper)
    _words(paper, "BÁO CÁO NHANH", bold=True, size=14, align=CENTER, before=12)
    _words(paper, "Về việc: {{ title }}", bold=True, align=CENTER, after=12)
    _section(paper, "1. Sự việc")
    _words(paper, "Bắt đầu: {{ began }}. Mức nặng nhất đang hiệu lực: {{ severity }}. Nguồn tin: {{ sources }}.")
    _words(paper, "Số liệu lấy từ sổ điện tử của hệ thống lúc {{ printed }}; mã sự việc {{ incident_id }}.")
    _section(paper, "2. Diễn biến các bản tin")
    _table(paper, "happened", ("Nhận lúc", "at"), ("Nguồn", "source"), ("Nội dung", "text"), ("Tình trạng", "standing"))
    _more(paper, "more_happened")
    _section(paper, "3. Đã báo cho ai, ai đã xác nhận")
    _words(
        paper,
        "Phải báo {{ counts.agencies }} cơ quan, đơn vị; đã gửi đến {{ counts.told }}; đã xác nhận {{ counts.confirmed }}. "
        "Đã gửi không có nghĩa là đã xác nhận.",
    )
    _table(
        paper,
        "answered",
        ("Nơi nhận", "agency"),
        ("Tin", "about"),
        ("Kênh", "channels"),
        ("Tình trạng", "state"),
        ("Gửi lúc", "delivered"),
        ("Xác nhận lúc", "confirmed"),
        ("Người xác nhận", "by"),
    )
    _more(paper, "more_answered")
    _section(paper, "4. Chưa xác nhận và lý do")
    _words(paper, "{%p if not silent %}")
    _words(paper, "Không có.")
    _words(paper, "{%p else %}")
    _table(
        paper,
        "silent",
        ("Nơi nhận", "agency"),
        ("Tin", "about"),
        ("Tình trạng", "state"),
        ("Lý do ghi trong sổ", "reason"),
    )
    _words(paper, "{%p endif %}")
    _section(paper, "5. Quyết định đã có")
    _words(paper, "{%p if not decided %}")
    _words(paper, "Chưa có quyết định nào ghi trong hệ thống.")
    _words(paper, "{%p else %}")
    _table(paper, "decided", ("Lúc", "at"), ("Người", "who"), ("Việc", "act"), ("Về", "about"), ("Lý do", "reason"))
    _words(paper, "{%p endif %}")
    _section(paper, "6. Điểm các nguồn nói khác nhau")
    _words(paper, "{%p if not differences %}")
    _words(paper, "Không có.")
    _words(paper, "{%p endif %}")
    _words(paper, "{%p for one in differences %}")
    _words(paper, "- {{ one }}")
    _words(paper, "{%p endfor %}")
    _section(paper, "7. Thiệt hại, đề xuất, kiến nghị")
    for _ in range(3):
        _words(paper, "." * 110)
    _foot(paper)
    paper.core_properties.author = ""
    paper.core_properties.title = "Báo cáo nhanh"
    paper.save(str(path))


def _page(paper: Any) -> None:
    page = paper.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin = page.bottom_margin = Mm(20)
    page.left_margin, page.right_margin = Mm(30), Mm(15)
    normal = paper.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(13)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    normal.paragraph_format.space_after = Pt(4)


def _words(
    where: Any,
    text: str,
    *,
    bold: bool = False,
    italic: bool = False,
    size: float = 13,
    align: Any = None,
    before: float = 0,
    after: float = 4,
) -> Any:
    paragraph = where.add_paragraph()
    paragraph.alignment = align
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(before), Pt(after)
    run = paragraph.add_run(text)
    run.bold, run.italic, run.font.size, run.font.name = bold, italic, Pt(size), FONT
    return paragraph


def _section(paper: Any, text: str) -> None:
    _words(paper, text, bold=True, before=8).paragraph_format.keep_with_next = True


def _more(paper: Any, name: str) -> None:
    _words(paper, f"{{%p if {name} %}}")
    _words(paper, f"Còn {{{{ {name} }}}} dòng không in ở đây.", italic=True)
    _words(paper, "{%p endif %}")


def _head(paper: Any) -> None:
    left, right = _columns(paper, 75, 90)
    _words(left, "{{ office.parent }}", size=12, align=CENTER, after=0)
    _words(left, "{{ office.name }}", bold=True, size=12, align=CENTER, after=0)
    _line(left, indent_mm=24)
    _words(left, "Số: ........../{{ office.symbol_report }}", align=CENTER)
    _words(right, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", bold=True, size=12, align=CENTER, after=0)
    _words(right, "Độc lập - Tự do - Hạnh phúc", bold=True, align=CENTER, after=0)
    _line(right, indent_mm=18)
    _words(right, "{{ office.place }}, {{ day }}", italic=True, align=CENTER)


def _foot(paper: Any) -> None:
    _words(paper, "", size=6)
    left, right = _columns(paper, 85, 80)
    _words(left, "Nơi nhận:", bold=True, italic=True, size=12, after=0)
    _words(left, "{%p for one in office.recipients %}")
    _words(left, "- {{ one }};", size=11, after=0)
    _words(left, "{%p endfor %}")
    _words(right, "{%p for one in office.signer %}")
    _words(right, "{{ one }}", bold=True, align=CENTER, after=0)
    _words(right, "{%p endfor %}")


def _columns(paper: Any, *widths_mm: float) -> Sequence[Any]:
    table = paper.add_table(rows=1, cols=len(widths_mm))
    table.autofit = False
    cells = table.rows[0].cells
    for cell, width in zip(cells, widths_mm, strict=True):
        cell.width = Mm(width)
        cell._element.remove(cell.paragraphs[0]._element)
    return cells


def _table(paper: Any, name: str, *columns: tuple[str, str]) -> None:
    """A table with one row for each of `name`, its head repeated on every page."""
    table = paper.add_table(rows=4, cols=len(columns), style="Table Grid")
    head, begin, each, end = table.rows
    for over, under, (title, key) in zip(head.cells, each.cells, columns, strict=True):
        _cell(over, title, bold=True)
        _cell(under, f"{{{{ one.{key} }}}}")
    _cell(begin.cells[0], f"{{%tr for one in {name} %}}")
    _cell(end.cells[0], "{%tr endfor %}")
    repeated = OxmlElement("w:tblHeader")
    repeated.set(qn("w:val"), "true")
    head._tr.get_or_add_trPr().append(repeated)
    for row in (head, each):
        whole = OxmlElement("w:cantSplit")
        row._tr.get_or_add_trPr().append(whole)


def _cell(cell: Any, text: str, *, bold: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(0)
    run = paragraph.add_run(text)
    run.bold, run.font.size, run.font.name = bold, Pt(10.5), FONT


def _line(where: Any, *, indent_mm: float) -> None:
    """The short line under a name: an empty paragraph with a lower border, between indents."""
    paragraph = _words(where, "", size=2, after=6)
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Mm(indent_mm)
    paragraph.paragraph_format.line_spacing = Pt(3)
    line = OxmlElement("w:pBdr")
    bottom = OxmlElement("w:bottom")
    for key, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        bottom.set(qn(f"w:{key}"), value)
    line.append(bottom)
    inside = paragraph._p.get_or_add_pPr()
    inside.insert(0, line)  # the schema wants it before spacing, indents and alignment; there is no style before it


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("bao_cao_nhanh.docx"))
