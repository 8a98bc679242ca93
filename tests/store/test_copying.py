"""hub.store.copying: all rows, and whether both stores hold the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, insert, text, update

from hub.errors import ConfigError
from hub.store import audit, head, meta
from hub.store.copying import PORTION, assert_whole, contents, copy
from hub.store.tables import aliases, metadata
from hub.store.tables import audit as audit_table
from tests.store.fresh import fresh, in_memory

AT = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def both() -> Iterator[tuple[Connection, Connection]]:
    with ExitStack() as stack:
        source, target = stack.enter_context(in_memory()), stack.enter_context(fresh())
        state = head.lock(source)
        for n in range(3):
            audit.append(source, state, at=AT, act="accept", who="x", object=f"alert {n}", body={"n": n})
        head.save(source, state)
        meta.put(source, "mode", "test")
        rows = [{"source": "s", "alias": f"Đ{n}", "source_key": "k"} for n in range(2 * PORTION + 3)]
        source.execute(insert(aliases), rows)
        yield source, target


def test_every_table_holds_the_same_afterwards(both: tuple[Connection, Connection]) -> None:
    source, target = both
    meta.put(target, "of_its_own", "goes")
    read = copy(source, target)
    assert read == contents(source) == contents(target)
    assert set(read) == set(metadata.tables)
    assert read["aliases"].rows == 2 * PORTION + 3
    assert_whole(target, read, where="test")


def test_a_row_that_differs_by_one_letter_is_found(both: tuple[Connection, Connection]) -> None:
    source, target = both
    read = copy(source, target)
    target.execute(update(aliases).where(aliases.c.alias == "Đ7").values(source_key="K"))
    with pytest.raises(ConfigError, match="table aliases"):
        assert_whole(target, read, where="test")


def test_a_broken_decision_chain_is_found_though_both_hold_the_same(both: tuple[Connection, Connection]) -> None:
    source, target = both
    source.execute(update(audit_table).where(audit_table.c.n == 2).values(who="y"))
    read = copy(source, target)
    with pytest.raises(ConfigError, match="decision chain"):
        assert_whole(target, read, where="test")


def test_a_number_is_not_the_text_of_it(both: tuple[Connection, Connection]) -> None:
    source, _ = both
    before = contents(source)["meta"]
    source.execute(text("UPDATE meta SET value = x'74657374' WHERE key = 'mode'"))
    assert contents(source)["meta"] != before
