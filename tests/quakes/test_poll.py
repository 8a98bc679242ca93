"""hub.quakes.poll: what an answer changes, pure. The connectors' tests ask real servers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import ParseError
from hub.http import Fetched
from hub.quakes.event import Catalogue, Quake
from hub.quakes.poll import Answer, taken
from hub.quakes.progress import Progress, mark_of, progress_of

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
START = NOW - timedelta(days=1)


def page(*events: tuple[str, float, int], etag: str = "e") -> Fetched:
    """(key, magnitude, minute of its revision) of each event."""
    return Fetched(200, {"etag": etag}, json.dumps(events).encode(), "https://x/query?limit=9")


def reads(found: Fetched) -> Catalogue:
    if found.body.startswith(b"<"):
        raise ParseError("not-json")
    return Catalogue(
        tuple(
            Quake(key, (key,), NOW + timedelta(minutes=minute), NOW, magnitude=magnitude)
            for key, magnitude, minute in json.loads(found.body)
        )
    )


def counts(quake: Quake) -> bool:
    return quake.magnitude is None or quake.magnitude >= 3


def test_only_a_page_with_news_that_counts_is_kept_and_the_mark_remembers() -> None:
    first = page(("a", 5.0, 0), ("weak", 2.0, 0))
    new = taken(Answer(NOW, (first,), START), Progress(), reads=reads, counts=counts)
    assert new.fresh == (first,) and list(new.progress.known) == ["a"]
    assert (new.progress.etag, new.progress.reconciled_at, new.progress.compared_at) == ("e", NOW, NOW)
    again = taken(Answer(NOW, (first,), START), new.progress, reads=reads, counts=counts)
    assert again.fresh == ()
    assert progress_of(json.loads(json.dumps(mark_of(again.progress)))) == again.progress


def test_an_answer_older_than_what_was_told_is_no_news_and_takes_nothing_back() -> None:
    told = Progress().told(reads(page(("a", 6.0, 10))).events)
    new = taken(Answer(NOW, (page(("a", 5.0, 0)),), START), told, reads=reads, counts=counts)
    assert new.fresh == () and new.progress.known["a"].updated == NOW + timedelta(minutes=10)
    assert not new.progress.known["a"].missing


def test_what_is_listed_and_counts_no_longer_is_asked_for() -> None:
    told = Progress().told(reads(page(("a", 5.0, 0))).events)
    new = taken(Answer(NOW, (page(("a", 2.0, 5)),), START), told, reads=reads, counts=counts)
    assert new.fresh == () and new.progress.known["a"].missing


def test_a_list_that_is_not_whole_or_says_only_changes_makes_nothing_missing() -> None:
    told = Progress().told(reads(page(("a", 5.0, 0))).events)
    new = taken(Answer(NOW, (page(("b", 5.0, 0)),), None), told, reads=reads, counts=counts)
    assert not new.progress.known["a"].missing and new.progress.compared_at is None
    assert new.progress.reconciled_at == NOW


def test_a_page_that_cannot_be_read_moves_nothing_but_what_the_others_say() -> None:
    broken = Fetched(200, {"etag": "x"}, b"<html>", "https://x")
    told = Progress(etag="before").told(reads(page(("a", 5.0, 0))).events)
    new = taken(Answer(NOW, (page(("b", 5.0, 0)), broken), START), told, reads=reads, counts=counts)
    assert len(new.fresh) == 2 and set(new.progress.known) == {"a", "b"}
    assert (new.progress.etag, new.progress.reconciled_at) == ("before", None)
    assert not new.progress.known["a"].missing


def test_validators_are_kept_of_a_single_page_only() -> None:
    two = taken(Answer(NOW, (page(etag="1"), page(etag="2")), START), Progress(etag="x"), reads=reads, counts=counts)
    assert two.progress.etag == ""
    unchanged = taken(Answer(NOW, None, START), Progress(etag="x"), reads=reads, counts=counts)
    assert (unchanged.progress.etag, unchanged.progress.reconciled_at) == ("x", NOW)


def test_a_lost_event_is_withdrawn_once_and_is_news_when_it_comes_back() -> None:
    told = Progress().told(reads(page(("a", 5.0, 0))).events)
    gone = taken(Answer(NOW, (), START, lost=("a",)), told, reads=reads, counts=counts)
    assert gone.lost == ("a",)
    again = taken(Answer(NOW, (), START, lost=("a", "never-told")), gone.progress, reads=reads, counts=counts)
    assert again.lost == ()
    back = taken(Answer(NOW, (page(("a", 5.0, 0)),), START), again.progress, reads=reads, counts=counts)
    assert len(back.fresh) == 1 and not back.progress.known["a"].withdrawn


STEPS = st.lists(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([2.0, 4.0, 6.0]), st.integers(0, 9)), max_size=4),
    max_size=6,
)


@settings(deadline=None)
@given(STEPS)
def test_no_event_that_counts_is_ever_passed_over_in_its_newest_form(steps: list[list[tuple[str, float, int]]]) -> None:
    """Whatever the lists say one after another: the newest form that counts was on a page that was kept."""
    progress, told = Progress(), {}
    newest: dict[str, int] = {}
    for n, events in enumerate(steps):
        unique = list({key: (key, magnitude, minute) for key, magnitude, minute in events}.values())
        new = taken(Answer(NOW + timedelta(minutes=n), (page(*unique),), START), progress, reads=reads, counts=counts)
        progress = new.progress
        for kept in new.fresh:
            told |= {one.key: max(told.get(one.key, NOW), one.updated) for one in reads(kept).events}
        for key, magnitude, minute in unique:
            if magnitude >= 3:
                newest[key] = max(newest.get(key, -1), minute)
    assert all(
        told.get(key, NOW - timedelta(days=9)) >= NOW + timedelta(minutes=minute) for key, minute in newest.items()
    )
