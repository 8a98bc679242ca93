"""A message of the centre that has no CAP, as a CAP alert without identity, which acceptance mints. Pure.

Levels follow what the centre's CAP uses for the same kind of message: a threat is Expected, Severe, Possible; information is Unknown,
Minor, Unlikely. What is known by its title alone may be a threat and is told as one, with the words that nobody has read it yet.

The area is our coast where the bulletin names it, else the epicentre as a point; a message of which only the title is known has an area
in words that no gazetteer knows, so that a person is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from connectors.ptwc_tsunami.bulletin import Bulletin
from connectors.ptwc_tsunami.feed import Feed
from hub.cap.model import Alert, Area, Info, NamedValue

SENDER = "www.tsunami.gov"
CENTRE = "Pacific Tsunami Warning Center (PTWC)"
VIETNAM = timezone(timedelta(hours=7))
HEADLINE = 160
LIFE = timedelta(hours=3)
"""The centre speaks again within the hour while a threat lasts; after three hours of silence its last message says nothing more."""

_KINDS = {
    "threat": ("có đe dọa", "threat"),
    "ended": ("hết đe dọa", "threat over"),
    "information": ("thông tin", "information"),
}
_CHECK_VI = "Hỏi ngay trung tâm cảnh báo sóng thần quốc gia và mở tsunami.gov để đọc bản tin."
_CHECK_EN = "Ask the national tsunami warning centre at once and read the bulletin at tsunami.gov."


def alert_of_bulletin(bulletin: Bulletin, *, places: Sequence[str], coast: str) -> Alert:
    """The alert of a bulletin whose text was read. `places` are its words for our coast, `coast` is the gazetteer's."""
    ours = bool(coast) and bulletin.names(places)
    threat, ended = bulletin.kind == "threat", bulletin.kind == "ended"
    place = bulletin.place or "không rõ vị trí"
    number = bulletin.number or "?"
    vi = f"Sóng thần, bản tin PTWC số {number}: {_KINDS[bulletin.kind][0]}"
    en = f"Tsunami, PTWC message {number}: {_KINDS[bulletin.kind][1]}"
    quake = f"độ lớn {bulletin.magnitude.replace('.', ',')}, {place}" if bulletin.magnitude else place
    told_vi = [
        f"Động đất: {quake}.",
        f"Phát lúc {bulletin.issued_at.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y} (giờ Việt Nam).",
        f"Bản tin có nêu bờ biển {coast}." if ours else f"Bản tin không nêu bờ biển {coast or 'của ta'}.",
        _CHECK_VI,
    ]
    # An area with a point is matched by it alone, so our coast stands as an area of its own.
    areas = [Area(coast)] if ours and threat else []
    if bulletin.epicentre is not None:
        areas.append(Area(place, circles=(bulletin.epicentre,)))
    elif not areas:
        areas.append(Area(place))
    shared = Info(
        event="Sóng thần",
        categories=("Geo",),
        response_types=("AllClear",) if ended else ("Monitor",) if threat else (),
        urgency="Past" if ended else "Expected" if threat else "Unknown",
        severity="Severe" if threat else "Minor",
        certainty="Possible" if threat else "Unlikely",
        expires=bulletin.issued_at + LIFE,
        sender_name=CENTRE,
        web="https://www.tsunami.gov/",
        parameters=_parameters(bulletin, ours=ours),
        areas=tuple(areas),
    )
    return _told(
        shared,
        (vi, " ".join(told_vi)),
        (en, f"{bulletin.body} {_CHECK_EN}".strip()),
        sent=bulletin.issued_at,
        event=bulletin.event,
    )


def alert_of_title(feed: Feed, *, sent: datetime) -> Alert:
    """The alert of a message of which only the title is known."""
    title = feed.title or "TSUNAMI MESSAGE"
    grave = feed.may_threaten
    shared = Info(
        event="Sóng thần",
        categories=("Geo",),
        response_types=("Assess",),
        urgency="Expected" if grave else "Unknown",
        severity="Severe" if grave else "Minor",
        certainty="Possible" if grave else "Unlikely",
        expires=sent + LIFE,
        sender_name=feed.centre or CENTRE,
        web="https://www.tsunami.gov/",
        parameters=(NamedValue("severityBasis", "tên bản tin PTWC, chưa đọc được nội dung"),),
        areas=(Area("vùng chưa rõ (bản tin PTWC chưa có CAP)"),),
    )
    vi = (
        f"Sóng thần, bản tin PTWC chưa đọc được: {title}",
        f"PTWC vừa phát “{title}” nhưng chưa công bố nội dung ở dạng máy đọc được. {_CHECK_VI}",
    )
    en = (
        f"Tsunami, PTWC message not read yet: {title}",
        f"PTWC issued “{title}” without a machine-readable text. {_CHECK_EN}",
    )
    return _told(shared, vi, en, sent=sent)


def _told(shared: Info, vi: tuple[str, str], en: tuple[str, str], *, sent: datetime, event: str = "") -> Alert:
    infos = tuple(
        replace(shared, language=language, event=name, headline=headline[:HEADLINE], description=description)
        for language, name, (headline, description) in (("vi-VN", "Sóng thần", vi), ("en-US", "Tsunami", en))
    )
    return Alert(identifier="", sender=SENDER, sent=sent, incidents=(event,) if event else (), infos=infos)


def _parameters(bulletin: Bulletin, *, ours: bool) -> tuple[NamedValue, ...]:
    said = (
        ("EventPreliminaryMagnitude", bulletin.magnitude),
        ("depthKm", bulletin.depth_km),
        ("EventOriginTime", bulletin.origin_at.isoformat() if bulletin.origin_at else ""),
        ("EventLocationName", bulletin.place),
        ("severityBasis", f"bản tin PTWC: {_KINDS[bulletin.kind][0]}"),
        ("ptwc:event", bulletin.event),
        ("ptwc:number", bulletin.number),
        ("ptwc:namesOurCoast", "true" if ours else "false"),
    )
    return tuple(NamedValue(name, value) for name, value in said if value)
