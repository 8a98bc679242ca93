"""The XML parser as its enemy sees it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.cap.cap_samples import CAP12, document
from lxml import etree

from hub.cap.parser import find_alerts, local, namespace, parse_xml, text
from hub.errors import ParseError

LAUGHS = "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9))
BOMB = f'<!DOCTYPE a [<!ENTITY a "haha">{LAUGHS}]>'


def refusal(body: bytes) -> str:
    began = time.monotonic()
    with pytest.raises(ParseError) as caught:
        parse_xml(body)
    assert time.monotonic() - began < 5
    return caught.value.reason


def test_a_document_is_read_with_its_own_encoding() -> None:
    for encoding in ("utf-8", "utf-16", "windows-1258"):
        body = f'<?xml version="1.0" encoding="{encoding}"?><a>sông Bé</a>'.encode(encoding)
        assert parse_xml(body).text == "sông Bé"


def test_white_space_and_a_byte_order_mark_before_the_declaration_do_not_matter() -> None:
    assert local(parse_xml(b'\r\n <?xml version="1.0"?><a/>')) == "a"
    assert local(parse_xml(b'\xef\xbb\xbf<?xml version="1.0"?><a/>')) == "a"


def test_comments_and_processing_instructions_are_gone() -> None:
    root = parse_xml(b"<?x y?><a>one<!-- two --><?x y?> three<![CDATA[<b>]]></a>")
    assert len(root) == 0
    assert text(root) == "one three<b>"


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE a [<!ENTITY x SYSTEM "{file}">]>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd" [<!ENTITY x "y">]>',
        '<!DOCTYPE a [<!ENTITY % p SYSTEM "{file}"> %p; <!ENTITY x "y">]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_and_its_file_never_read(head: str, encoding: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    body = (head.format(file=secret.as_uri()) + "<a>&x;</a>").encode(encoding)
    with pytest.raises(ParseError) as caught:
        parse_xml(body)
    assert caught.value.reason in ("doctype", "not-xml")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("root", ['<a x="&j;"/>', "<a>&j;</a>"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_billion_laughs_are_refused_at_once(root: str, encoding: str) -> None:
    assert refusal((BOMB + root).encode(encoding)) in ("doctype", "not-xml")


def test_an_included_file_is_not_included(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    root = parse_xml(
        f'<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{secret.as_uri()}" parse="text"/></a>'.encode()
    )
    assert b"hunter2" not in etree.tostring(root)


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        (b"", ("not-xml",)),
        (b" \n", ("not-xml",)),
        (b"{}", ("not-xml",)),
        (b"<a>", ("not-xml",)),
        (b"<a></b>", ("not-xml",)),
        (b"<a/><a/>", ("not-xml",)),
        (b"<a>\x00</a>", ("not-xml",)),
        (b"<a>&#1;</a>", ("not-xml",)),
        (b"<a>\xff\xfe</a>", ("not-xml",)),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', ("not-xml",)),
        (b"<a>&nbsp;</a>", ("not-xml",)),
        (b"<a/>" + b" " * 4_200_000, ("too-large",)),
        (b"<a>" * 1_000 + b"</a>" * 1_000, ("too-deep", "not-xml")),
        (b"<a>" * 500_000, ("too-deep", "not-xml")),
        (b"<a>" + b"<a/>" * 60_000 + b"</a>", ("too-many-elements",)),
        (b"<a " + b" ".join(b'a%d="1"' % n for n in range(60_000)) + b"/>", ("too-many-attributes", "not-xml")),
    ],
    ids=lambda value: value[:12].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_what_cannot_be_read_or_is_too_much_is_refused_with_its_reason(body: bytes, reasons: tuple[str, ...]) -> None:
    assert refusal(body) in reasons


def test_the_limit_on_bytes_can_be_chosen() -> None:
    with pytest.raises(ParseError, match="too-large"):
        parse_xml(b"<aaaaaaaa/>", max_bytes=10)
    assert local(parse_xml(b"<aaaaaaa/>", max_bytes=10)) == "aaaaaaa"


def test_a_real_polygon_of_a_megabyte_is_read() -> None:
    points = " ".join(f"{10 + n / 1e6:.6f},{106 + n / 1e6:.6f}" for n in range(60_000))
    assert len(parse_xml(f"<polygon>{points}</polygon>".encode()).text or "") == len(points)


def test_a_document_that_is_an_alert_is_found_as_it_is() -> None:
    body = document()
    assert find_alerts(body) == [body]


def test_alerts_inside_a_feed_or_an_envelope_are_found_each_on_its_own() -> None:
    one, two = document(identifier="one").decode(), document(identifier="two", ns=f'xmlns="{CAP12}" xmlns:q="u:q"').decode()
    feed = f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><content>{one}</content></entry><entry>{two}</entry>tail</feed>'
    found = [parse_xml(body) for body in find_alerts(feed.encode())]
    assert [(local(root), namespace(root)) for root in found] == [("alert", CAP12)] * 2
    assert [text(root[0]) for root in found] == ["one", "two"]
    assert all(root.tail is None for root in found)


def test_a_prefixed_alert_keeps_its_namespace_when_taken_out() -> None:
    body = f'<r xmlns:c="{CAP12}"><c:alert><c:identifier>one</c:identifier></c:alert></r>'.encode()
    (found,) = find_alerts(body)
    assert namespace(parse_xml(found)) == CAP12


def test_an_embedded_alert_without_a_namespace_is_found_too() -> None:
    body = b"<r><alert><identifier>one</identifier><sender>s</sender><sent>x</sent></alert></r>"
    assert len(find_alerts(body)) == 1


def test_a_feed_without_alerts_holds_none() -> None:
    assert find_alerts(b'<feed xmlns="http://www.w3.org/2005/Atom"><entry/></feed>') == []
