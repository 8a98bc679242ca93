"""What the live feed reads of the accepted order: where a viewer's telling begins, and one portion after another."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from hub.api import feed, troubles
from hub.api.feed import Resume, Track
from hub.api.group import MOST_WATCHED, Group
from hub.api.sight import Needs, Thing, endpoint_owners, things_of
from hub.clock import to_us
from hub.store import escalations, listing, meta
from hub.words import Words

MOST_IN_SNAPSHOT = 2000
MOST_WAITING = 500
"""So many alerts that wait for a person are in a snapshot, apart from those in force: a flood of them must hide none."""

PORTION = 200
LOOK_BACK = 2000


@dataclass(frozen=True, slots=True)
class Opening:
    """Where a viewer's telling begins: at `seq`, with the snapshot on the wire (empty when it resumes) and the alerts it watches.

    It stays true: whoever begins there later is told more of what came after.
    """

    epoch: str
    last: int
    recent: Sequence[str]
    seq: int
    snapshot: bytes = b""
    shown: Sequence[str] = ()

    def track(self) -> Track:
        """A new track that begins there."""
        return Track(self.last, self.recent)


def opening(
    conn: Connection, group: Group, resume: Resume, *, now: datetime, machine: datetime, words: Words
) -> Opening:
    """At `after`, when it is a place of this epoch's order; else with a snapshot of what is in force at `now`.

    `machine` is the time by which sources are late: no drill shifts it.
    """
    epoch, seq = meta.get(conn, "epoch") or "", group.sight.upto(conn)
    after = None if resume.epoch not in ("", epoch) else resume.after
    if after is not None and 0 <= after <= seq:
        return Opening(epoch, *_before(conn, group, after), after)
    sought = listing.Sought(active_at=to_us(now), endings=True)
    rows = listing.before(conn, seq + 1, sought=sought, limit=MOST_IN_SNAPSHOT)
    waiting = listing.before(conn, seq + 1, sought=listing.Sought(waiting=True), limit=MOST_WAITING)
    seen = [thing for thing in things_of(conn, [*rows, *waiting], group.needs) if group.admits(thing)]
    rows = listing.sources_since(conn, 0) if group.sight.sources else []
    sources = [troubles.source(row, words, now=machine) for row in rows]
    last, recent = _before(conn, group, seq)
    frame = feed.snapshot(seq=seq, last=last, alerts=[thing.summary for thing in seen], sources=sources)
    shown = [thing.row.alert_id for thing in reversed(seen[:MOST_WATCHED])]
    return Opening(epoch, last, recent, seq, feed.wire(frame), shown)


def portion(conn: Connection, upto: int, seq: int, needs: Needs) -> tuple[list[Thing], int, bool]:
    """One portion of the events in (seq, upto], the seq up to which that looked, and whether there are more."""
    if upto <= seq:
        return [], seq, False
    rows = listing.events_after(conn, seq, upto=upto, limit=PORTION)
    came_to = rows[-1].event_seq if len(rows) == PORTION else upto
    return things_of(conn, rows, needs), came_to, came_to < upto


def deliveries_of(
    conn: Connection, group: Group, watched: Collection[str], *, at: datetime
) -> dict[str, tuple[int, dict[str, int]]]:
    """How the deliveries of these alerts stand, and how many recipients have still to confirm them (`ack_waiting`) or should have
    (`ack_overdue`), as far as the group may know; nothing when it may not.
    """
    if not group.sight.deliveries or not watched:
        return {}
    endpoints = group.sight.endpoints(conn)
    found = listing.delivery_counts(conn, watched, endpoints=endpoints)
    owners = None if endpoints is None else {endpoint_owners(conn).get(one, "") for one in endpoints}
    for alert_id, (rev, clocks) in escalations.counts(conn, found.keys(), now=to_us(at), owners=owners).items():
        known_rev, states = found[alert_id]
        found[alert_id] = max(known_rev, rev), {**states, **clocks}
    return found


def _before(conn: Connection, group: Group, seq: int) -> tuple[int, list[str]]:
    """The greatest seq up to `seq` in the group's filter and the last ten alerts there; (0, []) when the last 2,000 hold none."""
    found: list[Thing] = []
    looked = seq
    for _ in range(LOOK_BACK // PORTION):
        rows = listing.events_before(conn, looked, limit=PORTION)
        found += [thing for thing in things_of(conn, rows, group.needs) if group.admits(thing)]
        if found or len(rows) < PORTION:
            break
        looked = rows[-1].event_seq - 1
    recent = [thing.row.alert_id for thing in found[: feed.RECENT]]
    return (found[0].seq if found else 0), recent[::-1]
