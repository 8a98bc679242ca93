"""The security headers: nothing from elsewhere, nothing inline."""

from __future__ import annotations

from hub.api.headers import POLICY, SECURITY


def test_only_this_host_may_be_asked_and_nothing_inline_runs() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in POLICY.split(";"))
    assert rules["default-src"] == "'self'" and rules["object-src"] == rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in POLICY and "*" not in POLICY and "http" not in POLICY
    assert SECURITY["X-Content-Type-Options"] == "nosniff"
