"""`hub bench webhook`: figures of deliveries that reached every endpoint and stand in the ledger, and none of others."""

from __future__ import annotations

import pytest

from hub.bench import webhook
from hub.bench.peers import Peer, Peers


def test_it_names_its_floor_its_peers_and_every_figure(peers: Peers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "ALERTS", 2)
    monkeypatch.setattr(webhook, "AT_ONCE", 3)
    told = webhook.run(1, count=4, posts=20, peers=peers)
    assert peers.kind in told and told.startswith("4 endpoints")
    _, clients, *latencies = told.split("\n\n")
    for name in (webhook.FLOOR, "our client", "httpx", "hub, one alert at a time", "hub, 3 alerts at once"):
        assert f"\n{name} " in clients
    assert len(latencies) == 2 and all("hub, 202 to last" in table for table in latencies)


def _sink_that_says(*lines: str) -> Peer:
    class Saying(Peer):
        def report(self, count: int, *, within_s: float) -> list[str]:
            return [*lines, "end 1"]

    return Saying("sink", None)  # type: ignore[arg-type]  # nothing is started: it only says


def test_different_deliveries_are_taken_and_plain_requests_have_no_id() -> None:
    found = webhook.posts_of(_sink_that_says("post 5 100 /e/1 d1", "post 6 100 /e/2 d2"), 2)
    assert found == [webhook.Post(5, 100, "/e/1", "d1"), webhook.Post(6, 100, "/e/2", "d2")]
    assert len(webhook.posts_of(_sink_that_says("post 5 100 / -", "post 6 100 / -"), 2)) == 2


@pytest.mark.parametrize(
    "lines",
    [("post 5 100 /e/1 d1",), ("post 5 100 /e/1 d1", "post 6 100 /e/1 d1"), ("post 5 9 / -",) * 3],
    ids=["one is missing", "one came twice", "one too many"],
)
def test_deliveries_that_are_lost_or_doubled_give_no_figures(lines: tuple[str, ...]) -> None:
    with pytest.raises(RuntimeError):
        webhook.posts_of(_sink_that_says(*lines), 2)
