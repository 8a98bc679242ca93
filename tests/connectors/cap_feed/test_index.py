"""connectors.cap_feed.index: which document an entry leads to, in the forms real indexes have."""

from __future__ import annotations

import pytest

from connectors.cap_feed.index import form_of, names_in, read_index
from hub.cap.xml import find_alerts, parse_xml
from hub.errors import ParseError

URL = "https://cap.example.vn/feeds/index.xml"
ALERT = (
    '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier> {0} </identifier><sender>a@b.vn</sender></alert>'
)


def atom(*entries: str) -> bytes:
    told = "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>{told}</feed>'.encode()


def rss(*items: str) -> bytes:
    told = "".join(f"<item>{item}</item>" for item in items)
    return (
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><link>https://page.example.vn/</link>'
        f'<atom:link rel="self" href="{URL}"/>{told}</channel></rss>'
    ).encode()


def urls(body: bytes) -> tuple[str, ...]:
    return read_index(body, url=URL, inline=True).urls


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ('<link href="/d/1.cap"/>', "https://cap.example.vn/d/1.cap"),
        ('<link href="2.xml"/><id>urn:x</id>', "https://cap.example.vn/feeds/2.xml"),
        ('<link rel="self" href="/entry/3"/><link rel="alternate" href="/d/3.cap"/>', "https://cap.example.vn/d/3.cap"),
        (
            '<link href="https://page/?a" hreflang="en" title="Ireland"/><link href="/api/4" type="application/cap+xml"/>'
            '<link href="https://page/?b" rel="related"/><id>https://cap.example.vn/api/4?index=1</id>',
            "https://cap.example.vn/api/4",
        ),
        ('<link rel="self" type="application/cap+xml" href="/d/5"/>', "https://cap.example.vn/d/5"),
        (
            '<link type="text/html" href="/page"/><link rel="enclosure" type="application/xml" href="/6"/>',
            "https://cap.example.vn/6",
        ),
        ('<link type="text/html" href="/page"/><id>https://cap.example.vn/7.cap</id>', "https://cap.example.vn/page"),
        ("<id>https://cap.example.vn/8.cap</id>", "https://cap.example.vn/8.cap"),
        ('<link href="http://other.example.vn/a?x=1&amp;y=2#part"/>', "http://other.example.vn/a?x=1&y=2"),
        ('<link href=" /d/9.cap&#10;"/>', "https://cap.example.vn/d/9.cap"),
    ],
)
def test_an_atom_entry_leads_to_its_document(entry: str, url: str) -> None:
    assert urls(atom(entry)) == (url,)


@pytest.mark.parametrize(
    ("item", "url"),
    [
        ("<link>https://cap.example.vn/1.xml</link><guid>2.49.0.0.704.0.1</guid>", "https://cap.example.vn/1.xml"),
        ("<link>\n  /2.xml\n </link>", "https://cap.example.vn/2.xml"),
        (
            '<link>https://page.example.vn/3</link><enclosure url="https://cap.example.vn/3" type="application/cap+xml"/>',
            "https://cap.example.vn/3",
        ),
        ("<guid>https://cap.example.vn/4.cap</guid>", "https://cap.example.vn/4.cap"),
        (
            '<link>https://cap.example.vn/5</link><guid isPermaLink="false">https://cap.example.vn/no.cap</guid>',
            "https://cap.example.vn/5",
        ),
        ('<link/><atom:link href="/6.cap"/>', "https://cap.example.vn/6.cap"),
    ],
)
def test_an_rss_item_leads_to_its_document(item: str, url: str) -> None:
    assert urls(rss(item)) == (url,)


@pytest.mark.parametrize(
    "entry", ["", "<id>tag:example.vn,2026:1</id>", '<link href="mailto:a@b.vn"/>', '<link href="file:///etc/passwd"/>']
)
def test_an_entry_that_leads_nowhere_is_a_fault_and_stops_nothing(entry: str) -> None:
    index = read_index(atom(f"<title>Lũ</title>{entry}", '<link href="/1.cap"/>'), url=URL, inline=True)
    assert index.urls == ("https://cap.example.vn/1.cap",)
    assert index.faults == ("entry-without-link Lũ",)


def test_an_address_longer_than_any_real_one_is_a_fault() -> None:
    index = read_index(atom(f'<link href="/{"a" * 5000}"/>'), url=URL, inline=True)
    assert (index.urls, len(index.faults)) == ((), 1)


def test_documents_come_oldest_first_and_each_once() -> None:
    entries = [f'<link href="/{n}.cap"/>' for n in (3, 2, 3, 1)]
    assert urls(atom(*entries)) == tuple(f"https://cap.example.vn/{n}.cap" for n in (1, 3, 2))


def test_xml_base_counts() -> None:
    body = b'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://mirror.example.vn/x/"><entry><link href="1.cap"/></entry></feed>'
    assert urls(body) == ("https://mirror.example.vn/x/1.cap",)


