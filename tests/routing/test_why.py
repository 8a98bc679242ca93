"""`why` answers with the rules of that time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.routing.why import why
from hub.store import rules
from tests.hubbing import Receiver, endpoint, hub_in, say, settle
from tests.journeys.town import receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


async def test_a_hit_and_a_miss_are_explained_after_the_rule_was_edited(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "hit", receiver.base)
        await endpoint(hub, "miss", f"{receiver.base}/m", min_severity="Extreme")
        decided = await say(hub, "mot")
        await settle(hub)
        now = datetime.now(UTC)
        for name, least in (("hit", "Extreme"), ("miss", "Minor")):
            body = {"endpoint_id": name, "owner": "co-quan", "number": 9, "units": ["75"], "min_severity": least}
            await hub.store.write(
                lambda conn, n=name, b=body: rules.put(conn, "subscription", f"s-{n}", b, origin="desk", by="t", at=now)
            )
        hit = await hub.store.read(lambda conn: why(conn, decided.alert_id, "hit"))
        miss = await hub.store.read(lambda conn: why(conn, decided.alert_id, "miss"))
        assert [(r["matched"], r["version"]) for r in hit["rules"]] == [(True, 1)]
        assert [(r["matched"], r["condition"], r["version"]) for r in miss["rules"]] == [(False, "severity", 1)]
        assert [d["state"] for d in hit["deliveries"]] == ["delivered"]
        assert miss["deliveries"] == []


async def test_an_unknown_alert_is_a_key_error(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        with pytest.raises(KeyError):
            await hub.store.read(lambda conn: why(conn, "nothing", "e"))


async def test_a_rule_made_between_acceptance_and_routing_explains_what_it_caused(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        decided = await say(hub, "mot")
        await endpoint(hub, "e", receiver.base)
        await settle(hub)
        await hub.store.write(lambda conn: rules.remove(conn, "subscription", "s-e", by="t", at=datetime.now(UTC)))
        told = await hub.store.read(lambda conn: why(conn, decided.alert_id, "e"))
        assert [d["state"] for d in told["deliveries"]] == ["delivered"]
        assert [(r["matched"], r["version"]) for r in told["rules"]] == [(True, 1)]
