"""Requests to a gateway as the deployment describes it, pure: texts with {gaps}, filled so that no value can become anything else.

Whoever sets up the hub writes where a gateway is, what it wants to read and how its answer says that it took it; what is told stands in
the gaps. A value is encoded for the place it comes to (JSON string, form field, query, XML text), and the host never has a gap.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

import msgspec

from hub.errors import ConfigError, Forbidden, Rejected, Retry
from hub.http import Answered, Poster
from hub.http.gate import Gate
from hub.http.retry_after import retry_after_s
from hub.http.urls import read_url

Value = str | int | float | Sequence[str]
ENCODINGS = {
    "json": "application/json; charset=utf-8",
    "form": "application/x-www-form-urlencoded",
    "xml": "text/xml; charset=utf-8",
    "query": "",
}
_GAP = re.compile(r"\{([a-z_]+)\}")
_AUTHORITY = re.compile(r"https?://[^/?#{}]+(?=[/?]|$)", re.IGNORECASE)
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PLAIN = re.compile(r"[\x20-\x7e]*")
_OURS = re.compile(r"host|content-length|transfer-encoding|connection|expect|upgrade|te|trailer", re.IGNORECASE)
_HEADER_SAFE = " !#$&'()*+,-./:;=?@[]^_`{|}~"
_AGAIN = frozenset({408, 425, 429})
_MOST_SAID = 60


@dataclass(frozen=True, slots=True)
class Request:
    """One filled form. A GET has no body."""

    method: Literal["GET", "POST"]
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """The gateway took it: its status, its own id of it ("" when it gives none), and the values of its answer by their dotted names."""

    status: int
    id: str = ""
    said: Any = None


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a gateway is asked, and what its answer means."""

    url: str
    """Where the gateway takes it, https except inside networks that the deployment names; {gaps} only behind the host."""

    encoding: Literal["json", "form", "xml", "query"] = "json"
    """How `body` is written: a JSON object, a posted form, the text `xml`, or the query of a GET."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Headers of every request, such as Authorization; "file:/path" stands for a secret. They may have {gaps}."""

    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What the gateway reads: names and values, with {gaps} in their texts; with json also tables and lists inside."""

    xml: str = field(default="", repr=False)
    """With encoding "xml" the document with its {gaps}."""

    taken_field: str = ""
    """Where a JSON answer says that it took it, by dots ("data.code"); empty: `taken_values` are texts that stand in the answer."""

    taken_values: tuple[str, ...] = ()
    """What says that it took it, a duplicate of an id it has among them. Empty: status 2xx is enough."""

    again_values: tuple[str, ...] = ()
    """What says that it may be tried again later; anything else is a refusal."""

    at_once: int = 16
    """Requests under way at a time, 1 to 64; recipients beyond them wait."""

    id_field: str = ""
    """Where a JSON answer gives the gateway's own id of what it took, by dots."""

    def check(self, gaps: Collection[str], *, must: Collection[Sequence[str]]) -> None:
        """Returns when the form can be used with these gaps; of each in `must` it has one at least.

        Raises:
            ConfigError: it names the key; never a value, for it may be a secret.
        """
        if self.encoding not in ENCODINGS:
            raise ConfigError("encoding", f"{self.encoding!r} is unknown", ", ".join(ENCODINGS))
        found = set(_checked_url("url", self.url)) | set(_gaps_in(self.body)) | set(_gaps_in(self.xml))
        for name, value in self.headers.items():
            if not _NAME.fullmatch(name) or _OURS.fullmatch(name) or not _PLAIN.fullmatch(value):
                raise ConfigError(f"headers.{name}", "not a header that can be set", "a plain name and ASCII value")
            found |= set(_gaps_in(value))
        if bool(self.xml) != (self.encoding == "xml"):
            raise ConfigError("xml", 'the document and encoding "xml" go together', "write both, or neither")
        if self.encoding != "json" and any(isinstance(value, Mapping | list | tuple) for value in self.body.values()):
            raise ConfigError("body", f'a table inside needs encoding "json", not {self.encoding!r}', "names and texts")
        if not 1 <= self.at_once <= 64:
            raise ConfigError("at_once", f"{self.at_once} is out of range", "1 to 64")
        if self.taken_field and not self.taken_values:
            raise ConfigError("taken_values", "is empty, so no answer would be good", "the value that says it took it")
        _check_gaps(found, gaps, must)


def request(form: Form, values: Mapping[str, Value]) -> Request:
    """The form filled with these values."""
    url = _GAP.sub(lambda gap: quote(_text(values[gap[1]]), safe=""), form.url)
    headers = {n: _GAP.sub(lambda g: quote(_text(values[g[1]]), safe=_HEADER_SAFE), v) for n, v in form.headers.items()}
    body = _filled(form.body, values)
    if form.encoding == "query":
        return Request("GET", _with_query(url, urlencode(body)), headers, b"")
    if form.encoding == "json":
        raw = msgspec.json.encode(body)
    elif form.encoding == "form":
        raw = urlencode(body).encode()
    else:
        raw = _GAP.sub(lambda gap: escape(_text(values[gap[1]]), {'"': "&quot;", "'": "&apos;"}), form.xml).encode()
    kind = {} if any(n.lower() == "content-type" for n in headers) else {"content-type": ENCODINGS[form.encoding]}
    return Request("POST", url, {**headers, **kind}, raw)


