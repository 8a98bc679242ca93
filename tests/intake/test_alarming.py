"""hub.intake.alarming: who is called for what, and that a storm is one alarm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.intake.alarming import KINDS, SOON, settle, wanted
from hub.intake.doubts import Doubt
from hub.intake.health import STATES, Health
from hub.store.tables import alarms
from tests.intake.speaking import OpenedStore

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SHAKY = (Doubt("unsteady", "4/10", NOW),)


@pytest.mark.parametrize(
    ("health", "kinds"),
    [
        (Health("live", ""), []),
        (Health(), []),
        (Health("late", "timeout", failures=1), []),
        (Health("late", "not-read-in-time"), ["source.late"]),
        (Health("silent", "nothing-new"), ["source.silent"]),
        (Health("failing", "dns"), ["source.failing"]),
        (Health("wrong-content", "not-cap"), ["source.wrong-content"]),
        (Health("live", "", doubts=(Doubt("zone-wrong", "7:00", NOW),)), ["source.doubtful"]),
        (Health("live", "", doubts=SHAKY), ["source.unsteady"]),
        (Health("live", "", certificate_expires_at=NOW + SOON - timedelta(seconds=1)), ["source.certificate"]),
        (Health("live", "", certificate_expires_at=NOW + SOON), []),
        (Health("off", "switched-off", doubts=SHAKY, certificate_expires_at=NOW), []),
    ],
)
def test_a_person_is_called_for_what_lasts_and_not_for_one_failed_try(health: Health, kinds: list[str]) -> None:
    assert health.state in STATES
    assert list(wanted(health, now=NOW)) == kinds and set(kinds) <= set(KINDS)


async def test_an_alarm_opens_once_closes_with_its_reason_and_outlives_a_gust_of_a_storm() -> None:
    store = OpenedStore()

    async def after(health: Health) -> list[tuple[str, bool]]:
        await store.write(lambda conn: settle(conn, "one", health, now=NOW))
        return sorted((row.kind, row.closed_at is None) for row in store.rows(alarms))

    failing = Health("failing", "dns")
    assert await after(failing) == [("source.failing", True)]
    assert await after(failing) == [("source.failing", True)]
    shaky = [("source.failing", True), ("source.unsteady", True)]
    assert await after(Health("failing", "dns", doubts=SHAKY)) == shaky
    assert await after(Health("live", "", doubts=SHAKY)) == shaky
    assert await after(Health("live", "")) == [("source.failing", False), ("source.unsteady", False)]
