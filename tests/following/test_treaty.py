"""What one neighbour's feed is made of: what its treaty allows, and the ends of that."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from hub import app
from hub.app.followers import reader
from hub.following.treaty import TreatyLog
from hub.store import rules
from hub.store.rulebook import Rulebook
from tests.hubbing import hub_in, say, triple
from tests.journeys.town import cap

NEIGHBOUR = "tinh-ban"


async def signed(hub: app.Hub, treaty: dict[str, Any] | None) -> None:
    """The neighbour has that treaty, or none."""
    now = datetime.now(UTC)

    def write(conn: Any) -> None:
        rules.put(conn, "owner", NEIGHBOUR, {"kind": "neighbour"}, origin="config", by="t", at=now)
        if treaty is None:
            rules.remove(conn, "treaty", NEIGHBOUR, by="t", at=now)
        else:
            rules.put(conn, "treaty", NEIGHBOUR, treaty, origin="config", by="t", at=now)

    await hub.store.write(write)


def log_of(hub: app.Hub) -> TreatyLog:
    return TreatyLog(
        hub.store, clock=hub.clock, who=partial(reader, Rulebook(), NEIGHBOUR), mode="test", mark=lambda alert: alert
    )


async def shown(log: TreatyLog) -> set[str]:
    return {one.alert.identifier for one in await log.in_force()}


async def test_a_treaty_bounds_area_severity_and_restricted_alerts_and_counts_as_soon_as_it_changes(
    tmp_path: Path,
) -> None:
    async with hub_in(tmp_path) as hub:
        log = log_of(hub)
        await say(hub, "in", unit="734")
        await say(hub, "elsewhere", unit="741")
        await say(hub, "minor", unit="734", severity="Minor")
        await say(hub, "restricted", unit="734", scope="Restricted")
        assert await shown(log) == set()
        await signed(hub, {"units": ["734"], "min_severity": "Moderate"})
        assert await shown(log) == {"in"}
        await signed(hub, {"units": ["734"], "restricted": True})
        assert await shown(log) == {"in", "minor", "restricted"}
        await signed(hub, {"hazards": ["earthquake"]})
        assert await shown(log) == set()
        await signed(hub, None)
        assert await shown(log) == set()


async def test_the_end_of_what_it_may_have_is_told_and_no_other(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        log = log_of(hub)
        await signed(hub, {"units": ["734"]})
        for identifier, unit in (("mine", "734"), ("theirs", "741")):
            sent = cap(identifier).decode().partition("<sent>")[2].partition("<")[0]
            await say(hub, identifier, unit=unit, sent=sent)
            later = datetime.now(UTC).isoformat(timespec="seconds")
            await say(
                hub, f"{identifier}-over", unit=unit, msg_type="Cancel", references=triple(identifier, sent), sent=later
            )
        assert await shown(log) == {"mine-over"}


async def test_it_is_followed_in_order(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        await signed(hub, {"units": ["734"]})
        await say(hub, "elsewhere", unit="741")
        await say(hub, "in", unit="734")
        stream = log_of(hub).after(0)
        assert (await anext(stream)).alert.identifier == "in"
        await stream.aclose()  # type: ignore[attr-defined]


async def test_what_leaves_the_treaty_s_area_is_shown_to_those_who_were_told_before_unless_it_is_closed_to_them(
    tmp_path: Path,
) -> None:
    async with hub_in(tmp_path) as hub:
        log = log_of(hub)
        await signed(hub, {"units": ["734"]})
        for identifier, scope in (("moves", "Public"), ("closes", "Restricted")):
            sent = cap(identifier).decode().partition("<sent>")[2].partition("<")[0]
            await say(hub, identifier, unit="734", sent=sent)
            later = datetime.now(UTC).isoformat(timespec="seconds")
            reference = triple(identifier, sent)
            await say(
                hub, f"{identifier}-on", unit="741", msg_type="Update", references=reference, sent=later, scope=scope
            )
        assert await shown(log) == {"moves-on"}
