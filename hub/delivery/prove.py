"""An endpoint proves that it is who it says: it gets a signed challenge and must answer with its value."""

from __future__ import annotations

import hmac
import secrets

import msgspec

from hub.clock import Clock
from hub.consumer import Channel, Delivery, Endpoint

MAX_ANSWER = 4096


async def prove(channel: Channel, endpoint: Endpoint, *, clock: Clock, mode: str, timeout_s: float = 15.0) -> bool:
    """Whether the endpoint answered a fresh challenge with its value: 2xx and {"challenge": value}, or the bare value.

    Nobody can answer for an address they do not hold: the value is 256 random bits and goes only there.

    Raises:
        Retry, Rejected, Forbidden: as `Channel.send`; the endpoint stays unproven.
    """
    challenge = secrets.token_urlsafe(32)
    delivery = Delivery(
        delivery_id=f"challenge-{secrets.token_hex(16)}",
        event_type="endpoint.challenge",
        mode=mode,
        attempt_no=1,
        attempted_at=clock.now(),
        lane=1,
        challenge=challenge,
    )
    receipt = await channel.send(channel.render(delivery, endpoint), endpoint, timeout_s=timeout_s)
    return hmac.compare_digest(answered_value(receipt.body), challenge.encode())


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
