"""Policy at the moment of sending, with the owner and treaty of now (ROU-3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.app.sending import may_send_in, recipient_of
from hub.cap.model import Alert, Info
from hub.policy import No, Yes
from hub.store import rules
from hub.store.rulebook import read
from hub.subscription import AlertFacts, InfoFacts
from tests.hubbing import endpoint, hub_in

NOW = datetime.now(UTC)


def facts(status: str = "Test", scope: str = "Public", addresses: tuple[str, ...] = ()) -> AlertFacts:
    alert = Alert(
        "a", "s", NOW, status=status, scope=scope, addresses=addresses, infos=(Info("Lũ", severity="Severe"),)
    )
    return AlertFacts("a", "s", alert, (InfoFacts(frozenset({"flood"}), frozenset(), None, NOW + timedelta(hours=1)),))


async def test_another_mode_is_never_sent_not_even_an_ending(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", "http://127.0.0.1:1/")
        ask = may_send_in("test")
        for event in ("alert.new", "alert.cancel"):
            answer = await hub.store.read(lambda conn, e=event: ask(read(conn), facts("Actual"), "e", e))
            assert answer == No("wrong-mode")
        assert await hub.store.read(lambda conn: ask(read(conn), facts(), "e", "alert.new")) == Yes()


async def test_a_private_alert_goes_to_the_addresses_an_endpoint_is_known_under(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        body = {"owner": "co-quan", "kind": "webhook", "settings": {}, "addresses": ["so-y-te@dongnai.example"]}
        await hub.store.write(lambda conn: rules.put(conn, "endpoint", "e", body, origin="desk", by="t", at=NOW))
        agency = {"kind": "agency"}
        await hub.store.write(lambda conn: rules.put(conn, "owner", "co-quan", agency, origin="desk", by="t", at=NOW))
        ask = may_send_in("test")
        private = facts(scope="Private", addresses=("so-y-te@dongnai.example",))
        assert await hub.store.read(lambda conn: ask(read(conn), private, "e", "alert.new")) == Yes()
        other = facts(scope="Private", addresses=("cong-an@dongnai.example",))
        assert isinstance(await hub.store.read(lambda conn: ask(read(conn), other, "e", "alert.new")), No)


async def test_the_treaty_of_this_moment_counts(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", "http://127.0.0.1:1/")
        known = {"kind": "neighbour"}
        await hub.store.write(lambda conn: rules.put(conn, "owner", "co-quan", known, origin="desk", by="t", at=NOW))
        ask = may_send_in("test")
        assert isinstance(await hub.store.read(lambda conn: ask(read(conn), facts(), "e", "alert.new")), No)
        treaty = {"hazards": ["flood"]}
        await hub.store.write(lambda conn: rules.put(conn, "treaty", "co-quan", treaty, origin="desk", by="t", at=NOW))
        assert await hub.store.read(lambda conn: ask(read(conn), facts(), "e", "alert.new")) == Yes()


async def test_an_owner_that_is_no_agency_any_more_gets_what_is_public_and_nothing_else(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        body = {"owner": "giai-the", "kind": "webhook", "settings": {}, "addresses": ["co-quan"]}
        await hub.store.write(lambda conn: rules.put(conn, "endpoint", "e", body, origin="desk", by="t", at=NOW))
        ask = may_send_in("test")

        async def answer(said: AlertFacts, event: str = "alert.new") -> object:
            return await hub.store.read(lambda conn: ask(read(conn), said, "e", event))

        assert await answer(facts()) == Yes()
        assert await answer(facts(scope="Restricted")) == No("not-public")
        assert await answer(facts(scope="Private", addresses=("co-quan",))) == No("not-public")
        assert await answer(facts(scope="Restricted"), "alert.cancel") == Yes()


async def test_an_endpoint_nobody_knows_has_no_owner(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        assert (await hub.store.read(lambda conn: recipient_of(read(conn), "nobody"))).owner == ""
        answer = await hub.store.read(lambda conn: may_send_in("test")(read(conn), facts(), "nobody", "alert.new"))
        assert answer == No("unknown-owner")
