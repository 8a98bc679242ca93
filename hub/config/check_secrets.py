"""Secrets that stand in the configuration in plain text: such files are copied, mailed and kept in version control."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from hub.config.problem import Problem
from hub.config.secrets import PREFIX

if TYPE_CHECKING:
    from hub.config import Config

_SECRET = re.compile(r"secret|passw(or)?d|token|api[-_]?key|private[-_]?key|authorization|credential", re.IGNORECASE)
_ELSEWHERE = re.compile(r"_(file|url|path|env)$", re.IGNORECASE)
_TRUSTS = "an address without it; the server trusts this machine"
_VALUE = re.compile(r"^(wh(sec|sk)_|(bearer|basic) \S)|-----BEGIN [A-Z ]*PRIVATE KEY", re.IGNORECASE)


def secret_problems(config: Config) -> Iterator[Problem]:
    """Every secret in hub.toml, sources.toml, endpoints.toml and feeds.toml; none is repeated in the text."""
    file = str(config.file or "hub.toml")
    for key, value in (("store.url", config.settings.store.url), ("stream.url", config.settings.stream.url)):
        if _in_address(value):
            mend = 'an address without it, and store.password = "file:/path"' if key == "store.url" else _TRUSTS
            yield Problem(file, key, "a password in plain text", mend)
    if config.settings.store.password and not config.settings.store.password.startswith(PREFIX):
        yield Problem(file, "store.password", "a password in plain text", '"file:/path", a file only the hub may read')
    mends = {
        "source": 'write "file:/path" and keep it in that file, which only the hub may read',
        "endpoint": "add the endpoint at the desk (POST /v1/endpoints), where it is never shown again",
        "feed": "leave it out: who reads feeds has a key (hub key create)",
    }
    for kind, rule_id, body in config.profile.documents:
        if kind not in mends:
            continue
        settings = body if kind == "feed" else body.get("settings", {})
        for key in _secrets("" if kind == "feed" else "settings", settings):
            yield Problem(config.profile.place(kind, rule_id), key, "a secret in plain text", mends[kind])


def _secrets(where: str, value: Any, name: str = "") -> Iterator[str]:
    """The keys below `value` that hold a secret."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _secrets(f"{where}.{key}".lstrip("."), inner, str(key))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _secrets(where, inner, name)
    elif isinstance(value, str) and value and not value.startswith(PREFIX):
        named = _SECRET.search(name) and not _ELSEWHERE.search(name)
        if named or _VALUE.search(value) or _in_address(value):
            yield where


def _in_address(text: str) -> bool:
    """Whether an address carries a password or a token."""
    if "://" not in text:
        return False
    try:
        parts = urlsplit(text)
        return bool(parts.password) or any(_SECRET.search(name) and value for name, value in parse_qsl(parts.query))
    except ValueError:
        return False
