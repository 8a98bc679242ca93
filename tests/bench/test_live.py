"""`hub bench live`: figures of a feed whose every frame reached every client, and none of one that lost some."""

from __future__ import annotations

import pytest

from hub.bench import live
from hub.bench.peers import Peer, Peers


def test_it_names_its_floor_its_peers_and_every_figure(peers: Peers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "AT_ONCE", 4)
    told = live.run(1, clients=6, count=2, peers=peers)
    assert peers.kind in told and told.startswith("6 clients")
    tables = told.split("\n\n")[1:]
    assert [table.split("  ")[0] for table in tables] == [
        "ms to the last client, median of a round",
        "ms to the last client, worst of a round",
        "CPU s per 100,000 frames, one by one",
        "CPU s per 100,000 frames, at once",
        "frames/s, 4 alerts at once, from the POST",
    ]
    assert all(f"\n{live.FLOOR} " in table and "x floor" in table for table in tables)
    assert f"goal for the fan-out: {live.GOAL}" in tables[2]


def _swarm_that_says(*lines: str) -> Peer:
    class Saying(Peer):
        def report(self, count: int, *, within_s: float) -> list[str]:
            return list(lines)

    return Saying("swarm", None)  # type: ignore[arg-type]  # nothing is started: it only says


GOOD = 'frame 3 3 10 20 30 {"frame": "alert"}'


def test_frames_that_everybody_had_are_taken() -> None:
    assert live.frames_of(_swarm_that_says(GOOD, "end 3"), 1, 3) == [live.Frame(30, '{"frame": "alert"}')]


@pytest.mark.parametrize(
    "lines",
    [
        ("frame 2 2 10 20 30 {}", "end 3"),
        ("frame 3 2 10 20 30 {}", "end 3"),
        (GOOD, "end 2"),
        (GOOD, GOOD, "end 3"),
        ("end 3",),
    ],
    ids=["one client missed it", "one had other bytes", "a connection was lost", "one too many", "none came"],
)
def test_a_feed_that_loses_frames_gives_no_figures(lines: tuple[str, ...]) -> None:
    with pytest.raises(RuntimeError):
        live.frames_of(_swarm_that_says(*lines), 1, 3)
