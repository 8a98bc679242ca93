"""`GET /v1/alerts/{id}/account`: the four answers of EVI-2 about an alert that a real hub took in, sent, and could not send."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub import app
from hub.api.door import build
from hub.app.serving import services
from hub.connector import Payload
from hub.store import endpoints, keys, payloads, people, rules
from hub.store.signed import SignedHead
from tests.hubbing import Receiver, cap, endpoint, hub_in, later, say, settle, triple
from tests.journeys.town import receiving


@asynccontextmanager
async def told(folder: Path) -> AsyncIterator[tuple[app.Hub, str, str]]:
    """(hub, the alert, its update): "nghe" got both, "tu-choi" refused the first, "xa" has a rule that does not fit."""
    with receiving(Receiver()) as good, receiving(Receiver()) as bad:
        bad.status = 500
        async with hub_in(folder) as hub:
            await endpoint(hub, "nghe", good.base)
            await endpoint(hub, "tu-choi", bad.base)
            await endpoint(hub, "xa", good.base, min_severity="Extreme")
            sent = later(-300)
            body = cap("mot", sent=sent)
            kept = Payload("nguon", body, "application/cap+xml", hub.clock.now(), url="https://kttv.example/mot.xml")
            await hub.store.write(lambda conn: payloads.keep(conn, kept))
            first = await say(hub, "mot", sent=sent, payload=kept)
            await settle(hub)
            second = await say(
                hub, "hai", msg_type="Update", sent=later(-60), references=triple("mot", sent), severity="Minor"
            )
            await settle(hub)
            yield hub, first.alert_id, second.alert_id


async def ask(hub: app.Hub, path: str, *roles: str, key: str = "", **scope: Any) -> httpx.Response:
    """The answer to somebody with these roles, or with a key of that kind."""
    now = datetime.now(UTC)
    shop = services(hub)

    def credential(conn: Any) -> str:
        if key:
            return keys.create(conn, kind=key, owner="co-quan", at=now, expires_at=now + timedelta(hours=1))
        login = f"{'-'.join(roles)}-{people.count(conn)}"
        return people.start_session(
            conn, people.create(conn, name="An", login=login, roles=roles, scope=scope, at=now), now
        )

    token = await hub.store.write(credential)
    sent: dict[str, Any] = (
        {"headers": {"Authorization": f"Bearer {token}"}} if key else {"cookies": {shop.cookie: token}}
    )
    transport = httpx.ASGITransport(app=build(shop))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", **sent) as client:
        return await client.get(path)


async def test_an_account_answers_what_was_known_decided_told_and_not_told(tmp_path: Path) -> None:
    async with told(tmp_path) as (hub, first, second):
        account = (await ask(hub, f"/v1/alerts/{first}/account?language=en", "auditor")).json()
        known, decided, arrived, untold = account["questions"]
        assert [one["id"] for one in account["questions"]] == ["known", "decided", "told", "untold"]

        digest = hashlib.sha256(cap("mot", sent=known["facts"]["alert"]["sent"])).hexdigest()
        assert len(known["facts"]["sha256"]) == len(digest)
        assert known["facts"]["sha256"] in "".join(known["lines"])
        assert known["facts"]["url"] == "https://kttv.example/mot.xml"
        assert any("from source nguon" in line and "kttv@example.test" in line for line in known["lines"])

        (entry,) = decided["facts"]["entries"]
        assert entry["act"] == "alert.decided" and entry["body"]["payload"] == known["facts"]["sha256"]
        assert any(line.startswith(f"Entry {entry['n']} ") for line in decided["lines"])
        assert [one["id"] for one in decided["facts"]["versions"]] == [first, second]
        assert decided["facts"]["events"][0]["matched"] == 2

        (row,) = arrived["facts"]["deliveries"]
        assert (row["endpoint_id"], row["owner"], row["channel"]) == ("nghe", "co-quan", "webhook")
        assert any("arrived" in line and "confirmed by nobody" in line for line in arrived["lines"])

        (lost,) = untold["facts"]["deliveries"]
        assert (lost["endpoint_id"], lost["state"], lost["ended_by"]) == ("tu-choi", "superseded", second)
        assert any("does not fit by severity" in line and "xa" in line for line in untold["lines"])
        rule = next(one for one in untold["facts"]["rules"] if one["endpoint_id"] == "xa")
        assert rule["body"]["min_severity"] == "Extreme"
        assert SignedHead(**account["head"]).fault() == ""
        assert account["mode"] == "TEST"


async def test_what_changed_afterwards_does_not_change_the_account(tmp_path: Path) -> None:
    async with told(tmp_path) as (hub, first, _):
        path = f"/v1/alerts/{first}/account"
        before = (await ask(hub, path, "auditor")).json()["questions"]
        now = datetime.now(UTC)

        def change(conn: Any) -> None:
            body = {"owner": "khac", "kind": "webhook", "settings": {"url": "http://192.0.2.1/"}}
            rules.put(conn, "endpoint", "nghe", body, origin="desk", by="t", at=now)
            rules.remove(conn, "subscription", "s-xa", by="t", at=now)
            endpoints.set_state(conn, "tu-choi", "suspended", reason="sau đó")

        await hub.store.write(change)
        assert (await ask(hub, path, "auditor")).json()["questions"] == before


async def test_an_acknowledged_delivery_names_who_and_when(tmp_path: Path) -> None:
    from sqlalchemy import update

    from hub.clock import to_us
    from hub.store.tables import deliveries

    async with told(tmp_path) as (hub, first, _):
        now = datetime.now(UTC)

        def confirm(conn: Any) -> None:
            person = people.create(conn, name="Lê Thị Bình", login="binh", roles=["agency_member"], scope={}, at=now)
            stmt = update(deliveries).where(deliveries.c.alert_id == first, deliveries.c.endpoint_id == "nghe")
            values = {"state": "acknowledged", "acknowledged_at": to_us(now), "acknowledged_by": f"person:{person}"}
            conn.execute(stmt.values(values))

        await hub.store.write(confirm)
        lines = (await ask(hub, f"/v1/alerts/{first}/account", "auditor")).json()["questions"][2]["lines"]
        assert any("Lê Thị Bình" in line and "xác nhận" in line for line in lines)


async def test_the_page_holds_every_line_as_text_and_nothing_from_elsewhere(tmp_path: Path) -> None:
    async with told(tmp_path) as (hub, first, _):
        account = (await ask(hub, f"/v1/alerts/{first}/account", "dispatcher")).json()
        answer = await ask(hub, f"/v1/alerts/{first}/account/page", "dispatcher")
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["cache-control"] == "no-store"
        for question in account["questions"]:
            assert question["question"] in answer.text
        assert "THỬ NGHIỆM" in answer.text
        for outside in ("<script", "src=", "href=", "url("):
            assert outside not in answer.text


@pytest.mark.parametrize(
    ("roles", "key", "status"),
    [
        (("dispatcher",), "", 200),
        (("duty_commander",), "", 200),
        (("auditor",), "", 200),
        (("administrator",), "", 404),
        (("agency_member",), "", 403),
        (("neighbour_member",), "", 403),
        (("observer",), "", 403),
        ((), "agency", 403),
        ((), "neighbour", 403),
        ((), "feed", 403),
    ],
)
async def test_only_who_may_read_the_alert_and_the_audit_gets_it(
    tmp_path: Path, roles: tuple[str, ...], key: str, status: int
) -> None:
    async with hub_in(tmp_path) as hub:
        decided = await say(hub, "mot")
        for path in ("account", "account/page"):
            answer = await ask(hub, f"/v1/alerts/{decided.alert_id}/{path}", *roles, key=key, owner="co-quan")
            assert answer.status_code == status, answer.text


async def test_an_account_of_nothing_is_404(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        assert (await ask(hub, "/v1/alerts/khong-co/account", "auditor")).status_code == 404
