"""Webhooks to agencies: signed POSTs after the Standard Webhooks specification, with the alert as JSON or as CAP XML.

What arrives. Headers `webhook-id` (the delivery's id, the same over all tries), `webhook-timestamp` (seconds since 1970 of this try)
and `webhook-signature` (one `v1,…` or `v1a,…` a secret; two secrets are active while one is being replaced). The JSON body is

    {"type": "alert.new", "timestamp": "2026-11-24T03:05:00Z",
     "data": {"alert_id": …, "seq": 812, "chain_id": …, "chain_seq": 2, "heads": […], "chain_aliases": [],
              "incident_id": …, "mode": "actual", "reason": …, "sounds": ["new"], "flags": […], "live_infos": [0], "recent_ids": […],
              "ack_url": "https://hub/a/…",
              "alert": {… CAP 1.2 with its own spelling …}}}

`type` is one of `hub.consumer.EVENT_TYPES`; `timestamp` is when the source sent the alert (for events without one: when we tried).
`heads` are the `alert_id`s that have the last word in the chain as this is sent: normally one, the newest version. Two live on side by
side where a source splits a warning or where an Update joined two chains of which one goes on; `chain_aliases` are then the other ids of
what is one chain now. `live_infos` are the positions of the infos that concern the receiver and are still live. `sounds`
says why it sounds at the receiver: `new`, `ended`, `disputed`, or what an Update changed (`severity`, `area`, `onset-earlier`,
`expires-later`, `instruction`); with an empty list it is shown and stays silent. `alert.summary` carries
`data.summary`, a list of alerts in force, each with its `alert_id`, `chain_id`, `chain_seq`, `heads` and `chain_aliases`;
`endpoint.challenge` carries `data.challenge`. `ack_url` is the page on which a person of the receiver confirms this delivery, without
a sign-in, until the alert's end; show it to the duty officer, never open it yourself; "" when nobody is asked to confirm. `alert.reminder` is the alert once
more, with `sounds` ["unacknowledged"], because nobody has confirmed it in time. With format "cap" the body of a delivery that has an alert is the CAP document and the
rest of `data` stands in headers `hub-event-type`, `hub-alert-id`, `hub-seq`, `hub-chain-id`, `hub-chain-seq`, `hub-heads`,
`hub-chain-aliases`, `hub-incident-id`, `hub-mode`, `hub-reason` (percent-encoded UTF-8), `hub-sounds`, `hub-flags`, `hub-live-infos`,
`hub-recent-ids`, `hub-ack-url`; these headers are not under the signature, which covers id, timestamp and body, so trust TLS for them and `sent` and
`references` of the document for the order.

What a receiver must do:
  * verify the signature over the raw body with a constant-time comparison, refuse a timestamp more than five minutes off;
  * answer 2xx within 5 seconds, as soon as the delivery is stored; work on it afterwards. Redirects are not followed;
  * a `webhook-id` it already has: answer 2xx and do nothing (at least once, never exactly once);
  * of each chain (a `chain_id` and its `chain_aliases`) keep the `heads` of the event with the greatest `chain_seq`. Whatever you hold
    of the chain and is not among them is over; the alert of an event counts only when it is among them. So a slow older request that
    arrives after the Cancel changes nothing, and of two heads neither hides the other: keep alerts by `alert_id`, never only the newest
    of a chain. `alert.left_your_area` ends what you hold in the same way and brings nothing; an event without `chain_id` ends nothing;
  * look at `expires` of the infos before sounding anything: what has expired is shown, not sounded;
  * an id in `recent_ids` that it never saw is a gap: fetch `/v1/events?after=`;
  * to confirm by the answer itself: a 2xx with {"acknowledged_by": "name, position"} — only when a person has seen it, or a machine that
    the agency has made answer for it. Otherwise by `ack_url`, or `POST /v1/deliveries/<webhook-id>/ack` with the agency's key;
  * `endpoint.challenge`: answer 2xx with {"challenge": "<the value>"}, or the bare value: nothing else is sent before;
  * `endpoint.test` and a `mode` other than "actual" are never shown as a real alert.
410 Gone suspends the endpoint; 408, 425, 429 and 5xx are tried again, `Retry-After` is honoured.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal
from urllib.parse import quote

import msgspec

from hub.cap.json import to_json
from hub.cap.model import Alert
from hub.consumer import ChannelIO, Delivery, Endpoint, Receipt, Rendered
from hub.errors import ConfigError, Forbidden, Rejected, Retry
from hub.http import Answered
from hub.http.retry_after import retry_after_s
from hub.http.signatures import Scheme, new_secret, sign
from hub.http.urls import read_url

__all__ = ["Channel", "Settings", "new_secret"]

_MOST_ANSWER = 4096
_RETRIED = frozenset({408, 425, 429})
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\x20-\x7e]*")
_TAKEN = re.compile(
    r"(webhook|hub)-.*|host|content-.*|transfer-encoding|connection|expect|upgrade|te|trailer", re.IGNORECASE
)
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True)
class Settings:
    """How one agency's system is reached."""

    url: str
    """Where to POST; https except inside networks that the deployment names."""

    format: Literal["json", "cap"] = "json"
    """The alert as JSON with its context, or the CAP document itself with the context in headers."""

    signature: Scheme = "v1"
    """`v1` (shared secret), `v1a` (our private key, the receiver holds the public one) or `both`."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers that the agency's gateway asks for; not under the signature."""

    def __post_init__(self) -> None:
        try:
            read_url(self.url)
        except Forbidden as error:
            raise ConfigError("url", str(error), "write https://host/path") from error
        if self.format not in ("json", "cap"):
            raise ConfigError("format", f"{self.format!r} is unknown", "json or cap")
        if self.signature not in ("v1", "v1a", "both"):
            raise ConfigError("signature", f"{self.signature!r} is unknown", "v1, v1a or both")
        for name, value in self.headers.items():
            if not _HEADER.fullmatch(name) or _TAKEN.fullmatch(name) or not _VALUE.fullmatch(value):
                raise ConfigError(f"headers.{name}", "not a header that can be added", "a plain name and ASCII value")


