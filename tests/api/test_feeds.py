"""The published feeds over HTTP: validators, 304, and nothing outside their folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.doorway import Door, open_door

ATOM = b'<feed xmlns="http://www.w3.org/2005/Atom"/>'


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    (tmp_path / "feeds" / "cap").mkdir(parents=True)
    (tmp_path / "feeds" / "dong-nai.atom").write_bytes(ATOM)
    (tmp_path / "feeds" / "cap" / "a1.xml").write_bytes(b"<alert/>")
    (tmp_path / "secret.xml").write_bytes(b"secret")
    async with open_door(tmp_path) as opened:
        yield opened


async def test_a_feed_is_answered_once_and_then_not_modified(door: Door) -> None:
    async with door.client(key=await door.key("feed", "bao-dong-nai")) as reader:
        first = await reader.get("/feeds/dong-nai.atom")
        assert (first.status_code, first.content) == (200, ATOM)
        assert first.headers["content-type"].startswith("application/atom+xml")
        for header in ({"If-None-Match": first.headers["etag"]}, {"If-Modified-Since": first.headers["last-modified"]}):
            again = await reader.get("/feeds/dong-nai.atom", headers=header)
            assert (again.status_code, again.content) == (304, b"")
        document = await reader.get("/feeds/cap/a1.xml")
    assert document.content == b"<alert/>" and document.headers["content-type"].startswith("application/cap+xml")


@pytest.mark.parametrize(
    "path", ["none.atom", "..%2Fsecret.atom", "cap/..%2F..%2Fsecret.xml", "cap/.xml", ".atom", "dong-nai.xml"]
)
async def test_nothing_else_is_there(door: Door, path: str) -> None:
    async with await door.dispatcher() as dispatcher:
        assert (await dispatcher.get(f"/feeds/{path}")).status_code == 404


async def test_a_feed_needs_a_key_or_a_sign_in(door: Door) -> None:
    async with door.client() as stranger, await door.source() as source:
        assert (await stranger.get("/feeds/dong-nai.atom")).status_code == 401
        assert (await source.get("/feeds/dong-nai.atom")).status_code == 403


async def test_a_process_without_feeds_has_none(tmp_path: Path) -> None:
    async with open_door(tmp_path, feeds_folder=None) as door, await door.dispatcher() as dispatcher:
        assert (await dispatcher.get("/feeds/dong-nai.atom")).status_code == 404


async def test_a_feed_of_one_owner_and_its_documents_exist_for_that_owner_s_keys_only(
    door: Door, tmp_path: Path
) -> None:
    own = tmp_path / "feeds" / "of" / "lam-dong"
    (own / "cap").mkdir(parents=True)
    (own / "n.atom").write_bytes(ATOM)
    (own / "cap" / "a2.xml").write_bytes(b"<alert/>")
    paths = ("/feeds/of/lam-dong/n.atom", "/feeds/of/lam-dong/cap/a2.xml")
    for kind, owner, status in (
        ("neighbour", "lam-dong", 200),
        ("neighbour", "binh-thuan", 404),
        ("feed", "bao-dong-nai", 404),
        ("agency", "pccc", 404),
    ):
        async with door.client(key=await door.key(kind, owner)) as reader:
            assert [(await reader.get(path)).status_code for path in paths] == [status, status], (kind, owner)


async def test_a_neighbour_s_key_reads_no_public_feed_beyond_its_treaty(door: Door) -> None:
    async with door.client(key=await door.key("neighbour", "lam-dong")) as reader:
        for path in (
            "/feeds/dong-nai.atom",
            "/feeds/cap/a1.xml",
            "/feeds/of/../dong-nai.atom",
            "/feeds/of/%2e%2e/x.atom",
        ):
            assert (await reader.get(path)).status_code == 404
