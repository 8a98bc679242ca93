"""More alerts than a hub can decide (DEL-8): each is accepted or told when to try again, what was accepted is there, memory stays bounded."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from contextlib import closing

import pytest

from hub.bench.host import hub_process
from tests.attack.flood import offer

FLOOD = int(os.environ.get("HUB_FLOOD", "600"))
WITHIN_S = FLOOD / 10_000 * 60
MOST_MIB = 512


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_flood_is_refused_in_time_and_nothing_accepted_is_lost() -> None:
    with hub_process() as host:
        answers = asyncio.run(offer(host, FLOOD, within_s=WITHIN_S, extremes=10))
        (store,) = host.folder.rglob("hub.db")
        with closing(sqlite3.connect(store)) as raw:
            kept = {name for (name,) in raw.execute("SELECT alert_id FROM alerts")}
    accepted = {name for names in answers.accepted.values() for name in names}
    print(
        f"{FLOOD} offered in {answers.took_s:.0f} s: {len(accepted)} accepted, {answers.refused.total()} refused, "
        f"{answers.most_kib // 1024} MiB, slowest Extreme {max(answers.extreme_s):.1f} s"
    )
    assert not answers.others, "neither accepted nor refused"
    assert not answers.without, "refused without Retry-After"
    assert accepted <= kept, "accepted and lost"
    assert len(accepted) + answers.refused.total() == FLOOD + 10
    assert len(answers.accepted["Extreme"]) == 10, "an Extreme was refused because Minors flood"
    assert answers.most_kib < MOST_MIB * 1024
