"""A profile folder: who, which rules, which sources; read into documents that `hub config apply` imports.

A profile may extend another: each file it has not is taken from there, so that it holds only what differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from hub.config.agencies import Agencies, read_agencies
from hub.config.decode import decode
from hub.config.feeds import feed_documents
from hub.config.offers import Offer, read_offers, subscriptions
from hub.config.settings import SourceSettings
from hub.config.toml import read_toml
from hub.errors import ConfigError
from hub.places import LEVELS, Gazetteer

Document = tuple[str, str, Mapping[str, Any]]


HEAD_KEYS = {
    "extends": "Name of the profile whose files are taken where this folder has none.",
    "name": "What people call the profile.",
    "name_en": "The same in English.",
    "province": "GSO code of the province.",
    "gazetteer_on": "The day whose administrative structure comes first.",
    "level": "district or commune: the units that have an agency and a feed of their own.",
    "sender": "CAP sender of what this hub itself says.",
    "sender_name": "Who that is.",
    "web": "Address for CAP `web`.",
    "contact": "For CAP `contact`.",
    "oid": "Our own OID, for identifiers; empty until one is given.",
}
"""Every key of profile.toml and what it means."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile as read. `documents` are (kind, id, body) for the store's rules; `head` is profile.toml as it stands."""

    folder: Path
    name: str
    province: str
    gazetteer_on: date
    gazetteer: Gazetteer
    sources: tuple[SourceSettings, ...]
    documents: tuple[Document, ...]
    flows: Path
    """The table of what lies downstream of what."""
    offers: tuple[Offer, ...] = ()
    agencies: Agencies = field(default_factory=lambda: Agencies((), {}))
    head: Mapping[str, Any] = field(default_factory=dict)

    def offered(self, endpoints: Mapping[str, Mapping[str, Any]]) -> list[Document]:
        """The subscriptions that the offers make for these endpoints (id -> body with owner and kind)."""
        return list(subscriptions(self.offers, self.agencies, endpoints, gazetteer=self.gazetteer, flows=self.flows))


def load_profile(folder: Path, root: Path) -> Profile:
    """The profile in `folder`; `root` is the folder with the gazetteer and the profiles that it may extend.

    Raises:
        ConfigError: a file is missing or makes no sense; it names file and key.
    """
    head = _head(folder)
    layers = _layers(folder, head, root)
    gazetteer = Gazetteer.load(root / "gazetteer", on=head["gazetteer_on"], home=head["province"])
    agencies = read_agencies(_file(layers, "agencies.csv"), gazetteer)
    offers = read_offers(_file(layers, "offers.toml"))
    endpoints = _tables(_file(layers, "endpoints.toml"), "endpoint", key="id")
    flows = root / "gazetteer" / "flows.csv"
    offered = subscriptions(
        offers, agencies, {name: body for _, name, body in endpoints}, gazetteer=gazetteer, flows=flows
    )
    sources = tuple(_sources(_file(layers, "sources.toml")))
    feeds = _tables(_file(layers, "feeds.toml"), "feed", key="name")
    return Profile(
        folder=folder,
        name=str(head["name"]),
        province=str(head["province"]),
        gazetteer_on=head["gazetteer_on"],
        gazetteer=gazetteer,
        sources=sources,
        documents=(
            *(("owner", agency.id, agency.body()) for agency in agencies.listed),
            *_tables(_file(layers, "authorities.toml"), "authority", key="source"),
            *_tables(_file(layers, "treaties.toml"), "treaty", key="owner"),
            *endpoints,
            *_tables(_file(layers, "subscriptions.toml"), "subscription", key="id"),
            *offered,
            *feed_documents(
                feeds, gazetteer, level=head.get("level", "district"), where=str(_file(layers, "feeds.toml"))
            ),
            *(("source", s.name, msgspec.to_builtins(s)) for s in sources),
        ),
        flows=flows,
        offers=tuple(offers),
        agencies=agencies,
        head=head,
    )


def _head(folder: Path) -> dict[str, Any]:
    """profile.toml, its keys known and of the right type."""
    where = folder / "profile.toml"
    head = read_toml(where)
    unknown = sorted(set(head) - set(HEAD_KEYS))
    if unknown:
        raise ConfigError(f"{where}: {unknown[0]}", "unknown key", f"one of {', '.join(sorted(HEAD_KEYS))}")
    for key in ("name", "province", "gazetteer_on"):
        if key not in head:
            raise ConfigError(f"{where}: {key}", "is missing", HEAD_KEYS[key])
    for key, value in head.items():
        wanted = date if key == "gazetteer_on" else str
        if type(value) is not wanted:
            raise ConfigError(
                f"{where}: {key}", f"{value!r} is no {wanted.__name__}", 'a day like 2023-07-01, else "text"'
            )
    if head.get("level", "district") not in LEVELS[1:]:
        raise ConfigError(f"{where}: level", f"{head['level']!r} is unknown", ", ".join(LEVELS[1:]))
    return head


def _layers(folder: Path, head: Mapping[str, Any], root: Path) -> list[Path]:
    """The folder and all it extends, nearest first."""
    layers = [folder]
    while extends := head.get("extends"):
        below = next((p for p in (layers[-1].parent / extends, root / "profiles" / extends) if p.is_dir()), None)
        if below is None or below.resolve() in {layer.resolve() for layer in layers}:
            raise ConfigError(
                f"{layers[-1]}/profile.toml: extends", f"there is no other profile {extends!r}", "see config/profiles"
            )
        layers.append(below)
        head = _head(below)
    return layers


def _file(layers: list[Path], name: str) -> Path:
    """The nearest file of that name; the first layer's path when none has it."""
    return next((layer / name for layer in layers if (layer / name).is_file()), layers[0] / name)


def _sources(path: Path) -> list[SourceSettings]:
    return [
        decode(table, SourceSettings, where=f"{path}: source[{n}] {table.get('name', '')}".rstrip())
        for n, table in enumerate(_list(path, "source"))
    ]


def _tables(path: Path, kind: str, *, key: str) -> list[Document]:
    documents: list[Document] = []
    for n, table in enumerate(_list(path, kind)):
        if key not in table:
            raise ConfigError(f"{path}: {kind}[{n}].{key}", "is missing", f"write {key} = …")
        body = {k: v for k, v in table.items() if k != key}
        documents.append((kind, str(table[key]), body))
    return documents


def _list(path: Path, name: str) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    found = read_toml(path).get(name, [])
    if not isinstance(found, list):
        raise ConfigError(f"{path}: {name}", "is not a list of tables", f"write [[{name}]]")
    return found
