"""consumers.zalo_oa.tokens: one renewal at a time, and a refresh token that is never lost; against a real HTTP server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from consumers.zalo_oa.tokens import Pair, Tokens
from hub.clock import SystemClock
from hub.errors import Rejected, Retry
from tests.consumers.receiving import Receiver, answer, channel_io, receiving


@dataclass
class Account:
    token_url: str
    tokens_file: str
    app_id: str = "4117"
    secret_key: str = "geheim"


class Zalo:
    """Gives a new pair for the newest refresh token, as Zalo does, and -14020 for any other."""

    def __init__(self) -> None:
        self.refresh = "r0"
        self.given = 0

    def __call__(self, body: bytes) -> bytes:
        asked = parse_qs(body.decode())
        if asked["refresh_token"] != [self.refresh] or asked["grant_type"] != ["refresh_token"]:
            return answer("200 OK", b'{"error": -14020, "error_name": "Invalid refresh token"}')
        self.given += 1
        self.refresh = f"r{self.given}"
        told = {"access_token": f"a{self.given}", "refresh_token": self.refresh, "expires_in": "90000"}
        return answer("200 OK", json.dumps(told).encode())


def kept(folder: Path, **pair: object) -> Path:
    file = folder / "tokens.json"
    file.write_text(json.dumps({"refresh_token": "r0", **pair}), encoding="utf-8")
    return file


def tokens(server: Receiver, file: Path) -> Tokens:
    return Tokens(Account(server.url, str(file)), channel_io().poster, SystemClock())


async def test_the_first_token_comes_from_the_first_authorisation_and_is_kept(tmp_path: Path) -> None:
    async with receiving() as server:
        server.answer = Zalo()
        file = kept(tmp_path)
        assert await tokens(server, file).current(timeout_s=2) == "a1"
        assert server.headers[0]["secret_key"] == "geheim"
        assert parse_qs(server.bodies[0].decode())["app_id"] == ["4117"]
        now = json.loads(file.read_text(encoding="utf-8"))
        assert (now["refresh_token"], now["access_token"]) == ("r1", "a1")
        assert 89_000 < now["expires_at"] - datetime.now(UTC).timestamp() <= 90_000
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_token_that_lives_is_used_and_one_about_to_end_renewed(tmp_path: Path) -> None:
    async with receiving() as server:
        server.answer = Zalo()
        now = datetime.now(UTC).timestamp()
        assert (
            await tokens(server, kept(tmp_path, access_token="a0", expires_at=now + 900)).current(timeout_s=2) == "a0"
        )
        assert await tokens(server, kept(tmp_path, access_token="a0", expires_at=now + 60)).current(timeout_s=2) == "a1"
        assert len(server.bodies) == 1


async def test_many_who_find_the_token_over_renew_it_once(tmp_path: Path) -> None:
    async with receiving() as server:
        server.answer = Zalo()
        file = kept(tmp_path)
        one, other = tokens(server, file), tokens(server, file)  # the second is another process's
        first = await one.current(timeout_s=2)
        assert await other.current(timeout_s=2) == first == "a1"
        found = await asyncio.gather(*(some.renewed("a1", timeout_s=5) for some in (one, other) for _ in range(20)))
        assert set(found) == {"a2"}
        assert len(server.bodies) == 2


async def test_a_renewal_is_finished_though_nobody_waits_for_it(tmp_path: Path) -> None:
    zalo, free = Zalo(), asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        await free.wait()
        writer.write(zalo(body))
        await writer.drain()

    server = await asyncio.start_server(slow, "127.0.0.1", 0)
    file = kept(tmp_path)
    made = tokens(Receiver(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"), file)
    with pytest.raises(Retry, match="timeout"):
        await made.current(timeout_s=0.1)
    free.set()
    await made.aclose()
    assert json.loads(file.read_text(encoding="utf-8"))["refresh_token"] == "r1"
    assert await made.current(timeout_s=1) == "a1"
    server.close()


async def test_a_void_refresh_token_needs_a_person_and_a_bad_day_does_not(tmp_path: Path) -> None:
    async with receiving() as server:
        server.answer = Zalo()
        with pytest.raises(Rejected, match="-14020: authorise"):
            await tokens(server, kept(tmp_path, refresh_token="r9")).current(timeout_s=2)
        for given in (answer("502 Bad"), answer("200 OK", b"<html>"), answer("200 OK", b'{"access_token": "a"}')):
            server.answer = given
            with pytest.raises(Retry, match="not renewed"):
                await tokens(server, kept(tmp_path)).current(timeout_s=2)


@pytest.mark.parametrize("held", [None, b"", b"\xff", b"[]", b'{"access_token": "geheim"}'])
async def test_a_file_without_a_token_is_named_without_what_it_holds(tmp_path: Path, held: bytes | None) -> None:
    file = tmp_path / "tokens.json"
    if held is not None:
        file.write_bytes(held)
    with pytest.raises(Rejected, match="tokens_file") as raised:
        await tokens(Receiver("http://127.0.0.1:1/"), file).current(timeout_s=2)
    assert "geheim" not in str(raised.value)
    assert "geheim" not in repr(Pair("geheim", "geheim"))


async def test_a_pair_that_cannot_be_kept_is_used_and_kept_later(tmp_path: Path) -> None:
    async with receiving() as server:
        server.answer = Zalo()
        file = kept(tmp_path)
        (tmp_path / "tokens.json.new").mkdir()  # nothing can be written there, even by the superuser
        made = tokens(server, file)
        assert await made.current(timeout_s=2) == "a1"
        assert json.loads(file.read_text(encoding="utf-8"))["refresh_token"] == "r0"
        with contextlib.suppress(OSError):
            os.rmdir(tmp_path / "tokens.json.new")  # noqa: PTH106
        assert await made.renewed("a1", timeout_s=2) == "a2"
        assert json.loads(file.read_text(encoding="utf-8"))["refresh_token"] == "r2"
