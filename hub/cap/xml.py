"""CAP as XML: `read` from bytes, leniently; `write` to bytes, strictly; the others for documents that hold alerts."""

from hub.cap.parser import alerts_in, documents_of, find_alerts, open_xml, parse_xml
from hub.cap.reading import read
from hub.cap.write import write

__all__ = ["alerts_in", "documents_of", "find_alerts", "open_xml", "parse_xml", "read", "write"]
