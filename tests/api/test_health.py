"""The two questions of a supervisor."""

from __future__ import annotations

from pathlib import Path

from tests.api.doorway import open_door


async def test_the_process_answers_and_is_ready_when_all_parts_are(tmp_path: Path) -> None:
    parts = {"routing": False}
    async with open_door(tmp_path, parts=lambda: parts) as door, door.client() as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        waiting = await client.get("/readyz")
        parts["routing"] = True
        ready = await client.get("/readyz")
    assert (waiting.status_code, waiting.json()) == (503, {"status": "not-ready"})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


async def test_a_store_that_does_not_answer_means_not_ready_but_alive(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door, door.client() as client:
        await door.store.close()
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/v1/alerts", headers={"Authorization": "Bearer hub_a_b"})).status_code == 503
