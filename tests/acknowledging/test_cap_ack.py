"""CAP's own Ack: what we write is valid, and one from a recipient confirms what that recipient was told, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.acknowledging.cap_ack import ack_of
from hub.cap.xml import read, write
from tests.hubbing import ZONE, Receiver, another_source, endpoint, hub_in, later, ledger, say, settle, triple
from tests.journeys.town import cap, receiving

SENT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


def test_it_names_what_it_acknowledges_and_goes_to_its_sender_alone() -> None:
    alert = read(cap("mot"), zone=ZONE).alert
    made = ack_of(alert, alert_id="a1", sender="hub@example.test", sent=SENT, mode="test", note="THỬ NGHIỆM – đã nhận")
    back = read(write(made), zone=ZONE)
    assert back.alert == made and back.repairs == ()
    assert (made.msg_type, made.status, made.scope, made.addresses) == (
        "Ack",
        "Test",
        "Private",
        ("kttv@example.test",),
    )
    (reference,) = made.references
    assert (reference.identifier, reference.sent) == ("mot", alert.sent) and made.infos == ()


@pytest.mark.parametrize(("source", "state"), [("co-quan", "acknowledged"), ("nguoi-khac", "delivered")])
async def test_an_ack_confirms_only_what_the_agency_that_sent_it_was_told(
    tmp_path: Path, receiver: Receiver, source: str, state: str
) -> None:
    async with hub_in(tmp_path) as hub:
        await another_source(hub, source)
        await endpoint(hub, "e", receiver.base, ack_min=5)
        sent = later(-60)
        await say(hub, "mot", sent=sent)
        await settle(hub)
        said = await say(
            hub, "nhan", source=source, sender="may@co-quan.test", msg_type="Ack", references=triple("mot", sent)
        )
        assert said.disposition == "internal"
        await settle(hub)
        (row,) = await ledger(hub)
        assert row["state"] == state
        assert row["acknowledged_by"] == ("may@co-quan.test" if state == "acknowledged" else None)