def test_rss_1_0_and_a_feed_without_namespace_are_read() -> None:
    rdf = (
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel/>'
        b"<item><link>https://cap.example.vn/1.cap</link></item></rdf:RDF>"
    )
    assert urls(rdf) == ("https://cap.example.vn/1.cap",)
    assert urls(b"<feed><entry><link href='/2.cap'/></entry></feed>") == ("https://cap.example.vn/2.cap",)


def test_an_entry_that_carries_its_alert_is_not_looked_up_unless_asked() -> None:
    body = atom(
        f'<link href="/2.cap"/><content type="text/xml">{ALERT.format("i2")}</content>', '<link href="/1.cap"/>'
    )
    index = read_index(body, url=URL, inline=True)
    assert (index.form, index.carries, index.urls) == ("atom", True, ("https://cap.example.vn/1.cap",))
    assert index.names == (("a@b.vn", "i2"),)
    linked = read_index(body, url=URL, inline=False)
    assert (linked.carries, linked.names) == (False, ())
    assert linked.urls == ("https://cap.example.vn/1.cap", "https://cap.example.vn/2.cap")


def test_a_document_that_carries_alerts_is_its_own_index() -> None:
    body = f'<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0">{ALERT.format("i1")}{ALERT.format("i2")}</EDXLDistribution>'
    index = read_index(body.encode(), url=URL, inline=False)
    assert (index.form, index.carries, index.urls) == ("cap", True, ())
    assert index.names == (("a@b.vn", "i1"), ("a@b.vn", "i2"))
    assert names_in(body.encode()) == index.names


def test_alerts_inside_a_feed_become_documents_of_their_own_whatever_their_namespace() -> None:
    bare = "<alert><identifier>i2</identifier><sender>a@b.vn</sender></alert>"
    body = atom(
        f"<content>{ALERT.format('i1')}tail</content>",
        f"<content>{bare}</content>",
        "<alert>Cảnh báo</alert><link href='/1'/>",
    )
    found = find_alerts(body)
    assert [names_in(one) for one in found] == [(("a@b.vn", "i1"),), (("a@b.vn", "i2"),)]
    assert not any(b"tail" in one for one in found)
    assert read_index(body, url=URL, inline=True).urls == ("https://cap.example.vn/1",), "a word called alert is no CAP"


def test_an_alert_without_identifier_is_carried_though_it_has_no_name() -> None:
    index = read_index(ALERT.format("").encode(), url=URL, inline=True)
    assert (index.carries, index.names) == (True, ())


@pytest.mark.parametrize("body", [b"<html><body>maintenance</body></html>", b"", b"{}", b"<feed>", b"\xff\xfe\x00"])
def test_what_is_no_index_says_so(body: bytes) -> None:
    with pytest.raises(ParseError):
        read_index(body, url=URL, inline=True)
    assert names_in(body) == ()


@pytest.mark.parametrize(("body", "form"), [(atom(), "atom"), (rss(), "rss"), (ALERT.format("i").encode(), "cap")])
def test_the_form_is_told_from_the_root(body: bytes, form: str) -> None:
    assert form_of(parse_xml(body)) == form


def test_a_byte_order_mark_is_survived() -> None:
    assert urls(b"\xef\xbb\xbf" + atom('<link href="/1.cap"/>')) == ("https://cap.example.vn/1.cap",)


def test_windows_1252_that_calls_itself_utf_8_is_read_as_what_it_is() -> None:
    lying = atom("<title>tempête d’hiver</title><id>mailto:x</id>").decode().encode("cp1252")
    index = read_index(lying, url=URL, inline=True)
    assert index.faults == ("entry-without-link tempête d’hiver",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1258"])
def test_an_encoding_that_a_document_says_truly_is_left_alone(encoding: str) -> None:
    said = f'<?xml version="1.0" encoding="{encoding}"?><feed><entry><link href="/é.cap"/></entry></feed>'.encode(
        encoding
    )
    assert urls(said) == ("https://cap.example.vn/é.cap",)


@pytest.mark.parametrize(
    ("index", "link", "found"),
    [
        ("https://a.example/f", "http://a.example/1.xml", "https://a.example/1.xml"),
        ("https://a.example/f", "http://a.example:80/1.xml", "https://a.example/1.xml"),
        ("https://a.example:8443/f", "http://a.example/1.xml?x=1", "https://a.example:8443/1.xml?x=1"),
        ("https://a.example/f", "http://b.example/1.xml", "http://b.example/1.xml"),
        ("https://a.example/f", "http://a.example:8080/1.xml", "http://a.example:8080/1.xml"),
        ("http://a.example/f", "http://a.example/1.xml", "http://a.example/1.xml"),
        ("https://a.example/f", "https://a.example/1.xml", "https://a.example/1.xml"),
    ],
)
def test_a_plain_link_to_the_indexs_own_host_is_followed_as_the_index_was_read(
    index: str, link: str, found: str
) -> None:
    body = f'<rss version="2.0"><channel><item><link>{link}</link></item></channel></rss>'
    assert read_index(body.encode(), url=index, inline=True).urls == (found,)
