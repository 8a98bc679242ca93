"""What tests of papers ask a door: an alert said, an agency named, deliveries as they became."""

from __future__ import annotations

import re
from typing import Any

import httpx
from sqlalchemy import update

from hub.store.tables import deliveries
from tests.api.doorway import Door, cap, put_rule


async def said(door: Door, identifier: str = "a1", **changes: str) -> str:
    """An alert of `kttv`, accepted; its id. With `info` "" it has none."""
    bare, body = changes.pop("info", None) == "", cap(identifier, **changes)
    body = re.sub(rb"<info>.*</info>", b"", body, flags=re.DOTALL) if bare else body
    async with await door.source() as source:
        answer = await source.post("/v1/alerts", content=body, headers={"Content-Type": "application/cap+xml"})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["alert_id"])


async def get(client: httpx.AsyncClient, path: str) -> httpx.Response:
    async with client as one:
        return await one.get(path)


async def agency(door: Door, owner: str, name: str) -> None:
    await door.store.write(lambda conn: put_rule(conn, "owner", owner, {"kind": "agency", "name": name}))


async def became(door: Door, **values: Any) -> None:
    await door.store.write(lambda conn: conn.execute(update(deliveries).values(**values)).rowcount)
