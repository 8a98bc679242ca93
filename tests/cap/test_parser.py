"""The XML parser against what an enemy sends: nothing is expanded, fetched or followed, and everything ends soon."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hub.cap.parser import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    children,
    find_alerts,
    local,
    namespace,
    open_xml,
    parse_xml,
    prose,
    text,
)
from hub.errors import ParseError

CAP = "urn:oasis:names:tc:emergency:cap:1.2"


def _refused(body: bytes, *, within_s: float = 3.0) -> str:
    start = time.monotonic()
    with pytest.raises(ParseError) as error:
        parse_xml(body)
    assert time.monotonic() - start < within_s
    return error.value.reason


def _laughs(use: str) -> bytes:
    steps = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "lol">{steps}]>{use}'.encode()


@pytest.mark.parametrize("use", ["<a>&l9;</a>", '<a b="&l9;"/>', '<a><b c="&l7;"/></a>'])
def test_entities_that_grow_are_refused(use: str) -> None:
    assert _refused(_laughs(use)) in ("doctype", "not-xml")


def test_no_entity_reads_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("mat khau")
    assert _refused(f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]><a>&x;</a>'.encode()) == "doctype"


def test_no_document_type_is_fetched() -> None:
    assert _refused(b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a/>') == "doctype"


def test_a_doctype_in_utf_16_is_refused_too() -> None:
    assert _refused('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'.encode("utf-16")) == "doctype"


def test_depth_elements_attributes_and_bytes_are_limited() -> None:
    deep = MAX_DEPTH + 1
    assert _refused(b"<a>" * deep + b"</a>" * deep) == "too-deep"
    assert _refused(b"<a>" * 100_000 + b"</a>" * 100_000) == "not-xml"
    assert _refused(b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>") == "too-many-elements"
    assert _refused(b"<a " + b" ".join(b'b%d=""' % n for n in range(200_000)) + b"/>") == "too-many-attributes"
    assert _refused(b"<a>" + b" " * (4 * 1024 * 1024) + b"</a>") == "too-large"


@pytest.mark.parametrize(
    "body", [b"", b"  \n ", b"<a>", b"{}", b"\x00\x01", b"<a>\xff</a>", b"<a><b></a></b>", "khác".encode()]
)
def test_what_is_no_xml_is_named_so(body: bytes) -> None:
    assert _refused(body) == "not-xml"


def test_comments_and_instructions_do_not_cut_text() -> None:
    root = parse_xml(b"<a>mot <!-- x -->hai<?php y ?> ba<![CDATA[ <b> ]]></a>")
    assert text(root) == "mot hai ba <b> "


def test_a_large_text_is_read() -> None:
    body = b"<a>" + b"10.12345,106.12345 " * 200_000 + b"</a>"
    assert len(text(parse_xml(body))) == 200_000 * 19


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_the_documents_own_encoding_counts(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?><a>é</a>'.encode(encoding)
    assert text(parse_xml(body)) == "é"


def test_white_space_before_the_declaration_is_forgiven() -> None:
    assert local(parse_xml(b'\r\n <?xml version="1.0"?><a/>\n')) == "a"


def test_names_are_told_without_their_prefix() -> None:
    root = parse_xml(f'<c:alert xmlns:c="{CAP}"><c:info/><other/></c:alert>'.encode())
    assert (local(root), namespace(root)) == ("alert", CAP)
    assert [name for name, _ in children(root)] == ["info", "other"]
    assert namespace(parse_xml(b"<a/>")) == ""


def test_every_alert_inside_is_found_and_a_document_that_is_one_stays_as_it_is() -> None:
    one = f'<alert xmlns="{CAP}"><identifier>1</identifier></alert>'
    assert find_alerts(one.encode()) == [one.encode()]
    feed = f"<feed><entry><content>{one}</content></entry><entry>{one.replace('1</', '2</')}</entry><alert/></feed>"
    assert [text(parse_xml(body)) for body in find_alerts(feed.encode())] == ["1", "2"]
    assert find_alerts(b"<feed/>") == []
    lying = f"<feed>{one.replace('1</', 'é</')}</feed>".encode("cp1252")
    assert [text(parse_xml(body)) for body in find_alerts(lying)] == ["é"]


def test_an_alert_whose_sender_forgot_the_namespace_is_found_too() -> None:
    inner = '<alert xmlns=""><identifier>1</identifier></alert><alert xmlns=""><colour/></alert>'
    found = find_alerts(f'<EDXL xmlns="u:e"><content>{inner}</content></EDXL>'.encode())
    assert [text(parse_xml(body)) for body in found] == ["1"]


def test_utf_8_that_is_windows_1252_is_read_and_said_so() -> None:
    root, encoding = open_xml(b'<?xml version="1.0" encoding="UTF-8"?><a>Qu\xe9bec \x96 n</a>')
    assert (text(root), encoding) == ("Québec – n", "windows-1252")
    root, encoding = open_xml(b"<a>Qu\xe9bec \x81</a>")
    assert (text(root), encoding) == ("Québec \ufffd", "windows-1252"), (
        "a letter that windows-1252 has not spoils no other"
    )
    root, encoding = open_xml("<a>Québec</a>".encode())
    assert (text(root), encoding) == ("Québec", "")


@pytest.mark.parametrize("body", [b"<a>\xe9", b'<?xml version="1.0" encoding="utf-16"?><a>\xe9</a>', b"<a><b></a>"])
def test_no_encoding_mends_what_is_no_xml(body: bytes) -> None:
    with pytest.raises(ParseError, match="not-xml"):
        open_xml(body)


def test_text_for_people_breaks_where_its_markup_does() -> None:
    assert prose(parse_xml(b"<a>1<br/>2<p>3<b>4</b></p>5</a>")) == "1\n2\n34\n5"
    assert prose(parse_xml(b"<a>1<!-- x -->2</a>")) == "12"
    assert prose(parse_xml(b"<a/>")) == ""
