"""The mail itself: headers, text, HTML and the alert, the same bytes for the same delivery. Pure."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from typing import Protocol

from hub.consumer import Delivery
from hub.hazards import Hazards
from hub.telling import Told, one_line, paragraphs, subject, tell
from hub.words import Words

WORD_BYTES = 39
"""Of an encoded word, so that its line has at most 76 letters, also behind the name of its header."""

MOST_ROOTS = 20
_ID = re.compile(r"[^A-Za-z0-9.-]")
_PAGE = (
    '<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title></head>'
    '<body style="margin:0;padding:16px;font:16px/1.5 sans-serif;color:#111;background:#fff">{body}</body></html>'
)
_BUTTON = (
    '<p><a href="{link}" style="display:inline-block;padding:12px 20px;background:#0b5cad;color:#fff;'
    'font-weight:bold;text-decoration:none">{text}</a></p>'
)
_CALM, _LOUD, _OVER = "#444", "#b00020", "#33475b"


class Sender(Protocol):
    """What of the gateway's description a mail needs."""

    @property
    def sender(self) -> str: ...
    @property
    def sender_name(self) -> str: ...
    @property
    def reply_to(self) -> str: ...
    @property
    def list_id(self) -> str: ...


class Writer:
    """Writes mails in the name of one sender."""

    def __init__(self, sender: Sender, words: Words, hazards: Hazards | None) -> None:
        self._from = sender
        self._words = words
        self._hazards = hazards

    def mail(self, delivery: Delivery, to: Sequence[str], *, language: str) -> bytes:
        """The whole mail as it goes over the wire: ASCII, short lines ending in CR LF."""
        told = [self._told(delivery, one) for one in _languages(delivery, language)]
        mail = EmailMessage(policy=SMTP)
        mail.set_content(_text(told, delivery), cte="base64")
        mail.add_alternative(_html(told, delivery), subtype="html", cte="base64")
        if delivery.cap_xml and delivery.event_type != "alert.summary":
            name = f"{_ID.sub('-', delivery.alert_id) or 'canh-bao'}.xml"
            mail.add_attachment(delivery.cap_xml, maintype="application", subtype="cap+xml", filename=name)
        for n, part in enumerate(mail.walk()):
            if part.is_multipart():
                part.set_boundary(f"=_{_ID.sub('-', delivery.delivery_id)}_{n}")
        head = "".join(f"{name}: {value}\r\n" for name, value in self._head(delivery, to, told))
        return head.encode("ascii") + mail.as_bytes()

    def _told(self, delivery: Delivery, language: str) -> Told:
        return tell(delivery, self._words, language=language, hazards=self._hazards)

    def _head(self, delivery: Delivery, to: Sequence[str], told: Sequence[Told]) -> Iterator[tuple[str, str]]:
        address = self._from.sender
        host = address.partition("@")[2]
        yield "From", f"{encoded(self._from.sender_name)}\r\n <{address}>" if self._from.sender_name else address
        yield "To", ",\r\n ".join(to)
        if self._from.reply_to:
            yield "Reply-To", self._from.reply_to
        yield "Subject", encoded(subject(told[0]))
        yield "Date", format_datetime(delivery.attempted_at)
        yield "Message-ID", f"<{_ID.sub('-', delivery.delivery_id)}@{host}>"
        roots = [f"<chain.{_ID.sub('-', one)}@{host}>" for one in (*delivery.chain_aliases, delivery.chain_id) if one]
        if roots:
            yield "References", "\r\n ".join(roots[-MOST_ROOTS:])
            yield "In-Reply-To", roots[-1]
        yield "Auto-Submitted", "auto-generated"
        yield "X-Auto-Response-Suppress", "All"  # Exchange does not know RFC 3834
        if self._from.list_id:
            yield "List-Id", f"<{self._from.list_id}>"
        if delivery.lane <= 1 and delivery.event_type.startswith("alert."):
            yield "Importance", "high"
        yield "Content-Language", ", ".join(one.language for one in told)


def encoded(text: str) -> str:
    """`text` as encoded words of whole letters, folded (RFC 2047 §2), spaces inside them.

    Done here, for Python 3.11's own folding loses the space between a word with marks and one without.
    """
    words, word = [], ""
    for letter in text:
        if len((word + letter).encode()) > WORD_BYTES:
            words.append(word)
            word = ""
        word += letter
    return "\r\n ".join(f"=?utf-8?B?{b64encode(one.encode()).decode()}?=" for one in (*words, word))


def _languages(delivery: Delivery, first: str) -> list[str]:
    """The recipient's language, and after it the other one where the source wrote in it too."""
    other = "en" if first == "vi" else "vi"
    alerts = [one for one in (delivery.alert, delivery.earlier) if one is not None]
    live = [one.infos[n] for one in alerts[:1] for n in delivery.live_infos if n < len(one.infos)]
    written = {info.language[:2].casefold() for info in live or [info for one in alerts for info in one.infos]}
    return [first, other] if other in written or not alerts else [first]


def _text(told: Sequence[Told], delivery: Delivery) -> str:
    first = told[0]
    lines = ["\n\n".join(paragraphs(one)) for one in told]
    if first.ack_url:
        lines.insert(1, f"{first.say('telling.confirm', link=first.ack_url)}\n{first.say('telling.button_says')}")
    return "\n\n— — —\n\n".join([*lines, "\n".join(_foot(first, delivery))]) + "\n"


def _html(told: Sequence[Told], delivery: Delivery) -> str:
    first = told[0]
    parts = [_section(first)]
    if first.ack_url:
        parts.append(_BUTTON.format(link=escape(first.ack_url), text=escape(first.say("telling.button"))))
        parts.append(_small(first.say("telling.button_says")))
        parts.append(_small(first.ack_url))
    parts += [f'<hr><div lang="{one.language}">{_section(one)}</div>' for one in told[1:]]
    parts += [f"<hr>{''.join(_small(line) for line in _foot(first, delivery))}"]
    return _PAGE.format(language=first.language, title=escape(subject(first)), body="".join(parts))


def _section(told: Told) -> str:
    """The kind of news large, then a paragraph each. Colour only beside words, and no green: what is over may not be safe."""
    kind, *rest = paragraphs(told)
    loud = told.event_type.startswith("alert.") and told.event_type != "alert.summary"
    colour = _OVER if told.ends else _LOUD if loud else _CALM
    head = f'<p style="font-size:22px;font-weight:bold;color:{colour};margin:0 0 8px">{escape(kind)}</p>'
    return head + "".join(f"<p>{'<br>'.join(map(escape, one.split(chr(10))))}</p>" for one in rest)


def _small(text: str) -> str:
    return f'<p style="font-size:13px;color:#555">{escape(text)}</p>'


def _foot(told: Told, delivery: Delivery) -> list[str]:
    foot = [told.say("alert.conveys"), told.say("telling.automatic")]
    return [told.say("telling.by_rule", reason=one_line(delivery.reason)), *foot] if delivery.reason else foot
