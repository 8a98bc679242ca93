"""The named points of the way: between every two commits exactly one of these words says how far a version has come.

The store says what is durable; sources, clients and receivers of the test say what has left or entered the hub. A state without a
word is a fault: a mark ahead of its candidates, a delivery recorded that was never received, an answer before its commit.
"""

from __future__ import annotations

from dataclasses import dataclass

ENTERING = {
    "polled": ("listed", "index-read", "document-read", "kept", "decided"),
    "posted": ("sent", "decided", "answered"),
    "released": ("sent", "decided", "answered"),
}
"""The words of each entrance, in order."""

LEAVING = ("claimed", "received", "taken", "recorded", "at-rest")
"""What follows, whatever the entrance."""

PUBLISHING = ("unpublished", "document-written", "feed-written", "marked")
"""The follower's own way, beside the deliveries."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One version as the world and the files show it. `states` are those of its deliveries, `received` and `taken` count endpoints."""

    entrance: str
    wanted: int  # endpoints that must get it
    index_read: bool = False
    document_read: bool = False
    covered: bool = False
    kept: bool = False
    candidate: bool = False
    decided: bool = False
    answered: bool = False
    routed: bool = False
    states: tuple[str, ...] = ()
    received: int = 0
    taken: int = 0
    document: bool = False
    in_feed: bool = False
    marked: bool = False


def word(facts: Facts) -> str:
    """How far the version has come, or "" when this can not be."""
    if not facts.decided:
        return _entering(facts)
    if not facts.kept or (facts.entrance == "polled" and not (facts.candidate and facts.covered)):
        return ""
    if not facts.routed:
        if facts.states or facts.received:
            return ""
        return "answered" if facts.answered else "decided"
    return _leaving(facts)


def publishing(facts: Facts) -> str:
    """How far the follower has come with it, or "" when this can not be."""
    if facts.marked:
        return "marked" if facts.in_feed and facts.document else ""
    if facts.in_feed:
        return "feed-written" if facts.document else ""
    return "document-written" if facts.document else "unpublished"


def _entering(facts: Facts) -> str:
    if facts.answered or facts.routed or facts.states or facts.received:
        return ""
    if facts.entrance != "polled":
        return "sent" if facts.kept == (facts.entrance == "released") else ""
    together = {facts.covered, facts.kept, facts.candidate}
    if together == {True}:
        return "kept"
    if together != {False}:
        return ""
    if facts.document_read:
        return "document-read"
    return "index-read" if facts.index_read else "listed"


def _leaving(facts: Facts) -> str:
    recorded = facts.states.count("delivered")
    if len(facts.states) != facts.wanted or recorded > facts.taken or facts.taken > facts.received:
        return ""
    if recorded == facts.wanted:
        if facts.entrance != "polled" and not facts.answered:
            return "recorded"
        return "at-rest" if facts.marked else "recorded"
    if facts.taken:
        return "taken"
    return "received" if facts.received else "claimed"
