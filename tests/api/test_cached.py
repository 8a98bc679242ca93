"""Files with validators: 304 exactly when the asker has the bytes, and no way out of the folder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from starlette.datastructures import Headers

from hub.api import cached


@pytest.fixture
def shelf(tmp_path: Path) -> cached.Shelf:
    folder = tmp_path / "feeds"
    folder.mkdir()
    (folder / "all.atom").write_bytes(b"<feed/>")
    (tmp_path / "secret.atom").write_bytes(b"secret")
    (folder / "link.atom").symlink_to(tmp_path / "secret.atom")
    return cached.Shelf(folder)


def _status(document: cached.Document, **headers: str) -> int:
    asked = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return cached.answer(document, asked, "application/atom+xml").status_code


@pytest.mark.parametrize(
    "name", ["../secret.atom", "/etc/passwd", "", ".", "..", ".hidden", "a/b", "link.atom", "x\0y", "no.atom"]
)
def test_only_plain_files_of_the_folder_exist(shelf: cached.Shelf, name: str) -> None:
    assert shelf.find(name) is None


def test_the_etag_decides_and_changes_with_the_bytes(shelf: cached.Shelf, tmp_path: Path) -> None:
    document = shelf.find("all.atom")
    assert document is not None and document.body == b"<feed/>"
    assert _status(document) == 200
    assert _status(document, if_none_match=document.etag) == 304
    assert _status(document, if_none_match=f'"other", W/{document.etag}') == 304
    assert _status(document, if_none_match="*") == 304
    (tmp_path / "feeds" / "new").write_bytes(b"<feed></feed>")
    (tmp_path / "feeds" / "new").replace(tmp_path / "feeds" / "all.atom")
    changed = shelf.find("all.atom")
    assert changed is not None and _status(changed, if_none_match=document.etag) == 200


def test_if_modified_since_counts_only_without_an_etag(shelf: cached.Shelf) -> None:
    document = shelf.find("all.atom")
    assert document is not None
    same = format_datetime(document.modified, usegmt=True)
    before = format_datetime(document.modified - timedelta(seconds=1), usegmt=True)
    assert _status(document, if_modified_since=same) == 304
    assert _status(document, if_modified_since=before) == 200
    assert _status(document, if_modified_since=same, if_none_match='"other"') == 200
    assert _status(document, if_modified_since="yesterday") == 200


def test_a_304_repeats_the_validators_and_has_no_body(shelf: cached.Shelf) -> None:
    document = shelf.find("all.atom")
    assert document is not None
    answer = cached.answer(document, Headers({"if-none-match": document.etag}), "application/atom+xml")
    assert answer.body == b"" and answer.headers["etag"] == document.etag
    assert datetime.now(UTC) - document.modified < timedelta(minutes=5)
