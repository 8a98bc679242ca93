"""Who may act alone (leases with a fencing number), and which processes live (heartbeats). All times are the clock's, in µs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from hub.clock import Clock, to_us
from hub.errors import LeaseLost
from hub.store.tables import leases, processes

SILENT_S = 5.0
"""A process that has not beaten for so long is dead (DEL-2)."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A right to act, until `until` (µs). `fence` grows with every change of holder: whoever acts by it checks it in that transaction."""

    lease: str
    holder: str
    fence: int
    until: int


def acquire(conn: Connection, lease: str, *, holder: str, ttl_s: float, clock: Clock) -> Lease | None:
    """The lease when it was free, lapsed or already `holder`'s (then with its old fence); None while another holds it."""
    now = to_us(clock.now())
    until = now + round(ttl_s * 1_000_000)
    mine = update(leases).where(leases.c.lease == lease, leases.c.holder == holder, leases.c.until > now)
    free = update(leases).where(leases.c.lease == lease, leases.c.until <= now)
    if (
        conn.execute(mine.values(until=until)).rowcount
        or conn.execute(free.values(holder=holder, fence=leases.c.fence + 1, until=until)).rowcount
        or _make(conn, lease, holder=holder, until=until)
    ):
        fence = conn.execute(select(leases.c.fence).where(leases.c.lease == lease)).scalar_one()
        return Lease(lease, holder, fence, until)
    return None


def renew(conn: Connection, held: Lease, *, ttl_s: float, clock: Clock) -> Lease:
    """The same lease for another `ttl_s` seconds; also when it had lapsed and nobody took it.

    Raises:
        LeaseLost: another has it now; stop at once.
    """
    until = to_us(clock.now()) + round(ttl_s * 1_000_000)
    renewed = update(leases).where(*_is(held)).values(until=until)
    if conn.execute(renewed).rowcount == 0:
        raise LeaseLost(f"lease {held.lease} of {held.holder} (fence {held.fence}) went to another")
    return Lease(held.lease, held.holder, held.fence, until)


def keep_all(conn: Connection, holder: str, *, ttl_s: float, clock: Clock) -> None:
    """Every lease that is still `holder`'s is so for another `ttl_s` seconds; also those that had lapsed and nobody took."""
    until = to_us(clock.now()) + round(ttl_s * 1_000_000)
    mine = (leases.c.holder == holder, leases.c.until > 0, leases.c.until < until)
    conn.execute(update(leases).where(*mine).values(until=until))


def standing(conn: Connection, names: Collection[str]) -> dict[str, Lease]:
    """Name -> the lease as it stands, of those of these names that were ever taken."""
    rows = conn.execute(select(leases).where(leases.c.lease.in_(names))).all()
    return {row.lease: Lease(row.lease, row.holder, row.fence, row.until) for row in rows}


def check(conn: Connection, held: Lease) -> None:
    """What this transaction does is done under the lease: nobody took it before the commit.

    Raises:
        LeaseLost: another has it now; change nothing.
    """
    if conn.execute(select(leases.c.fence).where(*_is(held)).with_for_update()).first() is None:
        raise LeaseLost(f"lease {held.lease} of {held.holder} (fence {held.fence}) went to another")


def release(conn: Connection, held: Lease) -> None:
    """Free for the next, unless another has it already."""
    conn.execute(update(leases).where(*_is(held)).values(until=0))


def release_all(conn: Connection, holders: Collection[str]) -> None:
    """Every lease of these (dead) processes is free for the next."""
    conn.execute(update(leases).where(leases.c.holder.in_(holders)).values(until=0))


def register(conn: Connection, process_id: str, *, node: str, clock: Clock) -> tuple[str, ...]:
    """This process lives on `node`; returns its predecessors there, which are dead (one node runs one process: `hub.store.node`).

    They are forgotten and their leases free; the caller frees what else they had claimed.
    """
    gone = select(processes.c.process_id).where(processes.c.node == node, processes.c.process_id != process_id)
    predecessors = tuple(conn.execute(gone.order_by(processes.c.started_at)).scalars())
    forget(conn, predecessors)
    now = to_us(clock.now())
    beaten = update(processes).where(processes.c.process_id == process_id).values(node=node, beat_at=now)
    if conn.execute(beaten).rowcount == 0:
        conn.execute(insert(processes).values(process_id=process_id, node=node, started_at=now, beat_at=now))
    return predecessors


def beat(conn: Connection, process_id: str, *, clock: Clock) -> None:
    """The process was alive just now.

    Raises:
        LeaseLost: others took it for dead and freed what it held; stop acting, register again.
    """
    beaten = update(processes).where(processes.c.process_id == process_id).values(beat_at=to_us(clock.now()))
    if conn.execute(beaten).rowcount == 0:
        raise LeaseLost(f"process {process_id} was taken for dead")


def silent(conn: Connection, *, clock: Clock, silent_s: float = SILENT_S) -> tuple[str, ...]:
    """Processes that have not beaten for `silent_s` seconds, longest first."""
    limit = to_us(clock.now()) - round(silent_s * 1_000_000)
    quiet = select(processes.c.process_id).where(processes.c.beat_at <= limit).order_by(processes.c.beat_at)
    return tuple(conn.execute(quiet).scalars())


def others(conn: Connection, process_id: str) -> tuple[str, ...]:
    """The other processes that are not known to be dead."""
    rest = select(processes.c.process_id).where(processes.c.process_id != process_id)
    return tuple(conn.execute(rest.order_by(processes.c.started_at)).scalars())


def forget(conn: Connection, process_ids: Collection[str]) -> None:
    """These processes are dead: their rows are gone and their leases free."""
    if process_ids:
        release_all(conn, process_ids)
        conn.execute(delete(processes).where(or_(*(processes.c.process_id == one for one in process_ids))))


def _make(conn: Connection, lease: str, *, holder: str, until: int) -> bool:
    """True when the lease did not exist and is now `holder`'s."""
    if conn.execute(select(leases.c.lease).where(leases.c.lease == lease)).first() is not None:
        return False
    try:
        with conn.begin_nested():
            conn.execute(insert(leases).values(lease=lease, holder=holder, fence=1, until=until))
    except IntegrityError:  # PostgreSQL: another made it meanwhile
        return False
    return True


def _is(held: Lease) -> tuple[ColumnElement[bool], ...]:
    return (leases.c.lease == held.lease, leases.c.holder == held.holder, leases.c.fence == held.fence)
