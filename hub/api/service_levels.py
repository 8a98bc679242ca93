"""`GET /v1/service-levels?month=`: per recipient how long it took to deliver and to acknowledge, and what was not acknowledged and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from hub.api import answers
from hub.api.auth import Asker, asks
from hub.api.problems import Problem
from hub.api.services import Services
from hub.api.sight import of_owner
from hub.clock import to_us
from hub.store import levels, rules
from hub.words import VIETNAM

PORTION = 500
"""So many events are read at once: with a thousand recipients that is a second's work."""

MOST_LISTED = 500
"""So many of a recipient's unacknowledged alerts are listed; `unacknowledged_count` counts all."""


@dataclass
class Level:
    """What one recipient was owed in the month, and what became of it. Times in seconds."""

    owed: int = 0
    deliver_s: list[float] = field(default_factory=list)
    asked: int = 0
    in_time: int = 0
    ack_s: list[float] = field(default_factory=list)
    missing: list[dict[str, str]] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "owed": self.owed,
            "delivered": len(self.deliver_s),
            "deliver_s": shares(self.deliver_s),
            "asked": self.asked,
            "acknowledged": len(self.ack_s),
            "in_time": self.in_time,
            "ack_s": shares(self.ack_s),
            "unacknowledged_count": len(self.missing),
            "unacknowledged": self.missing[:MOST_LISTED],
        }


def router(services: Services) -> APIRouter:
    """The one address."""
    routes = APIRouter(tags=["service levels"])
    store = services.store

    @routes.get("/v1/service-levels")
    async def service_levels(
        asker: Annotated[Asker, asks("delivery.read")],
        month: Annotated[str, Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")],
    ) -> Response:
        """Of the events of that month, by Viet Nam's time, for the recipients the caller may know of."""
        begins, ends = bounds(month)
        first, last = await store.read(lambda conn: levels.seqs(conn, to_us(begins), to_us(ends)))
        now = to_us(services.clock.now())
        found: dict[str, Level] = {}
        for start in range(first, last + 1, PORTION):
            upto = min(start + PORTION - 1, last)
            rows, clocks = await store.read(
                lambda conn: (levels.deliveries_in(conn, start, upto), levels.clocks_in(conn, start, upto))  # noqa: B023 - awaited at once
            )
            count(found, rows, clocks, now=now)
        names = await store.read(lambda conn: {r.rule_id: r.body.get("name", "") for r in rules.ever(conn, "owner")})
        seen = [owner for owner in sorted(found) if asker.may(of_owner("delivery", owner))]
        told = [{"owner": owner, "name": names.get(owner) or owner, **found[owner].told()} for owner in seen]
        return answers.json({"month": month, "owners": told})

    return routes


def bounds(month: str) -> tuple[datetime, datetime]:
    """[begins, ends) of a month such as 2026-11 in Viet Nam's time.

    Raises:
        Problem: 422, there is no such month.
    """
    try:
        year, number = int(month[:4]), int(month[5:])
        first, following = date(year, number, 1), date(year + number // 12, number % 12 + 1, 1)
    except ValueError:
        raise Problem(422, "invalid", extra={"faults": [{"where": "query/month", "what": "YYYY-MM"}]}) from None
    return datetime.combine(first, time(), VIETNAM), datetime.combine(following, time(), VIETNAM)


def count(found: dict[str, Level], rows: Sequence[Any], clocks: Sequence[Any], *, now: int) -> None:
    """These deliveries and clocks are counted at their recipients. A clock still in time has not been missed."""
    for row in rows:
        level = found.setdefault(row.owner, Level())
        level.owed += 1
        if row.delivered_at is not None:
            level.deliver_s.append((row.delivered_at - row.created_at) / 1e6)
    for clock in clocks:
        level = found.setdefault(clock.owner, Level())
        level.asked += 1
        if clock.state == "acknowledged":
            level.ack_s.append((clock.closed_at - clock.opened_at) / 1e6)
            level.in_time += clock.closed_at <= clock.ack_due_at
        elif clock.state == "ended" or now >= clock.ack_due_at:
            level.missing.append({"alert_id": clock.alert_id, "why": clock.ended_by or "overdue"})


def shares(seconds: Sequence[float]) -> dict[str, float] | None:
    """Half, nine tenths and all of them were within so many seconds (nearest rank); None without any."""
    if not seconds:
        return None
    listed = sorted(seconds)
    at = {name: listed[-(-len(listed) * share // 100) - 1] for name, share in (("p50", 50), ("p90", 90), ("max", 100))}
    return {name: round(value, 3) for name, value in at.items()}
