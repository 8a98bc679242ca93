"""`/v1/contacts` and `/v1/duties`: whom to call at an agency and when. Personal data: for people only, never for a machine's key."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from hub.api import answers, record
from hub.api.auth import Asker, asks
from hub.api.problems import Problem
from hub.api.services import Services
from hub.api.sight import of_owner
from hub.store import rosters, rules

Word = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\w.-]+$")]
Line = Annotated[str, Field(max_length=200)]
AHEAD = timedelta(days=7)


class NewContact(BaseModel):
    """A contact as asked for: a phone, an email, or both."""

    model_config = ConfigDict(extra="forbid")
    owner: Word
    name: Annotated[str, Field(min_length=1, max_length=200)]
    post: Line = ""
    phone: Annotated[str, Field(max_length=40, pattern=r"^[0-9+() .-]*$")] = ""
    email: Annotated[str, Field(max_length=200, pattern=r"^([^@\s]+@[^@\s]+)?$")] = ""
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] = "vi"
    person_id: Annotated[str, Field(max_length=100)] = ""


class NewDuty(BaseModel):
    """A time of duty as asked for; the smaller `step` is called first."""

    model_config = ConfigDict(extra="forbid")
    contact_id: Word
    begins: AwareDatetime
    ends: AwareDatetime
    step: Annotated[int, Field(ge=0, le=100)] = 0


def router(services: Services) -> APIRouter:
    """Every address under `/v1/contacts` and `/v1/duties`."""
    routes = APIRouter(prefix="/v1", tags=["rosters"])
    store = services.store

    @routes.get("/contacts")
    async def contact_list(asker: Annotated[Asker, asks("roster.read")]) -> Response:
        """The contacts the caller may see."""
        found = await store.read(rosters.contacts_of)
        return answers.json({"contacts": [asdict(one) for one in found if asker.may(of_owner("roster", one.owner))]})

    @routes.post("/contacts", status_code=201)
    async def contact_create(body: NewContact, asker: Annotated[Asker, asks("roster.change")]) -> Response:
        """The contact is kept."""
        return answers.json(await store.write(lambda conn: _put(conn, services, asker, body)), 201)

    @routes.put("/contacts/{contact_id}")
    async def contact_change(
        contact_id: str, body: NewContact, asker: Annotated[Asker, asks("roster.change")]
    ) -> Response:
        """The contact has these values."""

        def write(conn: Connection) -> dict[str, Any]:
            _contact(conn, asker, contact_id)
            return _put(conn, services, asker, body, contact_id)

        return answers.json(await store.write(write))

    @routes.delete("/contacts/{contact_id}", status_code=204)
    async def contact_remove(contact_id: str, asker: Annotated[Asker, asks("roster.change")]) -> Response:
        """The contact and its duties are gone."""

        def write(conn: Connection) -> None:
            known = _contact(conn, asker, contact_id)
            rosters.remove_contact(conn, contact_id)
            _note(conn, services, asker, "contact.removed", contact_id, known.owner)

        await store.write(write)
        return Response(status_code=204)

    @routes.get("/duties")
    async def duty_list(
        asker: Annotated[Asker, asks("roster.read")],
        begins: AwareDatetime | None = None,
        ends: AwareDatetime | None = None,
        owner: str = "",
    ) -> Response:
        """The duties of that time (the next seven days when left out) that the caller may see, and who is on duty now."""
        since = begins or services.clock.now()
        until = ends or since + AHEAD

        def read(conn: Connection) -> dict[str, Any]:
            listed = rosters.duties_between(conn, since, until, owner=owner)
            seen = [one for one in listed if asker.may(of_owner("roster", one.owner))]
            now = services.clock.now()
            owners = sorted({one.owner for one in seen})
            called = {one: [c.contact_id for c in rosters.on_duty(conn, one, now)] for one in owners}
            return {"duties": [asdict(one) for one in seen], "on_duty": called}

        return answers.json(await store.read(read))

    @routes.post("/duties", status_code=201)
    async def duty_create(body: NewDuty, asker: Annotated[Asker, asks("roster.change")]) -> Response:
        """The contact is on duty in that time."""

        def write(conn: Connection) -> str:
            known = _contact(conn, asker, body.contact_id)
            try:
                made = rosters.put_duty(conn, known.contact_id, begins=body.begins, ends=body.ends, step=body.step)
            except ValueError as error:
                raise _fault("ends", str(error)) from None
            _note(conn, services, asker, "duty.added", made, known.owner)
            return made

        return answers.json({"duty_id": await store.write(write)}, 201)

    @routes.delete("/duties/{duty_id}", status_code=204)
    async def duty_remove(duty_id: str, asker: Annotated[Asker, asks("roster.change")]) -> Response:
        """The duty is no more."""

        def write(conn: Connection) -> None:
            known = rosters.duty(conn, duty_id)
            if known is None:
                raise Problem(404, "not-found")
            asker.must(of_owner("roster", known.owner))
            rosters.remove_duty(conn, duty_id)
            _note(conn, services, asker, "duty.removed", duty_id, known.owner)

        await store.write(write)
        return Response(status_code=204)

    return routes


def _put(conn: Connection, services: Services, asker: Asker, body: NewContact, contact_id: str = "") -> dict[str, Any]:
    asker.must(of_owner("roster", body.owner))
    if rules.get(conn, "owner", body.owner) is None:
        raise _fault("owner", f"{body.owner} is unknown")
    try:
        made = rosters.put_contact(conn, contact_id=contact_id, **body.model_dump())
    except ValueError as error:
        raise _fault("phone", str(error)) from None
    _note(conn, services, asker, "contact.changed" if contact_id else "contact.added", made, body.owner)
    known = rosters.contact(conn, made)
    assert known is not None
    return asdict(known)


def _contact(conn: Connection, asker: Asker, contact_id: str) -> rosters.Contact:
    """The contact, when the asker may do to it what they want to.

    Raises:
        Problem: 404 for both none and not theirs.
    """
    known = rosters.contact(conn, contact_id)
    if known is None:
        raise Problem(404, "not-found")
    asker.must(of_owner("roster", known.owner))
    return known


def _note(conn: Connection, services: Services, asker: Asker, act: str, about: str, owner: str) -> None:
    """The deed without the person's data, which could never be taken out of the chain again."""
    record.note(conn, at=services.clock.now(), act=act, who=asker.caller.label, object=about, body={"owner": owner})


def _fault(where: str, what: str) -> Problem:
    return Problem(422, "invalid", extra={"faults": [{"where": f"body/{where}", "what": what}]})
