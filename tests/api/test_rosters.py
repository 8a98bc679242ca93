"""Contacts and duties: an agency keeps its own, a machine's key sees none, and the chain of deeds holds no telephone number."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from hub.store import rules, tables
from tests.api.doorway import Door, open_door

AN = {"owner": "pccc", "name": "Nguyễn Văn An", "post": "Trực ban", "phone": "0900 000 001"}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        now = datetime.now(UTC)
        for owner in ("pccc", "y-te"):
            await opened.store.write(lambda c, o=owner: rules.put(c, "owner", o, {}, origin="config", by="t", at=now))
        yield opened


async def signed_in(door: Door, role: str, **scope: Any) -> httpx.AsyncClient:
    return door.client(session=await door.session(await door.person(role + scope.get("owner", ""), role, **scope)))


async def test_an_agency_keeps_its_own_contacts_and_roster_and_the_duty_room_reads_them(door: Door) -> None:
    now = datetime.now(UTC)
    async with (
        await signed_in(door, "agency_member", owner="pccc") as own,
        await signed_in(door, "agency_member", owner="y-te") as other,
        await signed_in(door, "dispatcher") as dispatcher,
    ):
        made = await own.post("/v1/contacts", json=AN)
        assert made.status_code == 201, made.text
        contact_id = made.json()["contact_id"]
        duty = {"contact_id": contact_id, "begins": now.isoformat(), "ends": (now + timedelta(hours=8)).isoformat()}
        assert (await own.post("/v1/duties", json=duty)).status_code == 201
        assert (await own.post("/v1/duties", json={**duty, "ends": duty["begins"]})).status_code == 422
        assert (await own.post("/v1/duties", json={**duty, "begins": "2026-11-24T03:00:00"})).status_code == 422
        told = (await dispatcher.get("/v1/duties")).json()
        assert told["on_duty"] == {"pccc": [contact_id]}
        assert [c["phone"] for c in (await dispatcher.get("/v1/contacts")).json()["contacts"]] == ["0900 000 001"]
        assert (await dispatcher.delete(f"/v1/contacts/{contact_id}")).status_code == 403
        assert (await other.get("/v1/contacts")).json() == {"contacts": []}
        assert (await other.get("/v1/duties")).json() == {"duties": [], "on_duty": {}}
        for method, path in (("PUT", f"/v1/contacts/{contact_id}"), ("DELETE", f"/v1/contacts/{contact_id}")):
            assert (await other.request(method, path, json=AN if method == "PUT" else None)).status_code == 404
        duty_id = told["duties"][0]["duty_id"]
        assert (await other.delete(f"/v1/duties/{duty_id}")).status_code == 404
        changed = await own.put(f"/v1/contacts/{contact_id}", json={**AN, "phone": "113"})
        assert changed.json()["phone"] == "113"
        assert (await own.delete(f"/v1/duties/{duty_id}")).status_code == 204
        assert (await own.delete(f"/v1/contacts/{contact_id}")).status_code == 204
        assert (await own.get("/v1/contacts")).json() == {"contacts": []}
    rows = await door.store.read(lambda conn: conn.execute(select(tables.audit)).all())
    assert {"contact.added", "contact.changed", "duty.added", "duty.removed", "contact.removed"} <= {
        r.act for r in rows
    }
    assert not any("0900" in r.body or "Nguyễn" in r.body for r in rows)


async def test_no_key_reads_names_and_numbers(door: Door) -> None:
    for kind in ("agency", "neighbour", "source", "metrics"):
        async with door.client(key=await door.key(kind, "pccc")) as machine:
            assert (await machine.get("/v1/contacts")).status_code == 403
            assert (await machine.post("/v1/contacts", json=AN)).status_code == 403


@pytest.mark.parametrize("change", [{"phone": ""}, {"phone": "abc"}, {"owner": "nobody"}, {"name": ""}, {"email": "x"}])
async def test_a_wrong_contact_is_refused(door: Door, change: dict[str, str]) -> None:
    async with await signed_in(door, "administrator") as administrator:
        assert (await administrator.post("/v1/contacts", json={**AN, **change})).status_code == 422
