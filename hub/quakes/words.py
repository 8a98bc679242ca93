"""What an earthquake is called and told as, in Vietnamese and in English. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta, timezone

from hub.quakes.event import REJECTED, REVIEWED, Quake

VIETNAM = timezone(timedelta(hours=7))
HEADLINE = 160
"""So many characters fit a headline (CAP 1.2 §3.2.2 suggests it for devices)."""

KINDS: dict[str, tuple[str, str, str]] = {
    "earthquake": ("Động đất", "Earthquake", "Geo"),
    "induced or triggered event": ("Động đất kích thích", "Induced earthquake", "Geo"),
    "volcanic eruption": ("Núi lửa phun trào", "Volcanic eruption", "Geo"),
    "volcanic explosion": ("Nổ núi lửa", "Volcanic explosion", "Geo"),
    "landslide": ("Trượt lở đất", "Landslide", "Geo"),
    "rock burst": ("Nổ đá trong mỏ", "Rock burst", "Geo"),
    "rockslide": ("Sạt lở đá", "Rockslide", "Geo"),
    "snow avalanche": ("Lở tuyết", "Snow avalanche", "Geo"),
    "ice quake": ("Chấn động băng", "Ice quake", "Geo"),
    "mine collapse": ("Sập hầm mỏ", "Mine collapse", "Geo"),
    "collapse": ("Sập, sụt", "Collapse", "Geo"),
    "building collapse": ("Sập công trình", "Building collapse", "Safety"),
    "quarry blast": ("Nổ mìn khai thác đá", "Quarry blast", "Other"),
    "mining explosion": ("Nổ mìn trong mỏ", "Mining explosion", "Other"),
    "explosion": ("Vụ nổ", "Explosion", "Safety"),
    "chemical explosion": ("Nổ hóa chất", "Chemical explosion", "Safety"),
    "experimental explosion": ("Nổ thử nghiệm", "Experimental explosion", "Other"),
    "nuclear explosion": ("Nổ hạt nhân", "Nuclear explosion", "CBRNE"),
    "sonic boom": ("Tiếng nổ siêu thanh", "Sonic boom", "Other"),
    "acoustic noise": ("Nhiễu âm", "Acoustic noise", "Other"),
    "other event": ("Sự kiện địa chấn khác", "Other seismic event", "Other"),
    "not reported": ("Sự kiện địa chấn chưa rõ loại", "Seismic event of unreported type", "Geo"),
    "": ("Sự kiện địa chấn chưa rõ loại", "Seismic event of unreported type", "Geo"),
}
"""A word of QuakeML's event types, as catalogues write it -> (Vietnamese, English, CAP category).

A word that is not here is told as it is, category Other."""

_STATUS_VI = {
    REVIEWED: "Số liệu đã được chuyên gia kiểm tra.",
    REJECTED: "Chuyên gia của nguồn đã bác kết quả tính này.",
    "": "Số liệu tự động, có thể thay đổi.",
}
_STATUS_EN = {
    REVIEWED: "Reviewed by a seismologist.",
    REJECTED: "A seismologist of the source has rejected this solution.",
    "": "Automatic, may change.",
}
_BEARINGS = {
    "N": "bắc",
    "S": "nam",
    "E": "đông",
    "W": "tây",
    "NE": "đông bắc",
    "NW": "tây bắc",
    "SE": "đông nam",
    "SW": "tây nam",
    "NNE": "bắc đông bắc",
    "NNW": "bắc tây bắc",
    "ENE": "đông đông bắc",
    "ESE": "đông đông nam",
    "SSE": "nam đông nam",
    "SSW": "nam tây nam",
    "WNW": "tây tây bắc",
    "WSW": "tây tây nam",
}
_REGIONS = {
    "vietnam": "Việt Nam",
    "laos": "Lào",
    "cambodia": "Campuchia",
    "thailand": "Thái Lan",
    "china": "Trung Quốc",
    "taiwan": "Đài Loan",
    "japan": "Nhật Bản",
    "burma (myanmar)": "Myanmar",
    "myanmar": "Myanmar",
    "south china sea": "Biển Đông",
    "gulf of tongking": "vịnh Bắc Bộ",
    "gulf of tonkin": "vịnh Bắc Bộ",
    "gulf of thailand": "vịnh Thái Lan",
}
"""Countries, and the Flinn-Engdahl regions of our own seas (some networks write them in capitals) -> as we call them."""

_DISTANCE = re.compile(r"(\d+(?:\.\d+)?)\s*km\s+([NSEW]{1,3})\s+of\s+(.+)")


def kind_of(quake: Quake) -> tuple[str, str, str]:
    """(Vietnamese, English, CAP category) of the event's type, which is never assumed."""
    kind = quake.kind
    return KINDS.get(kind, (f"Sự kiện địa chấn: {kind}", kind[:1].upper() + kind[1:], "Other"))


