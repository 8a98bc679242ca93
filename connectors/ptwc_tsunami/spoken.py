"""What a payload of the centre says: a feed, a CAP document, or a bulletin in the centre's own XML. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from connectors.ptwc_tsunami.alert import alert_of_bulletin, alert_of_title
from connectors.ptwc_tsunami.bulletin import bulletin_of
from connectors.ptwc_tsunami.feed import Feed, feed_of, is_test, message_key
from hub.cap import xml
from hub.cap.model import Alert
from hub.cap.parser import local, parse_xml
from hub.connector import Candidate, Item, Payload, Spoken, candidate_of


def spoken_in(payload: Payload, *, places: Sequence[str], coast: str, zone: tzinfo) -> list[Spoken]:
    """Everything the payload says, see `Connector.parse`.

    Raises:
        ParseError: neither feed, bulletin nor CAP.
    """
    root = local(parse_xml(payload.body))
    if root == "feed":
        feed = feed_of(payload.body, url=payload.url)
        if is_test(feed.title):
            return [_news(payload, feed.key, feed.title, feed.updated)]
        return [_of_title(feed, payload)] if feed.title and not feed.documents else []
    if root in ("tsunamiEvent", "TWCBulletin"):
        bulletin = bulletin_of(payload.body)
        if bulletin.test:
            title = f"PTWC TEST {bulletin.number}".strip()
            return [_news(payload, f"{bulletin.event}-{bulletin.number}", title, bulletin.issued_at)]
        alert = alert_of_bulletin(bulletin, places=places, coast=coast)
        known_as = message_key(bulletin.number, bulletin.issued_at)
        return [_minted(alert, payload, key=bulletin.event, also_known_as=(known_as,))]
    return [candidate_of(xml.read(payload.body, zone=zone), payload)]


def _of_title(feed: Feed, payload: Payload) -> Candidate:
    sent = feed.updated if feed.updated is not None and feed.updated <= payload.received_at else payload.received_at
    return _minted(alert_of_title(feed, sent=sent.replace(microsecond=0)), payload, key=feed.key)


def _news(payload: Payload, guid: str, title: str, at: datetime | None) -> Item:
    """A communication test: nobody is warned by it, and a person can see that it came."""
    return Item(payload.source, guid, title, payload.url, at, "", payload.sha256)


def _minted(alert: Alert, payload: Payload, *, key: str, also_known_as: tuple[str, ...] = ()) -> Candidate:
    return Candidate(
        source=payload.source,
        alert=alert,
        payload_sha256=payload.sha256,
        source_key=key,
        also_known_as=also_known_as,
        revised_at=alert.sent,
    )
