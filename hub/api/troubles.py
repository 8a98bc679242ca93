"""A source's health as people read it: its state of this moment, the reason and every trouble in words, each language. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Row

from hub.clock import from_us
from hub.words import LANGUAGES, Words, moment

CERTIFICATE_SOON = timedelta(days=14)

_SURE = ("live", "silent")
"""States that say something of the source only while it is read in its rhythm."""


def source(row: Row[Any], words: Words, *, now: datetime, vanished: int = 0) -> dict[str, Any]:
    """The health of one source `now`; never its mark, which may hold an address with a secret in it.

    `late_at` is when it counts as late if it is not read until then, also when the process that reads it is gone: nobody would write
    that down. `vanished` is how many alerts in force the source lists no longer.
    """
    late_at = _late_at(row)
    state, reason = row.state, row.reason
    if state in _SURE and late_at is not None and now > late_at:
        state, reason = "late", "not-read-in-time"
    ends = _moment(row.certificate_expires_at)
    doubts = [(one["code"], one["detail"], one["at"]) for one in msgspec.json.decode(row.doubts or "[]")]
    doubts += [("vanished", str(vanished), None)] if vanished else []
    soon = ends is not None and ends - now < CERTIFICATE_SOON
    return {
        "source": row.source,
        "state": state,
        "reason": reason,
        "told": in_words(reason or state, "", words, state=state),
        "interval_s": _seconds(row.interval_ms),
        "late_after_s": _seconds(row.late_after_ms),
        "silent_after_s": _seconds(row.silent_after_ms),
        "last_try_at": _moment(row.last_try_at),
        "last_success_at": _moment(row.last_success_at),
        "last_change_at": _moment(row.last_change_at),
        "late_at": late_at,
        "age_s": None
        if row.last_success_at is None
        else round((now - from_us(row.last_success_at)).total_seconds(), 1),
        "failures": row.failures,
        "outcomes": row.outcomes,
        "certificate_expires_at": ends,
        "certificate_soon": soon,
        "faults": msgspec.json.decode(row.faults or "[]"),
        "doubts": [
            {"code": code, "detail": detail, "at": at, "told": in_words(code, detail, words)}
            for code, detail, at in doubts
        ],
        "rev": row.rev,
    } | ({"certificate_told": _certificate(ends, words)} if soon and ends is not None else {})


def in_words(code: str, detail: str, words: Words, *, state: str = "") -> dict[str, str]:
    """What that code means, by language; a code without words of its own is told by its kind and shown."""
    return {language: words.say(_key(code, words, state), language, code=code, detail=detail) for language in LANGUAGES}


def _key(code: str, words: Words, state: str) -> str:
    if f"source.{code}" in words.texts[LANGUAGES[0]]:
        return f"source.{code}"
    if code.startswith("http-"):
        return "source.http-error"
    return "source.not-readable" if state == "wrong-content" else "source.other"


def _certificate(ends: datetime, words: Words) -> Mapping[str, str]:
    return {language: words.say("source.certificate", language, detail=moment(ends)) for language in LANGUAGES}


def _late_at(row: Row[Any]) -> datetime | None:
    if row.late_after_ms is None or row.last_success_at is None:
        return None
    return from_us(row.last_success_at) + timedelta(milliseconds=row.late_after_ms)


def _moment(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
