"""From when until when, as people here read it: Viet Nam's time, both dates when midnight lies between. Pure."""

from __future__ import annotations

from datetime import datetime

from hub.words import VIETNAM, Words, moment


def span(since: datetime | None, until: datetime | None, words: Words, language: str = "vi") -> str:
    """ "từ 10:00 đến 16:00 24/11/2026", or "từ 22:00 24/11/2026 đến 04:00 25/11/2026"; "" when neither is known."""
    if since is None and until is None:
        return ""
    if until is None:
        assert since is not None
        return words.say("telling.since", language, since=moment(since))
    if since is None or since >= until:
        return words.say("telling.until", language, until=moment(until))
    return words.say("telling.between", language, since=_start(since, until), until=moment(until))


def _start(since: datetime, until: datetime) -> str:
    one_day = since.astimezone(VIETNAM).date() == until.astimezone(VIETNAM).date()
    return since.astimezone(VIETNAM).strftime("%H:%M") if one_day else moment(since)
