"""Answers in JSON: instants in RFC 3339, and never cached."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from hub.api import answers


def test_an_answer_is_json_with_instants_and_is_not_kept_by_caches() -> None:
    answer = answers.json({"at": datetime(2026, 11, 24, 3, tzinfo=UTC), "name": "Đồng Nai"}, 201)
    assert answer.status_code == 201 and answer.headers["cache-control"] == "no-store"
    assert json.loads(answer.body) == {"at": "2026-11-24T03:00:00Z", "name": "Đồng Nai"}
