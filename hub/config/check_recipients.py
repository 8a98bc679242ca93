"""What is wrong with who gets what: offers, endpoints and their alternates, owners, treaties, numbers of rules."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hub.config.check_addresses import address_problems
from hub.config.offers import ack_faults
from hub.config.plugins import plugin, settings_of
from hub.config.problem import Problem
from hub.errors import ConfigError
from hub.faults import Faults
from hub.sheets import nearest
from hub.subscription import subscription_of
from hub.words import LANGUAGES

if TYPE_CHECKING:
    from hub.config import Config


def recipient_problems(config: Config, hazards: Collection[str] | None, known: Faults) -> Iterator[Problem]:
    """Every mistake about recipients that the documents alone show. `hazards` are the ids, None when unknown."""
    documents: dict[str, dict[str, Any]] = {}
    for kind, rule_id, body in config.profile.documents:
        documents.setdefault(kind, {})[rule_id] = body
    endpoints, owners = documents.get("endpoint", {}), documents.get("owner", {})
    yield from _names(config)
    yield from _offers(config, hazards, known)
    for endpoint_id in endpoints:
        yield from _endpoint(config, endpoint_id, endpoints, owners, known)
    for subscription_id, body in documents.get("subscription", {}).items():
        if ("subscription", subscription_id) in config.profile.places:  # others are made by offers
            yield from _subscription(config, subscription_id, body, endpoints, known)
    yield from _numbers(config, documents.get("subscription", {}))
    for name, feed in documents.get("feed", {}).items():
        owner = str(feed.get("owner", ""))
        if owner and owner not in owners and not known.blames(owner):
            mend = f"{nearest(owner, owners)} (agencies.csv)"
            yield Problem(config.profile.place("feed", name), "owner", f"there is no agency {owner!r}", mend)
    for owner in documents.get("treaty", {}):
        if owners.get(owner, {}).get("kind") != "neighbour" and not known.blames(owner):
            file = config.profile.place("treaty", owner)
            yield Problem(file, "owner", f"{owner!r} is no neighbour", "an agency of kind neighbour")


def _names(config: Config) -> Iterator[Problem]:
    """The profile and every agency have a name in both languages."""
    if not config.profile.head.get("name_en"):
        yield Problem(str(config.profile.folder / "profile.toml"), "name_en", "is missing", 'write name_en = "…"')
    for where in {agency.where: None for agency in config.profile.agencies.listed if not agency.name_en}:
        yield Problem(where, "name_en", "is empty", "every agency has a name in both languages")


def _offers(config: Config, hazards: Collection[str] | None, known: Faults) -> Iterator[Problem]:
    rows = {agency.row for agency in config.profile.agencies.listed}
    for offer in config.profile.offers:
        file = config.profile.place("offer", offer.id)
        yield from (Problem(file, *fault) for fault in ack_faults(offer))
        if not config.profile.agencies.of(offer.agency) and not known.blames(offer.agency):
            mend = f"{nearest(offer.agency, rows)} (agencies.csv)"
            yield Problem(file, "agency", f"there is no agency {offer.agency!r}", mend)
        for hazard in offer.hazards:
            if hazards is not None and hazard not in hazards and hazard != "*":
                mend = f"{nearest(hazard, hazards)} (hazards.csv)"
                yield Problem(file, "hazards", f"there is no hazard {hazard!r}", mend)


def _numbers(config: Config, subscriptions: Mapping[str, Any]) -> Iterator[Problem]:
    """People call rules by their numbers: each number is one offer's to one agency, or one rule's written by hand."""
    taken: dict[int, str] = {}
    for offer in config.profile.offers:
        for n in range(len(config.profile.agencies.of(offer.agency))):
            first = taken.setdefault(offer.number + n, offer.id)
            if first != offer.id and offer.number + n != offer.number:
                reason = f"counted on from {offer.number} it meets {offer.number + n} of [{first}]"
                yield Problem(config.profile.place("offer", offer.id), "number", reason, "a number with room after it")
                break
    for rule_id, body in subscriptions.items():
        if ("subscription", rule_id) not in config.profile.places:
            continue
        number = body.get("number")
        first = taken.setdefault(number, rule_id)
        if first != rule_id:
            reason = f"{number} is the number of [{first}] already"
            yield Problem(config.profile.place("subscription", rule_id), "number", reason, "another number")


def _endpoint(
    config: Config, endpoint_id: str, endpoints: Mapping[str, Any], owners: Mapping[str, Any], known: Faults
) -> Iterator[Problem]:
    body, file = endpoints[endpoint_id], config.profile.place("endpoint", endpoint_id)
    owner, alternate = body.get("owner"), body.get("alternate", "")
    if owner not in owners and not known.blames(str(owner)):
        yield Problem(file, "owner", f"there is no agency {owner!r}", f"{nearest(str(owner), owners)} (agencies.csv)")
    if alternate == endpoint_id:
        yield Problem(file, "alternate", "is the endpoint itself", "another endpoint, or leave it out")
    elif alternate and alternate not in endpoints and not known.blames(str(alternate)):
        mend = f"{nearest(str(alternate), endpoints)}, or leave it out"
        yield Problem(file, "alternate", f"there is no endpoint {alternate!r}", mend)
    if body.get("language", "vi") not in LANGUAGES:
        yield Problem(file, "language", f"{body['language']!r} has no dictionary", " or ".join(LANGUAGES))
    yield from _channel(config, file, body)
    fed = any(k == "subscription" and b.get("endpoint_id") == endpoint_id for k, _, b in config.profile.documents)
    if owner in owners and not fed and endpoint_id not in {e.get("alternate") for e in endpoints.values()}:
        yield Problem(file, "kind", "nothing is sent to it", _wanted(config, str(owner)))


def _wanted(config: Config, owner: str) -> str:
    """What would feed an endpoint of that agency."""
    offered = [
        kind
        for offer in config.profile.offers
        if owner in {agency.id for agency in config.profile.agencies.of(offer.agency)}
        for kind in offer.channels
    ]
    by_hand = f"a rule for it in subscriptions.toml, or an offer to {owner}"
    return (
        f"a channel that {owner} is offered ({', '.join(dict.fromkeys(offered))}), or {by_hand}" if offered else by_hand
    )


def _channel(config: Config, file: str, body: Any) -> Iterator[Problem]:
    table = body.get("settings", {})
    if not isinstance(table, dict):
        yield Problem(file, "settings", f"{table!r} is no table", "write [endpoint.settings]")
        return
    try:
        module = plugin("consumers", str(body.get("kind", "")), where=f"{file}: kind")
        settings = settings_of(module, table, where=f"{file}: settings")
    except ConfigError as error:
        yield from (Problem.of(one) for one in error.each())
        return
    for name in getattr(settings, "__dataclass_fields__", {}):
        value = getattr(settings, name)
        if isinstance(value, str) and value and name.endswith("url"):
            yield from address_problems(config, file, f"settings.{name}", value)


def _subscription(
    config: Config, rule_id: str, body: Any, endpoints: Mapping[str, Any], known: Faults
) -> Iterator[Problem]:
    file = config.profile.place("subscription", rule_id)
    try:
        subscription = subscription_of(rule_id, body)
    except ConfigError as error:
        key = error.where.partition(".")[2]
        if key not in ("min_severity",):  # told with the other words
            yield Problem(file, key, error.reason, error.mend or "see docs/settings.md")
        return
    endpoint = endpoints.get(subscription.endpoint_id)
    if endpoint is None:
        if not known.blames(subscription.endpoint_id):
            reason = f"there is no endpoint {subscription.endpoint_id!r}"
            yield Problem(
                file, "endpoint_id", reason, f"{nearest(subscription.endpoint_id, endpoints)} (endpoints.toml)"
            )
    elif endpoint.get("owner") != subscription.owner:
        reason = f"{subscription.owner!r}, but the endpoint belongs to {endpoint.get('owner')!r}"
        yield Problem(file, "owner", reason, "the owner of the endpoint")
