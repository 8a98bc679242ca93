"""CAP documents for the tests of `hub.cap`: whole, small, in CAP's own grammar, every part replaceable."""

from __future__ import annotations

from zoneinfo import ZoneInfo

VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")
CAP12 = "urn:oasis:names:tc:emergency:cap:1.2"
RING = "10.90,106.80 10.90,106.90 11.00,106.90 11.00,106.80 10.90,106.80"

_ENVELOPE = {
    "identifier": "lu-2026-11-24-01",
    "sender": "pccc@dongnai.example",
    "sent": "2026-11-24T10:00:00+07:00",
    "status": "Actual",
    "msgType": "Alert",
    "scope": "Public",
}
_INFO = {
    "language": "vi-VN",
    "category": "Met",
    "event": "Lũ",
    "urgency": "Expected",
    "severity": "Severe",
    "certainty": "Likely",
}


def _elements(given: dict[str, str], said: dict[str, str]) -> str:
    return "".join(f"<{name}>{text}</{name}>" for name, text in (given | said).items() if text != "-")


def document(
    *, ns: str = f'xmlns="{CAP12}"', more: str = "", info: str | None = None, head: str = "", **said: str
) -> bytes:
    """An alert with `said` in place of the envelope's elements ("-" leaves one out), `more` at its end and one info or `info`."""
    inner = info_element() if info is None else info
    return f"{head}<alert {ns}>{_elements(_ENVELOPE, said)}{inner}{more}</alert>".encode()


def info_element(*, more: str = "", area: str = f"<polygon>{RING}</polygon>", **said: str) -> str:
    """One info with `said` in place of its elements, `more` before its area, and one area holding `area`."""
    return f"<info>{_elements(_INFO, said)}{more}<area><areaDesc>Trảng Bom</areaDesc>{area}</area></info>"
