"""connectors.cap_feed.index against feedparser, over the public samples beside the project."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any

import feedparser
import pytest

from connectors.cap_feed.index import names_in, read_index
from hub.cap.xml import find_alerts, read
from hub.errors import ParseError

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
URL = "https://feeds.example.vn/index.xml"


def is_feed(path: Path) -> bool:
    head = path.read_bytes()[:4000].lower()
    return b"<feed" in head or b"<rss" in head or b":feed" in head


FEEDS = sorted(
    path
    for folder in ("cap", "rss_atom", "gdacs")
    for path in (SAMPLES / folder).rglob("*")
    if path.suffix in (".atom", ".rss", ".xml") and path.is_file() and is_feed(path)
)
pytestmark = pytest.mark.needs("shared")


@pytest.mark.parametrize("path", FEEDS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_link_that_feedparser_finds_is_among_ours_or_a_better_one_is(path: Path) -> None:
    body = path.read_bytes()
    theirs = feedparser.parse(body)
    try:
        ours = read_index(body, url=URL, inline=False)
    except ParseError as error:
        assert theirs.bozo or error.reason == "doctype", "feedparser reads it without complaint"
        return
    listed = {found.strip().partition("#")[0] for entry in theirs.entries for found in links_of(entry)}
    assert {url for url in ours.urls if not url.startswith("https://feeds.example.vn/")} <= listed
    assert ours.urls or not any(found.startswith("http") for found in listed)
    assert len(ours.urls) + len(ours.faults) <= len(theirs.entries)


def links_of(entry: Any) -> list[str]:
    hrefs = [link.get("href", "") for link in entry.get("links", [])]
    return [*hrefs, entry.get("link", ""), entry.get("id", "")]


@pytest.mark.parametrize("path", FEEDS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_names_are_found_wherever_an_alert_stands(path: Path) -> None:
    body = path.read_bytes()
    try:
        carries = read_index(body, url=URL, inline=True).carries
    except ParseError:
        return
    if names_in(body):
        assert carries


def test_an_alert_is_withdrawn_under_the_name_by_which_it_was_told() -> None:
    told, differing = 0, []
    for path in (path for path in (SAMPLES / "cap").rglob("*") if path.suffix in (".cap", ".xml", ".atom", ".edxlde")):
        try:
            documents = find_alerts(path.read_bytes())
        except ParseError:
            continue
        for document in documents:
            try:
                alert = read(document, zone=UTC).alert
            except ParseError:
                continue
            told += 1
            if names_in(document) != ((alert.sender, alert.identifier),):
                differing.append((path.name, names_in(document), alert.sender, alert.identifier))
    assert told > 150
    assert differing == []
