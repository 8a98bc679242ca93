"""The text of CAP's `references` (CAP 1.2 §3.2.1: "sender,identifier,sent" separated by white space) however a source spaced it."""

from __future__ import annotations

import re

Triple = tuple[str, str, str]
"""(sender, identifier, sent) as written; what was left out is ""."""

_FULL = re.compile(r"([^\s,]*),([^\s,]+),(\d{4}-[^\s,]*|)")
_AROUND_COMMA = re.compile(r" ?, ?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT")
"""On text whose white space is single spaces, from the start of a word: so that hostile text takes linear time."""


def read_triples(written: str) -> tuple[list[Triple], bool]:
    """(the references, whether all were written as CAP says). Linear in the length of the text, whatever it holds."""
    words = [_FULL.fullmatch(word) for word in written.split()]
    if all(words):
        return [(w[1], w[2], w[3]) for w in words if w], all(w[1] and w[3] for w in words if w)
    pending: list[str] = []
    found: list[Triple] = []
    for word in _AROUND_COMMA.sub(",", " ".join(written.split())).split(" "):
        parts = word.split(",")
        if len(parts) == 3 and all(parts) and (_TIME.match(parts[2]) or not pending):
            found += [_partial(one) for one in pending]
            pending = []
            found.append((parts[0], parts[1], parts[2]))
            continue
        pending.append(word)
        if _TIME.match(next((part for part in reversed(parts) if part), "")):
            found += _split(" ".join(pending).split(","))
            pending = []
    found += [_partial(one) for one in pending]
    return [one for one in found if one[1]], False


def _split(parts: list[str]) -> list[Triple]:
    """The references of parts in a row: each ends with its time."""
    found: list[Triple] = []
    before: list[str] = []
    for part in (one.strip() for one in parts if one.strip()):
        if _TIME.match(part) and before:
            found.append((before[-2] if len(before) > 1 else "", before[-1], part))
            before = []
        else:
            before.append(part)
    return found + ([(before[0] if len(before) > 1 else "", before[-1], "")] if before else [])


def _partial(word: str) -> Triple:
    """A reference of fewer than three parts: an identifier, with its sender before it or its time after it."""
    parts = [part for part in word.split(",") if part]
    if len(parts) < 2:
        return "", parts[0] if parts else "", ""
    if _TIME.match(parts[-1]):
        return parts[0] if len(parts) > 2 else "", parts[-2], parts[-1]
    return parts[0], ",".join(parts[1:]), ""
