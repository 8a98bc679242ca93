"""Metrics: counted, and for those who may read them."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.api.doorway import cap, open_door


async def test_submissions_are_counted_by_disposition_and_a_metrics_key_reads_them(tmp_path: Path) -> None:
    async with (
        open_door(tmp_path) as door,
        await door.source() as source,
        door.client(key=await door.key("metrics", "prometheus")) as reader,
    ):

        async def accepted() -> float:
            families = text_string_to_metric_families((await reader.get("/metrics")).text)
            samples = [sample for family in families for sample in family.samples]
            named = [s for s in samples if s.name == "hub_api_alerts_submitted_total"]
            return sum(s.value for s in named if s.labels == {"disposition": "accepted"})

        before = await accepted()
        await source.post("/v1/alerts", content=cap("a1"), headers={"Content-Type": "text/xml"})
        assert await accepted() == before + 1
        assert (await source.get("/metrics")).status_code == 403
        assert (await reader.get("/v1/alerts")).status_code == 403
