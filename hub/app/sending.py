"""Policy for one send, with the owner and treaty of the deciding transaction (ROU-3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hub.policy import Recipient, Treaty, Verdict, may_send
from hub.store.rulebook import Book
from hub.subscription import AlertFacts


def may_send_in(mode: str) -> Callable[[Book, AlertFacts, str, str], Verdict]:
    """Whether an alert may go to an endpoint, for a hub of that mode; asked when routing and again at the last send point."""

    def ask(book: Book, facts: AlertFacts, endpoint_id: str, event_type: str) -> Verdict:
        return may_send(facts, recipient_of(book, endpoint_id), event_type, mode=mode)

    return ask


def recipient_of(book: Book, endpoint_id: str) -> Recipient:
    """Who stands behind the endpoint now; an owner nobody knows gets what is public, an endpoint nobody knows nothing."""
    endpoint = book.get("endpoint", endpoint_id)
    if endpoint is None:
        return Recipient(owner="")
    return owner_of(book, str(endpoint.body.get("owner", "")), named=endpoint.body.get("addresses", ()))


def owner_of(book: Book, owner: str, *, named: Iterable[str] = ()) -> Recipient:
    """The agency or neighbour as a recipient now, with its treaty; `named` are further CAP addresses of it. One nobody knows gets what anybody may."""
    known = book.get("owner", owner)
    if known is None:
        return Recipient(owner=owner, kind="public")
    body = known.body
    signed = book.get("treaty", owner)
    return Recipient(
        owner=owner,
        kind=str(body.get("kind", "agency")),
        country=str(body.get("country", "") or "VN"),
        addresses=frozenset({*named, *body.get("addresses", ())}),
        treaty=Treaty.of(signed.body if signed is not None else None),
    )