async def ask(
    poster: Poster, form: Form, values: Mapping[str, Value], *, gate: Gate, now: datetime, timeout_s: float
) -> Taken:
    """The gateway was asked once, and took it; waiting at its gate is part of the time.

    Raises:
        Retry, Rejected: as its answer means. Forbidden: no connection was made.
    """
    filled = request(form, values)
    try:
        async with asyncio.timeout(timeout_s), gate:
            if filled.method == "GET":
                answer = await poster.ask(filled.url, filled.headers, timeout_s=timeout_s, at_once=form.at_once)
            else:
                answer = await poster.post(
                    filled.url, filled.body, filled.headers, timeout_s=timeout_s, at_once=form.at_once
                )
    except TimeoutError as error:
        raise Retry(f"timeout: no answer in {timeout_s:g} s") from error
    return judged(form, answer, now)


def judged(form: Form, answer: Answered, now: datetime) -> Taken:
    """What the answer means.

    Raises:
        Retry: not now (408, 425, 429, 5xx, one of `again_values`), or nobody can say: asking again with the same id is safe.
        Rejected: it refused.
    """
    status = answer.status
    if status in _AGAIN or status >= 500:
        raise Retry(f"http-{status}", after_s=retry_after_s(answer.headers.get("retry-after", ""), now), status=status)
    if not 200 <= status < 300:
        raise Rejected(f"http-{status}", status=status)
    said = _decoded(answer.body)
    if form.taken_values:
        _judge_words(form, answer.body, said, status)
    return Taken(status, _shown(at(said, form.id_field)) if form.id_field else "", said)


def _judge_words(form: Form, body: bytes, said: Any, status: int) -> None:
    if not form.taken_field:
        text = body.decode("utf-8", "replace")
        if any(value in text for value in form.taken_values):
            return
        if any(value in text for value in form.again_values):
            raise Retry("gateway-again", status=status)
        raise Rejected("gateway-refused", status=status)
    value = at(said, form.taken_field)
    if value is None:
        raise Retry(f"answer-unreadable: no {form.taken_field} in it", status=status)
    if _text(value) in form.taken_values:
        return
    if _text(value) in form.again_values:
        raise Retry(f"gateway-says {_shown(value)}", status=status)
    raise Rejected(f"gateway-says {_shown(value)}", status=status)


def at(said: Any, path: str) -> Any:
    """The value at that dotted path of a JSON answer, a number being a place in a list; None when there is none."""
    for name in path.split("."):
        if isinstance(said, dict):
            said = said.get(name)
        elif isinstance(said, list) and name.isdecimal() and name.isascii() and int(name) < len(said):
            said = said[int(name)]
        else:
            return None
    return said


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _check_gaps(found: set[str], gaps: Collection[str], must: Collection[Sequence[str]]) -> None:
    listed = ", ".join(f"{{{gap}}}" for gap in sorted(gaps))
    for gap in sorted(found - set(gaps)):
        raise ConfigError("body", f"there is no gap {{{gap}}}", f"the gaps are {listed}")
    for wanted in must:
        if found.isdisjoint(wanted):
            reason = f"{{{wanted[0]}}} stands nowhere: the gateway would not get it"
            raise ConfigError("body", reason, f"the gaps are {listed}")


def _checked_url(key: str, url: str) -> Iterator[str]:
    host = _AUTHORITY.match(url)
    if host is None:
        raise ConfigError(key, "not https://host/path, or a gap stands in the host", "{gaps} only behind the host")
    try:
        read_url(_GAP.sub("x", url))
    except Forbidden as error:
        raise ConfigError(key, str(error).partition(":")[0], "write https://host/path") from None
    return _gaps_in(url)


def _gaps_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _GAP.findall(value)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _gaps_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _gaps_in(inner)


def _filled(value: Any, values: Mapping[str, Value]) -> Any:
    """A text that is one gap and nothing else becomes its value, a number or a list too."""
    if isinstance(value, str):
        whole = _GAP.fullmatch(value)
        return values[whole[1]] if whole else _GAP.sub(lambda gap: _text(values[gap[1]]), value)
    if isinstance(value, Mapping):
        return {name: _filled(inner, values) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(inner, values) for inner in value]
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return " ".join(value) if isinstance(value, list | tuple) else str(value)


def _shown(value: Any) -> str:
    """What a gateway said, short and on one line, for the ledger."""
    return "" if value is None else "".join(one if one.isprintable() else " " for one in _text(value))[:_MOST_SAID]


def _with_query(url: str, query: str) -> str:
    bare = url.partition("#")[0]
    return f"{bare}{'&' if '?' in bare else '?'}{query}" if query else bare
