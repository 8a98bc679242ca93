"""`/v1/places?q=`: administrative units by name, old and new, found without diacritics."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from hub.api import answers
from hub.api.auth import Asker, asks
from hub.api.services import Services
from hub.places import Unit


def router(services: Services) -> APIRouter:
    """`GET /v1/places`."""
    routes = APIRouter(prefix="/v1/places", tags=["places"])

    @routes.get("")
    async def place_list(
        asker: Annotated[Asker, asks("place.read")],
        q: Annotated[str, Query(min_length=1, max_length=100)],
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> Response:
        """Units whose name fits, best first: "song ray" finds "xã Sông Ray"."""
        found = services.gazetteer.search(q, limit=limit)
        return answers.json({"places": [_told(services, unit) for unit in found]})

    return routes


def _told(services: Services, unit: Unit) -> dict[str, Any]:
    return {
        "code": unit.code,
        "name": unit.name,
        "full_name": unit.full_name,
        "level": unit.level,
        "within": [above.full_name for above in services.gazetteer.ancestors(unit.code)],
        "outline": unit.outline_label if unit.extent() is not None else None,
        "valid_from": unit.valid_from,
        "valid_to": unit.valid_to,
        "today": [{"code": now.code, "full_name": now.full_name} for now in services.gazetteer.today(unit.code)],
    }
