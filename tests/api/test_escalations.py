"""The clocks as the API shows them: to whom, with which names, and what a ledger row's acknowledgement is called."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from hub.acknowledging.plans import Plan, Step
from hub.api.escalations import ack_word
from hub.store import alerts, escalations, rosters
from tests.api.doorway import Door, cap, open_door, owe

XML = {"Content-Type": "application/cap+xml"}
PLAN = Plan("p", 2, 1, "", (Step(0, "desk"), Step(0, "duty"), Step(3, "chief")))
MINUTE = 60_000_000


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def running(door: Door, owner: str = "y-te") -> tuple[str, str]:
    """(alert id, contact id) of an alert whose clock for `owner` has called somebody on duty."""
    async with await door.source() as source:
        alert_id = (await source.post("/v1/alerts", content=cap("a1"), headers=XML)).json()["alert_id"]
    await owe(door, {alert_id: owner})

    def write(conn: Any) -> str:
        contact = rosters.put_contact(conn, owner=owner, name="Trần Thị Bình", phone="0251")
        alert = alerts.get(conn, alert_id)
        assert alert is not None
        due = alert.received_at
        name = escalations.escalation_id(alert.seq, owner)
        clock = {
            "escalation_id": name,
            "alert_id": alert_id,
            "seq": alert.seq,
            "chain_id": alert.chain_id,
            "owner": owner,
            "state": "waiting",
            "ack_due_at": due,
            "ends_at": alert.live_until,
            "due_at": due,
            "step": 2,
            "plan": msgspec.json.encode(PLAN).decode(),
            "quorum": 1,
            "opened_at": due,
            "closed_at": None,
            "ended_by": "",
            "rev": due,
        }
        escalations.open_clocks(conn, [clock])
        calls = msgspec.json.encode(
            [{"owner": owner, "contact_id": contact}, {"owner": owner, "contact_id": ""}]
        ).decode()
        step = {"escalation_id": name, "n": 2, "to": "duty", "due_at": due, "fired_at": due, "late": 1}
        escalations.record_step(conn, {**step, "reached": "[]", "calls": calls})
        return contact

    return alert_id, await door.store.write(write)


async def test_the_desk_sees_whom_to_call_and_what_comes_next(door: Door) -> None:
    alert_id, contact = await running(door)
    async with await door.dispatcher() as desk:
        told = (await desk.get(f"/v1/alerts/{alert_id}/escalations")).json()
        every = (await desk.get("/v1/escalations")).json()["escalations"]
    (clock,) = told["escalations"]
    assert every == [clock]
    assert (clock["state"], clock["overdue"], clock["due_to"], clock["acknowledged"]) == ("waiting", True, "chief", 0)
    due, deadline = (datetime.fromisoformat(clock[name]) for name in ("due_at", "ack_due_at"))
    assert (due - deadline).total_seconds() == 180 and datetime.fromisoformat(told["now"]) <= datetime.now(UTC)
    (step,) = clock["fired"]
    assert step["late"] and step["calls"] == [
        {"owner": "y-te", "contact_id": contact, "name": "Trần Thị Bình", "post": "", "phone": "0251"},
        {"owner": "y-te", "contact_id": ""},
    ]


async def test_an_agency_sees_its_own_clock_without_names_and_others_see_none(door: Door) -> None:
    alert_id, contact = await running(door)
    async with door.client(key=await door.key("agency", "y-te")) as own:
        (clock,) = (await own.get(f"/v1/alerts/{alert_id}/escalations")).json()["escalations"]
        assert clock["fired"][0]["calls"][0] == {"owner": "y-te", "contact_id": contact}
    async with door.client(key=await door.key("agency", "pccc")) as other:
        assert (await other.get(f"/v1/alerts/{alert_id}/escalations")).status_code == 404
        assert (await other.get("/v1/escalations")).json()["escalations"] == []


@pytest.mark.parametrize(
    ("row", "state", "due", "word"),
    [
        ({"acknowledged_at": 5, "ack_min": 0}, None, 0, "acknowledged"),
        ({"acknowledged_at": None, "ack_min": 0}, "waiting", 50, "none"),
        ({"acknowledged_at": None, "ack_min": 5}, None, 0, "none"),
        ({"acknowledged_at": None, "ack_min": 5}, "waiting", 50, "waiting"),
        ({"acknowledged_at": None, "ack_min": 5}, "waiting", 10, "overdue"),
        ({"acknowledged_at": None, "ack_min": 5}, "acknowledged", 10, "acknowledged"),
        ({"acknowledged_at": None, "ack_min": 5}, "ended", 10, "ended"),
    ],
)
def test_the_word_of_a_row_follows_the_recipients_clock(
    row: dict[str, Any], state: str | None, due: int, word: str
) -> None:
    clock: Any = SimpleNamespace(state=state, ack_due_at=due) if state else None
    assert ack_word(row, clock, now=10) == word
