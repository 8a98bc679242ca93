"""Which alarms about a source are open: what an operator must look at, opened and closed in the transaction that tells its health."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from hub.clock import to_us
from hub.intake.health import Health
from hub.store import alarms

SOON = timedelta(days=14)
"""A certificate that ends within this time should have been renewed: automatic renewal comes earlier."""

KINDS = tuple(
    f"source.{what}" for what in ("late", "silent", "failing", "wrong-content", "unsteady", "doubtful", "certificate")
)


def wanted(health: Health, *, now: datetime) -> dict[str, str]:
    """Kind to detail of the alarms that such a health calls for. A single failed try calls nobody; being off is somebody's will."""
    if health.state == "off":
        return {}
    found: dict[str, str] = {}
    if health.state in ("silent", "failing", "wrong-content") or health.reason == "not-read-in-time":
        found[f"source.{health.state}"] = health.reason
    for doubt in health.doubts:
        kind = "source.unsteady" if doubt.code == "unsteady" else "source.doubtful"
        found.setdefault(kind, f"{doubt.code} {doubt.detail}".strip())
    ends = health.certificate_expires_at
    if ends is not None and ends - now < SOON:
        found["source.certificate"] = ends.isoformat()
    return found


def settle(conn: Connection, source: str, health: Health, *, now: datetime) -> None:
    """Just the wanted alarms about the source are open.

    While a source fails and comes back again and again its alarm for failing stays open: one alarm for the storm, not one a gust.
    """
    opened = {row.kind for row in alarms.open_about(conn, source) if row.kind in KINDS}
    due = wanted(health, now=now)
    if "source.unsteady" in due and "source.failing" in opened:
        due.setdefault("source.failing", health.reason)
    for kind in opened - due.keys():
        alarms.close_alarm(conn, kind=kind, about=source, at=to_us(now))
    for kind in due.keys() - opened:
        alarms.open_alarm(conn, kind=kind, about=source, detail=due[kind], at=to_us(now))
