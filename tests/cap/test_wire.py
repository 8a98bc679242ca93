"""The keys of CAP in JSON."""

from __future__ import annotations

import msgspec
import pytest

from hub.cap import wire


def test_keys_are_spelt_as_cap_spells_them_and_what_it_requires_is_always_there() -> None:
    told = msgspec.json.decode(msgspec.json.encode(wire.Alert("a", "s", "t", info=[wire.Info("Lũ")])))
    assert set(told) == {"identifier", "sender", "sent", "status", "msgType", "scope", "info"}
    assert set(told["info"][0]) == {"event", "category", "urgency", "severity", "certainty", "language"}


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="msg_type"):
        msgspec.json.decode(b'{"identifier":"a","sender":"s","sent":"t","msg_type":"Alert"}', type=wire.Alert)
