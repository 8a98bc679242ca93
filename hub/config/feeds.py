"""Published feeds: one table of feeds.toml becomes one feed, or one for each unit or neighbour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hub.config.agencies import slugs
from hub.errors import ConfigError
from hub.faults import Faults, gathering
from hub.places import Gazetteer

EACH = ("unit", "neighbour")

Document = tuple[str, str, Mapping[str, Any]]


def feed_documents(
    tables: Iterable[Document], gazetteer: Gazetteer, *, level: str, where: str, faults: Faults | None = None
) -> list[Document]:
    """The feeds of these tables; "each" makes one per unit of `level` or per neighbouring province, with its units, title and owner.

    Raises:
        ConfigError: without `faults`, when "each" is neither or the name has no * where each feed needs its own.
    """
    made: list[Document] = []
    with gathering(faults) as kept:
        for kind, name, table in tables:
            with kept.kept(name, where=f"{where} [{name}]"):
                made += _feeds(kind, name, table, gazetteer=gazetteer, level=level)
    return made


def _feeds(kind: str, name: str, table: Mapping[str, Any], *, gazetteer: Gazetteer, level: str) -> Iterator[Document]:
    each = table.get("each", "")
    if each and each not in EACH:
        raise ConfigError("each", f"{each!r} is unknown", " or ".join(EACH))
    if bool(each) != ("*" in name):
        raise ConfigError("name", f"{name!r} with each = {each!r}", "a * stands for each unit's name")
    if not each:
        yield kind, name, table
        return
    body = {key: value for key, value in table.items() if key != "each"}
    for slug, shown, units in _each(each, gazetteer, level):
        title = str(body.get("title", "")).replace("{unit}", shown)
        made = {**body, "title": title, "units": units}
        if "owner" in body:
            made["owner"] = str(body["owner"]).replace("*", slug)
        yield kind, name.replace("*", slug), made


def _each(each: str, gazetteer: Gazetteer, level: str) -> Iterator[tuple[str, str, list[str]]]:
    """(short name, name, units): of a neighbour our units at its border, whose alerts it asks for."""
    if each == "unit":
        units = gazetteer.units(level=level)
        names = slugs(units)
        yield from ((names[unit.code], unit.full_name, [unit.code]) for unit in units)
        return
    for neighbour in gazetteer.neighbours:
        known = gazetteer.get(neighbour.code)
        if neighbour.country == "VN" and known is not None:
            yield neighbour.id, known.full_name, sorted(neighbour.own_units)
