"""What the world did to an endpoint: whether it proved itself, its sealed secrets, its circuit. What was configured stands in `rules`."""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Row, insert, or_, select, update

from hub.clock import from_us, to_us
from hub.errors import ConfigError
from hub.store.tables import endpoint_states

STATES = ("unproven", "active", "suspended")
ACTIVE_SECRETS = 2
"""So many secrets of one kind sign at a time: the new one, and the old one until the receiver has changed over."""

SEAL_KEY_BYTES = 32
_SEAL = "s1."

CODE_SENT = "code-sent"
CODE_TRIES = 5
ADDRESS_UNPROVEN = "address-unproven"
"""How an endpoint stands whose new address has not answered a challenge yet: what is owed to it waits."""


@dataclass(frozen=True, slots=True)
class EndpointState:
    """One endpoint as it stands. `failures` are in a row; `open_until` is when its circuit closes. Secrets: `secrets_of`."""

    endpoint_id: str
    state: str
    reason: str
    proven_url: str
    failures: int
    open_until: datetime | None
    rev: int
    sealed: str = field(default="", repr=False)

    def may_send(self, url: str) -> bool:
        """Whether alerts may go to `url`: the endpoint is active and it is this address that answered the challenge."""
        return self.state == "active" and self.proven_url == url


def new_seal_key() -> bytes:
    """A key for the secrets of a store; keep it outside the store, in a file only the hub can read."""
    return os.urandom(SEAL_KEY_BYTES)


def create(conn: Connection, endpoint_id: str, *, secrets: Sequence[str], seal_key: bytes) -> EndpointState:
    """The endpoint exists, unproven, with these secrets, newest first; one that exists already is left as it is."""
    found = get(conn, endpoint_id)
    if found is not None:
        return found
    row = {
        "endpoint_id": endpoint_id,
        "state": "unproven",
        "reason": "never-proven",
        "proven_url": "",
        "secrets": seal(secrets, endpoint_id=endpoint_id, seal_key=seal_key),
        "failures": 0,
        "open_until": None,
        "asked": None,
        "rev": _next_rev(conn),
    }
    conn.execute(insert(endpoint_states), row)
    created = get(conn, endpoint_id)
    assert created is not None
    return created


def get(conn: Connection, endpoint_id: str) -> EndpointState | None:
    """The endpoint's state, or None when it was never created."""
    row = conn.execute(select(endpoint_states).where(endpoint_states.c.endpoint_id == endpoint_id)).one_or_none()
    return _state(row) if row is not None else None


def several(conn: Connection, endpoint_ids: Sequence[str]) -> dict[str, EndpointState]:
    """The states of those that were created."""
    found: dict[str, EndpointState] = {}
    for start in range(0, len(endpoint_ids), 500):
        some = endpoint_states.c.endpoint_id.in_(endpoint_ids[start : start + 500])
        found |= {row.endpoint_id: _state(row) for row in conn.execute(select(endpoint_states).where(some))}
    return found


def standing(known: EndpointState | None, url: str) -> str:
    """What keeps alerts from `url` now: nothing (""), `ADDRESS_UNPROVEN`, "endpoint-unproven" or "endpoint-suspended"."""
    if known is None:
        return "endpoint-unproven"
    if known.may_send(url):
        return ""
    return ADDRESS_UNPROVEN if known.state == "active" else f"endpoint-{known.state}"


def everyone(conn: Connection, *, after_rev: int = 0) -> list[EndpointState]:
    """Every endpoint that changed after `after_rev`, oldest change first."""
    stmt = select(endpoint_states).where(endpoint_states.c.rev > after_rev).order_by(endpoint_states.c.rev)
    return [_state(row) for row in conn.execute(stmt)]


