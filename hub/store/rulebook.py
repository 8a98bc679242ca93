"""The rules in force as values, read again only when a rule has changed: what routing and delivery ask about each delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from hub.store import rules
from hub.store.rules import KINDS, Rule


@dataclass(frozen=True, slots=True)
class Book:
    """All rules in force after the change numbered `rev`."""

    rev: int
    by_kind: Mapping[str, Mapping[str, Rule]] = field(default_factory=dict)

    def get(self, kind: str, rule_id: str) -> Rule | None:
        """The document in force, or None."""
        return self.by_kind.get(kind, {}).get(rule_id)

    def of(self, kind: str) -> Mapping[str, Rule]:
        """Id -> document of every one of that kind."""
        return self.by_kind.get(kind, {})


def read(conn: Connection) -> Book:
    """The rules of this transaction."""
    return Book(rules.rev(conn), {kind: {rule.rule_id: rule for rule in rules.in_force(conn, kind)} for kind in KINDS})


class Rulebook:
    """Keeps the last book read. One that is used in writing must `forget` when its transaction came to nothing."""

    def __init__(self) -> None:
        self._book: Book | None = None

    def at(self, conn: Connection) -> Book:
        """The rules of this transaction, whoever changed them."""
        book = self._book
        if book is None or book.rev != rules.rev(conn):
            book = self._book = read(conn)
        return book

    def forget(self) -> None:
        """The next question reads everything again."""
        self._book = None
