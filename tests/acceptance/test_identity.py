"""Who an alert is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

from hub.acceptance.identity import alert_id_of, find
from tests.acceptance.accepting import Desk, candidate, cap, quake


def test_an_identity_is_an_instant_whatever_its_zone() -> None:
    alert = cap("a")
    there = replace(alert, sent=alert.sent.astimezone(timezone(timedelta(hours=-5))))
    assert alert_id_of(there) == alert_id_of(alert)
    assert len({alert_id_of(alert), alert_id_of(cap("b")), alert_id_of(replace(alert, sender="khac@thu.vn"))}) == 3


async def test_what_was_never_in_force_takes_nobodys_identity(hub: Desk) -> None:
    draft = replace(cap("a"), status="Draft")
    await hub.accept(draft)
    real = candidate(cap("a"))
    own_id, known = await hub.store.read(lambda conn: find(conn, real.alert, real, apart=False))
    assert known is None
    assert own_id != alert_id_of(draft)
    again, stored = await hub.store.read(lambda conn: find(conn, draft, candidate(draft), apart=True))
    assert stored is not None
    assert again == alert_id_of(draft)


async def test_what_is_never_to_be_in_force_does_not_meet_what_is(hub: Desk) -> None:
    await hub.accept(cap("a"))
    drill = replace(cap("a"), status="Exercise")
    own_id, known = await hub.store.read(lambda conn: find(conn, drill, candidate(drill), apart=True))
    assert known is None
    assert own_id != alert_id_of(drill)


async def test_an_event_revised_without_a_new_date_is_one_chain_and_its_end_is_not_lost(hub: Desk) -> None:
    said = await hub.words(quake(5.1, 0), quake(5.6, 0), quake(5.9, 0), quake(5.9, 0, ended=True))
    assert said == ["accepted"] * 4
    rows = await hub.rows()
    assert [(row.msg_type, row.state) for row in rows] == [
        ("Alert", "cancelled"),
        ("Update", "cancelled"),
        ("Update", "cancelled"),
        ("Cancel", "cancels"),
    ]
    assert len({row.chain_id for row in rows}) == 1


async def test_an_older_revision_told_late_stays_older_although_its_date_is_taken(hub: Desk) -> None:
    assert await hub.words(quake(5.1, 0), quake(5.9, 5), quake(5.3, 0)) == ["accepted", "accepted", "born_superseded"]
