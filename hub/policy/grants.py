"""The table of who may do which act, as the design's policy page writes it; what is not written here is denied."""

from __future__ import annotations

from collections.abc import Mapping

ALL, OWN = "all", "own"
"""Scopes of a grant: every object, or only the caller's own (owed to it, belonging to it, or said by it)."""

READS = frozenset(
    {
        "alert.read",
        "alert.watch",
        "alert.payload",
        "audit.read",
        "config.read",
        "delivery.read",
        "draft.read",
        "endpoint.read",
        "feed.read",
        "help.read",
        "item.read",
        "key.read",
        "metrics.read",
        "page.read",
        "person.read",
        "place.read",
        "reading.read",
        "report.read",
        "roster.read",
        "session.read",
        "source.read",
        "subscription.read",
    }
)
"""Seeing without changing anything. Observations of air defence are apart: `observation.read`."""

DOINGS = frozenset(
    {
        "alarm.confirm",
        "alert.ack",
        "alert.assign",
        "alert.cancel",
        "alert.correct",
        "alert.end",
        "alert.note",
        "alert.propose",
        "alert.release",
        "alert.shelve",
        "alert.submit",
        "audit.report",
        "audit.verify",
        "authority.change",
        "change.second",
        "config.change",
        "correction.prepare",
        "delivery.again",
        "draft.approve",
        "draft.submit",
        "draft.write",
        "endpoint.change",
        "endpoint.test",
        "handover.start",
        "help.ask",
        "help.offer",
        "item.decide",
        "item.submit",
        "key.change",
        "observation.submit",
        "person.change",
        "reading.submit",
        "report.decide",
        "report.submit",
        "roster.change",
        "session.own",
        "source.change",
        "subscription.change",
        "template.break_glass",
        "treaty.change",
    }
)

ACTS = READS | DOINGS | {"observation.read"}

MAKES = frozenset(act for act in DOINGS if act.endswith(".submit")) | {"alert.propose", "help.ask", "help.offer"}
"""Acts that bring something new: there is nothing yet that could be hidden."""

NEVER: Mapping[str, frozenset[str]] = {
    "administrator": frozenset(
        {
            "alarm.confirm",
            "alert.ack",
            "alert.cancel",
            "alert.correct",
            "alert.end",
            "alert.release",
            "draft.approve",
            "draft.submit",
            "template.break_glass",
        }
    )
}
"""What a role takes away whatever other roles its bearer has: an administrator never airs, approves or acknowledges."""

SECOND_FACTOR = frozenset({"draft.approve", "person.change", "treaty.change"})
"""Acts for which the session must have proved a second factor."""

SECONDED = frozenset({"person.change", "treaty.change", "authority.change"})
"""Changes that a second administrator must have agreed to."""

NOT_BY_AUTHOR = frozenset({"draft.approve", "change.second"})
"""Acts that whoever wrote the object can never do, by any route (AUT-1)."""


def _grant(scope: str, *acts: str) -> dict[str, str]:
    return dict.fromkeys(acts, scope)


_KEY = _grant(ALL, "session.read", "place.read")
_SIGNED_IN = _KEY | _grant(ALL, "page.read", "session.own")
_SEES_ALL = _SIGNED_IN | _grant(ALL, *READS)

_DISPATCHER = _SEES_ALL | _grant(
    ALL,
    "alert.ack",
    "alert.assign",
    "alert.note",
    "alert.shelve",
    "correction.prepare",
    "delivery.again",
    "draft.submit",
    "draft.write",
    "handover.start",
    "item.decide",
    "report.decide",
)
_COMMANDER = _DISPATCHER | _grant(
    ALL, "alert.cancel", "alert.correct", "alert.end", "alert.release", "draft.approve", "template.break_glass"
)
_OWED = _grant(
    OWN,
    "alert.ack",
    "alert.read",
    "alert.watch",
    "delivery.read",
    "endpoint.read",
    "feed.read",
    "subscription.change",
    "subscription.read",
)
_AGENCY = _OWED | _grant(OWN, "delivery.again", "endpoint.change", "endpoint.test")
_NEIGHBOUR = _OWED | _grant(OWN, "alert.propose", "help.ask", "help.offer", "help.read")
_ADMINISTRATOR = _SIGNED_IN | _grant(
    ALL,
    "audit.read",
    "authority.change",
    "change.second",
    "config.change",
    "config.read",
    "endpoint.change",
    "endpoint.read",
    "endpoint.test",
    "key.change",
    "key.read",
    "metrics.read",
    "person.change",
    "person.read",
    "roster.change",
    "roster.read",
    "source.change",
    "source.read",
    "subscription.change",
    "subscription.read",
    "treaty.change",
)

GRANTS: Mapping[str, Mapping[str, str]] = {
    "observer": _SIGNED_IN | _grant(OWN, "report.read", "report.submit"),
    "dispatcher": _DISPATCHER,
    "duty_commander": _COMMANDER,
    # names and telephone numbers are for people: no key reads or changes them
    "agency_member": _SIGNED_IN | _AGENCY | _grant(OWN, "roster.change", "roster.read"),
    "neighbour_member": _SIGNED_IN | _NEIGHBOUR,
    "administrator": _ADMINISTRATOR,
    "auditor": _SEES_ALL | _grant(ALL, "audit.report", "audit.verify"),
    "air_defence": _SIGNED_IN | _grant(ALL, "alarm.confirm", "observation.read", "observation.submit"),
    "key:source": _grant(ALL, "session.read")
    | _grant(OWN, "alert.payload", "alert.read", "alert.submit", "item.submit", "reading.submit", "report.submit"),
    "key:agency": _KEY | _AGENCY,
    # a neighbour's key proposes through the door that sources use: its alerts arrive as from a source
    "key:neighbour": _KEY | _NEIGHBOUR | _grant(OWN, "alert.submit"),
    "key:feed": _grant(ALL, "session.read") | _grant(OWN, "feed.read"),
    "key:metrics": _grant(ALL, "session.read", "metrics.read"),
}
"""Role, or kind of key, -> act -> scope."""

PERSON_ROLES = tuple(role for role in GRANTS if not role.startswith("key:"))
"""The roles that people have; keys have their own."""
