"""`/a/{token}`: the page behind a signed link. Reading it changes nothing, whoever follows it; only the press of its button acknowledges.

It needs no script and no sign-in, and loads nothing from another host. Machines that follow links (mail scanners, previews) send GET or
HEAD; one that would send the form has no name to give.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import HTMLResponse, RedirectResponse

from hub.acknowledging.acknowledge import NotTold, Said, acknowledge
from hub.acknowledging.links import PATH, Link
from hub.api import summaries
from hub.api.auth import opened
from hub.api.budget import Budget
from hub.api.services import Services
from hub.cap import json as cap_json
from hub.clock import from_us
from hub.store import NotStored, deliveries, listing, rules
from hub.words import LANGUAGES, moment

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    # with no-referrer a browser sends `Origin: null` with the form, which the guard rightly refuses
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}
MOST_FORM_BYTES = 4096
LEAST_NAME = 2
PRESSES_PER_S, PRESSES_AT_ONCE = 1.0, 30
VISITS_PER_S, VISITS_AT_ONCE = 10.0, 200
MOST_ADDRESSES = 10_000
OVER = {"superseded": "superseded", "cancelled": "cancelled", "ended": "ended"}
"""State of the alert -> the word that it is over."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page tells of one delivery."""

    delivery: Any
    alert: Any
    owner_name: str


class _Visits:
    """How often one address may come; forgotten as a whole past ten thousand addresses."""

    def __init__(self, per_s: float, at_once: int) -> None:
        self._per_s, self._at_once = per_s, at_once
        self._budget = Budget(steady_per_s=per_s, burst=at_once)
        self._seen: set[str] = set()

    def wait_s(self, address: str, now: float) -> int:
        """0 when this visit is taken, else the seconds to wait."""
        if address not in self._seen and len(self._seen) >= MOST_ADDRESSES:
            self._budget, self._seen = Budget(steady_per_s=self._per_s, burst=self._at_once), set()
        self._seen.add(address)
        return self._budget.spend(address, 1, now=now)


def router(services: Services) -> APIRouter:
    """GET, HEAD and POST of `/a/{token}`."""
    routes = APIRouter(include_in_schema=False)
    visits, presses = _Visits(VISITS_PER_S, VISITS_AT_ONCE), _Visits(PRESSES_PER_S, PRESSES_AT_ONCE)
    page = Page(services)

    @routes.api_route(PATH + "{token}", methods=["GET", "HEAD"], dependencies=[opened("ack-link")])
    async def show(token: str, request: Request) -> Response:
        """The alert, and whether it is confirmed. However often and by whomever it is read, nothing changes."""
        if wait_s := visits.wait_s(_address(request), services.machine.monotonic()):
            return page.busy(wait_s)
        link, found = await _found(services, token)
        if link is None or found is None:
            return page.of("unknown", 404)
        if services.clock.now() >= link.until and found.delivery.acknowledged_at is None:
            return page.of("expired", 410, found, at=moment(link.until))
        return page.standing(found)

    @routes.post(PATH + "{token}", dependencies=[opened("ack-link")])
    async def press(token: str, request: Request) -> Response:
        """The delivery is confirmed by the person who gave a name; the page is then read anew."""
        if wait_s := presses.wait_s(_address(request), services.machine.monotonic()):
            return page.busy(wait_s)
        link, found = await _found(services, token)
        if link is None or found is None:
            return page.of("unknown", 404)
        if services.clock.now() >= link.until:
            return page.of("expired", 410, found, at=moment(link.until))
        by = await _who(request)
        if not by:
            return page.standing(found, fault="name_missing", status=422)
        at = services.clock.now()
        try:
            await services.store.write(lambda conn: acknowledge(conn, link.delivery_id, Said("link", by), at=at))
        except (LookupError, NotTold):
            return page.of("unknown", 404)
        except (NotStored, SQLAlchemyError):
            return page.standing(found, fault="broken", status=503)
        return RedirectResponse(f"{PATH}{token}", 303, headers=HEADERS)

    return routes