def set_state(conn: Connection, endpoint_id: str, state: str, *, reason: str = "") -> bool:
    """The endpoint is in `state` for `reason`; False when there is no such endpoint.

    Raises:
        ValueError: an unknown state, or "active", which only `proven` gives.
    """
    if state not in STATES or state == "active":
        raise ValueError(f"endpoint state {state!r}: unproven or suspended; active only by proof")
    return _change(conn, endpoint_id, {"state": state, "reason": reason})


def proven(conn: Connection, endpoint_id: str, url: str) -> bool:
    """`url` answered the challenge: the endpoint is active for that address, its circuit closed; False when there is none."""
    values = {"state": "active", "reason": "", "proven_url": url, "failures": 0, "open_until": None}
    return _change(conn, endpoint_id, values)


def ask_code(conn: Connection, endpoint_id: str, code: str, *, address: str, until: datetime, seal_key: bytes) -> bool:
    """`code` was sent to `address`, and proves it when it is given back before `until`; False when there is no such endpoint."""
    asked = (code, address, str(to_us(until)), str(CODE_TRIES))
    values = {"asked": seal(asked, endpoint_id=endpoint_id, seal_key=seal_key)}
    known = get(conn, endpoint_id)
    return _change(conn, endpoint_id, values | ({"reason": CODE_SENT} if known and known.state == "unproven" else {}))


def give_code(conn: Connection, endpoint_id: str, code: str, *, address: str, now: datetime, seal_key: bytes) -> bool:
    """Whether that code was awaited from that address; then the endpoint is active for it. A wrong one costs one of its few tries."""
    row = conn.execute(
        select(endpoint_states).where(endpoint_states.c.endpoint_id == endpoint_id).with_for_update()
    ).one_or_none()
    if row is None or row.asked is None:
        return False
    sent, sent_to, until, tries = unseal(row.asked, endpoint_id=endpoint_id, seal_key=seal_key)
    if int(until) <= to_us(now) or int(tries) <= 0 or sent_to != address:
        _change(conn, endpoint_id, {"asked": None})
        return False
    if not hmac.compare_digest(sent.encode(), code.encode()):
        left = (sent, sent_to, until, str(int(tries) - 1))
        _change(conn, endpoint_id, {"asked": seal(left, endpoint_id=endpoint_id, seal_key=seal_key)})
        return False
    _change(conn, endpoint_id, {"asked": None})
    return proven(conn, endpoint_id, address)


def failed(conn: Connection, endpoint_id: str, *, open_until: datetime | None = None) -> int:
    """One more failure in a row, and the circuit open until `open_until` (None leaves it as it is); returns how many."""
    values: dict[str, Any] = {"failures": endpoint_states.c.failures + 1}
    if open_until is not None:
        values["open_until"] = to_us(open_until)
    _change(conn, endpoint_id, values)
    found = get(conn, endpoint_id)
    return found.failures if found is not None else 0


def answered(conn: Connection, endpoint_ids: Sequence[str]) -> list[str]:
    """They took a delivery: no failures, circuit closed. Returns those for whom that is news; a healthy endpoint costs no write."""
    troubled = select(endpoint_states.c.endpoint_id).where(
        endpoint_states.c.endpoint_id.in_(endpoint_ids),
        or_(endpoint_states.c.failures != 0, endpoint_states.c.open_until.is_not(None)),
    )
    again = list(conn.execute(troubled).scalars())
    for endpoint_id in again:
        _change(conn, endpoint_id, {"failures": 0, "open_until": None})
    return again


def secrets_of(state: EndpointState, seal_key: bytes) -> tuple[str, ...]:
    """The active secrets, newest first.

    Raises:
        ConfigError: the key is not the one they were sealed with, or the row was altered.
    """
    return unseal(state.sealed, endpoint_id=state.endpoint_id, seal_key=seal_key)


