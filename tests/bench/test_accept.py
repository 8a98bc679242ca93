"""`hub bench accept`: every alert was decided anew, in process and by POST, beside the floor of the same rounds."""

from __future__ import annotations

import pytest

from hub.bench import accept


def test_it_gives_a_table_with_ratios_of_time_and_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accept, "AT_ONCE", 8)
    told = accept.run(1, count=20)
    head, columns, floor, in_process, posted = told.splitlines()
    assert head.startswith("20 alerts")
    assert columns.split("  ")[0] == "candidate" and columns.count("x floor") == 2
    assert floor.startswith(accept.FLOOR) and floor.split()[-3] == "1.00"
    assert in_process.startswith("accept, 8 at once") and posted.startswith("POST, 8 at once")
    assert float(posted.split()[-2]) > 0, "the hub's process took CPU"
