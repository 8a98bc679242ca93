"""The mode's word in the texts of an alert: nobody who is told of a drill takes it for the real thing (MOD-1). Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hub.cap.model import Alert, Info
from hub.words import Words

MOST_HEADLINE = 160


def marking(words: Words, mode: str) -> Callable[[Alert], Alert]:
    """What makes an alert's texts begin with the mode's word, each in its info's language; in mode actual it changes nothing.

    Headline, description and instruction are marked one by one, for a loudspeaker or a narrow screen has only one of them. An info
    without headline gets its event as one. The alert that is kept, and its signature, stay as they came.
    """

    def mark(alert: Alert) -> Alert:
        if mode == "actual":
            return alert
        return replace(alert, infos=tuple(_marked(info, words, mode) for info in alert.infos))

    return mark


def _marked(info: Info, words: Words, mode: str) -> Info:
    def say(text: str) -> str:
        return words.with_mode(text, mode=mode, language=info.language) if text.strip() else text

    return replace(
        info,
        headline=say(info.headline or info.event)[:MOST_HEADLINE],
        description=say(info.description),
        instruction=say(info.instruction),
    )
