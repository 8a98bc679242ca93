"""Tables in CSV files, read strictly: every row with the number of its line, every mistake of form named and none of them last."""

from __future__ import annotations

import csv
import difflib
import io
import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

from hub.errors import ConfigError
from hub.faults import Faults, gathering

Row = dict[str, str]


def read_rows(path: Path, columns: Sequence[str], faults: Faults | None = None) -> list[tuple[int, Row]]:
    """(number of the line, cells by column) of each row; cells are stripped and in NFC, empty lines passed over.

    What spreadsheets do to such files is named: another separator, another encoding, invisible letters. A byte order mark is let be.

    Raises:
        ConfigError: without `faults`, when the file is missing or is no such table, and for every row that is none. With them they
            are kept, and of a file that is none all ids are blamed.
    """
    listed: list[tuple[int, Row]] = []
    with gathering(faults) as kept, kept.kept("*"):
        text = _text(path)
        reader = csv.reader(io.StringIO(text), strict=True)
        try:
            head = [name.strip() for name in next(reader, [])]
            _check_head(path.name, head, columns)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    with kept.kept(cells[0].strip(), where=f"{path.name} line {reader.line_num}"):
                        listed.append((reader.line_num, _row(head, cells)))
        except csv.Error as error:
            line = _odd_line(text) or reader.line_num
            raise ConfigError(f"{path.name} line {line}", f"is no CSV: {error}", "close the quotes") from error
    return listed


def many(cell: str) -> tuple[str, ...]:
    """The parts of a cell that holds several, parted by |."""
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def day(row: Mapping[str, str], column: str) -> date | None:
    """The day in a cell, None when it is empty.

    Raises:
        ConfigError: it is no day; told of the column.
    """
    cell = row[column]
    try:
        return date.fromisoformat(cell) if cell else None
    except ValueError as error:
        raise ConfigError(column, f"{cell!r} is no day", "YYYY-MM-DD, such as 2025-07-01") from error


def number(row: Mapping[str, str], column: str, *, least: float = -math.inf, most: float = math.inf) -> float | None:
    """The number in a cell, None when it is empty.

    Raises:
        ConfigError: it is no number, or lies outside; told of the column.
    """
    cell = row[column]
    try:
        value = float(cell) if cell else None
    except ValueError as error:
        raise ConfigError(column, f"{cell!r} is no number", "digits with a decimal point, such as 10.95") from error
    if value is not None and not least <= value <= most:
        raise ConfigError(column, f"{cell} is out of bounds", f"between {least:g} and {most:g}")
    return value


def nearest(word: str, known: Iterable[str]) -> str:
    """What was probably meant, else all there is."""
    listed = sorted(known)
    close = difflib.get_close_matches(word, listed, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"one of {', '.join(listed)}" if listed else "there is none yet"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(str(path), "the table is missing", "restore it from the distribution") from error
    except UnicodeDecodeError as error:
        raise ConfigError(path.name, f"is not UTF-8: {error.reason}", 'save it as "CSV UTF-8"') from error


def _odd_line(text: str) -> int:
    """The first line with a quote that does not close in it; 0 when every quote does."""
    return next((n for n, line in enumerate(text.splitlines(), start=1) if line.count('"') % 2), 0)


def _check_head(file: str, head: Sequence[str], columns: Sequence[str]) -> None:
    if len(head) == 1 and any(sign in head[0] for sign in ";\t"):
        raise ConfigError(f"{file} line 1", "the cells are not parted by commas", "save it as CSV with commas")
    found = Faults()
    for name in columns:
        if name not in head:
            found.add(f"{file} line 1: {name}", "the column is missing", f"the columns are {','.join(columns)}")
    for name in head:
        if name not in columns:
            found.add(f"{file} line 1: {name or '(empty)'}", "unknown column", nearest(name, columns))
    found.raise_any()


def _row(head: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) != len(head):
        raise ConfigError(
            cells[0].strip() or head[0],
            f"{len(cells)} cells under {len(head)} columns",
            'text with a comma stands in quotes: "a, b"',
        )
    row = {name: unicodedata.normalize("NFC", cell).strip() for name, cell in zip(head, cells, strict=True)}
    for name, cell in row.items():
        hidden = next((letter for letter in cell if unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cn")), "")
        if hidden:
            raise ConfigError(name, f"{cell!r} holds the invisible U+{ord(hidden):04X}", "type the cell anew")
    return row
