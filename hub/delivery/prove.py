"""An endpoint proves that it is who it says: a system answers a signed challenge with its value, people give back a code sent to them."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta

import msgspec

from hub.clock import Clock
from hub.consumer import Channel, Delivery, Endpoint

MAX_ANSWER = 4096
CODE_LASTS = timedelta(minutes=30)
CODE_DIGITS = 8
"""With the five tries that the store allows, one in 20 million guesses right."""


def proven_by(channel: Channel) -> str:
    """ "code" for a channel to people, "answer" for one to a system."""
    return str(getattr(channel, "proven_by", "answer"))


def new_code() -> str:
    """Digits: they are read aloud, and typed on any telephone."""
    return "".join(str(secrets.randbelow(10)) for _ in range(CODE_DIGITS))


async def send_code(
    channel: Channel, endpoint: Endpoint, code: str, *, clock: Clock, mode: str, timeout_s: float = 15.0
) -> None:
    """The code is on its way to whoever can be reached there.

    Raises:
        Retry, Rejected, Forbidden: as `Channel.send`.
    """
    delivery = _challenge(code, clock, mode)
    await channel.send(channel.render(delivery, endpoint), endpoint, timeout_s=timeout_s)


async def prove(channel: Channel, endpoint: Endpoint, *, clock: Clock, mode: str, timeout_s: float = 15.0) -> bool:
    """Whether the endpoint answered a fresh challenge with its value: 2xx and {"challenge": value}, or the bare value.

    Nobody can answer for an address they do not hold: the value is 256 random bits and goes only there.

    Raises:
        Retry, Rejected, Forbidden: as `Channel.send`; the endpoint stays unproven.
    """
    challenge = secrets.token_urlsafe(32)
    delivery = _challenge(challenge, clock, mode)
    receipt = await channel.send(channel.render(delivery, endpoint), endpoint, timeout_s=timeout_s)
    return hmac.compare_digest(answered_value(receipt.body), challenge.encode())


def _challenge(challenge: str, clock: Clock, mode: str) -> Delivery:
    return Delivery(
        delivery_id=f"challenge-{secrets.token_hex(16)}",
        event_type="endpoint.challenge",
        mode=mode,
        attempt_no=1,
        attempted_at=clock.now(),
        lane=1,
        challenge=challenge,
    )


def answered_value(body: bytes) -> bytes:
    """The value an answer holds, b"" when it holds none. Pure."""
    if len(body) > MAX_ANSWER:
        return b""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body.strip()
    if isinstance(found, dict):
        found = found.get("challenge")
    return found.encode(errors="replace") if isinstance(found, str) else body.strip()
