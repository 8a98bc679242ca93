"""A profile folder: who, which rules, which sources; read into documents that `hub config apply` imports.

A profile may extend another: each file it has not is taken from there, so that it holds only what differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec

from hub.config.agencies import Agencies, read_agencies
from hub.config.decode import decode
from hub.config.feeds import feed_documents
from hub.config.offers import Offer, read_offers, subscriptions
from hub.config.settings import SourceSettings
from hub.config.toml import Entry, read_list, read_toml
from hub.faults import Faults, gathering
from hub.places import LEVELS, Gazetteer
from hub.sheets import nearest

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


FILES = {
    "owner": "agencies.csv",
    "authority": "authorities.toml",
    "treaty": "treaties.toml",
    "endpoint": "endpoints.toml",
    "subscription": "subscriptions.toml",
    "feed": "feeds.toml",
    "source": "sources.toml",
    "offer": "offers.toml",
    "escalation": "escalations.toml",
}
"""Kind of document -> the file of the profile's folder that holds it."""

TABLES = {
    "authority": "source",
    "treaty": "owner",
    "endpoint": "id",
    "subscription": "id",
    "feed": "name",
    "source": "name",
    "offer": "id",
    "escalation": "id",
}
"""Kind of document in [[tables]] -> the key that is its id."""


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
    places: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(kind, id) -> file and line of the document, and of each offer."""

    def place(self, kind: str, rule_id: str) -> str:
        """Where that document stands, as a person looks for it."""
        made_by = next((where for (k, i), where in self.places.items() if k == kind and fnmatchcase(rule_id, i)), "")
        return self.places.get((kind, rule_id), made_by or f"{FILES.get(kind, kind)} [{rule_id}]")

    def offered(self, endpoints: Mapping[str, Mapping[str, Any]]) -> list[Document]:
        """The subscriptions that the offers make for these endpoints (id -> body with owner and kind)."""
        return list(subscriptions(self.offers, self.agencies, endpoints, gazetteer=self.gazetteer, flows=self.flows))


def load_profile(folder: Path, root: Path, faults: Faults | None = None) -> Profile:
    """The profile in `folder`; `root` is the folder with the gazetteer and the profiles that it may extend.

    Raises:
        ConfigError: without `faults`, for every mistake; it names file and key.
    """
    with gathering(faults) as kept:
        return _load(folder, root, kept)


def _load(folder: Path, root: Path, kept: Faults) -> Profile:
    head = _head(folder, kept)
    layers = _layers(folder, head, root, kept)
    entries = {kind: _entries(layers, kind, kept) for kind in TABLES if kind != "offer"}
    sources = tuple(_sources(entries["source"], kept))
    offers = read_offers(_file(layers, FILES["offer"]), kept)
    on, province = head.get("gazetteer_on", date.max), str(head.get("province", ""))
    gazetteer = Gazetteer.load(root / "gazetteer", on=on, home=province, faults=kept)
    profile = Profile(
        folder=folder,
        name=str(head.get("name", "")),
        province=province,
        gazetteer_on=on,
        gazetteer=gazetteer,
        sources=sources,
        documents=(),
        flows=root / "gazetteer" / "flows.csv",
        offers=tuple(offers),
        agencies=read_agencies(_file(layers, FILES["owner"]), gazetteer, kept),
        head=head,
        places={
            (kind, entry.table[TABLES[kind]]): entry.where
            for kind, listed in {**entries, "offer": _entries(layers, "offer", Faults())}.items()
            for entry in reversed(listed)
        },
    )
    return replace(profile, documents=_documents(profile, entries, kept))


def _documents(profile: Profile, entries: Mapping[str, list[Entry]], kept: Faults) -> tuple[Document, ...]:
    """Everything the store's rules are made of."""
    listed = {kind: [_document(kind, entry) for entry in found] for kind, found in entries.items()}
    level = profile.head.get("level", "district")
    return (
        *(("owner", agency.id, agency.body()) for agency in profile.agencies.listed),
        *listed["authority"],
        *listed["treaty"],
        *listed["endpoint"],
        *listed["escalation"],
        *listed["subscription"],
        *profile.offered({name: body for _, name, body in listed["endpoint"]}),
        *feed_documents(listed["feed"], profile.gazetteer, level=level, where=FILES["feed"], faults=kept),
        *(("source", s.name, msgspec.to_builtins(s)) for s in profile.sources),
    )


def _head(folder: Path, kept: Faults) -> dict[str, Any]:
    """profile.toml with the keys that are known and of the right type."""
    where = folder / "profile.toml"
    head: dict[str, Any] = {}
    with kept.kept():
        for key, value in read_toml(where).items():
            wanted = date if key == "gazetteer_on" else str
            if key not in HEAD_KEYS:
                kept.add(f"{where}: {key}", "unknown key", nearest(key, HEAD_KEYS))
            elif type(value) is not wanted:
                mend = "a day without quotes, like 2023-07-01" if wanted is date else 'write "text" in quotes'
                kept.add(f"{where}: {key}", f"{value!r} is no {wanted.__name__}", mend)
                head[key] = date.max if wanted is date else ""
                kept.blamed += ["*"] if key in ("gazetteer_on", "province") else []
            elif key == "level" and value not in LEVELS[1:]:
                kept.add(f"{where}: level", f"{value!r} is unknown", " or ".join(LEVELS[1:]))
            else:
                head[key] = value
        for key in ("name", "province", "gazetteer_on"):
            if key not in head:
                kept.add(f"{where}: {key}", "is missing", f"write {key} = …: {HEAD_KEYS[key]}")
                kept.blamed += ["*"] if key in ("gazetteer_on", "province") else []
    return head


def _layers(folder: Path, head: Mapping[str, Any], root: Path, kept: Faults) -> list[Path]:
    """The folder and all it extends, nearest first."""
    layers = [folder]
    while extends := head.get("extends"):
        below = next((p for p in (layers[-1].parent / extends, root / "profiles" / extends) if p.is_dir()), None)
        if below is None or below.resolve() in {layer.resolve() for layer in layers}:
            reason = f"there is no other profile {extends!r}" if below is None else f"{extends!r} extends this one"
            kept.add(f"{layers[-1] / 'profile.toml'}: extends", reason, "a folder beside it, or of config/profiles")
            break
        layers.append(below)
        head = _head(below, kept)
    return layers


def _file(layers: list[Path], name: str) -> Path:
    """The nearest file of that name; the first layer's path when none has it."""
    return next((layer / name for layer in layers if (layer / name).is_file()), layers[0] / name)


def _entries(layers: list[Path], kind: str, kept: Faults) -> list[Entry]:
    """The tables of that kind, each with another id."""
    key = TABLES[kind]
    listed = read_list(_file(layers, FILES[kind]), kind, key, kept)
    first: dict[str, str] = {}
    for entry in listed:
        called = entry.table[key]
        if called in first:
            kept.add(f"{entry.where}: {key}", f"{called!r} stands there twice, first at {first[called]}", "rename one")
        first.setdefault(called, entry.where)
    return listed


def _sources(entries: list[Entry], kept: Faults) -> Iterator[SourceSettings]:
    for entry in entries:
        with kept.kept(str(entry.table["name"])):
            yield decode(entry.table, SourceSettings, where=f"{entry.where}: ")


def _document(kind: str, entry: Entry) -> Document:
    return kind, entry.table[TABLES[kind]], {k: v for k, v in entry.table.items() if k != TABLES[kind]}
