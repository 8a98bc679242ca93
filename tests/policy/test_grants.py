"""The whole policy table, written by hand from the design's page: every kind of caller by every act."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from hub.policy import ACTS, GRANTS, READS, Key, No, Person, Treaty, What, Yes, may
from hub.policy.grants import DOINGS, MAKES, NEVER, NOT_BY_AUTHOR, SECOND_FACTOR, SECONDED

with (Path(__file__).parent / "policy_table.csv").open(encoding="utf-8", newline="") as file:
    TABLE = {row.pop("act"): row for row in csv.DictReader(file)}
CALLERS = list(next(iter(TABLE.values())))
CELLS = [(act, caller, scope) for act, row in TABLE.items() for caller, scope in row.items()]


def _caller(name: str) -> Person | Key:
    """Somebody of that kind who proved everything that can be asked of them."""
    if name.startswith("key:"):
        return Key("k1", name.removeprefix("key:"), "ours", treaty=Treaty())
    return Person(
        "an",
        frozenset({name}),
        owner="ours",
        units=frozenset({"731"}),
        kinds=frozenset({"water-level"}),
        second_factor=True,
        treaty=Treaty(),
    )


def _object(act: str, caller: str, *, own: bool) -> What:
    """An object of that act which belongs to the caller in every respect, or in none."""
    observer = caller == "observer"
    return What(
        kind=act.partition(".")[0],
        owners=frozenset({"ours" if own else "theirs"}),
        source="ours" if own else "theirs",
        author="an" if own and observer else "binh",
        seconded_by="chi",
        units=frozenset({"731" if own else "734"}),
        report_kind="water-level",
        listed=True,
    )


def test_the_table_holds_every_act_and_every_kind_of_caller() -> None:
    assert set(TABLE) == ACTS
    assert set(CALLERS) == set(GRANTS)
    assert {scope for _, _, scope in CELLS} == {"all", "own", "-"}
    assert len(CELLS) == len(ACTS) * len(CALLERS)


@pytest.mark.parametrize(("act", "caller", "scope"), CELLS, ids=lambda value: value)
def test_a_caller_may_do_exactly_what_the_table_says(act: str, caller: str, scope: str) -> None:
    who = _caller(caller)
    at_all = may(who, act)
    own = may(who, act, _object(act, caller, own=True))
    foreign = may(who, act, _object(act, caller, own=False))
    assert isinstance(at_all, Yes) == (scope != "-")
    assert isinstance(own, Yes) == (scope != "-")
    assert isinstance(foreign, Yes) == (scope == "all")


def test_every_act_is_either_a_reading_or_a_doing() -> None:
    assert not READS & DOINGS
    assert {"observation.read"} == ACTS - READS - DOINGS


def test_the_special_lists_name_only_acts_that_exist() -> None:
    for listed in (MAKES, SECOND_FACTOR, SECONDED, NOT_BY_AUTHOR, *NEVER.values()):
        assert listed <= ACTS


def test_an_act_that_nobody_wrote_down_is_denied_to_everybody() -> None:
    for caller in CALLERS:
        assert may(_caller(caller), "alert.launch") == No("unknown-act")
