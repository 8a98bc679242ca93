"""An error's type says what to do next, its text what, where and what instead."""

from __future__ import annotations

import inspect

import pytest

from hub import errors
from hub.errors import ConfigError, HubError, ParseError, Rejected, Retry, SourceError


def test_every_error_of_the_hub_has_one_root() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__]
    assert len(kinds) == 11
    assert all(issubclass(kind, HubError) for kind in kinds)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConfigError("hub.toml mode", "unknown"), "hub.toml mode: unknown"),
        (ConfigError("hub.toml mode", "unknown", "write test"), "hub.toml mode: unknown — write test"),
        (SourceError("http-404"), "http-404"),
        (SourceError("http-404", "index"), "http-404: index"),
        (ParseError("not-xml", "line 1"), "not-xml: line 1"),
        (Retry("timeout"), "timeout"),
        (Rejected("http-410"), "http-410"),
    ],
)
def test_the_text_says_what_and_where(error: HubError, text: str) -> None:
    assert str(error) == text


def test_what_the_next_step_needs_is_carried() -> None:
    assert (Retry("busy", after_s=3, status=429).after_s, Retry("busy", status=429).status) == (3, 429)
    assert Rejected("gone", status=410, gone=True).gone and not Rejected("no").gone
    assert SourceError("busy", retry_after_s=5).retry_after_s == 5
