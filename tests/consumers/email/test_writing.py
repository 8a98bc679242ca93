"""consumers.email.writing: the mail as a mailbox shows it."""

from __future__ import annotations

import re
import unicodedata
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumers.email import Gateway
from consumers.email.writing import Writer, encoded
from hub.cap.model import Area
from hub.consumer import EVENT_TYPES, Delivery
from hub.policy.marking import marking
from tests.telling.owing import HAZARDS, WORDS, alert, delivery, info, risk

LINK = "https://canhbao.example.vn/a/Zk3v9QpL2m?x=1&y=2"
TO = ("truc-ban@tan-phu.example.vn", "ubnd@tan-phu.example.vn")
WRITER = Writer(
    Gateway(
        host="mail.example.vn",
        sender="canh-bao@example.vn",
        sender_name="Hệ thống cảnh báo Đồng Nai",
        reply_to="truc-ban@example.vn",
        list_id="canh-bao.example.vn",
    ),
    WORDS,
    HAZARDS,
)


def read(told: Delivery, language: str = "vi") -> EmailMessage:
    raw = WRITER.mail(told, TO, language=language)
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert raw.isascii()
    head = raw.partition(b"\r\n\r\n")[0]
    assert all(len(line) <= 78 for line in head.split(b"\r\n"))
    found = message_from_bytes(raw, policy=default)
    assert isinstance(found, EmailMessage)
    assert not found.defects
    return found


def parts(mail: EmailMessage) -> tuple[str, str]:
    """(text, HTML)"""
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert page is not None
    return text.get_content().replace("\r\n", "\n"), page.get_content()


class Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.tags: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [(name, value or "") for name, value in attrs if name in ("href", "src", "action", "background")]


def test_the_headers_say_what_it_is_from_whom_and_that_a_machine_wrote_it() -> None:
    mail = read(
        delivery("alert.update", mode="exercise", alert=alert(info(parameters=risk("3"))), chain_aliases=("c9",))
    )
    assert mail["Subject"] == (
        "DIỄN TẬP – CẬP NHẬT – cấp độ rủi ro thiên tai 3 – Lũ khẩn cấp trên sông La Ngà – Xã Tân Phú, Xã Định Quán"
    )
    assert str(mail["From"]) == "Hệ thống cảnh báo Đồng Nai <canh-bao@example.vn>"
    assert mail["To"] == ", ".join(TO)
    assert mail["Reply-To"] == "truc-ban@example.vn"
    assert mail["Message-ID"] == "<d0123@example.vn>"
    assert mail["References"] == "<chain.c9@example.vn> <chain.c1@example.vn>"
    assert mail["In-Reply-To"] == "<chain.c1@example.vn>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "<canh-bao.example.vn>"
    assert mail["Importance"] == "high"
    assert mail["Date"].datetime == delivery().attempted_at


def test_a_repeated_try_is_the_same_mail_and_another_version_another_one_of_the_thread() -> None:
    first = WRITER.mail(delivery(), TO, language="vi")
    assert first == WRITER.mail(delivery(attempt_no=2), TO, language="vi")
    other = read(delivery("alert.cancel", delivery_id="d0456"))
    assert other["Message-ID"] == "<d0456@example.vn>"
    assert other["References"] == read(delivery())["References"]


def test_text_and_page_say_the_same_and_the_alert_is_attached() -> None:
    mail = read(delivery(cap_xml="<alert>Lũ</alert>".encode(), alert_id="a1", reason="quy tắc gửi tin số 07"))
    text, page = parts(mail)
    for said in (
        "Lũ khẩn cấp trên sông La Ngà",
        "Di dời người và tài sản",
        "16:00 24/11/2026",
        "quy tắc gửi tin số 07",
    ):
        assert said in text
        assert said in page
    (attached,) = mail.iter_attachments()
    assert (attached.get_content_type(), attached.get_filename()) == ("application/cap+xml", "a1.xml")
    assert attached.get_content() == "<alert>Lũ</alert>".encode()


def test_the_link_is_a_button_and_text_and_the_only_thing_that_leads_anywhere() -> None:
    text, page = parts(read(delivery(ack_url=LINK)))
    assert LINK in text
    links = Links(page)
    assert links.found == [("href", LINK)]
    assert not {"img", "link", "script", "style", "iframe", "form", "object"} & links.tags
    assert "url(" not in page
    assert not Links(parts(read(delivery()))[1]).found


