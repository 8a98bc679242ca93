"""A delivery as the channel sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import update

from hub.cap.xml import read
from hub.connector import Payload, candidate_of
from hub.store.tables import deliveries
from tests.consumers.book import Book
from tests.hubbing import ZONE, Receiver, endpoint, hub_in, later, ledger, say, settle, triple
from tests.journeys.town import cap, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


async def test_it_carries_the_alert_its_place_and_the_ids_before_it(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        first = await say(hub, "mot")
        second = await say(hub, "hai")
        await settle(hub)
        rows = await ledger(hub)
        made = await hub.store.read(
            lambda conn: hub.courier.last.desk.delivery(
                conn, rows[1], now=hub.clock.now(), attempted_at=hub.clock.now()
            )
        )
        assert (made.seq, made.chain_id, made.chain_seq) == (second.seq, second.chain_id, 1)
        assert made.alert is not None
        assert made.alert.identifier == "hai"
        assert b"<identifier>hai</identifier>" in made.cap_xml
        assert made.recent_ids == (rows[0]["delivery_id"],)
        assert made.live_infos == (0,)
        assert first.seq < second.seq


async def test_a_receiver_that_keeps_to_the_contract_holds_what_is_in_force_in_whatever_order_it_is_told(
    tmp_path: Path, receiver: Receiver
) -> None:
    """X and Y are joined by U, X goes on as X2: two heads, until both are cancelled."""
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        sent = [later(-300 + 30 * n) for n in range(6)]
        names = dict(zip(("x", "y", "u", "x2", "huy-x2", "huy-u"), sent, strict=True))

        async def tell(name: str, *of: str, msg_type: str = "Update") -> str:
            references = " ".join(triple(other, names[other]) for other in of)
            kind = msg_type if of else "Alert"
            decided = await say(hub, name, sent=names[name], msg_type=kind, references=references)
            await settle(hub)
            return decided.alert_id

        await tell("x")
        await tell("y")
        joined, onward = await tell("u", "x", "y"), await tell("x2", "x")
        assert held(receiver) == {frozenset({joined, onward})}
        assert newest_only(receiver) != {joined, onward}, "who keeps only the newest of a chain loses a warning"
        await tell("huy-x2", "x2", msg_type="Cancel")
        assert held(receiver) == {frozenset({joined})}
        await tell("huy-u", "u", msg_type="Cancel")
        assert held(receiver) == {frozenset()}


def held(receiver: Receiver) -> set[frozenset[str]]:
    """What a receiver holds at last, over all orders in which its webhooks may come, each of them twice."""
    found = set()
    for order in permutations(range(len(receiver.got))):
        book = Book()
        for n in (*order, *order[::-1]):
            book.take(receiver.ids[n], receiver.got[n])
        found.add(frozenset(book.held))
    return found


def newest_only(receiver: Receiver) -> set[str]:
    """What is held by one who knows only the greatest `chain_seq` of a chain."""
    newest: dict[str, tuple[int, str]] = {}
    for data in (told["data"] for told in receiver.got):
        newest[data["chain_id"]] = max(newest.get(data["chain_id"], (0, "")), (data["chain_seq"], data["alert_id"]))
    return {alert_id for _, alert_id in newest.values()}


async def test_every_alert_of_a_summary_says_where_it_stands(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        body, backlog = cap("mot"), cap("hai")
        told = [
            candidate_of(read(one, zone=ZONE), Payload("nguon", one, "", hub.clock.now())) for one in (body, backlog)
        ]
        first, second = await hub.acceptor.accept([replace(one, backlog=True) for one in told])
        await hub.router.step(0)
        await hub.store.write(lambda conn: conn.execute(update(deliveries).values(due_at=0)))
        await settle(hub)
        (summary,) = [told["data"]["summary"] for told in receiver.got]
        assert {(one["alert_id"], one["chain_id"], one["chain_seq"]) for one in summary} == {
            (one.alert_id, one.chain_id, 1) for one in (first, second)
        }
        assert all(one["heads"] == [one["alert_id"]] and one["chain_aliases"] == [] for one in summary)
        assert held(receiver) == {frozenset({first.alert_id, second.alert_id})}


async def test_an_endpoint_nobody_names_any_more_is_none(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        assert await hub.store.read(lambda conn: hub.courier.last.desk.endpoint_of(conn, "nobody")) is None


async def test_a_bare_cancel_brings_what_it_ends_as_this_endpoint_was_told_it(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        sent = [later(-300 + 60 * n) for n in range(3)]
        await say(hub, "mot", sent=sent[0], headline="Lũ lần một")
        await settle(hub)
        await say(hub, "hai", sent=sent[1], headline="Lũ lần hai", msg_type="Update", references=triple("mot", sent[0]))
        await settle(hub)
        bare = read(cap("huy", sent=sent[2], msg_type="Cancel", references=triple("hai", sent[1])), zone=ZONE)
        payload = Payload("nguon", b"<huy/>", "", hub.clock.now())
        candidate = candidate_of(bare, payload)
        await hub.acceptor.accept([replace(candidate, alert=replace(candidate.alert, infos=()))])
        await settle(hub)
        (row,) = [one for one in await ledger(hub) if one["event_type"] == "alert.cancel"]
        now = hub.clock.now()
        desk = hub.courier.last.desk
        made = await hub.store.read(lambda conn: desk.delivery(conn, row, now=now, attempted_at=now))
        assert made.alert is not None
        assert made.alert.infos == ()
        assert made.earlier is not None
        assert made.earlier.infos[0].headline == "THỬ NGHIỆM – Lũ lần hai"
        stranger = {**row, "endpoint_id": "somebody-else"}
        other = await hub.store.read(lambda conn: desk.delivery(conn, stranger, now=now, attempted_at=now))
        assert other.earlier is None