def told_vi(quake: Quake, network: str, *, notes: Sequence[str] = ()) -> tuple[str, str]:
    """(headline, description) in Vietnamese; `network` is its short name, `notes` are further sentences."""
    name = kind_of(quake)[0]
    strength = "độ lớn chưa rõ" if quake.magnitude is None else f"độ lớn {_vi(quake.magnitude)}"
    headline = f"{name}, {strength}{_comma(_place_vi(quake.place))}"
    if quake.deleted:
        return f"{network} hủy tin: {headline}"[:HEADLINE], f"{network} đã xóa sự kiện này khỏi danh mục động đất."
    said = []
    if quake.at is not None:
        said.append(f"Thời điểm: {quake.at.astimezone(VIETNAM):%H:%M:%S ngày %d/%m/%Y} (giờ Việt Nam).")
    if quake.lat is not None and quake.lon is not None:
        north = "vĩ bắc" if quake.lat >= 0 else "vĩ nam"
        east = "kinh đông" if quake.lon >= 0 else "kinh tây"
        said.append(f"Chấn tâm: {_vi(abs(quake.lat), 3)} độ {north}, {_vi(abs(quake.lon), 3)} độ {east}.")
    said.append(f"Độ sâu: {_depth_vi(quake.depth_km)}.")
    said.append(_STATUS_VI.get(quake.status, _STATUS_VI[""]))
    if quake.suspected:
        said.append("Loại sự kiện mới là phỏng đoán.")
    return headline[:HEADLINE], " ".join([*said, *notes])


def told_en(quake: Quake, network: str, *, notes: Sequence[str] = ()) -> tuple[str, str]:
    """(headline, description) in English; `network` is its short name, `notes` are further sentences."""
    name = kind_of(quake)[1]
    strength = "magnitude unknown" if quake.magnitude is None else f"magnitude {quake.magnitude:.1f}"
    headline = f"{name}, {strength}{_comma(quake.place)}"
    if quake.deleted:
        return f"{network} withdraws: {headline}"[:HEADLINE], f"{network} has deleted this event from its catalogue."
    said = []
    if quake.at is not None:
        said.append(f"Time: {quake.at:%Y-%m-%d %H:%M:%S} UTC.")
    if quake.lat is not None and quake.lon is not None:
        said.append(
            f"Epicentre: {abs(quake.lat):.3f}° {'N' if quake.lat >= 0 else 'S'}, "
            f"{abs(quake.lon):.3f}° {'E' if quake.lon >= 0 else 'W'}."
        )
    said.append(
        "Depth: unknown."
        if quake.depth_km is None
        else f"Depth: {abs(quake.depth_km):.1f} km{_above_en(quake.depth_km)}."
    )
    said.append(_STATUS_EN.get(quake.status, _STATUS_EN[""]))
    if quake.suspected:
        said.append("The type of the event is a guess.")
    return headline[:HEADLINE], " ".join([*said, *notes])


def place_of(quake: Quake) -> str:
    """Where in words for `areaDesc`, never empty."""
    if quake.place:
        return quake.place
    return f"{quake.lat:.2f}, {quake.lon:.2f}" if quake.lat is not None and quake.lon is not None else "không rõ vị trí"


def _place_vi(place: str) -> str:
    found = _DISTANCE.fullmatch(place)
    if not found or found[2] not in _BEARINGS:
        return _country_vi(place)
    return f"cách {_country_vi(found[3])} {found[1].replace('.', ',')} km về phía {_BEARINGS[found[2]]}"


def _country_vi(place: str) -> str:
    before, comma, country = place.rpartition(", ")
    return f"{before}{comma}{_REGIONS.get(country.casefold(), country)}"


def _depth_vi(depth_km: float | None) -> str:
    if depth_km is None:
        return "chưa rõ"
    return f"{_vi(abs(depth_km))} km" + (" trên mực nước biển" if depth_km < 0 else "")


def _above_en(depth_km: float) -> str:
    return " (above sea level)" if depth_km < 0 else ""


def _vi(number: float, digits: int = 1) -> str:
    return f"{number:.{digits}f}".replace(".", ",")


def _comma(text: str) -> str:
    return f", {text}" if text else ""
