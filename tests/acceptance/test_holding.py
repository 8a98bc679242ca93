"""A held alert waits for a person, and then takes effect or never does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.cap.model import Reference
from hub.errors import NotHeld
from hub.store import alarms, audit
from tests.acceptance.accepting import START, Desk, cap, desk

DELEGATES = [["pho@thu.vn", "mot@thu.vn"], ["pho@thu.vn", "hai@thu.vn"]]
VAGUE = cap("c", 9, sender="pho@thu.vn", msg_type="Cancel", infos=(), references=(Reference("", "1", None),))
"""Ends the one alert called 1; ambiguous once a second sender has one of that name."""


async def test_a_released_alert_is_in_force_and_is_a_new_event(hub: Desk) -> None:
    held = (await hub.accept(cap("a"), source="nobody-knows"))[0]
    decision = await hub.acceptor.release(held.alert_id, who="person:an", reason="gọi điện xác nhận")
    assert decision.disposition == "accepted"
    assert await hub.states() == {"a": "active"}
    assert (await hub.events())[-1] == ("released", held.alert_id)
    row = (await hub.rows())[0]
    assert (row.held_by, row.held_until, row.chain_seq) == ("person:an", None, 1)
    assert await hub.store.read(alarms.open_alarms) == []
    assert (await hub.store.read(audit.verify)).ok


async def test_a_released_cancel_of_a_stranger_ends_what_it_names(hub: Desk) -> None:
    first = cap("a")
    await hub.accept(first)
    reference = Reference(first.sender, "a", first.sent)
    stranger = cap("huy", 5, sender="khac@thu.vn", msg_type="Cancel", infos=(), references=(reference,))
    held = (await hub.accept(stranger))[0]
    assert (held.disposition, (await hub.states())["a"]) == ("held", "active")
    await hub.acceptor.release(held.alert_id, who="person:an", reason="đúng cơ quan")
    assert await hub.states() == {"a": "cancelled", "huy": "cancels"}


async def test_a_dismissed_alert_is_refused_and_changes_nothing(hub: Desk) -> None:
    held = (await hub.accept(cap("a"), source="nobody-knows"))[0]
    decision = await hub.acceptor.dismiss(held.alert_id, who="person:an", reason="tin giả")
    assert (decision.disposition, decision.reason) == ("refused", "dismissed: tin giả")
    assert await hub.states() == {"a": "none"}
    assert (await hub.events())[-1] == ("dismissed", held.alert_id)
    assert await hub.store.read(alarms.open_alarms) == []


async def test_a_cancel_that_had_taken_effect_and_is_held_now_is_decided_by_a_person(tmp_path: Path) -> None:
    async with desk(tmp_path, {"nguon": {"delegates": DELEGATES}}) as hub:
        first, vague, _ = await hub.accept(cap("1", sender="mot@thu.vn"), VAGUE, cap("1", sender="hai@thu.vn"))
        row = next(row for row in await hub.rows() if row.alert_id == vague.alert_id)
        assert (row.state, row.reason, row.held_by) == ("held", "ambiguous-reference", "duty-commander")
        assert row.held_until > row.received_at
        assert ("held", vague.alert_id) in await hub.events()
        assert (await hub.acceptor.dismiss(vague.alert_id, who="p", reason="mơ hồ")).disposition == "refused"
        assert {row.alert_id: row.state for row in await hub.rows()}[first.alert_id] == "active"
        assert await hub.store.read(alarms.open_alarms) == []


async def test_what_another_message_has_settled_waits_for_nobody(tmp_path: Path) -> None:
    """Of two versions of one stranger's Update the later is released: the earlier is over with it."""
    async with desk(tmp_path) as hub:
        reference = Reference("dai@thu.vn", "a", None)
        said = {"sender": "khac@thu.vn", "msg_type": "Update", "references": (reference,)}
        _, held = await hub.accept(cap("a"), cap("u", 5, **said))
        assert held.disposition == "held"
        (again,) = await hub.accept(cap("u", 9, **said))
        assert len(await hub.store.read(alarms.open_alarms)) == 2
        await hub.acceptor.release(again.alert_id, who="p", reason="đúng cơ quan")
        rows = {row.alert_id: row for row in await hub.rows()}
        assert (rows[held.alert_id].state, rows[held.alert_id].held_until) == ("superseded", None)
        assert rows[held.alert_id].disposition == "born_superseded"
        assert await hub.store.read(alarms.open_alarms) == []
        with pytest.raises(NotHeld):
            await hub.acceptor.release(held.alert_id, who="p", reason="muộn")


async def test_what_has_ended_meanwhile_is_released_to_nobody(hub: Desk) -> None:
    alert = cap("a")
    ended = replace(alert, infos=tuple(replace(i, expires=START + timedelta(minutes=30)) for i in alert.infos))
    held = (await hub.accept(ended, source="nobody-knows"))[0]
    assert (await hub.acceptor.release(held.alert_id, who="p", reason="muộn")).disposition == "born_expired"


async def test_nobody_decides_twice(hub: Desk) -> None:
    held = (await hub.accept(cap("a"), source="nobody-knows"))[0]
    await hub.acceptor.dismiss(held.alert_id, who="person:an", reason="tin giả")
    with pytest.raises(NotHeld, match="refused"):
        await hub.acceptor.release(held.alert_id, who="person:binh", reason="khoan")
    with pytest.raises(LookupError):
        await hub.acceptor.release("nothing", who="person:binh", reason="khoan")