class Channel:
    """Renders and signs a delivery, posts it once, and says what the answer means."""

    Settings: ClassVar[type] = Settings

    def __init__(self, io: ChannelIO) -> None:
        self._io = io
        self._alerts = _AlertsAsJson()

    async def aclose(self) -> None:
        """Nothing is held open here; connections are the poster's."""

    def render(self, delivery: Delivery, endpoint: Endpoint) -> Rendered:
        """The signed request. Pure: the same delivery, endpoint and attempt give the same bytes.

        Raises:
            Rejected: the endpoint has no secret of the kind its signature needs; nothing unsigned is ever sent.
        """
        settings: Settings = endpoint.settings
        if settings.format == "cap" and delivery.cap_xml:
            body, about = delivery.cap_xml, {"content-type": "application/cap+xml", **_context_headers(delivery)}
        else:
            body, about = self._json(delivery), {"content-type": "application/json"}
        timestamp = int(delivery.attempted_at.timestamp())
        signature = sign(delivery.delivery_id, timestamp, body, endpoint.secrets, settings.signature)
        kinds = {part.partition(",")[0] for part in signature.split()}
        if kinds != ({"v1", "v1a"} if settings.signature == "both" else {settings.signature}):
            raise Rejected(f"no-signing-secret: {endpoint.endpoint_id} signs with {settings.signature}")
        signed = {
            "webhook-id": delivery.delivery_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature,
        }
        return Rendered(body, {**settings.headers, **about, **signed})

    async def send(self, rendered: Rendered, endpoint: Endpoint, *, timeout_s: float) -> Receipt:
        """One POST and what its answer means. Contract and errors: `hub.consumer.Channel.send`."""
        settings: Settings = endpoint.settings
        answer = await self._io.poster.post(settings.url, rendered.body, rendered.headers, timeout_s=timeout_s)
        return _judge(answer, self._io.clock.now())

    def _json(self, delivery: Delivery) -> bytes:
        data: dict[str, Any] = {
            "alert_id": delivery.alert_id,
            "seq": delivery.seq,
            "chain_id": delivery.chain_id,
            "chain_seq": delivery.chain_seq,
            "heads": delivery.heads,
            "chain_aliases": delivery.chain_aliases,
            "incident_id": delivery.incident_id,
            "mode": delivery.mode,
            "reason": delivery.reason,
            "sounds": delivery.sounds,
            "flags": delivery.flags,
            "live_infos": delivery.live_infos,
            "recent_ids": delivery.recent_ids,
            "ack_url": delivery.ack_url,
        }
        if delivery.alert is not None:
            data["alert"] = self._alerts.of(delivery.alert)
        if delivery.event_type == "alert.summary":
            data["summary"] = delivery.summary
        if delivery.challenge:
            data["challenge"] = delivery.challenge
        happened = delivery.alert.sent if delivery.alert is not None else delivery.attempted_at
        return _encoder.encode({"type": delivery.event_type, "timestamp": _z(happened), "data": data})


class _AlertsAsJson:
    """Each alert is put into JSON once for all its recipients; the last 64 are kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, tuple[Alert, msgspec.Raw]] = OrderedDict()

    def of(self, alert: Alert) -> msgspec.Raw:
        found = self._kept.get(id(alert))
        if found is not None:  # the alert is kept with its JSON, so its id() cannot have passed to another one
            return found[1]
        raw = msgspec.Raw(to_json(alert))
        self._kept[id(alert)] = (alert, raw)
        if len(self._kept) > 64:
            self._kept.popitem(last=False)
        return raw


def _context_headers(delivery: Delivery) -> dict[str, str]:
    return {
        "hub-event-type": delivery.event_type,
        "hub-alert-id": delivery.alert_id,
        "hub-seq": str(delivery.seq),
        "hub-chain-id": delivery.chain_id,
        "hub-chain-seq": str(delivery.chain_seq),
        "hub-heads": " ".join(delivery.heads),
        "hub-chain-aliases": " ".join(delivery.chain_aliases),
        "hub-incident-id": delivery.incident_id,
        "hub-mode": delivery.mode,
        "hub-reason": quote(delivery.reason, safe=" "),
        "hub-sounds": " ".join(delivery.sounds),
        "hub-flags": quote(" ".join(delivery.flags), safe=" "),
        "hub-live-infos": " ".join(map(str, delivery.live_infos)),
        "hub-recent-ids": " ".join(delivery.recent_ids),
        "hub-ack-url": delivery.ack_url,
    }


def _judge(answer: Answered, now: datetime) -> Receipt:
    """A receipt for 2xx; what else an answer can mean is raised."""
    status = answer.status
    if 200 <= status < 300:
        return Receipt(status=status, body=answer.body, acknowledged_by=_acknowledged_by(answer.body))
    if status in _RETRIED or status >= 500:
        raise Retry(f"http-{status}", after_s=retry_after_s(answer.headers.get("retry-after", ""), now), status=status)
    raise Rejected(f"http-{status}", status=status, gone=status == 410)


def _acknowledged_by(body: bytes) -> str:
    """Who has seen it, as the answer says; "" when it does not."""
    if not body or len(body) > _MOST_ANSWER:
        return ""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    by = said.get("acknowledged_by") if isinstance(said, dict) else None
    return " ".join(by.split())[:200] if isinstance(by, str) else ""


def _z(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
