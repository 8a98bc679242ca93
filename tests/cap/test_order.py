"""The order of elements the schemas want."""

from __future__ import annotations

import pytest
from hypothesis import given

from hub.cap.model import Alert
from hub.cap.order import ALERT, AREA, INFO, RESOURCE, misplaced
from hub.cap.parser import children, parse_xml
from hub.cap.write import write
from tests.cap.alert_making import alerts


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], ""),
        (["areaDesc", "polygon", "polygon", "geocode"], ""),
        (["geocode", "areaDesc", "polygon"], "areaDesc"),
        (["areaDesc", "circle", "polygon", "geocode"], "polygon"),
        (["ours", "areaDesc", "ours", "ceiling"], ""),
    ],
)
def test_the_first_that_comes_too_late_is_named(names: list[str], found: str) -> None:
    assert misplaced(names, AREA) == found


@given(alerts)
def test_what_we_write_is_in_order(alert: Alert) -> None:
    root = parse_xml(write(alert))
    orders = {"alert": ALERT, "info": INFO, "resource": RESOURCE, "area": AREA}
    for node in root.iter("{*}alert", "{*}info", "{*}resource", "{*}area"):
        assert misplaced((name for name, _ in children(node)), orders[node.tag.rpartition("}")[2]]) == ""
