"""An endpoint's circuit: it delays tries to an endpoint that fails again and again, and never drops one (DEL-4). Pure."""

from __future__ import annotations

OPENS_AFTER = 5
FIRST_S = 5.0
LONGEST_S = 60.0


def open_for_s(failures: int, *, lane: int) -> float:
    """How long to leave the endpoint alone after `failures` in a row; 0 while the circuit is closed.

    Urgent lanes (0 and 1) are never kept waiting by it: their own retry steps are the limit.
    """
    if failures < OPENS_AFTER or lane <= 1:
        return 0.0
    return float(min(FIRST_S * 2 ** (failures - OPENS_AFTER), LONGEST_S))
