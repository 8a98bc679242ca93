"""A case and its outcome are values."""

from __future__ import annotations

from hub.acceptance.case import Outcome
from hub.acceptance.facts import work_out
from hub.clock import to_us
from tests.acceptance.accepting import cap, gazetteer, hazards


def test_an_outcome_lives_as_long_as_its_last_info() -> None:
    alert = cap("a")
    worked = work_out(alert, gazetteer=gazetteer(), hazards=hazards())
    assert Outcome("accepted", worked=worked).live_until(alert) == to_us(worked.infos[0].live_until)
    assert Outcome("internal").live_until(alert) == to_us(alert.sent)
