"""consumers.cap_feed.files: files that are always whole."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from consumers.cap_feed import files
from consumers.cap_feed.files import GRACE_S, Shelf

NOW = 1_795_489_500.0


def feed(*ids: str) -> bytes:
    return "".join(f'<link href="https://hub.example/feeds/cap/{alert_id}.xml"/>\n' for alert_id in ids).encode()


def standing(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_feed_and_documents_stand_on_disk(tmp_path: Path) -> None:
    Shelf(tmp_path, "a").publish(feed("a1", "a2"), {"a1": b"one", "a2": b"two"}, now=NOW)
    assert standing(tmp_path) == {"a.atom", "a1.xml", "a2.xml"}
    assert (tmp_path / "cap/a2.xml").read_bytes() == b"two"
    assert Shelf(tmp_path, "a").feed() == feed("a1", "a2")
    assert Shelf(tmp_path, "b").feed() == b""


def test_what_has_not_changed_is_not_written_again(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, "a")
    shelf.publish(feed("a1"), {"a1": b"one"}, now=NOW)
    before = [(tmp_path / name).stat().st_ino for name in ("a.atom", "cap/a1.xml")]
    for again in (shelf, Shelf(tmp_path, "a")):
        again.publish(feed("a1"), {"a1": b"one"}, now=NOW + 1)
    assert [(tmp_path / name).stat().st_ino for name in ("a.atom", "cap/a1.xml")] == before


def test_a_damaged_document_is_mended_at_the_next_start(tmp_path: Path) -> None:
    Shelf(tmp_path, "a").publish(feed("a1"), {"a1": b"one"}, now=NOW)
    (tmp_path / "cap/a1.xml").write_bytes(b"on")
    Shelf(tmp_path, "a").publish(feed("a1"), {"a1": b"one"}, now=NOW)
    assert (tmp_path / "cap/a1.xml").read_bytes() == b"one"


def test_a_document_that_somebody_deleted_is_written_again(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, "a")
    shelf.publish(feed("a1"), {"a1": b"one"}, now=NOW)
    (tmp_path / "cap/a1.xml").unlink()
    shelf.publish(feed("a1"), {"a1": b"one"}, now=NOW)
    assert (tmp_path / "cap/a1.xml").read_bytes() == b"one"


def test_a_document_stays_an_hour_after_its_last_link(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, "a")
    shelf.publish(feed("a1"), {"a1": b"one"}, now=NOW)
    shelf.publish(feed(), {}, now=NOW + GRACE_S - 10)
    assert "a1.xml" in standing(tmp_path)
    shelf.publish(feed(), {}, now=NOW + GRACE_S * 2)
    assert standing(tmp_path) == {"a.atom"}


def test_a_document_that_another_feed_links_to_stays(tmp_path: Path) -> None:
    one, other = Shelf(tmp_path, "a"), Shelf(tmp_path, "b")
    one.publish(feed("a1"), {"a1": b"one"}, now=NOW)
    other.publish(feed("a1", "a2"), {"a1": b"one", "a2": b"two"}, now=NOW)
    one.publish(feed(), {}, now=NOW + GRACE_S * 3)
    assert standing(tmp_path) == {"a.atom", "b.atom", "a1.xml", "a2.xml"}


def test_an_old_document_taken_up_again_is_safe_before_its_link_stands(tmp_path: Path) -> None:
    one, other = Shelf(tmp_path, "a"), Shelf(tmp_path, "b")
    one.publish(feed("a1"), {"a1": b"one"}, now=NOW)
    later = NOW + GRACE_S * 3
    other._documents.mkdir(exist_ok=True)
    other._put("a1.xml", b"one", later)
    one.publish(feed(), {}, now=later)
    assert "a1.xml" in standing(tmp_path)


def test_feeds_of_one_folder_that_sweep_at_the_same_time_are_not_in_each_others_way(tmp_path: Path) -> None:
    shelves = [Shelf(tmp_path, name) for name in "abcd"]
    for n in range(5):
        at = NOW + n * GRACE_S * 3
        shelves[0].publish(feed(), {f"a{n}-{m}": b"one" for m in range(300)}, now=at)
        with ThreadPoolExecutor(len(shelves)) as pool:
            list(pool.map(lambda shelf: shelf._sweep(at + GRACE_S * 2), shelves))  # noqa: B023 - done before the next
        assert standing(tmp_path) <= {"a.atom"}


def test_what_an_interrupted_writer_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / "cap").mkdir()
    (tmp_path / "cap/.a1.xml.a.tmp").write_bytes(b"hal")
    (tmp_path / "cap/.a1.xml.other.tmp").write_bytes(b"another follower is just writing this")
    Shelf(tmp_path, "a").publish(b"<feed/>", {}, now=NOW)
    assert standing(tmp_path) == {"a.atom", ".a1.xml.other.tmp"}


@pytest.mark.parametrize("fails_at", range(1, 9))
def test_a_disk_that_refuses_leaves_what_was_published_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    """The n-th sync fails, as it does on a full or dying disk: every link of the feed that stands leads to a whole document."""
    shelf = Shelf(tmp_path, "a")
    shelf.publish(feed("a1"), {"a1": b"one"}, now=NOW)
    calls = 0
    real = os.fsync

    def sync(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(files.os, "fsync", sync)
    documents = {"a1": b"one", "a2": b"two", "a3": b"three"}
    try:
        shelf.publish(feed("a1", "a2", "a3"), documents, now=NOW)
        failed = False
    except OSError:
        failed = True
    assert failed is (fails_at <= 5)
    stands = shelf.feed()
    assert stands in (feed("a1"), feed("a1", "a2", "a3"))
    for alert_id in ("a1", "a2", "a3") if stands != feed("a1") else ("a1",):
        assert (tmp_path / f"cap/{alert_id}.xml").read_bytes() == documents[alert_id]
    monkeypatch.setattr(files.os, "fsync", real)
    shelf.publish(feed("a1", "a2", "a3"), documents, now=NOW)
    assert shelf.feed() == feed("a1", "a2", "a3")
    assert (tmp_path / "cap/a3.xml").read_bytes() == b"three"
