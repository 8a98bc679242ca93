"""What is wrong with single documents: unknown keys, units, hazards and severities; authorities without a source; feeds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from hub.acknowledging.plans import policy_of
from hub.cap.model import SEVERITIES
from hub.config.check_certificates import text_problems
from hub.config.plugins import plugin, settings_of
from hub.config.problem import Problem
from hub.config.profile import FILES
from hub.deriving import SOURCE
from hub.errors import ConfigError
from hub.faults import Faults
from hub.sheets import nearest

if TYPE_CHECKING:
    from hub.config import Config

KEYS = {
    "authority": ("senders", "hazards", "units", "max_severity", "certificates", "delegates", "stations", "owner"),
    "treaty": ("hazards", "units", "min_severity", "restricted"),
    "endpoint": ("owner", "kind", "language", "alternate", "contact", "settings"),
}
"""Kind of document -> its keys; subscriptions and feeds are read by their own classes."""

LISTS = ("senders", "hazards", "units", "certificates", "delegates", "stations")


def rule_problems(config: Config, hazards: Collection[str] | None, known: Faults, now: datetime) -> Iterator[Problem]:
    """Every mistake that one document alone shows, or its partner that is not there. `hazards` are the ids, None when unknown."""
    yield from _strangers(config)
    ids = {kind: {i for k, i, _ in config.profile.documents if k == kind} for kind in ("source", "authority")}
    seen: set[tuple[str, str]] = set()
    for kind, rule_id, body in config.profile.documents:
        if kind in ("owner", "source") or (kind, rule_id) in seen:
            continue
        if kind == "subscription" and (kind, rule_id) not in config.profile.places:
            continue  # made by an offer, which is looked at itself
        seen.add((kind, rule_id))
        file = config.profile.place(kind, rule_id)
        yield from _keys(file, kind, body)
        yield from _words(config, file, kind, body, hazards, known)
        if kind == "authority":
            if rule_id not in ids["source"] and not _speaks_by_itself(rule_id, body) and not known.blames(rule_id):
                mend = f"{nearest(rule_id, ids['source'])} in sources.toml, or give it stations"
                yield Problem(file, "source", f"there is no source {rule_id!r}", mend)
            yield from _certificates(file, body, now)
        if kind == "feed":
            yield from _feed(file, body)
        if kind == "escalation":
            yield from _escalation(config, file, rule_id, body, known)
    for name in sorted(ids["source"] - ids["authority"]):
        if not known.blames(name):
            reason = "has no authority, so all it says would be held"
            mend = f'add [[authority]] source = "{name}" to authorities.toml'
            yield Problem(config.profile.place("source", name), "name", reason, mend)


def _speaks_by_itself(source: str, body: Any) -> bool:
    """Whether it needs no connector: the hub's own conclusions, and who only gives readings through the API."""
    return source == SOURCE or bool(body.get("stations"))


def _strangers(config: Config) -> Iterator[Problem]:
    """A file that nobody reads is most likely one whose name is misspelt."""
    for path in sorted(config.profile.folder.glob("*")):
        if path.suffix in (".toml", ".csv") and path.name not in (*FILES.values(), "profile.toml"):
            yield Problem(str(path), "", "nobody reads this file", nearest(path.name, FILES.values()))


def _keys(file: str, kind: str, body: Any) -> Iterator[Problem]:
    for key in body:
        if kind in KEYS and key not in KEYS[kind]:
            yield Problem(file, key, "unknown key", nearest(key, KEYS[kind]))
    for key in LISTS:
        if kind != "subscription" and key in body and not isinstance(body[key], list | tuple):
            yield Problem(file, key, f"{body[key]!r} is no list", f'{key} = ["…"]')
    for pair in body.get("delegates", ()) if kind == "authority" else ():
        if not (isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, str) for one in pair)):
            mend = 'delegates = [["sender", "other sender"]]'
            yield Problem(file, "delegates", f"{pair!r} is no pair of senders", mend)


def _words(
    config: Config, file: str, kind: str, body: Any, hazards: Collection[str] | None, known: Faults
) -> Iterator[Problem]:
    """Units, hazards and severities that are not there."""
    gazetteer = config.profile.gazetteer
    for unit in _listed(body, "units"):
        if gazetteer.get(unit) is None and not known.blames(unit):
            yield Problem(file, "units", f"there is no unit {unit!r}", "a GSO code of config/gazetteer/units.csv")
    for hazard in _listed(body, "hazards"):
        if hazards is not None and hazard != "*" and hazard not in hazards:
            yield Problem(
                file, "hazards", f"there is no hazard {hazard!r}", f"{nearest(hazard, hazards)} (hazards.csv)"
            )
    for key in ("min_severity", "max_severity") if kind != "feed" else ():  # feeds look at theirs
        if key in body and body[key] not in SEVERITIES:
            yield Problem(file, key, f"{body[key]!r} is no severity", f"one of {', '.join(SEVERITIES)}")


def _listed(body: Any, key: str) -> list[str]:
    value = body.get(key, ())
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def _escalation(config: Config, file: str, rule_id: str, body: Any, known: Faults) -> Iterator[Problem]:
    """The policy can be read, and everybody whom it names is an agency."""
    try:
        policy = policy_of(rule_id, body)
    except ConfigError as error:
        yield Problem(file, error.where, error.reason, error.mend)
        return
    owners = {i for kind, i, _ in config.profile.documents if kind == "owner"}
    named = [("chief", policy.plan.chief)] if policy.plan.chief else []
    named += [(f"steps[{n}].owner", step.owner) for n, step in enumerate(policy.plan.steps[1:]) if step.owner]
    for key, owner in named:
        if owner not in owners and not known.blames(owner):
            yield Problem(file, key, f"there is no agency {owner!r}", f"{nearest(owner, owners)} (agencies.csv)")
    for pattern in policy.owners:
        if not any(fnmatchcase(owner, pattern) for owner in owners) and not known.blames(pattern):
            mend = f"{nearest(pattern, owners)} (agencies.csv), a pattern such as ubnd-huyen-*, or *"
            yield Problem(file, "owners", f"no agency is called {pattern!r}", mend)


def _certificates(file: str, body: Any, now: datetime) -> Iterator[Problem]:
    for n, pem in enumerate(_listed(body, "certificates")):
        yield from text_problems(file, f"certificates[{n}]", pem.encode(), now)


def _feed(file: str, body: Any) -> Iterator[Problem]:
    table = {key: value for key, value in body.items() if key != "owner"}
    try:
        settings_of(
            plugin("consumers", str(table.pop("kind", "cap_feed")), where=f"{file}: kind"), table, where=f"{file}: "
        )
    except ConfigError as error:
        yield from (Problem.of(one) for one in error.each())
