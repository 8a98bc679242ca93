"""Zalo: texts of an Official Account to a follower or a group, and approved templates to a telephone number, by Zalo's own HTTP API.

Three ways (`reach`), each a POST of JSON with the header `access_token`:
  * `user`: {"recipient": {"user_id": …}, "message": {"text": …}}, a "consultation" text. Zalo takes it only from followers who wrote
    to the account within seven days (error -230): for duty desks that answer, never for warnings to the many;
  * `group`: {"recipient": {"group_id": …}, "message": {"text": …}} to a group that the account made (GMF);
  * `phone`: {"phone", "template_id", "template_data", "tracking_id"}, a template (ZNS, since 2025 ZBS) that Zalo has approved, to
    anybody with Zalo; `tracking_id` is the delivery's id. Have it approved with tag 1: others are refused between 22:00 and 06:00
    (error -133).
HTTP 200 says nothing: the body's `error` must be 0. -216 (account) and -124 (templates) mean that the access token is over: it is
renewed once and the text sent again. Texts have at most 2,000 letters, and there is no id by which Zalo would know a repeated text:
after a lost answer a text may come twice. Addresses as of 2026: https://openapi.zalo.me/v3.0/oa/message/cs,
https://openapi.zalo.me/v3.0/oa/group/message, https://business.openapi.zalo.me/message/template,
https://oauth.zaloapp.com/v4/oa/access_token. Documents: https://developers.zalo.me/docs/official-account and
https://zalo.cloud/zns/guidelines/handle-error-code.

That a text was read says only its link. Endings are texts of their own. A recipient is proven by a code sent there and given back at the desk.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal

import msgspec

from consumers.zalo_oa.tokens import Tokens
from hub.consumer import ChannelIO, Delivery, Endpoint, Receipt, Rendered
from hub.errors import ConfigError, Forbidden, Rejected, Retry
from hub.http import Answered
from hub.http.gate import Gate
from hub.http.retry_after import retry_after_s
from hub.http.urls import read_url
from hub.phones import dialled, masked, read_phone
from hub.telling import Told, one_line, paragraphs, shortened, span, subject, tell
from hub.telling.layout import names

__all__ = ["Channel", "Gateway", "Settings"]

GAPS = ("mode", "kind", "level", "what", "where", "until", "do", "says", "link", "code", "id")
MOST_TEXT = 2000
MOST_PLACES = 20
_ID = re.compile(r"[0-9A-Za-z_-]{5,64}")
_GAP = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Settings:
    """Who is written to."""

    to: str
    """The follower's id for this account, the group's id, or the telephone number."""

    reach: Literal["user", "group", "phone"]
    """What `to` is: user, group or phone."""

    def __post_init__(self) -> None:
        if self.reach not in ("user", "group", "phone"):
            raise ConfigError("reach", f"{self.reach!r} is unknown", "user, group or phone")
        if self.reach == "phone":
            read_phone(self.to)
        elif not _ID.fullmatch(self.to):
            raise ConfigError("to", "is no id of Zalo", "the id that Zalo gives for this account, letters and digits")


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """The Official Account."""

    app_id: str
    """The application's id."""

    secret_key: str = field(repr=False)
    """The application's secret key; "file:/path"."""

    tokens_file: str
    """A file of the hub's own (mode 600) with {"refresh_token": …} from the first authorisation; the hub keeps the newest there."""

    user_url: str
    """Where texts to followers go."""

    group_url: str
    """Where texts to groups go."""

    phone_url: str
    """Where templates go."""

    token_url: str
    """Where tokens are renewed."""

    template_id: str = ""
    """The approved template, for recipients by telephone."""

    template: Mapping[str, str] = field(default_factory=dict)
    """Its parameters, with {gaps}: mode, kind (ĐÃ HỦY …), level, what, where, until, do, says, link, code, id."""

    most_letters: int = 100
    """Letters that a parameter of the template may have."""

    token_errors: tuple[int, ...] = (-216, -124)
    """Errors that say that the access token is over."""

    again_errors: tuple[int, ...] = (-32, -100, -200)
    """Errors after which it may be tried again later: too many calls, unknown, not sent; any other is a refusal."""

    at_once: int = 8
    """Requests under way to each address at a time."""

    def __post_init__(self) -> None:
        for name in ("user_url", "group_url", "phone_url", "token_url"):
            try:
                read_url(getattr(self, name))
            except Forbidden as error:
                raise ConfigError(name, str(error).partition(":")[0], "write https://host/path") from None
        for name in ("app_id", "secret_key"):
            value = getattr(self, name)
            if not value or not value.isascii() or not value.isprintable():
                raise ConfigError(name, "is empty or no plain text", "as Zalo's developer console shows it")
        if not 1 <= self.at_once <= 64:
            raise ConfigError("at_once", f"{self.at_once} is out of range", "1 to 64")
        if bool(self.template_id) != bool(self.template):
            raise ConfigError("template", "template_id and template go together", "write both, or neither")
        used = {gap for text in self.template.values() for gap in _GAP.findall(text)}
        for gap in sorted(used - set(GAPS)):
            raise ConfigError("template", f"there is no gap {{{gap}}}", ", ".join(f"{{{gap}}}" for gap in GAPS))
        if self.template and not {"kind", "what", "mode"} <= used:
            raise ConfigError(
                "template", "nobody would know a drill or an end from a warning", "{mode}, {kind}, {what}"
            )


