"""The contract of consumers: secrets do not show, and every plugin in the tree keeps to its shape."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest

from hub.consumer import EVENT_TYPES, Channel, Endpoint, Follower, address_of
from hub.policy import ENDINGS

CONSUMERS = Path(__file__).resolve().parents[1] / "consumers"
KINDS = sorted(
    path.stem for path in CONSUMERS.iterdir() if path.suffix == ".py" and not path.stem.startswith("_")
) + sorted(path.name for path in CONSUMERS.iterdir() if (path / "__init__.py").exists())


def test_an_endpoint_does_not_show_its_secrets() -> None:
    assert "mat-khau" not in repr(Endpoint("e1", "o", "webhook", None, secrets=("mat-khau",)))


def test_every_ending_is_an_event_that_is_told() -> None:
    assert set(ENDINGS) <= set(EVENT_TYPES)
    assert len(EVENT_TYPES) == len(set(EVENT_TYPES))


@pytest.mark.parametrize("kind", KINDS)
def test_a_consumer_takes_what_the_contract_gives(kind: str) -> None:
    module = importlib.import_module(f"consumers.{kind}")
    offered = [
        (getattr(module, name), contract)
        for name, contract in (("Channel", Channel), ("Follower", Follower))
        if hasattr(module, name)
    ]
    assert offered
    for plugin, contract in offered:
        names = [
            n for n, f in vars(contract).items() if inspect.isfunction(f) and (n == "__init__" or not n.startswith("_"))
        ]
        for name in names:
            wanted = list(inspect.signature(getattr(contract, name)).parameters)
            assert list(inspect.signature(getattr(plugin, name)).parameters) == wanted, name


def test_an_address_is_the_same_of_settings_and_of_their_table() -> None:
    from consumers.sms import Settings as Sms
    from consumers.webhook import Settings as Hook

    assert address_of(Sms(to="0912345678")) == address_of({"to": "0912345678", "letters": "folded"}) == "0912345678"
    assert address_of(Hook(url="https://a.example/")) == address_of({"url": "https://a.example/"})
    assert address_of({"to": ["a@example.vn", "b@example.vn"]}) == "a@example.vn b@example.vn"
    assert address_of({}) == address_of(None) == ""
