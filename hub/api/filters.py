"""What a caller filters by: an area as a unit's code or name (old or new, with or without diacritics), a hazard by its id."""

from __future__ import annotations

from hub.api.problems import Problem
from hub.api.services import Services
from hub.places import Ambiguous, Unit


def units(services: Services, area: str) -> tuple[str, ...]:
    """The codes to look for; () for "" (everywhere). Several units of one name are all looked for.

    Raises:
        Problem: 422, nobody knows such a place: an empty list would look like "no alert there".
    """
    if not area:
        return ()
    found = services.gazetteer.find(area)
    if isinstance(found, Unit):
        return (found.code,)
    if isinstance(found, Ambiguous):
        return tuple(sorted({unit.code for unit in found.candidates}))
    raise Problem(422, "unknown-area", area=area)


def name(services: Services, code: str) -> str:
    """The unit's full name, "" for a code nobody knows."""
    unit = services.gazetteer.get(code)
    return unit.full_name if unit is not None else ""


def hazard_names(services: Services, hazard_id: str) -> dict[str, str]:
    """The hazard with its names in both languages; an id no longer in the table names itself."""
    if hazard_id not in services.hazards:
        return {"id": hazard_id, "vi": hazard_id, "en": hazard_id}
    known = services.hazards.get(hazard_id)
    return {"id": hazard_id, "vi": known.vi, "en": known.en}


def hazard(services: Services, hazard_id: str) -> str:
    """The id as it is.

    Raises:
        Problem: 422, there is no such hazard.
    """
    if hazard_id and hazard_id not in services.hazards:
        raise Problem(422, "unknown-hazard", hazard=hazard_id)
    return hazard_id
