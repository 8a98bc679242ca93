"""A held alert waits for a person, and then takes effect or never does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.cap.model import Reference
from hub.errors import NotHeld
from hub.store import alarms, audit
from tests.acceptance.accepting import START, Desk, cap


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
    assert await hub.store.read(alarms.open_alarms) == []


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
