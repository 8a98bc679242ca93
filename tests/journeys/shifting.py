"""Served copies of recorded CAP documents: every time moved by one constant, and the status made that of a hub in mode test.

Nothing else of a document changes, and nothing is parsed and written again: its encoding, its order of elements, the form and the
offset of its times, and every fault it has are what is to be tested. A time that is none ("yesterday") stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from lxml import etree

_TIMED = re.compile(rb"(<(?:\w+:)?(?:sent|effective|onset|expires)(?:\s[^>]*)?>)([^<]*)")
_REFERENCES = re.compile(rb"(<(?:\w+:)?references(?:\s[^>]*)?>)([^<]*)")
_STATUS = re.compile(rb"(<(?:\w+:)?status(?:\s[^>]*)?>\s*)Actual(\s*</)")
_CLOCK = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_LAST_OF_TRIPLE = re.compile(rb"(,\s*)(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?=[^,\s]*(?:\s|$))")


def shifted(document: bytes, by: timedelta) -> bytes:
    """The document with sent, effective, onset, expires and the times of its references moved by `by` (whole seconds)."""

    def moved(found: re.Match[bytes]) -> bytes:
        return _later(found[0], by)

    def in_references(found: re.Match[bytes]) -> bytes:
        return found[1] + _LAST_OF_TRIPLE.sub(lambda one: one[1] + _later(one[2], by), found[2])

    timed = _TIMED.sub(lambda found: found[1] + _CLOCK.sub(moved, found[2]), document)
    return _REFERENCES.sub(in_references, timed)


def in_mode_test(document: bytes) -> bytes:
    """The document with status Test where it said Actual; a signature over it no longer holds."""
    return _STATUS.sub(rb"\1Test\2", document)


def _later(clock: bytes, by: timedelta) -> bytes:
    return (datetime.fromisoformat(clock.decode()) + by).isoformat(timespec="seconds").encode()


def newest_sent(alerts: Iterable[etree._Element]) -> datetime:
    """The latest `sent` among these alerts, of those that say a time with its offset.

    Raises:
        ValueError: none does.
    """
    found = []
    for alert in alerts:
        said = (alert.findtext("{*}sent") or "").strip()
        try:
            found.append(datetime.fromisoformat(said).astimezone(UTC))
        except ValueError:
            continue
    return max(found)
