"""The stored side of chains: what is loaded for a message, and what is written once the set has spoken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection

from hub.acceptance import linking
from hub.acceptance.linking import Linked, event_identifier, keep_until, link_in
from hub.cap.model import Alert, Reference
from hub.cap.references import node_of
from hub.store import alerts
from tests.acceptance.accepting import INFO, START, Desk, cancel, cap, desk, quake

DAY_US = 86_400 * 1_000_000


def _link(conn: Connection, alert: Alert) -> Linked:
    node = node_of(alert, node_id="anew", source="nguon")
    return link_in(conn, node, source_key="", may_speak_for=lambda a, b: False)


def test_all_versions_of_an_event_bear_one_identifier() -> None:
    assert event_identifier("quakes", "us1") == "quakes.us1"


async def test_the_whole_chain_is_loaded_and_no_other(hub: Desk) -> None:
    one, other = cap("a"), cap("b")
    two = cap("u1", 5, of=[one])
    await hub.accept(one, two, other)
    linked = await hub.store.read(lambda conn: _link(conn, cap("u2", 9, of=[two])))
    assert {row.identifier for row in linked.stored.values()} == {"a", "u1"}
    assert linked.standing.state == "active"


async def test_linking_writes_nothing(hub: Desk) -> None:
    one = cap("a")
    await hub.accept(one)
    before = await hub.rows()
    await hub.store.write(lambda conn: _link(conn, cancel("c", 5, of=[one])))
    assert await hub.rows() == before


async def test_what_never_was_in_force_is_in_no_chain(hub: Desk) -> None:
    drill = cap("a", status="Exercise")
    await hub.accept(drill)
    linked = await hub.store.read(lambda conn: _link(conn, cap("u", 5, of=[drill])))
    assert linked.stored == {}


async def test_an_alert_that_comes_back_into_force_is_told_anew_under_a_higher_number(tmp_path: Path) -> None:
    """A Cancel that names only an identifier turns ambiguous when a second sender bears it: the first warning lives again."""
    delegates = [["pho@thu.vn", "mot@thu.vn"], ["pho@thu.vn", "hai@thu.vn"]]
    async with desk(tmp_path, {"nguon": {"delegates": delegates}}) as hub:
        vague = cap("c", 9, sender="pho@thu.vn", msg_type="Cancel", infos=(), references=(Reference("", "1", None),))
        first, cancelled = await hub.accept(cap("1", sender="mot@thu.vn"), vague)
        assert await hub.states() == {"1": "cancelled", "c": "cancels"}
        await hub.accept(cap("1", sender="hai@thu.vn"))
        rows = {row.alert_id: row for row in await hub.rows()}
        assert (rows[first.alert_id].state, rows[cancelled.alert_id].state) == ("active", "held")
        assert ("revived", first.alert_id) in await hub.events()
        assert rows[first.alert_id].chain_seq > cancelled.chain_seq
        assert ("alert.held", cancelled.alert_id) in await hub.alarms()


async def test_an_ending_is_kept_a_day_after_the_last_it_ends(hub: Desk) -> None:
    one = cap("a")
    long = cap("u", 5, of=[one], infos=(replace(INFO, expires=START.replace(day=9)),))
    await hub.accept(one, long)
    linked = await hub.store.read(lambda conn: _link(conn, cancel("c", 9, of=[one])))
    kept = keep_until(linked, alert_id="anew", ending=True, live_until=0, now=0)
    assert kept == max(row.live_until for row in await hub.rows()) + DAY_US
    assert keep_until(linked, alert_id="anew", ending=False, live_until=7, now=0) == 7


async def test_a_younger_chain_becomes_an_alias_of_the_older(hub: Desk) -> None:
    one, two = cap("a"), cap("b", 1)
    first, second, _ = await hub.accept(one, two, cap("u", 5, of=[two, one]))
    family = await hub.store.read(lambda conn: alerts.family(conn, first.chain_id))
    assert sorted(family) == sorted([first.chain_id, second.chain_id])


async def test_references_of_minted_alerts_are_ours_and_do_not_link(hub: Desk) -> None:
    await hub.accept(quake(5.0, 0), quake(5.4, 2))
    rows = await hub.store.read(
        lambda conn: alerts.nodes(
            conn, alert_ids=set(), chain_ids={r.chain_id for r in alerts.chains_by_age(conn, _chains(conn))}
        )
    )
    assert {linking._node(row, []).identifier for row in rows} == {"quakes.us1"}


def _chains(conn: Connection) -> set[str]:
    return alerts.linked(conn, identifiers=(), source="quakes", source_key="us1")[1]
