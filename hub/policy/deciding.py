"""Whether somebody may do an act to an object. Deny by default; what one may not see looks like 404."""

from __future__ import annotations

from hub.policy.grants import ACTS, ALL, GRANTS, MAKES, NEVER, NOT_BY_AUTHOR, READS, SECOND_FACTOR, SECONDED
from hub.policy.identity import AIR_DEFENCE, AIR_OBSERVATION, CLASSES, YES, Key, No, Person, Verdict, What, Who


def may(who: Who, act: str, what: What | None = None) -> Verdict:
    """Whether `who` may do `act` to `what`; with None, whether they may do it to anything at all."""
    if act not in ACTS:
        return No("unknown-act")
    reason = _refused(who, act)
    if what is None:
        return No(reason) if reason else YES
    sees = act in MAKES or _sees(who, act, what)
    if reason or not sees:
        return No(reason or "not-yours", hidden=not sees)
    reason = _forbidden(who, act, what)
    return No(reason) if reason else YES


def roles_of(who: Who) -> frozenset[str]:
    """A person's roles, or the one that a key's kind gives it; no person ever has a key's."""
    if isinstance(who, Key):
        return frozenset({f"key:{who.kind}"})
    return frozenset(role for role in who.roles if not role.startswith("key:"))


def _refused(who: Who, act: str) -> str:
    """Why they may not do it to anything at all, or ""."""
    roles = roles_of(who)
    if not any(act in GRANTS.get(role, ()) for role in roles):
        return "not-granted"
    if any(act in NEVER.get(role, ()) for role in roles):
        return "never-by-this-role"
    if not _in_scope(who, act):
        return "outside-key-scope"
    if act in SECOND_FACTOR and not (isinstance(who, Person) and who.second_factor):
        return "second-factor"
    return ""


def _in_scope(who: Who, act: str) -> bool:
    return isinstance(who, Person) or not who.scopes or act in who.scopes


def _sees(who: Who, act: str, what: What) -> bool:
    """Whether the object exists for them: a grant of the act, or of reading its kind, reaches it."""
    return _open(who, what) and (
        _reached(who, act, what) or (act not in READS and _reached(who, f"{what.kind}.read", what))
    )


def _open(who: Who, what: What) -> bool:
    """Whether neither compartment nor classification closes the object to them."""
    return not _compartment_closed(roles_of(who), what) and _cleared(who, what.classification)


def _reached(who: Who, act: str, what: What) -> bool:
    """Whether a grant of some role reaches the object."""
    return _in_scope(who, act) and any(
        scope == ALL or _owns(who, role, act, what)
        for role in roles_of(who)
        if (scope := GRANTS.get(role, {}).get(act)) is not None
    )


def _owns(who: Who, role: str, act: str, what: What) -> bool:
    if role == "observer":
        return isinstance(who, Person) and _reports(who, act, what)
    if not who.owner:
        return False
    if what.kind == "feed" and not what.owners:
        return role not in BY_TREATY
    if role == "key:source" or act == "alert.submit":
        return what.source == who.owner
    return who.owner in what.owners and (who.treaty is None or what.kind == "subscription" or who.treaty.shows(what))


BY_TREATY = frozenset({"neighbour_member", "key:neighbour"})
"""Who reads the feed of their treaty and no feed that is nobody's in particular."""


def _reports(who: Person, act: str, what: What) -> bool:
    """Whether a report is theirs; of one to be made, whether it is of their kinds and for their units."""
    if act == "report.submit":
        return bool(what.units) and what.units <= who.units and what.report_kind in who.kinds
    return bool(who.person_id) and what.author == who.person_id


def _forbidden(who: Who, act: str, what: What) -> str:
    """Why they may not do this to an object that they see or would make, or ""."""
    if not _open(who, what) or not _reached(who, act, what):
        return "not-yours"
    if act in NOT_BY_AUTHOR and (not what.author or what.author == _name(who)):
        return "own-work" if what.author else "unknown-author"
    if act in SECONDED and (not what.seconded_by or what.seconded_by == _name(who)):
        return "needs-a-second-administrator"
    if act == "template.break_glass" and not what.listed:
        return "not-listed"
    return _beyond(who, what) if act == "subscription.change" else ""


def _beyond(who: Who, what: What) -> str:
    """Why a member's rule asks for more than was granted, or ""; without a treaty a neighbour is granted nothing."""
    roles = roles_of(who)
    if any(GRANTS.get(role, {}).get("subscription.change") == ALL for role in roles):
        return ""
    if who.treaty is None:
        return "no-treaty" if roles & {"neighbour_member", "key:neighbour"} else ""
    return "" if who.treaty.spans(what) else "beyond-what-was-granted"


def _name(who: Who) -> str:
    return who.person_id if isinstance(who, Person) else ""


_OUTSIDERS = frozenset({"neighbour_member", "key:neighbour", "key:feed"})


def _compartment_closed(roles: frozenset[str], what: What) -> bool:
    """Observations of air defence exist for one role only; an alarm exists for no neighbour and no public reader."""
    if what.kind == "observation" or what.hazards & AIR_OBSERVATION:
        return "air_defence" not in roles
    return bool(what.hazards & AIR_DEFENCE) and roles <= _OUTSIDERS


def _cleared(who: Who, classification: str) -> bool:
    """Whether their clearance reaches the classification; the auditor sees everything, a word nobody knows is closed to all."""
    clearance = who.clearance if isinstance(who, Person) else ""
    if classification not in CLASSES or clearance not in CLASSES:
        return False
    if "auditor" in roles_of(who):
        return True
    return CLASSES.index(classification) <= max(CLASSES.index(clearance), CLASSES.index("công khai"))
