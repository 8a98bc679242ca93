"""CAP as XML: `read` from bytes, leniently; `write` to bytes, strictly; `find_alerts` and `parse_xml` for what holds alerts."""

from hub.cap.parser import find_alerts, parse_xml
from hub.cap.reading import read
from hub.cap.write import write

__all__ = ["find_alerts", "parse_xml", "read", "write"]
