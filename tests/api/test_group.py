"""A group of viewers: the same bytes for all, and for one who joined in the middle exactly what it has not."""

from __future__ import annotations

import json
from typing import Any

from hub import policy
from hub.api import feed
from hub.api.auth import Asker, Caller
from hub.api.feed import Entry, Wish
from hub.api.group import MOST_WATCHED, Group, Viewer
from hub.api.sight import Sight

CALLER = Caller(policy.Person("p", frozenset({"dispatcher"})), "token")


class Paper:
    """A connection that keeps what is written; `gone` refuses."""

    def __init__(self, *, gone: bool = False) -> None:
        self.written: list[bytes] = []
        self.gone = gone

    def write(self, frames: bytes) -> bool:
        self.written.append(frames)
        return not self.gone


def _group() -> Group:
    return Group(Sight(Asker(CALLER, "alert.watch")), Wish())


def _viewer(group: Group, after: int, *, gone: bool = False) -> tuple[Viewer, Paper]:
    paper = Paper(gone=gone)
    line: Any = paper
    viewer = Viewer(line, CALLER, after=after)
    group.viewers.add(viewer)
    return viewer, paper


def _entries(*seqs: int) -> list[Entry]:
    return [Entry(seq, "decided", f"a{seq}", {}) for seq in seqs]


def _seqs(paper: Paper) -> list[int]:
    found, data = [], b"".join(paper.written)
    while data:
        size = data[1] if data[1] < 126 else int.from_bytes(data[2:4], "big")
        start = 2 if data[1] < 126 else 4
        found.append(json.loads(data[start : start + size])["seq"])
        data = data[start + size :]
    return found


def test_everyone_gets_the_very_same_bytes() -> None:
    group = _group()
    papers = [_viewer(group, 0)[1] for _ in range(3)]
    group.pump(_entries(1, 2, 5), 6)
    assert _seqs(papers[0]) == [1, 2, 5] and group.cursor == 6
    assert all(paper.written[0] is papers[0].written[0] for paper in papers)


def test_one_who_joined_in_the_middle_gets_only_what_it_has_not() -> None:
    group = _group()
    (_, early), (_, late), (_, done) = _viewer(group, 0), _viewer(group, 2), _viewer(group, 9)
    group.pump(_entries(1, 2, 5), 6)
    assert (_seqs(early), _seqs(late), _seqs(done)) == ([1, 2, 5], [5], [])
    assert json.loads(late.written[0][2:])["prev"] == 2


def test_one_who_is_gone_is_written_to_no_more_and_the_others_go_on() -> None:
    group = _group()
    (slow, paper), (_, other) = _viewer(group, 0, gone=True), _viewer(group, 0)
    group.pump(_entries(1), 1)
    group.pump(_entries(2), 2)
    assert slow.gone.is_set() and slow.code == feed.CLOSE_TOO_SLOW
    assert len(paper.written) == 1 and _seqs(other) == [1, 2]


def test_the_first_reason_to_close_is_the_one_told() -> None:
    viewer, _ = _viewer(_group(), 0)
    viewer.close(feed.CLOSE_SIGNED_OUT)
    viewer.close(feed.CLOSE_GOING_AWAY)
    assert viewer.code == feed.CLOSE_SIGNED_OUT


def test_a_group_watches_the_last_fifty_alerts_only() -> None:
    group = _group()
    group.pump(_entries(*range(1, 61)), 60)
    group.watch("a20")
    group.watch("new")
    assert len(group.told) == MOST_WATCHED and list(group.told)[-2:] == ["a20", "new"]
