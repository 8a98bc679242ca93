"""What is wrong with a configuration: each problem with its file, key, reason and mend, all of them at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hub.cap.model import STATUSES
from hub.clock import SystemClock
from hub.config.check_addresses import address_problems
from hub.config.check_certificates import certificate_problems, pem_problems
from hub.config.check_deployment import deployment_problems
from hub.config.check_recipients import recipient_problems
from hub.config.check_rules import rule_problems
from hub.config.check_secrets import secret_problems
from hub.config.check_stations import station_problems
from hub.config.plugins import plugin, settings_of
from hub.config.problem import Problem
from hub.config.secrets import revealed
from hub.config.settings import SourceSettings
from hub.errors import ConfigError
from hub.faults import Faults
from hub.hazards import Hazards
from hub.papers import Papers
from hub.scales import Scales
from hub.words import Words

if TYPE_CHECKING:
    from hub.config import Config

LEAST_INTERVAL_S = 10.0
_NAME = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")


def check(config: Config, faults: Faults | None = None, *, now: datetime | None = None) -> list[Problem]:
    """Every mistake found; [] when the hub can start and everybody named exists.

    `faults` are those that reading the configuration found: what could not be read for them is not told to be missing.
    """
    known = faults if faults is not None else Faults()
    tables = Faults()
    ids: set[str] | None = None
    with tables.kept():
        ids = {hazard.id for hazard in Hazards.load(config.root / "hazards.csv", tables).listed} | set(tables.blamed)
    with tables.kept():
        Scales.load(config.root / "scales.csv", tables)
    with tables.kept():
        Words.load(config.root / "words", tables)
    with tables.kept():
        Papers(config.root / "papers", config.profile.gazetteer_on).check()
    at = now or SystemClock().now()
    return [
        *deployment_problems(config),
        *certificate_problems(config, at),
        *(Problem.of(error) for error in tables.found),
        *recipient_problems(config, ids, known),
        *station_problems(config, ids, known),
        *(p for source in config.profile.sources for p in _source(config, source, at)),
        *rule_problems(config, ids, known, at),
        *secret_problems(config),
    ]


def _source(config: Config, source: SourceSettings, now: datetime) -> Iterator[Problem]:
    file = config.profile.place("source", source.name)
    if not _NAME.fullmatch(source.name):
        yield Problem(file, "name", f"{source.name!r} is no name", "letters, digits and hyphens, such as vn-nchmf")
    if source.interval_s < LEAST_INTERVAL_S:
        yield Problem(file, "interval_s", f"{source.interval_s:g} s is too often", f"at least {LEAST_INTERVAL_S:g}")
    if source.silent_after_s is not None and not source.silent_after_s > source.interval_s:
        reason = f"{source.silent_after_s:g} s is no more than the {source.interval_s:g} s between two readings"
        yield Problem(file, "silent_after_s", reason, "longer than interval_s, or leave it out")
    if source.timeout_s <= 0 or source.max_bytes <= 0:
        yield Problem(file, "timeout_s", "timeout_s or max_bytes is not above 0", "30.0 and 8388608")
    try:
        ZoneInfo(source.zone)
    except (KeyError, ValueError, OSError):
        yield Problem(file, "zone", f"{source.zone!r} is no time zone", "Asia/Ho_Chi_Minh")
    if source.status not in STATUSES:
        yield Problem(file, "status", f"{source.status!r} is no CAP status", f"one of {', '.join(STATUSES)}")
    if source.ca_file:
        yield from pem_problems(file, "ca_file", source.ca_file, now)
    for host in source.hosts:
        if "/" in host or ":" in host or "." not in host:
            yield Problem(file, "hosts", f"{host!r} is no host name", "a name such as cap.example.vn, or *.example.vn")
    if source.ack_to:
        yield from address_problems(config, file, "ack_to", source.ack_to, plain=source.plain_http)
    yield from _connector(config, source, file)


def _connector(config: Config, source: SourceSettings, file: str) -> Iterator[Problem]:
    try:
        module = plugin("connectors", source.kind, where=f"{file}: kind")
        settings = settings_of(module, revealed(source.settings, where=file), where=f"{file}: settings")
    except ConfigError as error:
        yield from (Problem.of(one) for one in error.each())
        return
    for name in getattr(settings, "__dataclass_fields__", {}):
        value = getattr(settings, name)
        if isinstance(value, str) and value and name.endswith("url"):
            yield from address_problems(config, file, f"settings.{name}", value, plain=source.plain_http, source=source)
