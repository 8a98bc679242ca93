"""CAP's dateTime as text (CAP 1.2 §3.2: YYYY-MM-DDThh:mm:ss±hh:mm, UTC written -00:00, never Z, no fractions)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

from hub.cap.model import Alert

_YEARS = (1950, 9998)
"""Years that can be told in any zone, and with a day added."""


def text_of(moment: datetime) -> str:
    """The CAP text of an aware moment; a fraction of a second is kept only when there is one, so that nothing is lost."""
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError(f"naive time {moment.isoformat()}")
    text = moment.replace(tzinfo=None).isoformat(timespec="microseconds" if moment.microsecond else "seconds")
    if not offset:
        return f"{text}-00:00"
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{text}{'-' if offset < timedelta(0) else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def parse_strict(text: str) -> datetime:
    """The moment of a time with an offset of whole minutes, or Z.

    Raises:
        ValueError: not such a time, without an offset, or in a year in which no clock of a warning centre stands.
    """
    moment = datetime.fromisoformat(text)
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError(f"naive time {text!r}")
    if offset % timedelta(minutes=1) or not _YEARS[0] <= moment.year <= _YEARS[1]:
        raise ValueError(f"no time of a warning: {text!r}")
    return moment


_CAP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
_LOOSE = re.compile(
    r"(?P<y>\d{4})[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?[T\s,]*"
    r"(?P<half>上午|下午|[AaPp]\.?[Mm]\.?|SA|CH)?\s*"
    r"(?:(?P<h>\d{1,2})[:h時](?P<min>\d{1,2})(?::(?P<s>\d{1,2})(?P<f>\.\d+)?)?)?\s*"
    r"(?P<half2>上午|下午|[AaPp]\.?[Mm]\.?|SA|CH)?\s*(?P<zone>Z|z|UTC|GMT|[-+]\d\d:?\d\d|[-+]\d\d)?"
)
_AFTERNOON = ("下午", "pm", "ch")
_THAI_ERA_FROM, _THAI_ERA_TO = 2400, 2800
_THAI_ERA = 543


def read_time(text: str, zone: tzinfo) -> tuple[datetime, tuple[str, ...]]:
    """(the moment with its offset, names of the repairs). A time without a zone is taken to be in `zone`.

    Raises:
        ValueError: it is no time in any form we know, or in a year in which no clock of a warning centre stands.
    """
    try:
        moment, repairs = _read(text, zone)
    except OverflowError:
        raise ValueError(f"no time: {text!r}") from None
    if not _YEARS[0] <= moment.year <= _YEARS[1]:
        raise ValueError(f"no year of a warning: {text!r}")
    return moment, repairs


def _read(text: str, zone: tzinfo) -> tuple[datetime, tuple[str, ...]]:
    said = text.strip()
    if _CAP.fullmatch(said) and not said.endswith("+00:00") and not _is_thai(int(said[:4])):
        return parse_strict(said), ()
    found = _LOOSE.fullmatch(said)
    if found is None:
        try:
            moment = parsedate_to_datetime(said)
        except (TypeError, ValueError):
            raise ValueError(f"no time: {text!r}") from None
        # RFC 5322 §3.3: -0000 is UTC told without a local zone; the library gives it back without any
        assumed = UTC if said.endswith("-0000") else zone
        return (moment if moment.tzinfo else moment.replace(tzinfo=assumed)), ("time-rewritten",)
    return _loose(found, zone)


def _is_thai(year: int) -> bool:
    return _THAI_ERA_FROM < year < _THAI_ERA_TO


def _loose(found: re.Match[str], zone: tzinfo) -> tuple[datetime, tuple[str, ...]]:
    repairs = []
    year, hour = int(found["y"]), int(found["h"] or 0)
    if _is_thai(year):
        year -= _THAI_ERA
        repairs.append("time-other-calendar")
    half = (found["half"] or found["half2"] or "").replace(".", "").casefold()
    if half:
        hour = hour % 12 + (12 if half in _AFTERNOON else 0)
        repairs.append("time-localised")
    fraction = round(float(found["f"] or 0) * 1_000_000)
    moment = datetime(  # noqa: DTZ001 - its zone is found below
        year, int(found["m"]), int(found["d"]), hour, int(found["min"] or 0), int(found["s"] or 0)
    ) + timedelta(microseconds=fraction)
    repairs += ["time-fraction"] if found["f"] else []
    said = found["zone"]
    if not said:
        return moment.replace(tzinfo=zone), (*repairs, "time-without-zone")
    if said.upper() in ("Z", "UTC", "GMT"):
        return moment.replace(tzinfo=UTC), (*repairs, "time-zulu")
    digits = said[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:])) * (-1 if said[0] == "-" else 1)
    if not offset:
        return moment.replace(tzinfo=UTC), (*repairs, *(("time-plus-zero",) if said[0] == "+" else ()))
    return moment.replace(tzinfo=timezone(offset)), tuple(repairs) or ("time-rewritten",)


def carries_local_clock(alert: Alert, zone: tzinfo) -> bool:
    """Whether a `sent` told as UTC seems to be the clock on the wall in `zone`: a fault of the source, never mended.

    So it is when another time of the alert has the same clock with an offset, or when the text tells that clock and not the local one.
    """
    local = alert.sent.astimezone(zone)
    if alert.sent.utcoffset() or not local.utcoffset():
        return False
    clock = alert.sent.replace(tzinfo=None)
    times = [moment for info in alert.infos for moment in (info.effective, info.onset) if moment is not None]
    if any(moment.utcoffset() and moment.replace(tzinfo=None) == clock for moment in times):
        return True
    texts = [text for info in alert.infos for text in (info.headline, info.description)]
    return _tells(texts, alert.sent) and not _tells(texts, local)


def _tells(texts: Iterable[str], moment: datetime) -> bool:
    clock = re.compile(rf"(?<!\d)0?{moment.hour}\s?(?:h|:|g|giờ)\s?{moment.minute:02d}(?!\d)")
    return any(clock.search(text) for text in texts)
