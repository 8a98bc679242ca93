"""Alerts by the thousand: any text, any time, any shape that the reader can make."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from hub.cap import model
from hub.cap.model import Alert, Area, Circle, Info, NamedValue, Reference, Resource
from hub.cap.prose import mended

_LETTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn"))
words = st.text(_LETTERS, max_size=12).map(lambda text: mended(text)[0])
names = st.text(st.sampled_from("abcXYZ019.-_@:"), min_size=1, max_size=12)
times = st.builds(
    lambda second, minutes: (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second)).astimezone(
        timezone(timedelta(minutes=minutes))
    ),
    st.integers(0, 10**8),
    st.sampled_from([-570, -60, 0, 60, 345, 420, 540]),
)
lats, lons = st.floats(-90, 90), st.floats(-180, 180)
rings = st.builds(
    lambda lat, lon, h, w: ((lat, lon), (lat, lon + w), (lat + h, lon + w), (lat, lon)),
    st.floats(-80, 80),
    st.floats(-170, 170),
    st.floats(0.01, 5),
    st.floats(0.01, 5),
)


def some(
    strategy: st.SearchStrategy[model.Point] | st.SearchStrategy[object], most: int = 2
) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(strategy, max_size=most).map(tuple)


areas = st.builds(
    Area,
    area_desc=words,
    polygons=some(rings),
    circles=some(st.builds(Circle, lats, lons, st.floats(0, 20_000))),
    geocodes=some(st.builds(NamedValue, words, words)),
    altitude=st.none() | st.floats(-1e6, 1e6),
)
infos = st.builds(
    Info,
    event=words.filter(bool),
    categories=st.lists(st.sampled_from(model.CATEGORIES), min_size=1, max_size=3, unique=True).map(tuple),
    urgency=st.sampled_from(model.URGENCIES),
    severity=st.sampled_from(model.SEVERITIES),
    certainty=st.sampled_from(model.CERTAINTIES),
    language=st.sampled_from(["vi-VN", "en-US", "km"]),
    response_types=st.lists(st.sampled_from(model.RESPONSE_TYPES), max_size=2, unique=True).map(tuple),
    onset=st.none() | times,
    expires=st.none() | times,
    headline=words,
    description=words,
    instruction=words,
    parameters=some(st.builds(NamedValue, words, words)),
    resources=some(st.builds(Resource, words, words, st.none() | st.integers(0, 10**12)), 1),
    areas=some(areas),
)
alerts = st.builds(
    Alert,
    identifier=names,
    sender=names,
    sent=times,
    status=st.sampled_from(model.STATUSES),
    msg_type=st.sampled_from(model.MSG_TYPES),
    scope=st.sampled_from(model.SCOPES),
    note=words,
    addresses=some(st.sampled_from(["a", "một hai", "x@y"]), 3),
    incidents=some(names),
    references=some(st.builds(Reference, names | st.just(""), names.map(lambda n: "r" + n), st.none() | times), 3),
    infos=some(infos),
)
