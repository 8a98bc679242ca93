"""Addresses as CAP's schema allows them (xs:anyURI): what sources leave unescaped is escaped."""

from __future__ import annotations

import re
from urllib.parse import quote

_HOST = r"//[^\s/?#\[\]@:\\^`{|}<>\"%]+(?::\d{1,5}(?=[/?#]|$))?"
_SOUND = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*:(?:{_HOST})?(?:(?<!:)(?=[/?]|$)|(?<=:)(?!//))[^\s\[\]\\^`{{|}}<>\"#:%]*")
"""The plain kind: a scheme, maybe a host and a port, nothing odd; any letters."""

_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HEAD = re.compile(rf"([A-Za-z][A-Za-z0-9+.-]*:)?({_HOST})?")
_SAFE = "/?;@&=+$,!~*'()%-._"


def escaped(uri: str) -> str:
    """The address with everything escaped that an address may not hold; a sound one is given back as it is."""
    if _SOUND.fullmatch(uri):
        return uri
    said = _PERCENT.sub("%25", uri)
    found = _HEAD.match(said)
    scheme, host = (found[1] or "", found[2] or "") if found else ("", "")
    rest, mark, fragment = said[len(scheme) + len(host) :].partition("#")
    slashes = "//" if not host and rest.startswith("//") else ""
    inner = rest.removeprefix(slashes)
    end = next((n for n, letter in enumerate(inner) if letter in "/?"), len(inner))
    first = quote(inner[:end], safe="%-._~" if slashes or host or not scheme else _SAFE + ":")
    return scheme + host + slashes + first + quote(inner[end:], safe=_SAFE + ":") + mark + quote(fragment, safe=_SAFE)
