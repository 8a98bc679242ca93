"""What a delivery asks of a siren: the act, and the claims that are signed. Pure."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta
from typing import Any, Literal

from hub.cap.model import Info
from hub.clock import to_us
from hub.consumer import Delivery

COMMAND = "hub-siren"
"""`typ` of commands; answers are `ANSWER`, so neither can be passed off as the other."""
ANSWER = "hub-siren-ack"

VALID_FOR = timedelta(seconds=120)
"""A command is obeyed for so long after it was issued, whatever became of it on the way."""

STOP_VALID_FOR = timedelta(seconds=600)

Act = Literal["sound", "show", "test", "end", "stop", "release"]

_TESTS = frozenset({"endpoint.test", "endpoint.challenge"})
_ENDS = frozenset({"alert.cancel", "alert.ended", "alert.left_your_area"})
_SOUNDS = frozenset({"alert.new", "alert.update"})
_UNCERTAIN = "area-uncertain"
MOST_TEXT = 200


def act_of(delivery: Delivery) -> Act:
    """What the siren is to do: only what is new, or grew worse, sounds, and only while an info of it lives.

    A disputed or missed alert and a summary are shown. A place that is not certain wakes nobody by a siren (ACC-9): it is shown.
    """
    if delivery.event_type in _TESTS:
        return "test"
    if delivery.event_type in _ENDS:
        return "end"
    certain = _UNCERTAIN not in delivery.flags
    if delivery.event_type in _SOUNDS and delivery.sounds and certain and _warning_infos(delivery):
        return "sound"
    return "show"


def claims_of(delivery: Delivery, *, topic: str, sound_s: int, pattern: str) -> dict[str, Any]:
    """The claims of the command; `iat` and `exp` are seconds since 1970 of the machine's clock, which no drill shifts."""
    act = act_of(delivery)
    issued = int(delivery.attempted_at.timestamp())
    claims: dict[str, Any] = {
        "v": 1,
        "id": delivery.delivery_id,
        "to": topic,
        "act": act,
        "mode": delivery.mode,
        "iat": issued,
        "exp": _until(delivery, act),
        "nonce": _nonce(delivery.delivery_id, str(delivery.attempt_no), str(to_us(delivery.attempted_at))),
        "event_type": delivery.event_type,
        "seq": delivery.seq,
        "chain": delivery.chain_id,
        "chains": list(delivery.chain_aliases),
        "chain_seq": delivery.chain_seq,
        "alert": delivery.alert_id,
        "heads": list(delivery.heads),
    }
    if act == "sound":
        claims |= {"sound_s": sound_s, "pattern": pattern}
    if delivery.challenge:
        claims["challenge"] = delivery.challenge
    return claims | _text(delivery)


def stop_claims(
    act: Literal["stop", "release"], *, to: str, mode: str, at: datetime, hold_s: int, nonce: str
) -> dict[str, Any]:
    """The claims of a STOP (silent at once and for `hold_s` seconds more) or of its release."""
    return {
        "v": 1,
        "id": f"{act}-{nonce}",
        "to": to,
        "act": act,
        "mode": mode,
        "iat": int(at.timestamp()),
        "exp": int((at + STOP_VALID_FOR).timestamp()),
        "nonce": nonce,
        **({"hold_s": hold_s} if act == "stop" else {}),
    }


def _until(delivery: Delivery, act: Act) -> int:
    """When the command is over. In mode actual no sound outlives its alert; in a drill the alert's own times are of another clock."""
    end = delivery.attempted_at + VALID_FOR
    ends = [info.expires for info in _warning_infos(delivery)]
    if act == "sound" and delivery.mode == "actual" and all(ends):
        end = min(end, max(one for one in ends if one is not None))
    return int(end.timestamp())


def _warning_infos(delivery: Delivery) -> list[Info]:
    """The infos that concern the siren, are still live, and warn."""
    infos = delivery.alert.infos if delivery.alert is not None else ()
    return [infos[n] for n in delivery.live_infos if n < len(infos) and not infos[n].is_ending()]


def _text(delivery: Delivery) -> dict[str, Any]:
    """What a device with a display shows; the mode's word stands in it already."""
    infos = delivery.alert.infos if delivery.alert is not None else ()
    live = [infos[n] for n in delivery.live_infos if n < len(infos)] or list(infos)
    if not live:
        return {}
    info = next((one for one in live if one.language.casefold().startswith("vi")), live[0])
    return {
        "text": (info.headline or info.event)[:MOST_TEXT],
        "event": info.event[:MOST_TEXT],
        "severity": info.severity,
        "urgency": info.urgency,
        "area": "; ".join(area.area_desc for area in info.areas)[:MOST_TEXT],
        "expires": int(info.expires.timestamp()) if info.expires is not None else None,
    }


def _nonce(*parts: str) -> str:
    """22 letters that no other try of any delivery has; a signature, not a secret, is what makes a command ours."""
    return base64.urlsafe_b64encode(hashlib.sha256("\n".join(parts).encode()).digest()[:16]).rstrip(b"=").decode()