class Page:
    """The page in Vietnamese and English, with the mode's word."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def standing(self, found: Shown, *, fault: str = "", status: int = 200) -> Response:
        """Who confirmed and when; that it is over; or the form."""
        delivery = found.delivery
        if delivery.acknowledged_at is not None:
            at = moment(from_us(delivery.acknowledged_at))
            body = [self._say("done", at=at), self._say("done_by", by=delivery.acknowledged_by)]
            return self._page(_box("done", *body), status, found)
        over = OVER.get(found.alert.state)
        if over:
            return self._page(_box("over", self._say(over)), status, found)
        told = _box("fault", self._say(fault)) if fault else ""
        return self._page(told + self._form(), status, found)

    def of(self, word: str, status: int, found: Shown | None = None, **values: str) -> Response:
        """A page that says why nothing can be confirmed here."""
        return self._page(_box("over", self._say("not_yet") if found else "", self._say(word, **values)), status, found)

    def busy(self, wait_s: int) -> Response:
        """A page for whoever comes too often."""
        response = self.of("busy", 429)
        response.headers["Retry-After"] = str(wait_s)
        return response

    def _page(self, body: str, status: int, found: Shown | None) -> Response:
        services = self._services
        word = "" if services.mode == "actual" else self._both("ack.mode", {"word": f"mode.{services.mode}"})
        values = {
            "MODE": html.escape(services.mode),
            "TITLE": html.escape(services.words.with_mode(services.words.say("ack.title"), mode=services.mode)),
            "NAME": html.escape(services.name),
            "BAND": f'<p class="band">{word}</p>' if word else "",
            "ALERT": self._alert(found) if found is not None else "",
            "BODY": body,
        }
        return HTMLResponse(_filled(_template(), values), status, headers=HEADERS)

    def _alert(self, found: Shown) -> str:
        services = self._services
        alert = services.mark(cap_json.from_json(found.alert.cap))
        info = summaries.shown_info(alert)
        headline = (info.headline or info.event) if info is not None else alert.note
        areas = ", ".join(area.area_desc for area in info.areas[:20]) if info is not None else ""
        severity = found.alert.severity
        level = self._both(f"severity.{severity}") if f"severity.{severity}" in services.words.texts["vi"] else severity
        parts = [
            f'<p class="level">{level}</p>',
            f'<h1 lang="{html.escape(info.language if info is not None else "vi", quote=True)}">{html.escape(headline)}</h1>',
            f'<p class="soft">{html.escape(areas)}</p>',
            *(f'<p class="text">{html.escape(text)}</p>' for text in _texts(info)),
            f'<p class="soft">{self._both("time.sent", at=moment(alert.sent))}</p>',
            f'<p class="soft">{self._both("time.expires", at=moment(from_us(found.alert.live_until)))}</p>',
        ]
        to = f'<p class="soft">{self._say("for", owner=found.owner_name)}</p>' if found.owner_name else ""
        return f'<section class="alert {html.escape(severity, quote=True)}">{"".join(parts)}</section>{to}'

    def _form(self) -> str:
        return (
            f'<form method="post"><p>{self._say("ask")}</p>'
            f'<label>{self._say("name")}<input name="name" autocomplete="name" required minlength="{LEAST_NAME}" maxlength="100"></label>'
            f'<label>{self._say("post")}<input name="post" autocomplete="organization-title" maxlength="100"></label>'
            f'<button type="submit">{self._say("press")}</button></form>'
        )

    def _say(self, word: str, **values: str) -> str:
        return self._both(f"ack.{word}", **values)

    def _both(self, key: str, keys: Mapping[str, str] | None = None, /, **values: str) -> str:
        """The text in Vietnamese, then in English; `keys` are gaps filled with words of the same language."""
        words = self._services.words
        told = []
        for language in LANGUAGES:
            filled = {**values, **{gap: words.say(name, language) for gap, name in (keys or {}).items()}}
            told.append(f'<span lang="{language}">{html.escape(words.say(key, language, **filled))}</span>')
        return " ".join(told)


async def _found(services: Services, token: str) -> tuple[Link | None, Shown | None]:
    link = services.links.read(token) if services.links is not None else None
    if link is None:
        return None, None
    return link, await services.store.read(lambda conn: _shown(conn, link.delivery_id))


def _shown(conn: Connection, delivery_id: str) -> Shown | None:
    """What the page tells; None for a delivery that nobody was told of."""
    row = deliveries.get(conn, delivery_id)
    alert = listing.one(conn, row.alert_id) if row is not None and row.begun else None
    if row is None or alert is None:
        return None
    owner = rules.get(conn, "owner", row.owner)
    return Shown(row, alert, str(owner.body.get("name", "") or row.owner) if owner is not None else row.owner)


async def _who(request: Request) -> str:
    """Who presses, as they call themselves: name, and position when given; "" without a name."""
    body = await request.body()
    if len(body) > MOST_FORM_BYTES:
        return ""
    try:
        said = dict(parse_qsl(body.decode(), max_num_fields=10))
    except ValueError:
        return ""
    name, post = (" ".join(said.get(key, "").split())[:100] for key in ("name", "post"))
    if sum(letter.isalpha() for letter in name) < LEAST_NAME:
        return ""
    return f"{name}, {post}" if post else name


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _texts(info: Any) -> list[str]:
    texts = (info.description, info.instruction) if info is not None else ()
    return [text[:2000] for text in texts if text.strip()]


def _box(kind: str, *lines: str) -> str:
    return f'<div class="{kind}" role="status">{"".join(f"<p>{line}</p>" for line in lines if line)}</div>'


@cache
def _template() -> str:
    return resources.files("hub.api").joinpath("page/ack.html").read_text(encoding="utf-8")


def _filled(template: str, values: dict[str, str]) -> str:
    """Each %NAME% of the template replaced once; what is filled in is not looked through again."""
    parts = template.split("%")
    return "".join(values.get(part, part) if n % 2 else part for n, part in enumerate(parts))
