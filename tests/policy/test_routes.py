"""Which act each address does, held against the policy page (`routes.csv`): an address that is not in the table fails here.

Who may do an act stands in `policy_table.csv`. Whoever adds a route reads the page, and writes the line before the code.
"""

from __future__ import annotations

import csv
from pathlib import Path

from hub.api.door import build
from tests.api.doorway import open_door
from tests.api.test_door import _asked, _routes

HERE = Path(__file__).parent


def table() -> dict[tuple[str, str], str]:
    with (HERE / "routes.csv").open(encoding="utf-8", newline="") as file:
        return {(row["method"], row["path"]): row["act"] for row in csv.DictReader(file)}


async def test_every_route_does_the_act_that_the_table_says(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        app = build(door.services)
    served = {}
    for route in _routes(app.routes):
        acts, _ = _asked(route.dependant)
        for method in getattr(route, "methods", {"WS"}):
            served[method, route.path] = acts[0] if acts else "open"
    assert served == table()
    documented = {(method.upper(), path) for path, item in app.openapi()["paths"].items() for method in item}
    assert documented <= table().keys()


def test_every_act_of_the_table_has_its_line_of_who_may() -> None:
    with (HERE / "policy_table.csv").open(encoding="utf-8", newline="") as file:
        known = {row["act"] for row in csv.DictReader(file)}
    assert set(table().values()) - {"open"} <= known