def rotate(conn: Connection, endpoint_id: str, secret: str, *, seal_key: bytes) -> tuple[str, ...]:
    """`secret` signs first from now on, the one before of its kind beside it, older ones no more; returns the active ones.

    Raises:
        KeyError: no such endpoint.
        ConfigError: as `secrets_of`.
    """
    row = conn.execute(
        select(endpoint_states).where(endpoint_states.c.endpoint_id == endpoint_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise KeyError(endpoint_id)
    active = newest((secret, *secrets_of(_state(row), seal_key)))
    _change(conn, endpoint_id, {"secrets": seal(active, endpoint_id=endpoint_id, seal_key=seal_key)})
    return active


def retire(conn: Connection, endpoint_id: str, *, seal_key: bytes) -> tuple[str, ...]:
    """Only the newest secret of each kind signs from now on (the receiver has changed over); returns the active ones.

    Raises:
        KeyError, ConfigError: as `rotate`.
    """
    state = get(conn, endpoint_id)
    if state is None:
        raise KeyError(endpoint_id)
    active = newest(secrets_of(state, seal_key), most=1)
    _change(conn, endpoint_id, {"secrets": seal(active, endpoint_id=endpoint_id, seal_key=seal_key)})
    return active


def newest(secrets: Sequence[str], *, most: int = ACTIVE_SECRETS) -> tuple[str, ...]:
    """The first `most` of each kind (the text up to the first underscore), each once, in their order. Pure."""
    counts: dict[str, int] = {}
    kept: list[str] = []
    for secret in dict.fromkeys(secrets):
        kind = secret.partition("_")[0]
        counts[kind] = counts.get(kind, 0) + 1
        if counts[kind] <= most:
            kept.append(secret)
    return tuple(kept)


def seal(secrets: Sequence[str], *, endpoint_id: str, seal_key: bytes) -> str:
    """The secrets encrypted (AES-256-GCM) and bound to their endpoint: copied to another row they do not open."""
    nonce = os.urandom(12)
    sealed = _cipher(seal_key).encrypt(nonce, msgspec.json.encode(list(secrets)), endpoint_id.encode())
    return _SEAL + base64.b64encode(nonce + sealed).decode()


def unseal(sealed: str, *, endpoint_id: str, seal_key: bytes) -> tuple[str, ...]:
    """What `seal` took.

    Raises:
        ConfigError: another key, another endpoint, or altered text.
    """
    try:
        raw = base64.b64decode(sealed.removeprefix(_SEAL), validate=True)
        opened = _cipher(seal_key).decrypt(raw[:12], raw[12:], endpoint_id.encode())
    except (InvalidTag, ValueError) as error:
        mend = "put back the key file that belongs to this store, or give the endpoint new secrets"
        raise ConfigError(f"endpoint {endpoint_id}", "its secrets do not open with this key", mend) from error
    return tuple(msgspec.json.decode(opened, type=list[str]))


def _cipher(seal_key: bytes) -> AESGCM:
    if len(seal_key) != SEAL_KEY_BYTES:
        raise ConfigError("seal key", f"{len(seal_key)} bytes", f"expected {SEAL_KEY_BYTES}")
    return AESGCM(seal_key)


def _change(conn: Connection, endpoint_id: str, values: Mapping[str, Any]) -> bool:
    stmt = update(endpoint_states).where(endpoint_states.c.endpoint_id == endpoint_id)
    return conn.execute(stmt.values(**values, rev=_next_rev(conn))).rowcount == 1


def _next_rev(conn: Connection) -> int:
    """One more than the greatest `rev`; all rows are locked first, so that a smaller rev never appears after a greater one."""
    return max(conn.execute(select(endpoint_states.c.rev).with_for_update()).scalars(), default=0) + 1


def _state(row: Row[Any]) -> EndpointState:
    return EndpointState(
        endpoint_id=row.endpoint_id,
        state=row.state,
        reason=row.reason,
        proven_url=row.proven_url,
        failures=row.failures,
        open_until=from_us(row.open_until) if row.open_until is not None else None,
        rev=row.rev,
        sealed=row.secrets,
    )
