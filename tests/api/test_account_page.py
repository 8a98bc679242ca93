"""The account as a page: whatever stands in it is text."""

from __future__ import annotations

from hub.api.account_page import page


def test_what_a_source_wrote_is_text_on_the_page() -> None:
    evil = "<script>alert(1)</script>&\"'"
    account = {
        "title": evil,
        "mode": evil,
        "drawn": evil,
        "questions": [{"id": "known", "question": evil, "lines": [evil, "dòng"]}],
        "proof": [evil],
    }
    made = page(account, language="vi")
    assert "<script" not in made
    assert made.count("&lt;script&gt;") == 7
    assert "<li>dòng</li>" in made


def test_in_mode_actual_there_is_no_banner() -> None:
    account = {"title": "t", "mode": "", "drawn": "d", "questions": [], "proof": []}
    assert 'class="mode"' not in page(account, language="en")
