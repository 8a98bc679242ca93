"""What is wrong with who gets what: offers, endpoints and their alternates, owners, treaties, numbers of rules."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hub.config.offers import unknown_in
from hub.config.problem import Problem
from hub.hazards import Hazards

if TYPE_CHECKING:
    from hub.config import Config


def recipient_problems(config: Config) -> Iterator[Problem]:
    """Every mistake about recipients that the documents alone show."""
    hazards = Hazards.load(config.root / "hazards.csv")
    for offer, key, reason, mend in unknown_in(config.profile.offers, config.profile.agencies, (h.id for h in hazards)):
        yield Problem(f"offers.toml [{offer}]", key, reason, mend)
    documents: dict[str, dict[str, Any]] = {}
    for kind, rule_id, body in config.profile.documents:
        documents.setdefault(kind, {})[rule_id] = body
    endpoints = documents.get("endpoint", {})
    owners = documents.get("owner", {})
    for endpoint_id, body in endpoints.items():
        yield from _endpoint(config, endpoint_id, body, endpoints)
    for subscription_id, body in documents.get("subscription", {}).items():
        yield from _owner(subscription_id, body, endpoints, owners)
    for owner in documents.get("treaty", {}):
        if owners.get(owner, {}).get("kind") != "neighbour":
            yield Problem(f"treaty {owner}", "owner", f"{owner!r} is no neighbour", "an agency of kind neighbour")


def _endpoint(config: Config, endpoint_id: str, body: Any, endpoints: dict[str, Any]) -> Iterator[Problem]:
    file = f"endpoints.toml [{endpoint_id}]"
    alternate = body.get("alternate", "")
    if alternate and (alternate not in endpoints or alternate == endpoint_id):
        yield Problem(
            file, "alternate", f"there is no other endpoint {alternate!r}", "an id of endpoints.toml, or leave it out"
        )
    if body.get("language", "vi") not in ("vi", "en"):
        yield Problem(file, "language", f"{body['language']!r} has no dictionary", "vi or en")
    settings = body.get("settings", {})
    url = settings.get("url", "") if isinstance(settings, dict) else ""
    if isinstance(url, str) and url.startswith("http://") and not _may_be_plain(config, url):
        yield Problem(file, "settings.url", f"{url} is not encrypted", "https, or a host inside http.networks_allowed")


def _owner(subscription_id: str, body: Any, endpoints: dict[str, Any], owners: dict[str, Any]) -> Iterator[Problem]:
    file = f"subscription {subscription_id}"
    if body.get("owner") not in owners:
        yield Problem(file, "owner", f"there is no agency {body.get('owner')!r}", "see agencies.csv")
    endpoint = endpoints.get(str(body.get("endpoint_id")))
    if endpoint is not None and endpoint.get("owner") != body.get("owner"):
        yield Problem(file, "owner", f"the endpoint belongs to {endpoint.get('owner')!r}", "the owner of the endpoint")


def _may_be_plain(config: Config, url: str) -> bool:
    """Whether the deployment lets this host be reached without TLS: loopback in mode test or dev, and networks it names."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" and (config.settings.hub.mode == "test" or config.settings.hub.dev)
    if address.is_loopback:
        return config.settings.hub.mode == "test" or config.settings.hub.dev
    for text in config.settings.http.networks_allowed:
        try:
            if address in ipaddress.ip_network(text):
                return True
        except ValueError:
            continue
    return False