class Channel:
    """Writes the text, keeps the tokens fresh, and reads what Zalo's answer means."""

    Settings: ClassVar[type] = Settings
    proven_by: ClassVar[str] = "code"

    def __init__(self, io: ChannelIO) -> None:
        self._io = io
        self._gate = Gate(io.gateway.at_once if io.gateway is not None else 1)
        self._tokens = Tokens(io.gateway, io.poster, io.clock) if io.gateway is not None else None

    async def aclose(self) -> None:
        """A renewal under way is finished: half of one would lose the account's only token."""
        if self._tokens is not None:
            await self._tokens.aclose()

    def render(self, delivery: Delivery, endpoint: Endpoint) -> Rendered:
        """The JSON that is posted; the token comes with the sending.

        Raises:
            Rejected: the deployment has no template, so nobody can be reached by telephone.
        """
        settings, gateway = endpoint.settings, self._io.gateway
        told = tell(delivery, self._io.words, language=endpoint.language, hazards=self._io.hazards)
        if settings.reach == "phone":
            if not gateway.template_id:
                raise Rejected("no-template: [channels.zalo_oa] names no template for telephones")
            return Rendered(msgspec.json.encode(_templated(gateway, told, delivery, settings.to)), {})
        body = {"recipient": {f"{settings.reach}_id": settings.to}, "message": {"text": _text(told)}}
        return Rendered(msgspec.json.encode(body), {})

    async def send(self, rendered: Rendered, endpoint: Endpoint, *, timeout_s: float) -> Receipt:
        """Contract and errors: `hub.consumer.Channel.send`."""
        assert self._tokens is not None
        clock, until = self._io.clock, self._io.clock.monotonic() + timeout_s
        token = await self._tokens.current(timeout_s=timeout_s)
        answer = await self._post(rendered, endpoint, token, timeout_s=max(until - clock.monotonic(), 0.001))
        if self._is_over(answer):
            token = await self._tokens.renewed(token, timeout_s=max(until - clock.monotonic(), 0.001))
            answer = await self._post(rendered, endpoint, token, timeout_s=max(until - clock.monotonic(), 0.001))
        return self._judged(answer, endpoint)

    async def _post(self, rendered: Rendered, endpoint: Endpoint, token: str, *, timeout_s: float) -> Answered:
        gateway: Gateway = self._io.gateway
        url = getattr(gateway, f"{endpoint.settings.reach}_url")
        headers = {"content-type": "application/json", "access_token": token}
        try:
            async with asyncio.timeout(timeout_s), self._gate:
                return await self._io.poster.post(
                    url, rendered.body, headers, timeout_s=timeout_s, at_once=gateway.at_once
                )
        except TimeoutError as error:
            raise Retry(f"timeout: no answer in {timeout_s:g} s") from error

    def _is_over(self, answer: Answered) -> bool:
        error = _said(answer).get("error")
        return answer.status == 401 or error in self._io.gateway.token_errors

    def _judged(self, answer: Answered, endpoint: Endpoint) -> Receipt:
        gateway: Gateway = self._io.gateway
        said, status = _said(answer), answer.status
        error = said.get("error")
        if status in (408, 425, 429) or status >= 500:
            after_s = retry_after_s(answer.headers.get("retry-after", ""), self._io.clock.now())
            raise Retry(f"http-{status}", after_s=after_s, status=status)
        if error == 0 and 200 <= status < 300:
            data = said.get("data")
            given = data if isinstance(data, dict) else {}
            its = one_line(str(given.get("message_id") or given.get("msg_id") or ""))[:60]
            to = endpoint.settings.to
            shown = masked(read_phone(to)) if endpoint.settings.reach == "phone" else to
            return Receipt(status=status, detail=f"{shown} {its}".strip())
        if not isinstance(error, int) and 200 <= status < 300:
            raise Retry("answer-unreadable: no error in it", status=status)
        reason = f"zalo {error}" if isinstance(error, int) else f"http-{status}"
        if error in gateway.again_errors:
            raise Retry(reason, status=status)
        raise Rejected(reason, status=status)


def _said(answer: Answered) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _text(told: Told) -> str:
    """The subject and every paragraph that fits, the link last and whole."""
    link = told.say("telling.confirm", link=told.ack_url) if told.ack_url else ""
    left = MOST_TEXT - (len(link) + 1 if link else 0)
    kept: list[str] = []
    for line in (subject(told), *paragraphs(told)[1:]):
        free = left - sum(len(one) + 1 for one in kept)
        line = shortened(line, free)
        if line:
            kept.append(line)
    return "\n".join([*kept, link] if link else kept)


def _templated(gateway: Gateway, told: Told, delivery: Delivery, phone: str) -> dict[str, Any]:
    values = _values(told, delivery)

    def filled(text: str) -> str:
        said = one_line(_GAP.sub(lambda gap: values[gap[1]], text))
        return shortened(said, gateway.most_letters) or "–"

    return {
        "phone": dialled(read_phone(phone), "84"),
        "template_id": gateway.template_id,
        "template_data": {name: filled(text) for name, text in gateway.template.items()},
        "tracking_id": delivery.delivery_id[:48],
    }


def _values(told: Told, delivery: Delivery) -> Mapping[str, str]:
    part = told.parts[0] if told.parts else None
    until: datetime | None = part.until if part is not None and not told.ends else None
    return {
        "mode": told.mode_word,
        "kind": told.word,
        "level": part.level if part is not None and not told.ends else "",
        "what": (part.headline or part.what) if part is not None else told.word,
        "where": names(part, told, MOST_PLACES, 400) if part is not None else "",
        "until": span(None, until, told.words, told.language),
        "do": one_line(part.to_do) if part is not None and not told.ends else "",
        "says": told.says,
        "link": told.ack_url,
        "code": told.code,
        "id": delivery.delivery_id,
    }
