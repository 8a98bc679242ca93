"""connectors.cap_feed.mark: what is listed, what is still to be fetched, what is leaving."""

from __future__ import annotations

import json

from connectors.cap_feed.index import Index
from connectors.cap_feed.mark import Document, Progress, mark_of, progress_of

A, B = ("s", "a"), ("s", "b")


def listing(progress: Progress, *urls: str, names: tuple[tuple[str, str], ...] = ()) -> Progress:
    return progress.listing(Index("atom", urls=urls, names=names), etag="e", last_modified="l", sha256="h")


def test_a_mark_comes_back_from_json_as_it_was() -> None:
    progress = listing(Progress(), "u1", "u2", names=(A,)).with_document("u1", Document("h", "e", "l", (B,)))
    leaving = listing(progress, "u2")
    for one in (Progress(), progress, leaving):
        assert progress_of(json.loads(json.dumps(mark_of(one)))) == one
    assert mark_of(Progress()) == {}


def test_new_documents_are_pending_and_dropped_ones_leave() -> None:
    progress = listing(Progress(), "u1").with_document("u1", Document(names=(A,)))
    assert progress.pending == ()
    after = listing(progress, "u2")
    assert (after.pending, after.documents, after.gone()) == (("u2",), {}, (A,))


def test_an_alert_found_again_at_another_address_is_not_gone() -> None:
    progress = listing(Progress(), "u1").with_document("u1", Document(names=(A,)))
    moved = listing(progress, "u2").with_document("u2", Document(names=(A,)))
    assert moved.gone() == ()


def test_an_alert_inside_the_index_leaves_with_the_index() -> None:
    progress = listing(Progress(), names=(A, B))
    assert listing(progress, names=(B,)).gone() == (A,)


def test_an_overwritten_document_lets_its_former_alert_go() -> None:
    progress = (
        listing(Progress(), "u1").with_document("u1", Document(names=(A,))).with_document("u1", Document(names=(B,)))
    )
    assert progress.gone() == (A,)


def test_the_newest_pending_come_first_and_mutable_ones_take_turns() -> None:
    progress = listing(Progress(), "u1", "u2", "u3")
    assert progress.due(most=2, mutable=False) == ("u2", "u3")
    read = progress.with_document("u1", Document()).with_document("u2", Document())
    assert read.due(most=2, mutable=False) == ("u3",)
    assert read.due(most=2, mutable=True) == ("u1", "u3")
    assert read.with_document("u1", Document()).due(most=2, mutable=True) == ("u2", "u3")


def test_a_refused_document_waits_behind_all_others_and_is_forgotten_with_its_listing() -> None:
    progress = Progress(pending=("a", "b", "c")).refusing("c", "1").refusing("b", "2")
    assert progress.pending == ("b", "c", "a")
    assert progress.due(most=1, mutable=False) == ("a",)
    assert progress.due(most=9, mutable=False) == ("b", "c", "a")
    assert progress_of(json.loads(json.dumps(mark_of(progress)))) == progress
    later = progress.listing(Index("atom", urls=("b", "d")), etag="", last_modified="", sha256="x")
    assert later.refused == {"b": "2"}
    assert later.with_document("b", Document()).refused == {}


def test_a_document_that_is_refused_after_it_was_read_stays_as_it_was() -> None:
    known = Document("s", names=(("x", "y"),))
    progress = Progress(documents={"a": known, "b": Document()}).refusing("a", "1")
    assert progress.documents["a"] == known
    assert list(progress.documents) == ["b", "a"], "its turn comes last"
    assert progress.pending == ()


def test_documents_that_held_no_alert_keep_their_turn_when_the_index_changes() -> None:
    progress = Progress(pending=("a", "b", "c")).refusing("c", "1").refusing("b", "2")
    later = progress.listing(Index("atom", urls=("a", "b", "c", "d")), etag="", last_modified="", sha256="x")
    assert later.pending == ("b", "c", "a", "d")
