"""Who may do what: one pure function, deny by default. Every route, socket filter, send and export asks it.

`may` is for people and keys, `may_send` for alerts on their way out, `authority_allows` for what a source says on its way in,
`reading_allows` for the numbers it gives.
"""

from hub.policy.authority import Authority, Delegations, authority_allows, reading_allows
from hub.policy.deciding import may
from hub.policy.grants import ACTS, ALL, GRANTS, OWN, PERSON_ROLES, READS
from hub.policy.identity import AIR_DEFENCE, CLASSES, Key, No, Person, Treaty, Verdict, What, Who, Yes
from hub.policy.lanes import P0, P1, P2, P3, lane, lane_of
from hub.policy.sending import ENDINGS, Recipient, bare_end, may_publish, may_send, scope_of

__all__ = [
    "ACTS",
    "AIR_DEFENCE",
    "ALL",
    "CLASSES",
    "ENDINGS",
    "GRANTS",
    "OWN",
    "P0",
    "P1",
    "P2",
    "P3",
    "PERSON_ROLES",
    "READS",
    "Authority",
    "Delegations",
    "Key",
    "No",
    "Person",
    "Recipient",
    "Treaty",
    "Verdict",
    "What",
    "Who",
    "Yes",
    "authority_allows",
    "bare_end",
    "lane",
    "lane_of",
    "may",
    "may_publish",
    "may_send",
    "reading_allows",
    "scope_of",
]
