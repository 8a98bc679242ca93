"""Who may speak, as the rules of the transaction say: authorities by source and delegations between senders, kept by `rules_rev`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from hub.errors import ConfigError
from hub.policy import Authority, Delegations
from hub.store import rules

_SETS = ("senders", "hazards", "units", "stations")


def authority_of(source: str, body: Mapping[str, Any]) -> Authority:
    """The authority of a stored document.

    Raises:
        ConfigError: an unknown key; it names it.
    """
    known = {*_SETS, "max_severity", "certificates", "delegates", "owner"}
    unknown = sorted(set(body) - known)
    if unknown:
        raise ConfigError(f"authority {source}.{unknown[0]}", "unknown key", f"one of {', '.join(sorted(known))}")
    return Authority(
        **{key: frozenset(body.get(key, ())) for key in _SETS},
        max_severity=str(body.get("max_severity", "Extreme")),
        certificates=tuple(body.get("certificates", ())),
        delegates=frozenset((str(a), str(b)) for a, b in body.get("delegates", ())),
    )


class Trusted:
    """Reads the authorities when the rules have changed; see `hub.acceptance.accept.Trusted`."""

    def __init__(self) -> None:
        self._rev = -1
        self._known: dict[str, Authority] = {}
        self._delegations = Delegations()

    def at(self, conn: Connection, rev: int) -> tuple[Mapping[str, Authority], Delegations]:
        """The authorities and delegations in force, `rev` being the number of the newest change of any rule."""
        if rev != self._rev:
            self._known = {r.rule_id: authority_of(r.rule_id, r.body) for r in rules.in_force(conn, "authority")}
            self._delegations = Delegations(frozenset().union(*(a.delegates for a in self._known.values())))
            self._rev = rev
        return self._known, self._delegations

    def forget(self) -> None:
        """The next question reads them again."""
        self._rev = -1
