"""Answers in JSON, encoded by msgspec: instants as RFC 3339, never kept by caches on the way."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response


def json(value: Any, status: int = 200) -> Response:
    """`value` as JSON."""
    return Response(
        msgspec.json.encode(value), status, headers={"Cache-Control": "no-store"}, media_type="application/json"
    )
