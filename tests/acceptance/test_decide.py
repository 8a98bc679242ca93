"""Every disposition of ACC-3 through a real acceptor and store."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta, timezone
from itertools import permutations
from pathlib import Path

import pytest

from hub.acceptance.identity import alert_id_of
from hub.cap.model import Alert, Area, Info, Reference
from hub.cap.repair import Fault, Repair
from hub.connector import Withdrawn
from tests.acceptance.accepting import INFO, START, Desk, cancel, candidate, cap, desk, quake

HANOI = timezone(timedelta(hours=7))


async def test_a_sound_alert_is_accepted(hub: Desk) -> None:
    (decision,) = await hub.accept(cap("a"))
    assert (decision.disposition, decision.seq, decision.chain_seq) == ("accepted", 1, 1)
    assert decision.chain_id and decision.incident_id
    (row,) = await hub.rows()
    assert (row.state, row.alert_id, row.keep_until) == ("active", decision.alert_id, row.live_until)
    assert await hub.events() == [("decided", decision.alert_id)]


async def test_a_mended_alert_is_repaired_and_names_each_repair(hub: Desk) -> None:
    said = candidate(cap("a"), repairs=(Repair("ring-closed", "info[0]"),), faults=(Fault("missing-scope", "scope"),))
    (decision,) = await hub.accept(said)
    assert (decision.disposition, decision.repairs, decision.faults) == (
        "repaired",
        ("ring-closed",),
        ("missing-scope",),
    )


async def test_the_same_again_is_a_duplicate_and_writes_nothing(hub: Desk) -> None:
    first, again = await hub.accept(cap("a"), cap("a"))
    assert (again.disposition, again.alert_id, again.seq) == ("duplicate", first.alert_id, first.seq)
    assert len(await hub.rows()) == 1


async def test_the_same_instants_in_another_zone_are_a_duplicate(hub: Desk) -> None:
    there = cap("a", sent=START.astimezone(HANOI))
    assert INFO.expires is not None
    there = replace(there, infos=(replace(INFO, expires=INFO.expires.astimezone(HANOI)),))
    assert await hub.words(cap("a"), there) == ["accepted", "duplicate"]


async def test_other_content_under_one_identity_is_a_conflict_and_the_first_stays_in_force(hub: Desk) -> None:
    graver = cap("a", infos=(replace(INFO, severity="Extreme"),))
    assert await hub.words(cap("a"), graver, graver) == ["accepted", "conflict", "conflict"]
    first, second = await hub.rows()
    assert (first.state, second.state, second.chain_id) == ("active", "none", None)
    assert second.reason == f"differs-from {first.alert_id}"
    assert await hub.alarms() == [("alert.conflict", first.alert_id)]


@pytest.mark.parametrize(
    ("apart", "disposition"),
    [({"status": "Actual"}, "other_mode"), ({"status": "Draft"}, "quarantined"), ({"msg_type": "Ack"}, "internal")],
)
async def test_a_copy_that_is_not_to_be_in_force_disputes_nothing_in_either_order(
    hub: Desk, apart: dict[str, str], disposition: str
) -> None:
    graver = (replace(INFO, severity="Extreme"),)
    assert await hub.words(cap("a"), cap("a", infos=graver, **apart)) == ["accepted", disposition]
    assert await hub.words(cap("b", infos=graver, **apart), cap("b")) == [disposition, "accepted"]
    assert await hub.words(cap("a", infos=graver, **apart)) == ["duplicate"]
    assert [(row.disposition, row.state) for row in await hub.rows() if row.chain_id] == [("accepted", "active")] * 2
    assert await hub.alarms() == []


async def test_after_a_copy_for_a_drill_the_warning_is_one_whoever_passes_it_on(tmp_path: Path) -> None:
    async with desk(tmp_path, {"nguon": {}, "khac": {}}) as hub:
        graver = cap("a", infos=(replace(INFO, severity="Extreme"),))
        assert await hub.words(cap("a", status="Exercise")) == ["other_mode"]
        assert await hub.words(cap("a")) == ["accepted"]
        assert await hub.words(cap("a"), graver, source="khac") == ["duplicate", "conflict"]
        assert [row.disposition for row in await hub.rows()] == ["other_mode", "accepted", "conflict"]


async def test_the_same_words_with_other_line_breaks_are_a_duplicate(hub: Desk) -> None:
    said = cap("a", infos=(replace(INFO, description="Mực nước lên nhanh,\n    sơ tán ngay."),))
    laid_out = cap("a", infos=(replace(INFO, description="Mực nước lên nhanh, sơ tán ngay."),))
    assert await hub.words(said, laid_out) == ["accepted", "duplicate"]


async def test_the_same_identifier_with_another_sent_is_a_revision(hub: Desk) -> None:
    assert await hub.words(cap("a"), cap("a", 5)) == ["accepted", "revision"]
    first, second = await hub.rows()
    assert (first.state, second.state) == ("superseded", "active")
    assert first.chain_id == second.chain_id


async def test_an_older_revision_is_born_superseded(hub: Desk) -> None:
    assert await hub.words(cap("a", 5), cap("a")) == ["accepted", "born_superseded"]


async def test_a_source_without_authority_is_held_and_alarms(tmp_path: Path) -> None:
    async with desk(tmp_path, {}) as hub:
        (decision,) = await hub.accept(cap("a"))
        assert (decision.disposition, decision.reason, decision.chain_id) == ("held", "no-authority", "")
        (row,) = await hub.rows()
        assert row.held_until > row.received_at and row.state == "none" and row.held_by
        assert await hub.alarms() == [("alert.held", decision.alert_id)]


@pytest.mark.parametrize(
    ("authority", "reason"),
    [
        ({"max_severity": "Moderate"}, "beyond-authority severity"),
        ({"senders": ["ai-khac@thu.vn"]}, "beyond-authority sender"),
        ({"hazards": ["drought"]}, "beyond-authority hazard"),
        ({"units": ["no-such-unit"]}, "beyond-authority area"),
    ],
)
async def test_beyond_its_authority_an_alert_is_held(tmp_path: Path, authority: dict[str, object], reason: str) -> None:
    async with desk(tmp_path, {"nguon": authority}) as hub:
        (decision,) = await hub.accept(cap("a"))
        assert (decision.disposition, decision.reason) == ("held", reason)


async def test_who_may_not_speak_first_does_not_silence_who_may(tmp_path: Path) -> None:
    async with desk(tmp_path, {"nguon": {}}) as hub:
        same, other = cap("a"), cap("b", infos=(replace(INFO, headline="giả"),))
        assert await hub.words(same, other, source="la") == ["held", "held"]
        assert await hub.words(same, cap("b")) == ["accepted", "accepted"]
        assert await hub.words(same, cap("b")) == ["duplicate", "duplicate"]
        assert await hub.words(same, other, source="la") == ["duplicate", "duplicate"]


async def test_who_may_not_speak_cannot_dispute(tmp_path: Path) -> None:
    async with desk(tmp_path, {"nguon": {}}) as hub:
        other = cap("a", infos=(replace(INFO, severity="Extreme"),))
        await hub.accept(cap("a"))
        assert await hub.words(other, other, source="la") == ["held", "duplicate"]
        assert [row.state for row in await hub.rows()] == ["active", "none"]


async def test_a_draft_does_not_take_the_identity_of_what_is_aired(hub: Desk) -> None:
    assert await hub.words(cap("a", status="Draft"), cap("a")) == ["quarantined", "accepted"]


@pytest.mark.parametrize(
    ("more", "disposition", "reason"),
    [
        ({"status": "Actual"}, "other_mode", "Actual"),
        ({"status": "Exercise"}, "other_mode", "Exercise"),
        ({"status": "System"}, "internal", "system"),
        ({"msg_type": "Ack"}, "internal", "ack"),
        ({"msg_type": "Error"}, "internal", "error"),
        ({"status": "Draft"}, "quarantined", "draft"),
        ({"status": "Odd"}, "quarantined", "unknown-status"),
        ({"msg_type": "Odd"}, "quarantined", "unknown-msgType"),
        ({"scope": "Private"}, "quarantined", "private-without-addresses"),
    ],
)
async def test_what_is_never_distributed_is_kept_with_its_word(
    hub: Desk, more: dict[str, str], disposition: str, reason: str
) -> None:
    (decision,) = await hub.accept(cap("a", **more))
    assert (decision.disposition, decision.reason, decision.chain_id) == (disposition, reason, "")
    (row,) = await hub.rows()
    assert row.state == "none"


async def test_an_expired_alert_is_born_expired(hub: Desk) -> None:
    hub.clock.advance(24 * 3600)
    (decision,) = await hub.accept(cap("a"))
    assert decision.disposition == "born_expired"


async def test_a_cancel_of_an_unknown_alert_waits_for_it(hub: Desk) -> None:
    one = cap("a")
    assert await hub.words(cancel("c", 5, of=[one]), one) == ["accepted", "born_cancelled"]
    assert await hub.states() == {"c": "cancels", "a": "cancelled"}
    tombstone = (await hub.rows())[0]
    assert tombstone.keep_until - tombstone.received_at == 30 * 86_400 * 1_000_000


async def test_a_cancel_is_owed_a_day_longer_than_what_it_cancels(hub: Desk) -> None:
    one = cap("a")
    await hub.accept(one, cancel("c", 5, of=[one]))
    first, second = await hub.rows()
    assert second.keep_until - first.live_until == 86_400 * 1_000_000


async def test_an_update_before_its_original_stands_and_the_original_is_born_superseded(hub: Desk) -> None:
    one = cap("a")
    update = cap("u", 5, of=[one])
    assert await hub.words(update, one) == ["accepted", "born_superseded"]
    assert await hub.states() == {"u": "active", "a": "superseded"}


async def test_another_sender_may_not_cancel(hub: Desk) -> None:
    one = cap("a")
    theirs = cancel("c", 5, of=[one], sender="ke-la@thu.vn")
    assert await hub.words(one, theirs) == ["accepted", "held"]
    assert (await hub.states())["a"] == "active"


async def test_a_registered_delegate_may_cancel(tmp_path: Path) -> None:
    async with desk(tmp_path, {"nguon": {"delegates": [["pho@thu.vn", "dai@thu.vn"]]}}) as hub:
        one = cap("a")
        assert await hub.words(one, cancel("c", 5, of=[one], sender="pho@thu.vn")) == ["accepted", "accepted"]
        assert (await hub.states())["a"] == "cancelled"


async def test_an_update_of_two_chains_joins_them_and_the_older_id_stays(hub: Desk) -> None:
    one, two = cap("a"), cap("b", 1)
    first, second, joint = await hub.accept(one, two, cap("u", 5, of=[one, two]))
    assert first.chain_id != second.chain_id
    assert joint.chain_id == first.chain_id
    assert joint.chain_seq > max(first.chain_seq, second.chain_seq)
    assert {row.chain_id for row in await hub.rows()} == {first.chain_id}
    assert await hub.states() == {"a": "superseded", "b": "superseded", "u": "active"}


async def test_an_update_with_all_clear_ends_its_chain(hub: Desk) -> None:
    one = cap("a")
    end = cap("u", 5, of=[one], infos=(replace(INFO, response_types=("AllClear",)),))
    await hub.accept(one, end)
    assert await hub.states() == {"a": "ended", "u": "ends"}


async def test_a_reference_to_itself_changes_nothing(hub: Desk) -> None:
    said = cap("u", 5, msg_type="Update", references=(Reference("dai@thu.vn", "u", START),))
    assert await hub.words(said) == ["accepted"]


async def test_what_vanished_from_the_index_is_withdrawn_and_stays_in_force(hub: Desk) -> None:
    (decision,) = await hub.accept(cap("a"))
    gone = Withdrawn(source="nguon", payload_sha256="", sender="dai@thu.vn", identifier="a")
    assert await hub.accept(gone, gone) == []
    (row,) = await hub.rows()
    assert row.state == "active" and row.withdrawn_at is not None
    assert await hub.events() == [("decided", decision.alert_id), ("withdrawn", decision.alert_id)]


async def test_one_source_cannot_withdraw_for_another(hub: Desk) -> None:
    await hub.accept(cap("a"))
    await hub.accept(Withdrawn(source="la", payload_sha256="", sender="dai@thu.vn", identifier="a"))
    assert (await hub.rows())[0].withdrawn_at is None


async def test_an_update_of_another_hazard_stays_in_the_incident(hub: Desk) -> None:
    one = cap("a")
    update = cap("u", 5, of=[one], infos=(replace(INFO, event="Hạn hán", headline="Hạn hán"),))
    first, second = await hub.accept(one, update)
    assert second.disposition == "accepted"
    assert first.incident_id == second.incident_id


def _story() -> list[Alert]:
    one = cap("a")
    up1 = cap("u1", 10, of=[one])
    up2 = cap("u2", 20, of=[one, up1])
    revision = cap("u2", 25, of=[one, up1])
    return [one, up1, up2, revision, cancel("c", 30, of=[one, up2])]


async def test_every_order_ends_in_the_same_state(tmp_path: Path) -> None:
    """ACC-4: 60 of the 120 orders through the real store, each message twice somewhere; every order in tests/cap/test_chain.py."""
    orders = random.Random(4).sample(list(permutations(range(5))), 60)
    ends = set()
    async with desk(tmp_path) as hub:
        for n, order in enumerate(orders):
            story = [_renamed(alert, n) for alert in _story()]
            await hub.accept(*(story[i] for i in order), story[order[0]], story[order[2]])
        rows = await hub.rows()
    for n in range(len(orders)):
        mine = [row for row in rows if row.identifier.endswith(f".{n}")]
        assert len(mine) == 5
        assert len({row.chain_id for row in mine}) == 1
        names = {row.alert_id: (row.identifier.partition(".")[0], row.sent) for row in mine}
        ends.add(frozenset((names[row.alert_id], row.state, names.get(row.superseded_by or "", ())) for row in mine))
    assert len(ends) == 1
    assert sorted((name[0], state) for name, state, _ in next(iter(ends))) == [
        ("a", "cancelled"),
        ("c", "cancels"),
        ("u1", "cancelled"),
        ("u2", "cancelled"),
        ("u2", "cancelled"),
    ]


def _renamed(alert: Alert, n: int) -> Alert:
    references = tuple(replace(r, identifier=f"{r.identifier}.{n}") for r in alert.references)
    return replace(alert, identifier=f"{alert.identifier}.{n}", references=references)


async def test_a_new_revision_of_an_event_supersedes_and_the_same_again_is_unchanged(hub: Desk) -> None:
    assert await hub.words(quake(5.1, 0), quake(5.1, 2), quake(5.4, 4)) == ["accepted", "unchanged", "accepted"]
    first, second = await hub.rows()
    assert (first.msg_type, first.state) == ("Alert", "superseded")
    assert (second.msg_type, second.state, second.chain_id) == ("Update", "active", first.chain_id)
    assert second.identifier.startswith("quakes.us1.") and second.identifier != first.identifier


async def test_an_event_that_is_over_is_cancelled(hub: Desk) -> None:
    await hub.accept(quake(5.1, 0), quake(5.1, 9, ended=True))
    first, second = await hub.rows()
    assert (first.state, second.msg_type, second.state) == ("cancelled", "Cancel", "cancels")


async def test_a_late_older_version_of_an_event_is_born_superseded(hub: Desk) -> None:
    assert await hub.words(quake(5.4, 4), quake(5.1, 0)) == ["accepted", "born_superseded"]
    assert [row.state for row in await hub.rows()] == ["active", "superseded"]


async def test_an_event_is_one_under_all_its_names(hub: Desk) -> None:
    said = [quake(5.1, 0), quake(5.4, 4, key="vn9", also_known_as=("us1",)), quake(5.6, 8, key="vn9")]
    assert await hub.words(*said) == ["accepted", "accepted", "accepted"]
    assert [row.state for row in await hub.rows()] == ["superseded", "superseded", "active"]
    assert len({row.chain_id for row in await hub.rows()}) == 1


async def test_an_event_withdrawn_at_its_source_stays_in_force(hub: Desk) -> None:
    await hub.accept(quake(5.1, 0), Withdrawn(source="quakes", payload_sha256="", source_key="us1"))
    (row,) = await hub.rows()
    assert row.withdrawn_at is not None and row.state == "active"


async def test_an_alert_without_any_area_calls_the_duty_officer(hub: Desk) -> None:
    (decision,) = await hub.accept(cap("a", infos=(Info(event="Lũ", expires=INFO.expires, areas=(Area(""),)),)))
    assert ("alert.area", decision.alert_id) in await hub.alarms()


def test_an_identity_is_an_instant_not_its_text() -> None:
    assert alert_id_of(cap("a")) == alert_id_of(cap("a", sent=START.astimezone(HANOI)))
    assert alert_id_of(cap("a")) != alert_id_of(cap("a", 1))


async def test_revisions_within_one_second_are_all_told_and_the_last_to_come_is_in_force(hub: Desk) -> None:
    said = [quake(magnitude, 0) for magnitude in (5.0, 6.6, 5.8)]
    assert await hub.words(*said) == ["accepted", "accepted", "accepted"]
    rows = await hub.rows()
    assert [row.state for row in rows] == ["superseded", "superseded", "active"]
    assert [row.sent - rows[0].sent for row in rows] == [0, 1_000_000, 2_000_000]
    assert await hub.words(*said) == ["duplicate", "duplicate", "unchanged"], "the same once more moves nothing"
    assert len(await hub.rows()) == 3


async def test_an_event_taken_back_within_the_second_of_its_telling_is_ended(hub: Desk) -> None:
    assert await hub.words(quake(5.0, 0), quake(5.0, 0, ended=True)) == ["accepted", "accepted"]
    assert [row.state for row in await hub.rows()] == ["cancelled", "cancels"]
