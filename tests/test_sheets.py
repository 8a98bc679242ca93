"""Tests of hub.sheets: what a spreadsheet can do to a table is named, and all of it at once."""

from __future__ import annotations

import unicodedata
from datetime import date
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.faults import Faults
from hub.sheets import day, many, nearest, number, read_rows

COLUMNS = ("id", "name", "since")


def laid(folder: Path, text: str | bytes) -> Path:
    path = folder / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(folder: Path, text: str | bytes) -> list[tuple[int, dict[str, str]]]:
    return read_rows(laid(folder, text), COLUMNS)


def test_a_row_comes_with_its_line_stripped_and_composed(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "Biên Hòa")
    rows = read(tmp_path, f'id,name,since\n\n a , {name} ,\nb,"x, y",2025-07-01\n,,\n')
    assert rows == [
        (3, {"id": "a", "name": "Biên Hòa", "since": ""}),
        (4, {"id": "b", "name": "x, y", "since": "2025-07-01"}),
    ]


def test_a_byte_order_mark_and_another_order_of_columns_are_let_be(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbfname,id,since\nA,a,\n")[0][1]["id"] == "a"


@pytest.mark.parametrize(
    ("text", "where", "reason"),
    [
        ("id;name;since\na;A;\n", "t.csv line 1", "not parted by commas"),
        ("id\tname\tsince\na\tA\t\n", "t.csv line 1", "not parted by commas"),
        ("", "t.csv line 1: id", "missing"),
        ("id,name\na,A\n", "t.csv line 1: since", "missing"),
        ("id,name,since,sinse\na,A,,\n", "t.csv line 1: sinse", "unknown column"),
        ("id,name,since\na,A,,\n", "t.csv line 2: a", "4 cells under 3 columns"),
        ("id,name,since\na,A\n", "t.csv line 2: a", "2 cells under 3 columns"),
        ('id,name,since\na,"A,\n', "t.csv line 2", "is no CSV"),
        ('id,name,since\na,"A\nB",\n', "t.csv line 3: name", "U\\+000A"),
        ("id,name,since\na,A\u200b,\n", "t.csv line 2: name", "U\\+200B"),
        ("id,name,since\na,\u202eA,\n", "t.csv line 2: name", "U\\+202E"),
        ("id,name,since\na,Bi\xean,\n".encode("latin-1"), "t.csv", "is not UTF-8"),
    ],
)
def test_what_is_no_such_table_is_named(tmp_path: Path, text: str | bytes, where: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        read(tmp_path, text)
    assert caught.value.where == where
    assert caught.value.mend


def test_every_bad_row_is_told_and_the_good_ones_are_read(tmp_path: Path) -> None:
    faults = Faults()
    rows = read_rows(laid(tmp_path, "id,name,since\na\nb,B,\nc,C\n"), COLUMNS, faults)
    assert [row["id"] for _, row in rows] == ["b"]
    assert [one.where for one in faults.found] == ["t.csv line 2: a", "t.csv line 4: c"]
    assert faults.blamed == ["a", "c"]


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="missing"):
        read_rows(tmp_path / "none.csv", COLUMNS)


def test_cells_mean_days_numbers_and_lists() -> None:
    assert day({"d": "2025-07-01"}, "d") == date(2025, 7, 1)
    assert day({"d": ""}, "d") is None
    assert number({"n": "10.5"}, "n") == 10.5
    assert number({"n": ""}, "n") is None
    assert many(" a | b ||") == ("a", "b")


@pytest.mark.parametrize("cell", ["01/07/2025", "2025-13-01", "hôm nay"])
def test_another_way_to_write_a_day_is_refused(cell: str) -> None:
    with pytest.raises(ConfigError, match="is no day"):
        day({"d": cell}, "d")


@pytest.mark.parametrize("cell", ["10,5", "x", "nan", "inf", "91"])
def test_a_number_that_is_none_or_too_great_is_refused(cell: str) -> None:
    with pytest.raises(ConfigError):
        number({"n": cell}, "n", least=-90, most=90)


def test_the_nearest_word_is_offered() -> None:
    assert nearest("flod", ["flood", "storm"]) == "did you mean flood?"
    assert nearest("zzz", ["b", "a"]) == "one of a, b"
    assert nearest("zzz", []) == "there is none yet"
