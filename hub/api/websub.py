"""`POST /v1/websub`: a key subscribes an address of its owner to a feed that it may read (W3C WebSub §5); the callback must confirm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from hub.api import record
from hub.api.auth import Asker, asks
from hub.api.feeds import OWNER, feed_of
from hub.api.problems import Problem
from hub.api.services import Services
from hub.clock import to_us
from hub.errors import Forbidden
from hub.http.urls import read_url
from hub.policy import Key
from hub.store import websub
from hub.store.endpoints import seal

FORM = "application/x-www-form-urlencoded"
MOST_BYTES = 8192
MOST_SECRET_BYTES = 199
"""WebSub §5.1: a secret has fewer than 200 bytes."""

LEASE_S = 7 * 86_400
LEAST_LEASE_S = 60
MOST_LEASE_S = 30 * 86_400


def router(services: Services) -> APIRouter:
    """`POST /v1/websub`."""
    routes = APIRouter(prefix="/v1/websub", tags=["feeds"])

    @routes.post("", status_code=202)
    async def ask(request: Request, asker: Annotated[Asker, asks("feed.read")]) -> Response:
        """The request was taken; the callback is asked whether it wants that, and only then anything is pushed or ended."""
        who = asker.caller.who
        if not isinstance(who, Key):
            raise Problem(403, "forbidden", reason="keys-only")
        said = await _form(request)
        asked = _asked(services, asker, who, said)
        now = services.machine.now()
        about = f"hub.{asked.mode} {asked.feed}"

        def write(conn: object) -> bool:
            taken = websub.ask(conn, asked, now=to_us(now))  # type: ignore[arg-type]
            if taken:
                record.note(conn, at=now, act="websub.asked", who=asker.caller.label, object=about)  # type: ignore[arg-type]
            return taken

        if not await services.store.write(write):
            raise Problem(429, "too-many-subscribers", retry_after_s=60)
        return Response(status_code=202)

    return routes


async def _form(request: Request) -> Mapping[str, str]:
    """The members of the form, each once.

    Raises:
        Problem: 415 or 413 or 422.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().casefold() != FORM:
        raise Problem(415, "media-type", wanted=FORM)
    body = await request.body()
    if len(body) > MOST_BYTES:
        raise Problem(413, "too-large")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError as error:
        raise _fault("form", "is no form in UTF-8") from error
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise _fault(twice, "stands there twice")
    return dict(pairs)


def _asked(services: Services, asker: Asker, who: Key, said: Mapping[str, str]) -> websub.Asked:
    mode = said.get("hub.mode", "")
    if mode not in ("subscribe", "unsubscribe"):
        raise _fault("hub.mode", "subscribe or unsubscribe")
    topic, callback = said.get("hub.topic", ""), said.get("hub.callback", "")
    feed = _feed(services, asker, topic)
    try:
        read_url(callback)
    except Forbidden as error:
        raise _fault("hub.callback", str(error)) from error
    if "#" in callback or len(callback) > 1500:
        raise _fault("hub.callback", "without #, at most 1,500 characters")
    secret = said.get("hub.secret", "")
    if len(secret.encode()) > MOST_SECRET_BYTES:
        raise _fault("hub.secret", f"at most {MOST_SECRET_BYTES} bytes")
    sealed = seal([secret], endpoint_id=websub.id_of(feed, callback), seal_key=services.seal_key) if secret else ""
    return websub.Asked(
        mode="subscribe" if mode == "subscribe" else "unsubscribe",
        feed=feed,
        topic=topic,
        callback=callback,
        owner=who.owner,
        key_id=who.key_id,
        secret=sealed,
        lease_s=_lease_s(said.get("hub.lease_seconds", "")),
    )


def _feed(services: Services, asker: Asker, topic: str) -> str:
    """The file of the feed at that address, when there is one and the key may read it; the same answer for both."""
    start = f"{services.base_url}/feeds/"
    name = topic.removeprefix(start) if topic.startswith(start) else ""
    parts = name.split("/")
    owner = parts[1] if len(parts) == 3 and parts[0] == "of" else ""
    good = len(parts) == (3 if owner else 1) and all(OWNER.fullmatch(part) for part in parts) and name.endswith(".atom")
    folder = services.feeds_folder or Path("/nonexistent")
    if not good or not asker.may(feed_of(owner)) or not (folder / name).is_file():
        raise _fault("hub.topic", "there is no such feed for this key; use the feed's own rel=self")
    return name


def _lease_s(said: str) -> int:
    if not said:
        return LEASE_S
    if not said.isascii() or not said.isdigit() or len(said) > 12:
        raise _fault("hub.lease_seconds", "a whole number of seconds")
    return min(max(int(said), LEAST_LEASE_S), MOST_LEASE_S)


def _fault(where: str, what: str) -> Problem:
    return Problem(422, "invalid", extra={"faults": [{"where": f"body/{where}", "what": what}]})
