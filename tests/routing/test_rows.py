"""The rows that routing makes: why they sound, and to whom the alternate stands in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.cap.model import Alert, Info
from hub.routing.owed import Owed, Told
from hub.routing.rows import failing, sounds_of
from hub.store import alarms, endpoints, rules
from tests.hubbing import Receiver, endpoint, hub_in, later, ledger, say, settle, triple
from tests.journeys.town import receiving

NOW = datetime(2026, 11, 24, tzinfo=UTC)
WAS = Alert("a", "s", NOW, infos=(Info("Lũ", severity="Severe"),))
GRAVER = Alert("b", "s", NOW, infos=(Info("Lũ", severity="Extreme"),))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


def owed(event_type: str) -> Owed:
    return Owed("e", event_type, "r", (0,), NOW)


def heard(event_type: str, alert: Alert, told: Told | None = None) -> str:
    known = {"e": told} if told is not None else {}
    return sounds_of(owed(event_type), known, alert, lambda alert_id: WAS)


def test_a_first_word_and_an_end_always_sound() -> None:
    assert heard("alert.new", WAS) == "new"
    assert heard("alert.cancel", WAS) == heard("alert.ended", WAS) == "ended"
    assert heard("alert.disputed", WAS) == "disputed"


def test_an_update_sounds_for_what_it_changes_only() -> None:
    told = Told("alert.new", alert_id="a")
    assert heard("alert.update", WAS, told) == ""
    assert heard("alert.update", GRAVER, told) == "severity"


def test_an_update_of_what_never_arrived_is_new_to_them() -> None:
    assert heard("alert.update", WAS, Told("alert.new", alert_id="a", arrived=False)) == "new"


@pytest.mark.parametrize("last", ["alert.cancel", "alert.ended", "alert.left_your_area"])
def test_what_is_in_force_again_for_them_is_new(last: str) -> None:
    assert heard("alert.update", WAS, Told(last, alert_id="a")) == "new"


def test_what_left_their_area_and_what_they_missed_stay_silent() -> None:
    assert heard("alert.left_your_area", WAS, Told("alert.new")) == ""


def test_only_what_cannot_go_to_its_endpoint_is_failing() -> None:
    rows = [
        {"state": "failed", "outcome": "withheld private", "event_type": "alert.new"},
        {"state": "failed", "outcome": "endpoint-suspended", "event_type": "alert.new"},
        {"state": "failed", "outcome": "endpoint-suspended", "event_type": "alert.left_your_area"},
        {"state": "pending", "outcome": "address-unproven", "event_type": "alert.new"},
    ]
    assert failing(rows) == [rows[1]]


async def test_the_receiver_hears_why_it_sounds(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        sent, end = later(-300), later(9000)
        await say(hub, "mot", sent=sent, expires=end)
        await settle(hub)
        again = {"msg_type": "Update", "references": triple("mot", sent), "expires": end}
        await say(hub, "hai", sent=later(-200), headline="Tin cuối ngày", **again)
        await settle(hub)
        await say(hub, "ba", sent=later(-100), severity="Extreme", **again)
        await settle(hub)
        assert [d["data"]["sounds"] for d in receiver.got] == [["new"], [], ["severity"]]


async def test_an_endpoint_whose_owner_is_no_agency_any_more_is_sent_to_and_somebody_is_told(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        now = datetime.now(UTC)
        await hub.store.write(lambda conn: rules.remove(conn, "owner", "co-quan", by="t", at=now))
        await say(hub, "mot")
        await settle(hub)
        assert [d["type"] for d in receiver.got] == ["alert.new"]
        opened = await hub.store.read(lambda conn: [(a.kind, a.object) for a in alarms.open_about(conn, "e")])
        assert opened == [("endpoint.ownerless", "e")]


async def test_a_suspended_endpoint_leaves_its_delivery_to_the_alternate_when_routed(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", f"{receiver.base}/e", alternate="f")
        await endpoint(hub, "f", receiver.base, units=None)
        await hub.store.write(lambda conn: endpoints.set_state(conn, "e", "suspended", reason="gone"))
        await say(hub, "mot")
        await hub.router.step(0)
        rows = {d["endpoint_id"]: (d["state"], d["stands_for"]) for d in await ledger(hub)}
        assert rows == {"e": ("failed", ""), "f": ("pending", "e")}
