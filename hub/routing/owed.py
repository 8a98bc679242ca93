"""Who is owed what of one event: pure, given who matches and who was told before (CHN-2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hub.cap.model import severity_rank
from hub.subscription import AlertFacts, Match, Subscription


@dataclass(frozen=True, slots=True)
class Told:
    """The newest version that an endpoint may hold. `stood_in_for` are those whose alternate it was in this chain.

    `arrived` is False while no attempt has succeeded.
    """

    event_type: str
    alert_id: str = ""
    stood_in_for: frozenset[str] = frozenset()
    arrived: bool = True


@dataclass(frozen=True, slots=True)
class Owed:
    """One delivery to make. `subscription` is None when it is owed only because the endpoint was told before.

    `ack_min` are the minutes within which somebody is asked to acknowledge, the fewest that a fitting rule says; 0 asks for nobody.
    """

    endpoint_id: str
    event_type: str
    reason: str
    infos: tuple[int, ...]
    expires_at: datetime
    subscription: Subscription | None = None
    stands_for: str = ""
    ack_min: int = 0


def owed(
    facts: AlertFacts,
    *,
    state: str,
    born_expired: bool,
    keep_until: datetime,
    matches: Sequence[tuple[Subscription, Match]],
    told: Mapping[str, Told],
) -> list[Owed]:
    """Deliveries owed for an alert that is the head of its chain.

    `told` maps each endpoint with a begun attempt of an earlier version to its newest. An ending is owed to them and nobody else;
    anything else to all that match, to the alternates that stood in for one that matches still, and once, as having left their area,
    to the others of `told`.
    """
    if state == "cancels":
        return [_ending(endpoint, "alert.cancel", "told-before", keep_until) for endpoint in told]
    if state == "ends":
        return [_ending(endpoint, "alert.ended", "told-before", keep_until) for endpoint in told]
    if born_expired:
        return [_ending(endpoint, "alert.ended", "update-already-expired", keep_until) for endpoint in told]
    best: dict[str, Owed] = {}
    for subscription, match in matches:
        one = _matched(facts, subscription, match, told)
        before = best.get(one.endpoint_id)
        best[one.endpoint_id] = one if before is None else _both(before, one)
    others = {endpoint: was for endpoint, was in told.items() if endpoint not in best}
    standing_in = {
        endpoint: _standing_in(endpoint, best[min(fitting)])
        for endpoint, was in others.items()
        if (fitting := was.stood_in_for & best.keys())
    }
    left = [
        Owed(endpoint, "alert.left_your_area", "matches-no-longer", (), keep_until)
        for endpoint, was in others.items()
        if endpoint not in standing_in and was.event_type != "alert.left_your_area"
    ]
    return [*best.values(), *standing_in.values(), *left]


def disputed(facts: AlertFacts, matches: Sequence[tuple[Subscription, Match]], keep_until: datetime) -> list[Owed]:
    """A graver second content of one identity: those who match are told that it is disputed (ACC-2)."""
    seen: set[str] = set()
    found = []
    for subscription, match in matches:
        if subscription.endpoint_id not in seen:
            seen.add(subscription.endpoint_id)
            found.append(
                Owed(subscription.endpoint_id, "alert.disputed", match.reason, match.infos, keep_until, subscription)
            )
    return found


def _matched(facts: AlertFacts, subscription: Subscription, match: Match, told: Collection[str]) -> Owed:
    return Owed(
        endpoint_id=subscription.endpoint_id,
        event_type="alert.update" if subscription.endpoint_id in told else "alert.new",
        reason=match.reason,
        infos=match.infos,
        expires_at=max(facts.infos[i].live_until for i in match.infos),
        subscription=subscription,
        ack_min=subscription.ack_min_within(
            min((facts.alert.infos[i].severity for i in match.infos), key=severity_rank)
        ),
    )


def _both(one: Owed, other: Owed) -> Owed:
    """Two rules of one endpoint: one delivery, with all infos and both reasons, until the later end (ROU-2)."""
    return Owed(
        endpoint_id=one.endpoint_id,
        event_type=one.event_type,
        reason=f"{one.reason} | {other.reason}",
        infos=tuple(sorted({*one.infos, *other.infos})),
        expires_at=max(one.expires_at, other.expires_at),
        subscription=one.subscription,
        ack_min=min(filter(None, (one.ack_min, other.ack_min)), default=0),
    )


def _standing_in(endpoint_id: str, principal: Owed) -> Owed:
    """An alternate that was told an earlier version in another's stead holds it too, whether or not the other answers again."""
    return replace(
        principal,
        endpoint_id=endpoint_id,
        event_type="alert.update",
        reason=f"alternate of {principal.endpoint_id}: {principal.reason}",
        stands_for=principal.endpoint_id,
    )


def _ending(endpoint_id: str, event_type: str, reason: str, keep_until: datetime) -> Owed:
    return Owed(endpoint_id, event_type, reason, (), keep_until)