def test_what_a_source_writes_is_text() -> None:
    hostile = info(
        headline="Lũ\r\nBcc: all@example.vn\r\n\r\n<script>alert(1)</script>",
        description='<img src="https://evil.example/x.png"><a href="https://evil.example">',
        sender_name='"><b>',
        web="https://evil.example/\"onclick='x'",
        areas=(Area("\u202eXã\x00 Tân Phú"),),
    )
    mail = read(delivery(alert=alert(hostile)))
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("CẢNH BÁO – Nghiêm trọng – Lũ Bcc: all@example.vn <script>")
    links = Links(parts(mail)[1])
    assert links.found == []
    assert not {"script", "img", "a"} & links.tags


@settings(max_examples=60)
@given(st.text(max_size=400), st.text(max_size=200))
def test_whatever_is_written_the_mail_can_be_read(headline: str, place: str) -> None:
    mail = read(delivery(alert=alert(info(headline=headline, instruction=headline, areas=(Area(place),)))))
    assert set(mail.keys()) >= {"From", "To", "Subject", "Message-ID"}
    assert len(mail.get_all("Subject") or []) == 1
    assert mail["Subject"].startswith("CẢNH BÁO – Nghiêm trọng – ")
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


@given(st.text("ab ăđ ờ–🌊", max_size=200))
def test_every_letter_and_space_of_a_subject_arrives(text: str) -> None:
    mail = message_from_bytes(f"Subject: {encoded(text)}\r\n\r\n".encode(), policy=default)
    assert str(mail["Subject"]) == text


def test_decomposed_letters_arrive_composed() -> None:
    mail = read(delivery(alert=alert(info(headline=unicodedata.normalize("NFD", "Lũ khẩn cấp")))))
    assert "Lũ khẩn cấp" in mail["Subject"]


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_every_event_says_mode_and_kind_first_in_subject_text_and_page(kind: str) -> None:
    told: dict[str, Any] = {"challenge": "40717203", "ack_url": LINK}
    mail = read(delivery(kind, mode="test", **told))
    text, page = parts(mail)
    assert mail["Subject"].startswith("THỬ NGHIỆM – ")
    assert text.startswith("THỬ NGHIỆM – ")
    assert re.search(r"<body[^>]*><p[^>]*>THỬ NGHIỆM – ", page)
    assert ("40717203" in text) == ("40717203" in page) == (kind == "endpoint.challenge")
    assert (mail["References"] is None) == kind.startswith("endpoint.") or delivery(kind).chain_id == "c1"


def test_a_cancel_names_what_it_cancels_and_never_what_to_do() -> None:
    bare = alert(msg_type="Cancel")
    mail = read(delivery("alert.cancel", alert=bare, earlier=alert(info()), live_infos=()))
    text, _ = parts(mail)
    assert mail["Subject"] == "ĐÃ HỦY – Lũ khẩn cấp trên sông La Ngà – Xã Tân Phú, Xã Định Quán"
    assert "Cảnh báo này đã bị hủy, không còn hiệu lực." in text
    assert "Di dời" not in text


def test_english_comes_second_where_the_source_wrote_it() -> None:
    english = info(language="en-US", headline="Flood on the La Nga", instruction="Leave low ground.", description="")
    both = alert(info(), english)
    text, page = parts(read(delivery(mode="exercise", alert=marking(WORDS, "exercise")(both), live_infos=(0, 1))))
    assert text.index("Lũ khẩn cấp") < text.index("EXERCISE – ALERT") < text.index("Leave low ground.")
    assert page.index("Lũ khẩn cấp") < page.index("Leave low ground.")
    turned, _ = parts(read(delivery(alert=both, live_infos=(0, 1)), language="en"))
    assert turned.index("Leave low ground.") < turned.index("Lũ khẩn cấp")
    assert "ALERT" not in parts(read(delivery()))[0]


def test_a_summary_has_no_single_alert_attached() -> None:
    line = {"severity": "Severe", "headline": "Lũ", "live_until": "2026-11-24T09:00:00+00:00", "identifier": "x"}
    mail = read(delivery("alert.summary", summary=(line, line), cap_xml=b"<alert/>"))
    assert not list(mail.iter_attachments())
    assert parts(mail)[0].count("Nghiêm trọng: Lũ, đến 16:00 24/11/2026") == 2
