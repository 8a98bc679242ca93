"""What is written of a decision, and who is called."""

from __future__ import annotations

from sqlalchemy import select

from hub.acceptance.record import decision_of
from hub.store import alarms, alerts, tables
from tests.acceptance.accepting import Desk, cap


async def test_alert_event_and_audit_bear_one_seq(hub: Desk) -> None:
    decision = (await hub.accept(cap("a")))[0]
    row = await hub.store.read(lambda conn: alerts.get(conn, decision.alert_id))
    events = await hub.store.read(lambda conn: conn.execute(select(tables.events)).all())
    audited = await hub.store.read(
        lambda conn: conn.execute(select(tables.audit).order_by(tables.audit.c.n.desc())).first()
    )
    assert row is not None
    assert audited is not None
    assert (row.seq, events[-1].seq, events[-1].alert_id) == (decision.seq, decision.seq, decision.alert_id)
    assert (audited.act, audited.object) == ("alert.decided", decision.alert_id)
    assert f'"seq":{decision.seq}' in audited.body.replace(" ", "")
    assert decision_of(row, "duplicate").seq == decision.seq


async def test_a_person_is_called_for_what_is_held(hub: Desk) -> None:
    decision = (await hub.accept(cap("a"), source="nobody-knows"))[0]
    assert decision.disposition == "held"
    row = await hub.store.read(lambda conn: alerts.get(conn, decision.alert_id))
    assert row is not None
    assert row.held_until > row.received_at
    assert [(a.kind, a.object) for a in await hub.store.read(alarms.open_alarms)] == [("alert.held", decision.alert_id)]
