"""The one XML parser of the hub: entities, DTDs and the network are off, comments and instructions are dropped, everything is limited."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from hub.errors import ParseError

MAX_BYTES = 4 * 1024 * 1024
MAX_ELEMENTS = 50_000
MAX_ATTRIBUTES = 20_000
MAX_DEPTH = 200

FALLBACK = "windows-1252"
_ENCODING = re.compile(rb"""\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)""")

_OF_AN_ALERT = frozenset({"identifier", "sender", "sent", "info"})
_BLOCKS = frozenset({"br", "hr", "p", "li", "div", "tr", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6"})

Element = etree._Element


def parse_xml(body: bytes, *, max_bytes: int = MAX_BYTES) -> Element:
    """The root element of `body`, read as bytes: the document's own encoding declaration counts.

    Raises:
        ParseError: too-large, not-xml, doctype, too-many-elements, too-many-attributes or too-deep.
    """
    return _parse(body, max_bytes, None)


def open_xml(body: bytes, *, max_bytes: int = MAX_BYTES) -> tuple[Element, str]:
    """(root element, encoding it was read in where that is not the one it names, else ""): UTF-8 that is windows-1252 occurs.

    Raises:
        ParseError: as `parse_xml`.
    """
    try:
        return _parse(body, max_bytes, None), ""
    except ParseError as error:
        if error.reason != "not-xml" or not _is_no_utf8(body):
            raise
    said = body.decode(FALLBACK, errors="replace").encode()
    return _parse(said, 3 * max_bytes, "utf-8"), FALLBACK


def _is_no_utf8(body: bytes) -> bool:
    """Whether a document that claims UTF-8, or claims nothing, is not."""
    named = _ENCODING.match(body[:200])
    if body[:2] in (b"\xff\xfe", b"\xfe\xff") or (named and named[1].lower() not in (b"utf-8", b"utf8")):
        return False
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def _parse(body: bytes, max_bytes: int, encoding: str | None) -> Element:
    if len(body) > max_bytes:
        raise ParseError("too-large", f"{len(body)} bytes, at most {max_bytes}")
    said = body.strip(b" \t\r\n\x00") if body[:2] not in (b"\xff\xfe", b"\xfe\xff") else body
    if not said:
        raise ParseError("not-xml", "empty")
    try:
        root = etree.fromstring(said, xml_parser(encoding))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ParseError("not-xml", str(error)[:300]) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise ParseError("doctype", "a document type is never needed and never read")
    _limit(root)
    return root


def xml_parser(encoding: str | None = None) -> etree.XMLParser:
    """A parser with nothing switched on that fetches, expands or grows; the limits are `parse_xml`'s."""
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        # libxml2's own limits stay on: they stop entities that grow in attributes, which resolve_entities does not cover
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=False,
    )


def _limit(root: Element) -> None:
    elements = attributes = depth = 0
    for event, node in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        elements += 1
        attributes += len(node.attrib)
        if depth > MAX_DEPTH:
            raise ParseError("too-deep", f"more than {MAX_DEPTH} levels")
        if elements > MAX_ELEMENTS:
            raise ParseError("too-many-elements", f"more than {MAX_ELEMENTS}")
        if attributes > MAX_ATTRIBUTES:
            raise ParseError("too-many-attributes", f"more than {MAX_ATTRIBUTES}")


def local(node: Element) -> str:
    """The element's name without its namespace; "" for what is no element (an entity left unresolved)."""
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def namespace(node: Element) -> str:
    """The element's namespace, "" without one."""
    return (etree.QName(node).namespace or "") if isinstance(node.tag, str) else ""


def children(node: Element) -> Iterator[tuple[str, Element]]:
    """(local name, child) of each child element."""
    for child in node:
        name = local(child)
        if name:
            yield name, child


def text(node: Element) -> str:
    """The element's whole text, inner elements included, as written."""
    return "".join(str(part) for part in node.itertext())


def prose(node: Element) -> str:
    """The element's text for people: inner elements are markup that does not belong there, those that break a line do so."""
    if not len(node):
        return node.text or ""
    said = [node.text or ""]
    for child in node:
        around = "\n" if local(child) in _BLOCKS else ""
        said += [around, prose(child), around if len(child) or child.text else "", child.tail or ""]
    return "".join(said)


def find_alerts(body: bytes) -> list[bytes]:
    """Every CAP alert inside the document, each as a document of its own; `body` itself, byte for byte, when the root is one.

    Raises:
        ParseError: as `parse_xml`.
    """
    return documents_of(open_xml(body)[0], body)


def documents_of(root: Element, body: bytes) -> list[bytes]:
    """As `find_alerts`, of the document `body` whose root is known. Those that are not the whole of it are in UTF-8."""
    if local(root) == "alert":
        return [body]
    return [etree.tostring(node, encoding="utf-8", with_tail=False) for node in alerts_in(root)]


def alerts_in(root: Element) -> Iterator[Element]:
    """The CAP alerts inside `root`, itself included: elements called alert in a CAP namespace, or, for senders forget it, that look like one."""
    return (node for node in root.iter() if local(node) == "alert" and _is_alert(node))


def _is_alert(node: Element) -> bool:
    return "cap" in namespace(node) or any(name in _OF_AN_ALERT for name, _ in children(node))
