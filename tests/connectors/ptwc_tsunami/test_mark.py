"""connectors.ptwc_tsunami.mark: which events are followed and what is missing of them."""

from __future__ import annotations

import json
from datetime import timedelta

from connectors.ptwc_tsunami.feed import Address
from connectors.ptwc_tsunami.mark import MOST_EVENTS, MOST_OWED, Followed, Progress, mark_of, progress_of
from tests.connectors.ptwc_tsunami.bulletins import NOW

ADDRESS = Address("https://x/PHEB/2026/11/24/e1/", "e1", 3, "WEPA42", "PHEBCAP.xml")


def test_a_mark_survives_json() -> None:
    event = Followed("h/", "f", 4, NOW, read=("4/WEPA42",), lost=(1,), closed=True)
    progress = Progress("e", "m", "s", {"u": "", "v": "x"}, {"u": "y"}, {"e1": event}, "message-1", "message-2", "t")
    assert progress_of(json.loads(json.dumps(mark_of(progress)))) == progress
    assert progress_of({}) == Progress()


def test_gaps_are_the_numbers_of_which_nothing_was_read_and_that_are_not_lost() -> None:
    assert Followed("h/", "f", 5, NOW, read=("5/WEPA40", "2/WEPA42"), lost=(3,)).gaps(most=30) == (1, 4)
    assert Followed("h/", "f", 99, NOW, read=("99/WEPA40",)).gaps(most=2) == (97, 98)
    assert Followed("h/", "f", 1, NOW).gaps(most=0) == (1,)


def test_a_new_number_opens_an_event_that_was_closed() -> None:
    progress = Progress().listed(ADDRESS, heard_at=NOW).read_one(ADDRESS, now=NOW, closes=True)
    assert progress.events["e1"].closed
    later = progress.listed(ADDRESS.at(4, "WEPA42"), heard_at=NOW + timedelta(hours=1))
    assert (later.events["e1"].closed, later.events["e1"].last) == (False, 4)
    older = later.read_one(ADDRESS.at(1, "WEPA42"), now=NOW, closes=True)
    assert not older.events["e1"].closed, "an older bulletin closes nothing"


def test_only_the_last_heard_events_and_refused_pages_are_kept() -> None:
    progress = Progress()
    for n in range(30):
        event = f"e{n}"
        progress = progress.with_event(event, Followed("h/", "f", 1, NOW + timedelta(minutes=n))).refusing(event, "x")
    assert list(progress.events) == [f"e{n}" for n in range(30 - MOST_EVENTS, 30)]
    assert len(progress.refused) == MOST_OWED
    assert progress.living(NOW + timedelta(minutes=35), follow=timedelta(minutes=7)).keys() == {"e28", "e29"}
    assert progress.forgotten(NOW + timedelta(minutes=35), follow=timedelta(minutes=3)).events.keys() == {"e29"}
