"""`GET /v1/audit/head`."""

from __future__ import annotations

from pathlib import Path

from hub.clock import SystemClock
from hub.store.signed import SignedHead, signed_head
from tests.api.doorway import open_door

SEED = bytes(range(32))


async def test_who_may_read_the_audit_gets_the_signed_head_and_nobody_else(tmp_path: Path) -> None:
    def head(conn: object) -> SignedHead:
        return signed_head(conn, seed=SEED, at=SystemClock().now())  # type: ignore[arg-type]

    async with open_door(tmp_path, signed_head=head) as door:
        person = await door.person("kt", "auditor")
        async with door.client(session=await door.session(person)) as auditor:
            answer = await auditor.get("/v1/audit/head")
        assert answer.status_code == 200
        assert SignedHead(**answer.json()).fault() == ""
        async with door.client(key=await door.key("agency", "so-y-te")) as agency:
            assert (await agency.get("/v1/audit/head")).status_code == 403
        async with door.client() as nobody:
            assert (await nobody.get("/v1/audit/head")).status_code == 401


async def test_a_door_without_a_key_to_sign_with_says_so(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door, await door.dispatcher() as dispatcher:
        assert (await dispatcher.get("/v1/audit/head")).status_code == 503
