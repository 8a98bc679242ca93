"""CONTRACT, pure: a subscription is a rule — which alerts, to which endpoint; `matches` says yes or no, and why (ROU-1)."""

from hub.subscription.document import MOST_ACK_MIN, body_of, subscription_of
from hub.subscription.matching import area_fits, has_shape, is_extreme_immediate, match_of, matches
from hub.subscription.rule import AlertFacts, InfoFacts, Match, Miss, Subscription

__all__ = [
    "MOST_ACK_MIN",
    "AlertFacts",
    "InfoFacts",
    "Match",
    "Miss",
    "Subscription",
    "area_fits",
    "body_of",
    "has_shape",
    "is_extreme_immediate",
    "match_of",
    "matches",
    "subscription_of",
]
