"""What is wrong with a configuration that loads: each problem with its file, key, reason and mend."""

from __future__ import annotations

import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from hub.cap.model import SEVERITIES, STATUSES
from hub.config.check_deployment import deployment_problems
from hub.config.check_recipients import recipient_problems
from hub.config.check_stations import station_problems
from hub.config.plugins import plugin, settings_of
from hub.config.problem import Problem
from hub.config.settings import SourceSettings
from hub.deriving import SOURCE
from hub.errors import ConfigError
from hub.hazards import Hazards
from hub.places import Gazetteer
from hub.subscription import subscription_of

if TYPE_CHECKING:
    from hub.config import Config

LEAST_INTERVAL_S = 10.0


def check(config: Config) -> list[Problem]:
    """Every mistake found; [] when the hub can start and everybody named exists."""
    return [
        *_http(config),
        *deployment_problems(config),
        *recipient_problems(config),
        *station_problems(config),
        *(p for source in config.profile.sources for p in _source(source)),
        *_doubles(config),
        *_documents(config),
    ]


def _http(config: Config) -> Iterator[Problem]:
    http, file = config.settings.http, str(config.file or "hub.toml")
    for key in ("cert", "key"):
        value = getattr(http, key)
        if value and not Path(value).is_file():
            yield Problem(file, f"http.{key}", f"there is no file {value}", "the path of a PEM file")
    if bool(http.cert) != bool(http.key):
        yield Problem(file, "http.key", "cert and key belong together", "set both or none")
    if http.key and Path(http.key).is_file() and Path(http.key).stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Problem(file, "http.key", "others can read the private key", f"chmod 600 {http.key}")
    if config.settings.hub.dev and config.settings.hub.mode == "actual":
        yield Problem(file, "hub.dev", "loopback addresses are open in mode actual", "remove it")
    if config.settings.log.level not in ("debug", "info", "warning", "error"):
        yield Problem(file, "log.level", f"{config.settings.log.level!r} is no level", "debug, info, warning or error")
    if config.settings.delivery.at_once < 8:
        yield Problem(file, "delivery.at_once", "fewer than 8 leave no reserve for urgent ones", "256")


def _source(source: SourceSettings) -> Iterator[Problem]:
    file = f"sources.toml [{source.name}]"
    if source.interval_s < LEAST_INTERVAL_S:
        yield Problem(file, "interval_s", f"{source.interval_s:g} s is too often", f"at least {LEAST_INTERVAL_S:g}")
    if source.silent_after_s is not None and not source.silent_after_s > source.interval_s:
        reason = f"{source.silent_after_s:g} s is no more than the {source.interval_s:g} s between two readings"
        yield Problem(file, "silent_after_s", reason, "longer than interval_s, or leave it out")
    try:
        ZoneInfo(source.zone)
    except (KeyError, ValueError, OSError):
        yield Problem(file, "zone", f"{source.zone!r} is no time zone", "Asia/Ho_Chi_Minh")
    if source.status not in STATUSES:
        yield Problem(file, "status", f"{source.status!r} is no CAP status", f"one of {', '.join(STATUSES)}")
    if source.ca_file and not Path(source.ca_file).is_file():
        yield Problem(file, "ca_file", f"there is no file {source.ca_file}", "the path of a PEM file")
    try:
        module = plugin("connectors", source.kind, where=file)
        settings = settings_of(module, source.settings, where=f"{file} settings")
    except ConfigError as error:
        yield Problem(file, error.where, error.reason, error.mend)
        return
    for name in getattr(settings, "__dataclass_fields__", {}):
        yield from _address(file, name, getattr(settings, name), source)


def _address(file: str, key: str, value: Any, source: SourceSettings) -> Iterator[Problem]:
    if not isinstance(value, str) or not key.endswith("url") or not value:
        return
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
        yield Problem(file, f"settings.{key}", f"{value!r} is no address", "https://host/path")
    elif parts.scheme in ("http", "ws") and not source.plain_http:
        yield Problem(file, f"settings.{key}", "is not encrypted", "https, or plain_http = true where there is none")
    elif source.hosts and parts.hostname not in source.hosts and not any(h.startswith("*.") for h in source.hosts):
        yield Problem(file, "hosts", f"{parts.hostname} is not among them", f"add {parts.hostname}")


def _doubles(config: Config) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for kind, rule_id, _ in config.profile.documents:
        if (kind, rule_id) in seen:
            yield Problem(str(config.profile.folder), f"{kind} {rule_id}", "stands there twice", "rename or remove one")
        seen.add((kind, rule_id))


def _documents(config: Config) -> Iterator[Problem]:
    gazetteer = config.profile.gazetteer
    hazards = Hazards.load(config.root / "hazards.csv")
    ids = {kind: {i for k, i, _ in config.profile.documents if k == kind} for kind in ("owner", "endpoint", "source")}
    for kind, rule_id, body in config.profile.documents:
        file = f"{kind} {rule_id}"
        if kind == "authority" and rule_id not in ids["source"] and rule_id != SOURCE and not body.get("stations"):
            yield Problem(file, "source", f"there is no source {rule_id!r}", "see sources.toml, or give it stations")
        if kind == "source" and rule_id not in {i for k, i, _ in config.profile.documents if k == "authority"}:
            yield Problem(file, "authority", "has none, so all it says would be held", "add it to authorities.toml")
        if kind == "endpoint":
            yield from _endpoint(file, body, ids["owner"])
        if kind == "subscription":
            yield from _subscription(rule_id, body, ids["endpoint"])
        if kind in ("subscription", "authority", "feed", "treaty"):
            yield from _words(file, body, gazetteer, hazards)


def _endpoint(file: str, body: Any, owners: Collection[str]) -> Iterator[Problem]:
    if body.get("owner") not in owners:
        yield Problem(file, "owner", f"there is no agency {body.get('owner')!r}", "see agencies.csv")
    try:
        settings_of(plugin("consumers", str(body.get("kind")), where=file), body.get("settings", {}), where=file)
    except ConfigError as error:
        yield Problem(file, error.where, error.reason, error.mend)


def _subscription(rule_id: str, body: Any, known: Collection[str]) -> Iterator[Problem]:
    try:
        subscription = subscription_of(rule_id, body)
    except ConfigError as error:
        yield Problem(f"subscription {rule_id}", error.where, error.reason, error.mend or "see docs/settings.md")
        return
    if subscription.endpoint_id not in known:
        yield Problem(
            f"subscription {rule_id}",
            "endpoint_id",
            f"there is no endpoint {subscription.endpoint_id!r}",
            "an id of endpoints.toml",
        )


def _words(file: str, body: Any, gazetteer: Gazetteer, hazards: Hazards) -> Iterator[Problem]:
    for unit in body.get("units", ()):
        if gazetteer.get(str(unit)) is None:
            yield Problem(file, "units", f"there is no unit {unit!r}", "a GSO code of config/gazetteer/units.csv")
    for hazard in body.get("hazards", ()):
        if hazard != "*" and hazard not in hazards:
            yield Problem(file, "hazards", f"there is no hazard {hazard!r}", "an id of config/hazards.csv")
    for key in ("min_severity", "max_severity"):
        if key in body and body[key] not in SEVERITIES:
            yield Problem(file, key, f"{body[key]!r} is no severity", f"one of {', '.join(SEVERITIES)}")
