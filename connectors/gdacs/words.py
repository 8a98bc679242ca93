"""What an event is called and told as, in Vietnamese and in English. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from connectors.gdacs.event import Event

VIETNAM = timezone(timedelta(hours=7))
HEADLINE = 160
"""So many characters fit a headline (CAP 1.2 §3.2.2 suggests it for devices)."""

KINDS: dict[str, tuple[str, str, str]] = {
    "EQ": ("Động đất", "Earthquake", "Geo"),
    "TS": ("Sóng thần", "Tsunami", "Geo"),
    "VO": ("Núi lửa", "Volcano", "Geo"),
    "TC": ("Bão, áp thấp nhiệt đới", "Tropical cyclone", "Met"),
    "FL": ("Lũ lụt", "Flood", "Met"),
    "DR": ("Hạn hán", "Drought", "Met"),
    "WF": ("Cháy rừng", "Forest fire", "Fire"),
}
"""GDACS event type -> (Vietnamese, English, CAP category). A type that is not here is told by its letters, category Other."""

LEVELS = {"Green": "xanh", "Orange": "cam", "Red": "đỏ"}
_COUNTRIES = {
    "Vietnam": "Việt Nam",
    "Viet Nam": "Việt Nam",
    "Laos": "Lào",
    "Cambodia": "Campuchia",
    "Thailand": "Thái Lan",
    "China": "Trung Quốc",
    "Taiwan": "Đài Loan",
    "Japan": "Nhật Bản",
    "Brunei": "Bru-nây",
}


def kind_of(event: Event) -> tuple[str, str, str]:
    """(Vietnamese, English, CAP category) of the event's type, which is never assumed."""
    return KINDS.get(event.kind, (f"Sự kiện GDACS loại {event.kind}", f"GDACS event of type {event.kind}", "Other"))


def told_vi(event: Event, level: str) -> tuple[str, str]:
    """(headline, description) in Vietnamese; `level` is the gravest the source gives."""
    colour = LEVELS.get(level, "chưa rõ")
    name = f"{kind_of(event)[0]}{_named(event)}"
    if event.kind == "EQ" and event.strength is not None:
        name += f", độ lớn {_vi(event.strength, 1)}"
    headline = f"{name}, GDACS mức {colour}{_comma(_places_vi(event.country))}"
    said = [f"GDACS đánh giá tác động nhân đạo ở nơi xảy ra: mức {colour}. Mức này không nói về địa phương nhận tin."]
    if event.temporary:
        said.append("Tin tạm thời, GDACS chưa xác nhận.")
    if event.began_at is not None:
        said.append(f"Bắt đầu: {_clock(event.began_at)}.")
    if event.lasted_to is not None and event.lasted_to != event.began_at:
        said.append(f"Số liệu đến: {_clock(event.lasted_to)}.")
    if event.point is not None:
        north = "vĩ bắc" if event.point.lat >= 0 else "vĩ nam"
        east = "kinh đông" if event.point.lon >= 0 else "kinh tây"
        said.append(f"Tâm: {_vi(abs(event.point.lat))} độ {north}, {_vi(abs(event.point.lon))} độ {east}.")
    said += [f"GDACS ghi: “{text}”." for text in (event.strength_text, event.population_text) if text]
    return headline[:HEADLINE], " ".join(said)


def told_en(event: Event, level: str) -> tuple[str, str]:
    """(headline, description) in English: the source's own words, and what they do not say."""
    name = f"{kind_of(event)[1]}{_named(event)}"
    if event.kind == "EQ" and event.strength is not None:
        name += f", magnitude {event.strength:.1f}"
    headline = f"{name}, GDACS {level or 'without a level'}{_comma(event.country)}"
    said = [event.description or event.title]
    if event.temporary:
        said.append("Preliminary: GDACS has not confirmed it yet.")
    said.append("The GDACS level is humanitarian impact where it happens, not danger at the reader's place.")
    return headline[:HEADLINE], " ".join(text for text in said if text)


def place_of(event: Event) -> str:
    """Where in words for `areaDesc`, never empty."""
    if event.country:
        return _places_vi(event.country)[:200]
    return f"{event.point.lat:.2f}, {event.point.lon:.2f}" if event.point is not None else "không rõ vị trí"


def _named(event: Event) -> str:
    name = event.name.rpartition("-")[0] or event.name if event.kind == "TC" else event.name
    return f" {name}" if name else ""


def _places_vi(country: str) -> str:
    return ", ".join(_COUNTRIES.get(one.strip(), one.strip()) for one in country.split(",") if one.strip())


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y} (giờ Việt Nam)"


def _vi(number: float, digits: int = 2) -> str:
    return f"{number:.{digits}f}".replace(".", ",")


def _comma(text: str) -> str:
    return f", {text}" if text else ""
