"""The rows of alerts and chains: what links, what joins, what is numbered."""

from __future__ import annotations

from pathlib import Path

from hub.clock import to_us
from hub.store import alerts
from tests.acceptance.accepting import cancel, cap, desk, quake
from tests.store.fresh import fresh


async def test_an_alert_is_linked_by_its_identifier_and_by_who_references_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as hub:
        one = cap("a")
        first, second, _ = await hub.accept(one, cap("u", 5, of=[one]), cap("b"))
        ids, chain_ids = await hub.store.read(
            lambda conn: alerts.linked(conn, identifiers={"a"}, source="nguon", source_key="")
        )
        assert ids == {first.alert_id, second.alert_id} and chain_ids == {first.chain_id}
        rows = await hub.store.read(lambda conn: alerts.nodes(conn, alert_ids=set(), chain_ids=chain_ids))
        assert {row.alert_id for row in rows} == ids
        found = await hub.store.read(lambda conn: alerts.references_of(conn, ids))
        assert [(r.sender, r.identifier) for r in found[second.alert_id]] == [("dai@thu.vn", "a")]
        assert await hub.store.read(lambda conn: alerts.nodes(conn, alert_ids=set(), chain_ids=set())) == ()


async def test_what_is_set_aside_links_to_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as hub:
        await hub.accept(cap("a", status="Draft"), cap("a", 1, status="Actual"))
        linked = await hub.store.read(
            lambda conn: alerts.linked(conn, identifiers={"a"}, source="nguon", source_key="")
        )
        assert linked == (set(), set())


async def test_the_last_word_of_a_chain_is_its_head(tmp_path: Path) -> None:
    async with desk(tmp_path) as hub:
        one = cap("a")
        first, end = await hub.accept(one, cancel("c", 5, of=[one]))
        assert await hub.store.read(lambda conn: alerts.heads_of(conn, first.chain_id)) == [end.alert_id]


async def test_the_latest_version_of_an_event_is_the_latest_sent(tmp_path: Path) -> None:
    async with desk(tmp_path) as hub:
        late, _ = await hub.accept(quake(5.4, 9), quake(5.1, 0))
        row = await hub.store.read(lambda conn: alerts.latest_of_source_key(conn, "quakes", "us1"))
        assert row is not None and row.alert_id == late.alert_id
        assert await hub.store.read(lambda conn: alerts.latest_of_source_key(conn, "khac", "us1")) is None


async def test_events_are_read_in_their_order(tmp_path: Path) -> None:
    async with desk(tmp_path) as hub:
        await hub.accept(cap("a"), cap("b"), cap("c"))
        rows = await hub.store.read(lambda conn: alerts.events_after(conn, 1, 1))
        assert [row.seq for row in rows] == [2]


async def test_units_and_held_alerts_can_be_changed(tmp_path: Path) -> None:
    async with desk(tmp_path, {}) as hub:
        (held,) = await hub.accept(cap("a"))
        await hub.store.write(
            lambda conn: alerts.set_disposition(conn, held.alert_id, disposition="accepted", reason="released")
        )
        row = await hub.store.read(lambda conn: alerts.get(conn, held.alert_id))
        assert row is not None and (row.disposition, row.reason) == ("accepted", "released")


def test_joined_chains_are_one_family_and_number_on_above_both() -> None:
    with fresh() as conn:
        for n, chain_id in enumerate(("c1", "c2", "c3"), start=1):
            alerts.insert_chain(conn, chain_id=chain_id, n=n, incident_id=None)
        assert [alerts.next_chain_seq(conn, "c3") for _ in range(4)] == [1, 2, 3, 4]
        assert alerts.next_chain_seq(conn, "c1") == 1
        alerts.join_chain(conn, younger="c3", older="c2")
        alerts.join_chain(conn, younger="c2", older="c1")
        assert alerts.next_chain_seq(conn, "c1") == 5
        assert sorted(alerts.family(conn, "c1")) == ["c1", "c2", "c3"]
        assert alerts.family(conn, "c9") == ["c9"]
        assert [row.chain_id for row in alerts.chains_by_age(conn, {"c3", "c1"})] == ["c1", "c3"]
        alerts.set_incident(conn, chain_id="c1", incident_id="i1")
        assert alerts.chains_by_age(conn, {"c1"})[0].incident_id == "i1"


def test_an_event_keeps_its_first_key_under_all_its_names_per_source() -> None:
    with fresh() as conn:
        alerts.remember_aliases(conn, "quakes", "us1", ("us1", "vn9"))
        alerts.remember_aliases(conn, "quakes", "zz", ("vn9", "at3"))
        assert alerts.source_key_of(conn, "quakes", ("vn9",)) == "us1"
        assert alerts.source_key_of(conn, "quakes", ("?", "at3", "us1")) == "zz"
        assert alerts.source_key_of(conn, "quakes", ("?",)) is None
        assert alerts.source_key_of(conn, "khac", ("vn9",)) is None


async def test_an_identity_belongs_to_the_first_in_a_chain_under_whatever_id(tmp_path: Path) -> None:
    async with desk(tmp_path) as hub:
        one = cap("a")
        sent = to_us(one.sent)
        found = lambda conn: alerts.chained(conn, sender=one.sender, identifier="a", sent=sent)  # noqa: E731
        await hub.accept(cap("a", status="Exercise"))
        assert await hub.store.read(found) is None
        (real,) = await hub.accept(one)
        row = await hub.store.read(found)
        assert row is not None and row.alert_id == real.alert_id


async def test_the_versions_of_an_event_between_two_instants_are_found_in_order(tmp_path: Path) -> None:
    async with desk(tmp_path) as hub:
        await hub.accept(quake(5.0, 0), quake(5.4, 2), quake(5.8, 1), quake(5.0, 1, key="us2"))
        sent = [row.sent for row in await hub.rows() if row.source_key == "us1"]
        found = await hub.store.read(
            lambda conn: alerts.versions_between(conn, "quakes", "us1", min(sent), max(sent) - 1)
        )
        assert [row.sent for row in found] == sorted(sent)[:2]
