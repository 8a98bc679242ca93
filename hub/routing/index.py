"""Which subscriptions fit an alert, without looking at each: bitmaps of attributes first, boxes of survivors, exact shapes last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from pyroaring import BitMap

from hub.cap.model import Info, severity_rank
from hub.routing.shapes import Shapes
from hub.subscription import AlertFacts, InfoFacts, Match, Subscription, has_shape, is_extreme_immediate, match_of

GRAVEST_RISK = 5


class Index:
    """All subscriptions in force. `match` gives what `hub.subscription.matches` gives over every one of them.

    Each subscription has a number; for every value of every condition a bitmap holds the numbers that accept it. Changing one
    subscription touches only its own bits.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._slots: list[Subscription | None] = []
        self._free: list[int] = []
        self._all = BitMap()
        self._urgent = BitMap()
        self._heard: dict[tuple[str, int], BitMap] = defaultdict(BitMap)
        self._listing: dict[str, BitMap] = defaultdict(BitMap)
        self._accepting: dict[tuple[str, str | int], BitMap] = defaultdict(BitMap)
        self._anywhere = BitMap()
        self._by_unit: dict[str, BitMap] = defaultdict(BitMap)
        self._shape_only = BitMap()
        self._shapes = Shapes()

    def __len__(self) -> int:
        return len(self._numbers)

    def apply(self, subscription_id: str, subscription: Subscription | None) -> None:
        """The subscription of that id is now this; None removes it."""
        old = self._numbers.get(subscription_id)
        if old is not None:
            if self._slots[old] == subscription:
                return
            self._forget(self._numbers.pop(subscription_id))
        if subscription is not None:
            self._remember(subscription_id, subscription)

    def match(self, facts: AlertFacts, *, now: datetime | None = None) -> list[tuple[Subscription, Match]]:
        """Every subscription that fits, with its match, in order of their ids."""
        fits = self.fitting(facts, now=now)
        infos_of: dict[int, tuple[int, ...]] = {}
        for index, numbers in enumerate(fits):
            for number in numbers:
                infos_of[number] = (*infos_of.get(number, ()), index)
        found = [
            (rule, match_of(facts, rule, infos))
            for number, infos in infos_of.items()
            if (rule := self._slots[number]) is not None
        ]
        found.sort(key=lambda pair: pair[0].subscription_id)
        return found

    def candidates(self, facts: AlertFacts, *, now: datetime | None = None) -> Iterator[Subscription]:
        """Every subscription that fits, without the reason, in no order."""
        for number in BitMap.union(BitMap(), *self.fitting(facts, now=now)):
            rule = self._slots[number]
            if rule is not None:
                yield rule

    def fitting(self, facts: AlertFacts, *, now: datetime | None = None) -> list[BitMap]:
        """For each info the numbers of the subscriptions that fit it. Infos that say the same in two languages are asked once."""
        at = None if facts.alert.is_ending() else now
        found: list[BitMap] = []
        for index, (_, known) in enumerate(zip(facts.alert.infos, facts.infos, strict=True)):
            twin = next((i for i in range(index) if _say_the_same(facts, i, index)), None)
            if at is not None and known.live_until <= at:
                found.append(BitMap())
            else:
                found.append(found[twin] if twin is not None else self._of_info(facts, index))
        return found

    def _of_info(self, facts: AlertFacts, index: int) -> BitMap:
        """The numbers that fit one info, live or not."""
        info, known = facts.alert.infos[index], facts.infos[index]
        left = self._of_content(info, known)
        if self._urgent and is_extreme_immediate(info):
            left |= self._urgent
        left = self._without(left, "source", (facts.source,))
        left = self._without(left, "sender", (facts.alert.sender,))
        return self._of_area(left, known) if left else left

    def _of_content(self, info: Info, known: InfoFacts) -> BitMap:
        """The numbers that want such a hazard, this grave, urgent and certain."""
        rank = severity_rank(info.severity)
        heard = [self._heard[key] for hazard in (*known.hazards, _ANY) if (key := (hazard, rank)) in self._heard]
        left = BitMap.union(BitMap(), *heard)
        left = self._without(left, "category", info.categories)
        left = self._without(left, "urgency", (info.urgency,))
        left = self._without(left, "certainty", (info.certainty,))
        if known.risk_level is not None:
            left = self._without(left, "risk", (min(known.risk_level, GRAVEST_RISK),))
        return left

    def _without(self, left: BitMap, condition: str, values: Iterable[str | int]) -> BitMap:
        """`left` without the numbers that have this condition and accept none of the values."""
        asking = self._listing.get(condition)
        if not asking or asking.isdisjoint(left):
            return left
        accepting = [self._accepting[key] for value in values if (key := (condition, value)) in self._accepting]
        return left - (asking - BitMap.union(BitMap(), *accepting))

    def _of_area(self, left: BitMap, known: InfoFacts) -> BitMap:
        """Those of `left` whose area has something in common with the info's, as `area_fits` says."""
        drawn = has_shape(known)
        if known.province_wide or not (known.units or drawn or known.elsewhere):
            return left
        near = [self._anywhere, *(bits for unit in known.units if (bits := self._by_unit.get(unit)))]
        if known.units and not drawn:
            near.append(self._shape_only)
        fit = BitMap.union(BitMap(), *near) & left
        if drawn and known.shape is not None:
            fit |= self._shapes.meeting((left & self._shapes.drawn) - fit, known.shape)
        return fit

    def _remember(self, subscription_id: str, rule: Subscription) -> None:
        number = self._free.pop() if self._free else len(self._slots)
        if number == len(self._slots):
            self._slots.append(None)
        self._slots[number] = rule
        self._numbers[subscription_id] = number
        for bits in self._bits(rule):
            bits.add(number)
        if rule.shape is not None:
            self._shapes.put(number, rule.shape)

    def _forget(self, number: int) -> None:
        rule = self._slots[number]
        if rule is None:
            return
        for bits in self._bits(rule):
            bits.discard(number)
        self._shapes.drop(number)
        self._slots[number] = None
        self._free.append(number)

    def _bits(self, rule: Subscription) -> Iterator[BitMap]:
        """Every bitmap in which the subscription's number stands."""
        yield self._all
        if rule.extreme_immediate:
            yield self._urgent
        for hazard in rule.hazards or (_ANY,):
            for rank in range(severity_rank(rule.min_severity) + 1):
                yield self._heard[hazard, rank]
        for condition, values in _listed(rule):
            yield self._listing[condition]
            for value in values:
                yield self._accepting[condition, value]
        for unit in rule.units:
            yield self._by_unit[unit]
        if not rule.units:
            yield self._anywhere if rule.shape is None else self._shape_only


_ANY = "*"


def _listed(rule: Subscription) -> Iterator[tuple[str, Iterable[str | int]]]:
    """The conditions the subscription makes beside hazard and severity, with the values each accepts."""
    for condition, values in (
        ("source", rule.sources),
        ("sender", rule.senders),
        ("category", rule.categories),
        ("urgency", rule.urgencies),
        ("certainty", rule.certainties),
    ):
        if values:
            yield condition, values
    if rule.min_risk is not None:
        yield "risk", range(rule.min_risk, GRAVEST_RISK + 1)


def _say_the_same(facts: AlertFacts, one: int, other: int) -> bool:
    """Whether no subscription can tell the two infos apart."""
    a, b = facts.alert.infos[one], facts.alert.infos[other]
    return (a.severity, a.urgency, a.certainty, a.categories) == (
        b.severity,
        b.urgency,
        b.certainty,
        b.categories,
    ) and facts.infos[one] == facts.infos[other]
