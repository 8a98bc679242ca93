"""One door to CAP as XML: what a source sent, found, read and written."""

from __future__ import annotations

from datetime import UTC, datetime

import hub.cap.xml as door
from hub.cap.model import Alert, Info


def test_alerts_in_a_feed_are_found_read_and_equal_what_was_written() -> None:
    told = [Alert(name, "s", datetime(2026, 10, 3, tzinfo=UTC), infos=(Info("Lũ"),)) for name in ("a", "b")]
    inner = b"".join(door.write(alert).partition(b"?>")[2] for alert in told)
    found = door.find_alerts(b"<feed>" + inner + b"</feed>")
    assert [door.read(body, zone=UTC).alert for body in found] == told


def test_the_door_offers_exactly_what_it_names() -> None:
    assert sorted(door.__all__) == [
        "alerts_in",
        "documents_of",
        "find_alerts",
        "open_xml",
        "parse_xml",
        "read",
        "write",
    ]
    assert all(callable(getattr(door, name)) for name in door.__all__)
