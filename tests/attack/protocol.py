"""The hub's own code over SQLite, moved by hand: acceptance, routing, two workers, receivers, a clock; the promises are looked at after each step."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, create_engine, event, select, update
from sqlalchemy.pool import StaticPool

from hub.acceptance.accept import Acceptor, Setting
from hub.acceptance.authorities import Trusted
from hub.app.sending import may_send_in
from hub.cap.model import Alert, Area, Info, NamedValue, Reference
from hub.clock import SetClock, to_us
from hub.connector import Candidate
from hub.consumer import Receipt
from hub.delivery import ledger, retry
from hub.routing.route import Router
from hub.store import alerts, deliveries, endpoints, evidence, migrations, overdue, routed, rules, watching
from hub.store import tables as t
from tests.api.doorway import gazetteer, hazards_table

START = datetime(2026, 11, 24, 3, tzinfo=UTC)
ENDPOINTS = ("nghe", "xa")
WORKERS = ("w0", "w1")
LIVING = ("alert.new", "alert.update")
TAKEN_BACK = ("alert.missed", "alert.disputed")
ENDED = ("delivered", "acknowledged", "superseded", "expired", "failed", "covered")


class Broken(AssertionError):
    """A promise was broken."""


@dataclass
class Job:
    """A delivery in a worker's hands: what it claimed, whether it is sent, whether the receiver's 2xx is on its way back."""

    row: dict[str, Any]
    began: int
    sent: bool = False
    answered: bool = False


@dataclass
class Receiver:
    """What an agency has: effects by id, the greatest chain_seq of each chain with the alert shown, and the ids it answered."""

    effects: Counter[str] = field(default_factory=Counter)
    newest: dict[str, int] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    told: dict[tuple[str, str], str] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)


class Protocol:
    """One hub of the machine's own."""

    def __init__(self) -> None:
        self._closing = contextlib.ExitStack()
        self.conn = self._closing.enter_context(_watched())
        self.clock = SetClock(START)
        setting = Setting("test", gazetteer(), hazards_table(), Trusted())
        self._acceptor = Acceptor(None, setting, clock=self.clock)  # type: ignore[arg-type]
        self._router = self._new_router()
        self.jobs: dict[str, list[Job]] = {worker: [] for worker in WORKERS}
        self.receivers = {name: Receiver() for name in ENDPOINTS}
        self.sources: list[tuple[str, Alert]] = []
        self.heard: set[str] = set()
        self._write(self._found)

    def close(self) -> None:
        self._closing.close()

    def _new_router(self) -> Router:
        return Router(None, clock=self.clock, may_send=may_send_in("test"))  # type: ignore[arg-type]

    def _found(self, conn: Connection) -> None:
        now = self.clock.now()
        for kind, name, body in (("authority", "nguon", {}), ("owner", "co-quan", {"kind": "agency"})):
            rules.put(conn, kind, name, body, origin="desk", by="t", at=now)
        for number, name in enumerate(ENDPOINTS):
            url = f"https://{name}.example/"
            rules.put(
                conn,
                "endpoint",
                name,
                {"owner": "co-quan", "kind": "webhook", "settings": {"url": url}},
                origin="desk",
                by="t",
                at=now,
            )
            endpoints.create(conn, name, secrets=[], seal_key=bytes(32))
            endpoints.proven(conn, name, url)
            rule = {"endpoint_id": name, "owner": "co-quan", "number": number, "units": ["75"]}
            if name == "xa":
                rule["min_severity"] = "Severe"
            rules.put(conn, "subscription", f"s-{name}", rule, origin="desk", by="t", at=now)

    def _write(self, fn: Any) -> Any:
        """What one commit does: all of it or nothing, sealed at its end."""
        with self.conn.begin_nested():
            value = fn(self.conn)
            raw: Any = self.conn.connection.driver_connection
            watching.seal(raw, worker="hub", clock=self.clock)
        return value

    def now(self) -> int:
        return to_us(self.clock.now())

    # --- steps ------------------------------------------------------------------------------------------------------------------

    def say(self, msg_type: str, of: int, *, severity: str, minutes: int) -> None:
        """A new alert, or a version of an earlier one."""
        self.clock.advance(1)
        before = self.sources[of % len(self.sources)][1] if self.sources and msg_type != "Alert" else None
        told = () if before is None else (Reference(before.sender, before.identifier, before.sent),)
        sent = self.clock.now().replace(microsecond=0)
        info = Info(
            "Lũ", ("Met",), "Expected", severity, "Likely", "vi-VN",
            expires=sent + timedelta(minutes=minutes), headline=f"Lũ {len(self.sources)}",
            areas=(Area("Đồng Nai", geocodes=(NamedValue("VN:GSO", "75"),)),),
        )  # fmt: skip
        alert = Alert(
            f"a{len(self.sources)}", "kttv@example.test", sent, status="Test",
            msg_type=msg_type if before is not None else "Alert", references=told, infos=(info,),
        )  # fmt: skip
        (decision,) = self._write(lambda conn: self._acceptor.accept_in(conn, [Candidate("nguon", alert, "0" * 64)]))
        self.sources.append((decision.alert_id, alert))

    def route(self) -> None:
        """Everything accepted is routed, an event a commit."""
        for one in alerts.events_after(self.conn, routed.last_routed(self.conn), 100):
            self._write(lambda conn, one=one: self._router.route_in(conn, one))

    def claim(self, worker: str) -> None:
        """The worker takes the most urgent delivery that is due."""
        now = self.now()

        def take(conn: Connection) -> list[dict[str, Any]]:
            for row in deliveries.due(conn, now=now, lanes=(0, 1, 2, 3), busy=(), most=5):
                until = now + round(retry.lease_s(row.lane) * 1e6)
                if deliveries.claim(conn, row.delivery_id, worker=worker, now=now, lease_until=until):
                    return [{**row._mapping, "attempts": row.attempts + 1, "claimed_by": worker, "lease_until": until}]
            return []

        for row in self._write(take):
            self._claimed(row)
            self.jobs[worker].append(Job(row, now))

    def claim_twice(self) -> None:
        """Both workers saw the same delivery due, and both try."""
        now = self.now()
        rows = deliveries.due(self.conn, now=now, lanes=(0, 1, 2, 3), busy=(), most=1)
        for worker in WORKERS:
            for row in rows:
                until = now + round(retry.lease_s(row.lane) * 1e6)
                if self._write(
                    lambda conn, row=row, worker=worker, until=until: deliveries.claim(
                        conn, row.delivery_id, worker=worker, now=now, lease_until=until
                    )
                ):
                    claimed = {**row._mapping, "attempts": row.attempts + 1, "claimed_by": worker, "lease_until": until}
                    self.jobs[worker].append(Job(claimed, now))

    def send(self, worker: str, *, arrives: bool) -> None:
        """The worker looks a last time and sends; the request arrives, or it is lost on the way."""
        for job in [job for job in self.jobs[worker] if not job.sent][:1]:
            row, now = job.row, self.now()
            word = ""
            if row["expires_at"] <= now:
                word = "expired"
            elif not deliveries.still_current(self.conn, row["delivery_id"], worker):
                word = "superseded"
            if word:
                self.jobs[worker].remove(job)
                self._write(
                    lambda conn, row=row, word=word, now=now: ledger.withdraw(conn, row, word, now, withheld=_nothing)
                )
                continue
            job.sent = True
            self._sending(row, now)
            if arrives:
                self._arrives(row)
                job.answered = True

    def _sending(self, row: dict[str, Any], now: int) -> None:
        """The promises at the moment of a send."""
        if row["event_type"] in LIVING and row["expires_at"] <= now:
            raise Broken("I2 an expired alert is sent as live")
        state = self.conn.execute(select(t.alerts.c.state).where(t.alerts.c.alert_id == row["alert_id"])).scalar_one()
        if row["event_type"] not in TAKEN_BACK and state not in deliveries.HEAD_STATES:
            raise Broken("I3 a version is sent that another one has replaced")

    def _claimed(self, row: dict[str, Any]) -> None:
        state = self.conn.execute(select(t.alerts.c.state).where(t.alerts.c.alert_id == row["alert_id"])).scalar_one()
        if row["event_type"] not in TAKEN_BACK and state not in deliveries.HEAD_STATES:
            raise Broken("CHN-2 a version is claimed that another one has replaced")

    def _arrives(self, row: dict[str, Any]) -> None:
        name, receiver = row["delivery_id"], self.receivers[row["endpoint_id"]]
        receiver.answered.add(name)
        if receiver.effects[name]:
            return
        receiver.effects[name] += 1
        once = (f"{row['seq']}", row["event_type"])
        if receiver.told.setdefault(once, name) != name:
            raise Broken("I9 one version came under two ids")
        if row["event_type"] in TAKEN_BACK or row["chain_seq"] <= receiver.newest.get(row["chain_id"], 0):
            return
        receiver.newest[row["chain_id"]] = row["chain_seq"]
        receiver.shown[row["chain_id"]] = row["alert_id"] if row["event_type"] in LIVING else ""

    def hear(self, worker: str) -> None:
        """The worker hears a 2xx, however late."""
        for job in [job for job in self.jobs[worker] if job.answered][:1]:
            self.jobs[worker].remove(job)
            self._write(
                lambda conn, job=job: ledger.arrived(conn, [(self._tried(job, "delivered", 204), Receipt(204))])
            )
            self.heard.add(job.row["delivery_id"])

    def fail(self, worker: str, *, outcome: str) -> None:
        """The worker gives an attempt up: no answer in time, or a refusal."""
        for job in [job for job in self.jobs[worker] if job.sent][:1]:
            self.jobs[worker].remove(job)
            row = job.row
            after = retry.after_failure(outcome, lane=row["lane"], attempts=row["attempts"], jitter=1.0)  # type: ignore[arg-type]
            tried = self._tried(job, outcome, None)
            self._write(
                lambda conn, tried=tried, after=after: ledger.failed(
                    conn, tried, after, open_until=None, withheld=_nothing
                )
            )

    def _tried(self, job: Job, outcome: str, status: int | None) -> ledger.Tried:
        return ledger.Tried(job.row, job.row["claimed_by"], job.began, self.now(), status, outcome, "")

    def pass_time(self, seconds: float) -> None:
        """Time passes, and the sweep does what time alone does."""
        self.clock.advance(seconds)
        self._write(lambda conn: ledger.sweep(conn, self.now()))

    def crash(self) -> None:
        """The process dies with all it knew; the next frees what it had claimed."""
        self.jobs = {worker: [] for worker in WORKERS}
        self._router = self._new_router()
        self._write(lambda conn: overdue.free_leases(conn, now=self.now(), dead=WORKERS))

    def acknowledge(self, endpoint: str) -> None:
        """Somebody there confirms what arrived."""
        stmt = update(t.deliveries).where(t.deliveries.c.endpoint_id == endpoint, t.deliveries.c.state == "delivered")
        self._write(lambda conn: conn.execute(stmt.values(state="acknowledged", acknowledged_at=self.now())).rowcount)

    def rest(self) -> None:
        """Nothing more happens at the source and every wire works: everything is told, and every delivery has ended."""
        self.route()
        for _ in range(60):
            for worker in WORKERS:
                while self.jobs[worker]:
                    job = self.jobs[worker][0]
                    if job.answered:
                        self.hear(worker)
                    elif job.sent:
                        self.fail(worker, outcome="retry")
                    else:
                        self.send(worker, arrives=True)
                self.claim(worker)
            if not any(self.jobs.values()) and not self._open():
                break
            if not any(self.jobs.values()):
                self.pass_time(120)
        self._at_rest()

    def _open(self) -> list[str]:
        open_rows = select(t.deliveries.c.delivery_id).where(t.deliveries.c.state.not_in(ENDED))
        return list(self.conn.execute(open_rows).scalars())

    # --- promises ---------------------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """What holds after every step."""
        rows = {row.delivery_id: row for row in self.conn.execute(select(t.deliveries))}
        for name, receiver in self.receivers.items():
            for delivery_id in receiver.effects:
                if delivery_id not in rows or not rows[delivery_id].begun:
                    raise Broken(f"I5 {name} received what the ledger does not hold")
        answered = set().union(*(receiver.answered for receiver in self.receivers.values()))
        for delivery_id, row in rows.items():
            if row.state in ("delivered", "acknowledged") and delivery_id not in answered:
                raise Broken("I6 delivered without the receiver's 2xx")
            if delivery_id in self.heard and row.state not in ("delivered", "acknowledged"):
                raise Broken("I6 what arrived is not delivered")
        holders = Counter(
            job.row["delivery_id"] for jobs in self.jobs.values() for job in jobs if job.row["lease_until"] > self.now()
        )
        if any(count > 1 for count in holders.values()):
            raise Broken("DEL-2 two workers hold one delivery")

    def verify(self) -> None:
        """The evidence is whole."""
        report = evidence.verify(self.conn)
        if not report.ok:
            raise Broken(f"I8 {report.bad}")

    def _at_rest(self) -> None:
        if self._open():
            raise Broken("I7 a delivery has not ended")
        unrouted = alerts.events_after(self.conn, routed.last_routed(self.conn), 1)
        if unrouted:
            raise Broken("I7 an alert is not routed")
        rows = self.conn.execute(select(t.deliveries)).all()
        missed = {(row.seq, row.endpoint_id) for row in rows if row.event_type == "alert.missed"}
        for row in rows:
            if row.state == "expired" and row.event_type in LIVING and (row.seq, row.endpoint_id) not in missed:
                raise Broken("I7 it expired and nobody was told")
            named = t.alarms.c.object.in_((row.endpoint_id, row.delivery_id))
            if row.state == "failed" and self.conn.execute(select(t.alarms.c.alarm_id).where(named)).first() is None:
                raise Broken("I7 it failed without an alarm")
        owed = {(row.alert_id, row.endpoint_id) for row in rows}
        compared = select(t.alerts.c.alert_id).join(t.events, t.events.c.alert_id == t.alerts.c.alert_id)
        in_time = compared.join(t.routed, t.routed.c.seq == t.events.c.seq).where(
            t.alerts.c.state == "active", t.routed.c.at < t.alerts.c.live_until
        )
        for alert in self.conn.execute(in_time):
            if (alert.alert_id, "nghe") not in owed:
                raise Broken("I7 an alert in force was owed to nobody")
        self._nobody_holds_what_is_over()
        self.verify()

    def _nobody_holds_what_is_over(self) -> None:
        for name, receiver in self.receivers.items():
            for shown in filter(None, receiver.shown.values()):
                row = self.conn.execute(select(t.alerts).where(t.alerts.c.alert_id == shown)).one()
                if row.state in deliveries.HEAD_STATES or row.live_until <= self.now():
                    continue
                family = alerts.family(self.conn, row.chain_id)
                later = select(t.deliveries.c.state).where(
                    t.deliveries.c.endpoint_id == name,
                    t.deliveries.c.chain_id.in_(family),
                    t.deliveries.c.chain_seq > row.chain_seq,
                )
                if not set(self.conn.execute(later).scalars()) & {"expired", "failed"}:
                    raise Broken(f"CHN-2 {name} holds a version that is over, and nothing was owed to say so")


@contextlib.contextmanager
def _watched() -> Iterator[Connection]:
    """New tables in memory, inside a transaction, on a connection that notices what it moves."""
    raw = sqlite3.connect(":memory:", isolation_level=None)
    engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
    event.listen(engine, "begin", lambda conn: conn.exec_driver_sql("BEGIN"))
    with engine.connect() as conn:
        with conn.begin():
            migrations.bring_up(conn, None)
        watching.begin(raw)
        with conn.begin():
            yield conn
    engine.dispose()
    raw.close()


def _nothing(conn: Connection, row: Any, book: Any) -> Any:
    return lambda endpoint_id, event_type: ""


__all__ = ["ENDPOINTS", "WORKERS", "Broken", "Protocol"]
