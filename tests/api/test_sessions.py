"""Signing in and out: one-time links, passwords, limits, and cookies that a page elsewhere cannot use."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.api.passwords import Passwords
from hub.store import audit, people
from hub.store.tables import audit as audit_table
from tests.api.doorway import Door, open_door

PASSWORD = "trực ban đêm nay 24"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def _link(door: Door, person: str, at: datetime | None = None) -> str:
    return await door.store.write(lambda conn: people.signin_link(conn, person, at or datetime.now(UTC)))


async def _with_password(door: Door, login: str = "an") -> str:
    person = await door.person(login, "dispatcher")
    passwords = Passwords()
    hashed = await passwords.hash(PASSWORD)
    passwords.close()
    await door.store.write(lambda conn: people.set_password(conn, person, hashed))
    return person


async def test_a_link_signs_in_once_and_the_session_opens_the_hub(door: Door) -> None:
    token = await _link(door, await door.person("an", "dispatcher"))
    async with door.client() as client:
        assert (await client.get("/v1/alerts")).status_code == 401
        signed_in = await client.post("/v1/session/link", json={"token": token})
        assert signed_in.status_code == 200 and signed_in.json()["has_password"] is False
        assert (await client.get("/v1/alerts")).status_code == 200
        assert (await client.get("/v1/session")).json()["name"] == "An"
    async with door.client() as other:
        assert (await other.post("/v1/session/link", json={"token": token})).status_code == 401


async def test_fetching_the_sign_in_page_burns_no_link(door: Door) -> None:
    token = await _link(door, await door.person("an", "dispatcher"))
    async with door.client() as client:
        for _ in range(3):
            assert (await client.get(f"/signin?token={token}")).status_code == 200
            assert (await client.get("/v1/session/link", params={"token": token})).status_code == 405
        assert (await client.post("/v1/session/link", json={"token": token})).status_code == 200


async def test_a_link_older_than_thirty_minutes_is_worth_nothing(door: Door) -> None:
    person = await door.person("an", "dispatcher")
    token = await _link(door, person, datetime.now(UTC) - timedelta(minutes=30))
    async with door.client() as client:
        assert (await client.post("/v1/session/link", json={"token": token})).status_code == 401


async def test_no_token_and_no_password_stands_in_any_log(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    person = await _with_password(door)
    token = await _link(door, person)
    async with door.client() as client:
        await client.post("/v1/session/link", json={"token": token})
        await client.post("/v1/session", json={"login": "an", "password": PASSWORD})
        await client.post("/v1/session", json={"login": "an", "password": PASSWORD + "x", "extra": 1})
    assert token not in caplog.text and PASSWORD not in caplog.text


async def test_a_password_signs_in_whatever_the_case_of_the_login(door: Door) -> None:
    await _with_password(door)
    async with door.client() as client:
        assert (await client.post("/v1/session", json={"login": " AN", "password": PASSWORD})).status_code == 200
        assert (await client.get("/v1/alerts")).status_code == 200


@pytest.mark.parametrize(("login", "password"), [("an", "wrong password 1"), ("nobody", PASSWORD), ("binh", PASSWORD)])
async def test_every_failed_sign_in_looks_the_same(door: Door, login: str, password: str) -> None:
    disabled = await _with_password(door, "binh")
    await door.store.write(lambda conn: people.disable(conn, disabled, datetime.now(UTC)))
    await _with_password(door)
    async with door.client() as client:
        answer = await client.post("/v1/session", json={"login": login, "password": password})
    assert answer.status_code == 401 and answer.json()["code"] == "signin-failed"
    assert "set-cookie" not in answer.headers


async def test_after_ten_failures_one_has_to_wait_but_others_and_links_do_not(door: Door) -> None:
    person = await _with_password(door)
    await _with_password(door, "binh")
    async with door.client() as client:
        for _ in range(10):
            await client.post("/v1/session", json={"login": "an", "password": "wrong password"})
        limited = await client.post("/v1/session", json={"login": "an", "password": PASSWORD})
        assert limited.status_code == 429 and 0 < int(limited.headers["retry-after"]) <= 301
        assert (await client.post("/v1/session", json={"login": "binh", "password": PASSWORD})).status_code == 200
        token = await _link(door, person)
        assert (await client.post("/v1/session/link", json={"token": token})).status_code == 200


async def test_the_cookie_is_strict_and_out_of_reach_of_scripts_and_names_the_mode(door: Door) -> None:
    token = await _link(door, await door.person("an", "dispatcher"))
    async with door.client() as client:
        cookie = (await client.post("/v1/session/link", json={"token": token})).headers["set-cookie"]
    parts = {part.strip().casefold() for part in cookie.split(";")}
    assert {"httponly", "samesite=strict", "path=/"} <= parts
    assert cookie.startswith(f"hub-test-{door.services.port}=") and not any(p.startswith("domain") for p in parts)


async def test_over_tls_the_cookie_is_bound_to_host_and_tls(tmp_path: Path) -> None:
    async with open_door(tmp_path, mode="exercise", secure=True) as door:
        token = await _link(door, await door.person("an", "dispatcher"))
        async with door.client() as client:
            answer = await client.post("/v1/session/link", json={"token": token})
    assert answer.headers["set-cookie"].startswith("__Host-hub-exercise=")
    assert "secure" in answer.headers["set-cookie"].casefold() and "strict-transport-security" in answer.headers


async def test_a_session_of_another_mode_is_none_here(door: Door) -> None:
    session = await door.session(await door.person("an", "dispatcher"))
    async with door.client() as client:
        answer = await client.get("/v1/alerts", headers={"Cookie": f"hub-actual-{door.services.port}={session}"})
    assert answer.status_code == 401


async def test_signing_out_ends_the_session(door: Door) -> None:
    session = await door.session(await door.person("an", "dispatcher"))
    async with door.client(session=session) as client:
        assert (await client.delete("/v1/session")).status_code == 204
    async with door.client(session=session) as client:
        assert (await client.get("/v1/session")).status_code == 401


async def test_a_page_elsewhere_cannot_sign_out_or_in(door: Door) -> None:
    session = await door.session(await door.person("an", "dispatcher"))
    async with door.client(session=session) as client:
        assert (await client.delete("/v1/session", headers={"Origin": "http://evil.test"})).status_code == 403
        assert (await client.get("/v1/session")).status_code == 200


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"])
async def test_a_form_signs_nobody_in(door: Door, content_type: str) -> None:
    await _with_password(door)
    body = f'{{"login": "an", "password": "{PASSWORD}"}}'.encode()
    async with door.client() as client:
        answer = await client.post("/v1/session", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 422 and "set-cookie" not in answer.headers


async def test_a_new_password_needs_the_old_one_and_ends_other_sessions(door: Door) -> None:
    person = await door.person("an", "dispatcher")
    mine, other = await door.session(person), await door.session(person)
    async with door.client(session=mine) as client:
        first = await client.post("/v1/session/password", json={"password": PASSWORD})
        assert first.status_code == 200 and first.json()["has_password"] is True
        wrong = await client.post("/v1/session/password", json={"password": "another long one", "old": "no"})
        assert wrong.status_code == 403
        weak = await client.post("/v1/session/password", json={"password": "short", "old": PASSWORD})
        assert weak.status_code == 422 and weak.json()["code"] == "password-weak"
        assert (await client.get("/v1/session")).status_code == 200
    async with door.client(session=other) as client:
        assert (await client.get("/v1/session")).status_code == 401


async def test_a_key_has_no_password_and_no_session_to_end(door: Door) -> None:
    async with await door.source() as source:
        assert (await source.post("/v1/session/password", json={"password": PASSWORD})).status_code == 403
        assert (await source.delete("/v1/session")).status_code == 403


async def test_signing_in_again_ends_the_session_before(door: Door) -> None:
    person = await _with_password(door)
    session = await door.session(person)
    async with door.client(session=session) as client:
        await client.post("/v1/session", json={"login": "an", "password": PASSWORD})
    async with door.client(session=session) as client:
        assert (await client.get("/v1/session")).status_code == 401


async def test_sign_ins_stand_in_the_decision_chain_without_a_secret(door: Door) -> None:
    token = await _link(door, await door.person("an", "dispatcher"))
    async with door.client() as client:
        await client.post("/v1/session/link", json={"token": token})
    rows = await door.store.read(lambda conn: conn.execute(select(audit_table)).all())
    assert [row.act for row in rows] == ["person.signed-in"] and token not in str(rows)
    assert (await door.store.read(audit.verify)).ok


async def test_the_page_is_told_what_the_policy_lets_its_reader_do(door: Door) -> None:
    for role, may in (("dispatcher", False), ("duty_commander", True), ("auditor", False)):
        async with door.client(session=await door.session(await door.person(role, role))) as client:
            told = (await client.get("/v1/session")).json()["may"]
        assert ("alert.release" in told) is may and "alert.read" in told, role
