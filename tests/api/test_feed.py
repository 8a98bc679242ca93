"""The live feed's frames: numbering, and bytes that a WebSocket client reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from websockets.frames import Frame
from websockets.streams import StreamReader

from hub.api import feed

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def _entry(seq: int) -> feed.Entry:
    return feed.Entry(seq, "decided", f"a{seq}", {"headline": "Lũ sông Đồng Nai"})


def test_each_alert_frame_names_the_one_before_in_its_filter() -> None:
    track = feed.Track(3)
    frames = [json.loads(track.alert(_entry(seq))) for seq in (7, 8, 12)]
    assert [(frame["seq"], frame["prev"]) for frame in frames] == [(7, 3), (8, 7), (12, 8)]
    assert track.last == 12


def test_a_track_knows_the_last_ten_alerts() -> None:
    track = feed.Track(0, ["old"])
    for seq in range(1, 13):
        track.alert(_entry(seq))
    assert list(track.recent) == [f"a{seq}" for seq in range(3, 13)]


def test_a_heartbeat_tells_time_head_and_last() -> None:
    told = json.loads(feed.heartbeat(at=NOW, seq=9, last=8, recent=["a8"]))
    assert told == {"frame": "heartbeat", "time": "2026-11-24T03:00:00Z", "seq": 9, "last": 8, "recent": ["a8"]}


def test_an_empty_snapshot_says_that_nothing_is_in_force() -> None:
    told = json.loads(feed.snapshot(seq=4, last=0, alerts=[], sources=[]))
    assert told["alerts"] == [] and told["seq"] == 4


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536, 200_000])
def test_a_client_reads_the_bytes_framed_once(size: int) -> None:
    text = b"x" * size
    frames = _frames_of(feed.wire(text) + feed.wire(b"second"))
    assert [bytes(frame.data) for frame in frames] == [text, b"second"]
    assert all(frame.fin and frame.opcode == 1 for frame in frames)


def _frames_of(data: bytes) -> list[Frame]:

    reader = StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    found: list[Frame] = []
    while len(found) < 2:
        parsing = Frame.parse(reader.read_exact, mask=False, max_size=None)
        try:
            while True:
                next(parsing)
        except StopIteration as done:
            found.append(done.value)
    return found


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ('{"frame": "sound", "on": true}', True),
        ('{"frame": "sound", "on": false, "more": 1}', False),
        ('{"frame": "sound", "on": 1}', None),
        ('{"frame": "alert", "on": true}', None),
        ("[]", None),
        ("{", None),
        ("", None),
        (None, None),
    ],
)
def test_a_client_says_only_whether_its_sound_is_on(said: str | None, means: bool | None) -> None:
    assert feed.sound(said) is means
