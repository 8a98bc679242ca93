"""hub.quakes.progress: which events are looked after, and for how long."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hub.quakes.event import Quake
from hub.quakes.progress import Progress, mark_of, progress_of

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


def event(key: str, *, ids: tuple[str, ...] = (), updated: datetime = AT, at: datetime = AT, status: str = "") -> Quake:
    return Quake(key, ids or (key,), updated, at, status=status)


def test_a_mark_comes_back_from_json_as_it_was() -> None:
    told = Progress(etag='"x"', last_modified="y", feed_sha256="z", reconciled_at=AT).told(
        [event("us1", ids=("us1", "vn7"))]
    )
    missing = told.compared([], since=AT - HALF_HOUR).asked("us1", AT, withdrawn=True)
    for progress in (Progress(), told, missing):
        assert progress_of(json.loads(json.dumps(mark_of(progress)))) == progress
    assert progress_of({}) == Progress()


def test_an_event_is_known_by_any_of_its_ids_and_keeps_its_first_key() -> None:
    progress = Progress().told([event("us1", ids=("us1",))]).told([event("vn7", ids=("vn7", "us1"))])
    assert list(progress.known) == ["us1"]
    assert progress.known["us1"].ids == ("us1", "vn7")
    assert progress.news([event("vn7", ids=("vn7",))]) == []


def test_only_a_changed_event_is_news() -> None:
    progress = Progress().told([event("us1")])
    later = event("us1", updated=AT + timedelta(milliseconds=1))
    assert progress.news([event("us1"), later]) == [later]


def test_a_deleted_event_is_no_longer_looked_after() -> None:
    assert Progress().told([event("us1")]).told([event("us1", status="deleted")]).known == {}


def test_what_the_feed_lacks_is_missing_until_it_is_too_old() -> None:
    progress = Progress().told([event("us1"), event("us2")])
    compared = progress.compared([event("us2")], since=AT - HALF_HOUR)
    assert compared.to_ask(AT, again_after=HALF_HOUR, most=10) == ["us1"]
    assert list(progress.compared([event("us2")], since=AT).known) == ["us2"], "left by age"


def test_an_event_that_was_asked_for_is_asked_again_only_later() -> None:
    missing = Progress().told([event("us1")]).compared([], since=AT - HALF_HOUR)
    asked = missing.asked("us1", AT, withdrawn=False)
    assert asked.to_ask(AT + timedelta(minutes=29), again_after=HALF_HOUR, most=10) == []
    assert asked.to_ask(AT + HALF_HOUR, again_after=HALF_HOUR, most=10) == ["us1"]
    listed = asked.compared([event("us1")], since=AT - HALF_HOUR)
    assert not listed.known["us1"].missing


def test_a_withdrawn_event_that_comes_back_is_news() -> None:
    withdrawn = Progress().told([event("us1")]).asked("us1", AT, withdrawn=True)
    assert withdrawn.news([event("us1")]) == [event("us1")]
    assert not withdrawn.told([event("us1")]).known["us1"].withdrawn


def test_ten_thousand_events_are_compared_in_well_under_a_second() -> None:
    events = [event(f"us{n}") for n in range(10_000)]
    began = datetime.now(UTC)
    progress = Progress().told(events)
    assert progress.news(events) == []
    progress.compared(events, since=AT - HALF_HOUR)
    assert datetime.now(UTC) - began < timedelta(seconds=2)


def test_without_a_time_of_revision_the_content_says_what_is_news() -> None:
    def line(digest: str, minute: int) -> Quake:
        return Quake("a", ("a",), AT + timedelta(minutes=minute), AT, digest=digest)

    progress = Progress().told([line("x", 0)])
    assert progress.news([line("x", 5)]) == []
    assert progress.news([line("y", 5)]) == [line("y", 5)]
    assert progress_of(json.loads(json.dumps(mark_of(progress)))) == progress


def test_a_deletion_is_news_whatever_its_time() -> None:
    progress = Progress().told([event("us1")])
    gone = event("us1", status="deleted", updated=AT - timedelta(hours=1))
    assert progress.current([gone]) == progress.news([gone]) == [gone]


def test_an_event_of_next_century_is_not_looked_after_for_ever() -> None:
    progress = Progress().told([event("us1", at=AT + timedelta(days=36500))])
    assert progress.compared([], since=AT).known == {}
