"""Every table of the store, in SQLAlchemy Core. Instants are integers: microseconds since 1970 UTC (`hub.clock.to_us`).

JSON columns are TEXT written by msgspec. No column uses a database sequence: `seq`, `chain_seq` and `audit.n` are given under the
head row's lock, so they are gapless and in commit order.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

# --- one row each -----------------------------------------------------------------------------------------------------------------
meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),  # mode, created_at, hub_id, signing_key …
    Column("value", Text, nullable=False),
)
head = Table(  # the lock every acceptance transaction takes first
    "head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("seq", BigInteger, nullable=False),  # last seq given
    Column("audit_n", BigInteger, nullable=False),
    Column("audit_hash", Text, nullable=False),
    Column(
        "rules_rev", BigInteger, nullable=False
    ),  # grows with every change of subscriptions, endpoints, policy or gazetteer
    Column("chain_n", BigInteger, nullable=False),
)

# --- what came in -----------------------------------------------------------------------------------------------------------------
payloads = Table(
    "payloads",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
)
sources = Table(
    "sources",
    metadata,
    Column("source", Text, primary_key=True),
    Column("mark", Text, nullable=False),  # JSON; moves only with the payloads and candidates it stands for
    Column("state", Text, nullable=False),  # live | late | silent | failing | wrong-content | off | new
    Column("reason", Text, nullable=False),
    Column("last_try_at", BigInteger),
    Column("last_success_at", BigInteger),
    Column("last_change_at", BigInteger),
    Column("failures", Integer, nullable=False),  # in a row
    Column("faults", Text, nullable=False),  # JSON list of the latest troubles that did not stop the reading
    Column("doubts", Text, nullable=False),  # JSON list of {code, detail, at}
    Column("outcomes", Text, nullable=False),  # the last tries, oldest first: "." read, "x" failed
    Column("certificate_expires_at", BigInteger),
    Column("interval_ms", BigInteger),  # the rhythm that is expected of it; null until a hub that reads it has started
    Column("late_after_ms", BigInteger),
    Column("silent_after_ms", BigInteger),  # null: it promises nothing
    Column("rev", BigInteger, nullable=False),
)
quarantine = (
    Table(  # poison: three deterministic failures of a stage (DEL-7), and parts of payloads that could not be read
        "quarantine",
        metadata,
        Column("quarantine_id", Text, primary_key=True),
        Column("stage", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("payload_sha256", Text),
        Column("record", LargeBinary),
        Column("reason", Text, nullable=False),
        Column("detail", Text, nullable=False),
        Column("at", BigInteger, nullable=False),
    )
)
spoken = Table(  # items and reports as they came, and readings where nothing derives alerts from them
    "spoken",
    metadata,
    Column("spoken_id", Text, primary_key=True),  # hash of source and content
    Column("kind", Text, nullable=False),  # reading | item | report
    Column("source", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("spoken_by_kind", "kind", "source", "at"),
)

readings = Table(  # numbers at stations exactly as each source said them, and what became of each
    "readings",
    metadata,
    Column("reading_id", Text, primary_key=True),  # hash of source, station, quantity, at and what was said
    Column("source", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("quantity", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("value", Text, nullable=False),  # in `unit`, as said; text, for it is nothing to calculate with here
    Column("unit", Text, nullable=False),
    Column("datum", Text, nullable=False),
    Column("quality", Text, nullable=False),
    Column("verdict", Text, nullable=False),  # taken (not judged yet) | used | late | doubted | implausible …
    Column("payload_sha256", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Index("readings_by_gauge", "station", "quantity", "at"),
)
gauges = Table(  # what is known of each gauge that ever spoke, and when the clock next changes something
    "gauges",
    metadata,
    Column("station", Text, primary_key=True),
    Column("quantity", Text, primary_key=True),
    Column("alarm", Integer, nullable=False),  # 0 without an open chain
    Column("silent", Integer, nullable=False),
    Column("due_at", BigInteger),
    Column("body", Text, nullable=False),  # JSON of hub.deriving.thresholds.State
    Column("rev", BigInteger, nullable=False),
    Index("gauges_due", "due_at"),
)
quake_impacts = Table(  # incidents about which the hub has said where the shaking is felt
    "quake_impacts",
    metadata,
    Column("incident_id", Text, primary_key=True),
    Column("told", Integer, nullable=False),  # 1 while an estimate stands, 0 once it was taken back
    Column("at", BigInteger, nullable=False),
)

# --- the stream (the outbox is the stream on the embedded store) ------------------------------------------------------------------
stream_records = Table(
    "stream_records",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True),  # gapless per topic, given in the appending transaction
    Column("key", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)
stream_heads = Table(  # one row a topic: its lock, and what stays when old records are pruned
    "stream_heads",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("next_position", BigInteger, nullable=False),  # of the next record appended; the first is 1
)
stream_marks = Table(
    "stream_marks",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("reader", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),  # the next position to read
)

# --- alerts -----------------------------------------------------------------------------------------------------------------------
alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("seq", BigInteger, unique=True),  # the seq of its first event
    Column("source", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("identifier", Text, nullable=False),
    Column("sent", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("msg_type", Text, nullable=False),
    Column("ending", Integer, nullable=False),  # 1: ends its chain (Cancel, AllClear, Past)
    Column("released", Integer, nullable=False),  # 1: a person released it, its authority is granted
    Column("disposition", Text, nullable=False),
    Column("reason", Text, nullable=False),  # why that disposition; "" for a plain one
    Column("flags", Text, nullable=False),  # JSON list of fault codes
    Column("repairs", Text, nullable=False),  # JSON list of Repair
    Column("provenance", Text, nullable=False),  # JSON: version, signature verdict, key, source_key …
    Column("source_key", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("payload_sha256", Text, nullable=False),
    Column("cap", LargeBinary, nullable=False),  # hub.cap.json of the alert as accepted
    Column("facts", LargeBinary, nullable=False),  # what routing looks at (hub.acceptance.facts)
    Column("chain_id", Text),
    Column("chain_seq", Integer),
    Column("incident_id", Text),
    Column("state", Text, nullable=False),  # a chain state of hub.cap.chain, or none (never in force)
    Column("superseded_by", Text),
    Column("withdrawn_at", BigInteger),
    Column("held_until", BigInteger),  # set while it waits for a person
    Column("held_by", Text),
    Column("live_until", BigInteger, nullable=False),  # the last info's end
    Column("keep_until", BigInteger, nullable=False),  # of an ending: until what it ends would have expired + 24 h
    Column("hazards", Text, nullable=False),  # space-separated, with a space at both ends
    Column("severity", Text, nullable=False),
    Column("folded", Text, nullable=False),  # searchable text without diacritics
    Column("received_at", BigInteger, nullable=False),
    Index("alerts_by_identifier", "identifier", "sender"),
    Index("alerts_by_chain", "chain_id"),
    Index("alerts_by_source_key", "source", "source_key"),
    Index("alerts_in_force", "state", "live_until"),
    Index("alerts_by_incident", "incident_id", "state"),
    Index("alerts_waiting", "held_until"),
)
events = Table(  # the accepted order: what feeds, routing and followers resume from; gapless, in commit order
    "events",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),  # decided | revived | held | released | dismissed | withdrawn
    Column("alert_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("events_by_alert", "alert_id"),
)
alert_units = Table(
    "alert_units",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Index("alert_units_by_unit", "unit"),
)
references = Table(  # what each message references, before it is known whether the other exists (ACC-4)
    "alert_references",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("sender", Text, nullable=False),
    Column("identifier", Text, nullable=False),
    Column("sent", BigInteger),
    Index("references_by_identifier", "identifier"),
)
aliases = Table(  # other ids of an event at its source (USGS `ids`)
    "aliases",
    metadata,
    Column("source", Text, primary_key=True),
    Column("alias", Text, primary_key=True),
    Column("source_key", Text, nullable=False),
)
chains = Table(
    "chains",
    metadata,
    Column("chain_id", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),  # age: the smaller is the older
    Column("alias_of", Text),  # joined into that older chain
    Column("last_chain_seq", Integer, nullable=False),
    Column("incident_id", Text),
)
incidents = Table(
    "incidents",
    metadata,
    Column("incident_id", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("began_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("lat", Text),
    Column("lon", Text),
    Column("body", Text, nullable=False),
)
incident_hazards = Table(  # every hazard of every chain of the incident: it is found by any of them
    "incident_hazards",
    metadata,
    Column("incident_id", Text, primary_key=True),
    Column("hazard", Text, primary_key=True),
    Column("last_at", BigInteger, nullable=False),
    Index("incidents_by_time", "hazard", "last_at"),
)

# --- the decision chain (EVI-1) ---------------------------------------------------------------------------------------------------
audit = Table(
    "audit",
    metadata,
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("act", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", Text, nullable=False),  # SHA-256 over the previous hash and this row
    Index("audit_by_object", "object"),
)

segments = Table(  # what one commit moved in the ledger; the entries of a worker form a chain of their own
    "segments",
    metadata,
    Column("worker", Text, primary_key=True),
    Column("n", BigInteger, primary_key=True),
    Column("stamp", BigInteger, nullable=False),  # of two that moved the same row the later has the greater
    Column("at", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("body", Text, nullable=False),  # JSON list of [table, id, state, digest of the row]
    Column("hash", Text, nullable=False),  # SHA-256 over the worker's hash before and this entry
    Index("segments_by_stamp", "stamp"),
)
sealers = Table(  # the last segment of each worker, and how far its chain stands in the decision chain
    "sealers",
    metadata,
    Column("worker", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),  # ever sealed
    Column("anchored_n", BigInteger, nullable=False),
    Column("anchored_rows", BigInteger, nullable=False),
)

_COVERED = text("state = 'covered'")

# --- the ledger of what we owe people ---------------------------------------------------------------------------------------------
routed = Table(
    "routed",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("rules_rev", BigInteger, nullable=False),
    Column("matched", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
)
deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_id", Text, primary_key=True),
    Column("alert_id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("endpoint_id", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("chain_id", Text, nullable=False),
    Column("chain_seq", Integer, nullable=False),
    Column("lane", Integer, nullable=False),
    Column("state", Text, nullable=False),  # pending in_flight delivered acknowledged failed superseded covered expired
    Column("due_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("begun", Integer, nullable=False),  # 1 once an attempt has begun: the recipient may hold this version
    Column("lease_until", BigInteger),
    Column("claimed_by", Text),
    Column("subscription_id", Text, nullable=False),
    Column("subscription_version", Integer, nullable=False),
    Column("reason", Text, nullable=False),  # why it is owed
    Column("infos", Text, nullable=False),  # JSON list of matching info indexes
    Column(
        "sounds", Text, nullable=False
    ),  # why it sounds, words with spaces between; "" when it is only shown (CHN-3)
    Column(
        "stands_for", Text, nullable=False
    ),  # the endpoint whose alternate this one is here; "" when owed for its own sake
    Column(
        "alternate", Text, nullable=False
    ),  # the delivery that went to the alternate; "none" without one; "" never asked
    Column("outcome", Text, nullable=False),  # last word of the last attempt
    Column("ended_by", Text, nullable=False),  # superseded by which alert, covered by which delivery
    Column("created_at", BigInteger, nullable=False),
    Column("delivered_at", BigInteger),
    Column("owner", Text, nullable=False),  # for whom it counts: the endpoint's owner, or that of the one it stands for
    Column("ack_min", Integer, nullable=False),  # minutes within which somebody is asked to acknowledge; 0: nobody is
    Column("ack_due_at", BigInteger),  # when those are over; null where no clock runs
    Column("acknowledged_at", BigInteger),
    Column("acknowledged_by", Text),
    Column("rev", BigInteger, nullable=False),
    UniqueConstraint("seq", "endpoint_id", "event_type"),
    Index("deliveries_due", "state", "due_at", "lane"),
    Index("deliveries_by_endpoint", "endpoint_id", "seq"),
    Index("deliveries_by_alert", "alert_id"),
    Index("deliveries_by_chain", "chain_id", "state"),
    Index("deliveries_covered", "ended_by", sqlite_where=_COVERED, postgresql_where=_COVERED),
)
attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", Text, ForeignKey("deliveries.delivery_id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("began_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("outcome", Text, nullable=False),  # begun delivered retry rejected forbidden lost
    Column("status", Integer),
    Column("detail", Text, nullable=False),
    Column("worker", Text, nullable=False),
)
acks = Table(  # who confirmed what, each time somebody did: the first counts, later ones are kept
    "acks",
    metadata,
    Column("ack_id", Text, primary_key=True),  # hash of delivery, how, by and recorded_by: the same again is the same
    Column("delivery_id", Text, nullable=False),
    Column("alert_id", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("endpoint_id", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("how", Text, nullable=False),  # link | console | api | phone | answer | cap
    Column("by", Text, nullable=False),  # the person, as they called themselves
    Column("recorded_by", Text, nullable=False),  # the signed-in person or key; "" for a link or an answer
    Column("note", Text, nullable=False),
    Column("first", Integer, nullable=False),  # 1: it made the delivery acknowledged
    Column("at", BigInteger, nullable=False),
    Index("acks_by_seq", "seq", "owner"),
    Index("acks_by_delivery", "delivery_id"),
)
escalations = (
    Table(  # one clock a recipient and alert version: until when it must be acknowledged, and what is done if not
        "escalations",
        metadata,
        Column("escalation_id", Text, primary_key=True),
        Column("alert_id", Text, nullable=False),
        Column("seq", BigInteger, nullable=False),
        Column("chain_id", Text, nullable=False),
        Column("owner", Text, nullable=False),
        Column("state", Text, nullable=False),  # waiting acknowledged ended
        Column("ack_due_at", BigInteger, nullable=False),
        Column("ends_at", BigInteger, nullable=False),
        Column("due_at", BigInteger),  # of the next step, or of the end; null once it is closed
        Column("step", Integer, nullable=False),  # steps taken
        Column("plan", Text, nullable=False),  # JSON of hub.acknowledging.plans.Plan, as it was when the clock began
        Column("quorum", Integer, nullable=False),
        Column("opened_at", BigInteger, nullable=False),
        Column("closed_at", BigInteger),
        Column("ended_by", Text, nullable=False),  # an ack id; cancelled ended superseded expired; "" while it waits
        Column("rev", BigInteger, nullable=False),
        UniqueConstraint("seq", "owner"),
        Index("escalations_due", "state", "due_at"),
        Index("escalations_by_alert", "alert_id"),
        Index("escalations_by_chain", "chain_id", "owner"),
    )
)
escalation_steps = Table(  # steps taken, each once
    "escalation_steps",
    metadata,
    Column("escalation_id", Text, ForeignKey("escalations.escalation_id"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("to", Text, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("fired_at", BigInteger, nullable=False),
    Column("late", Integer, nullable=False),
    Column("reached", Text, nullable=False),  # JSON list of {endpoint_id, delivery_id, outcome}
    Column("calls", Text, nullable=False),  # JSON list of {owner, contact_id}; names stay in `contacts`
)
notices = Table(  # what the hub tells people about itself, beside alerts: to one endpoint each
    "notices",
    metadata,
    Column("notice_id", Text, primary_key=True),
    Column("event_type", Text, nullable=False),  # desk.unheard | endpoint.suspended
    Column("about", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("endpoint_id", Text, nullable=False),
    Column("state", Text, nullable=False),  # pending sent failed
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index("notices_due", "state", "due_at"),
)
listening = Table(  # when a console of a process last said that its sound is on
    "listening",
    metadata,
    Column("process_id", Text, primary_key=True),
    Column("heard_at", BigInteger, nullable=False),  # the machine's time
)
cap_acks = Table(  # CAP messages of msgType Ack that are owed to sources which want them
    "cap_acks",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("state", Text, nullable=False),  # pending sent failed
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index("cap_acks_due", "state", "due_at"),
)
alarms = Table(  # what an operator must look at: one open row per (kind, object)
    "alarms",
    metadata,
    Column("alarm_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger),
    Column("rev", BigInteger, nullable=False),
    Index("alarms_open", "closed_at", "kind"),
)

# --- rules: versioned rows, valid from a seq on -----------------------------------------------------------------------------------
rules = Table(  # subscriptions, endpoints, owners, source authorities, treaties: one table of dated JSON documents
    "rules",
    metadata,
    Column("kind", Text, primary_key=True),  # subscription | endpoint | owner | authority | treaty | source
    Column("rule_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("valid_from_seq", BigInteger, nullable=False),
    Column("valid_to_seq", BigInteger),  # None while in force
    Column("rules_rev", BigInteger, nullable=False),
    Column("origin", Text, nullable=False),  # config | desk
    Column("body", Text, nullable=False),  # JSON; "" when this version removes the rule
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("rules_in_force", "kind", "valid_to_seq"),
)
endpoint_states = Table(  # what the world did to an endpoint, as opposed to what was configured
    "endpoint_states",
    metadata,
    Column("endpoint_id", Text, primary_key=True),
    Column("state", Text, nullable=False),  # unproven | active | suspended
    Column("reason", Text, nullable=False),
    Column("proven_url", Text, nullable=False),  # the URL that answered the challenge
    Column("secrets", Text, nullable=False),  # JSON list, encrypted with the store's key, newest first
    Column("failures", Integer, nullable=False),  # in a row, over all deliveries
    Column("open_until", BigInteger),  # the circuit
    Column(
        "asked", Text
    ),  # the code that was sent there and is awaited, its address, end and tries left; encrypted like the secrets
    Column("rev", BigInteger, nullable=False),
)

# --- people, keys, sessions -------------------------------------------------------------------------------------------------------
people = Table(
    "people",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("login", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),  # argon2id; "" until set
    Column("roles", Text, nullable=False),  # JSON list
    Column("scope", Text, nullable=False),  # JSON: owner, units, clearance
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
)
sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
)
signin_links = Table(
    "signin_links",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)
contacts = Table(  # whom to call at an agency: personal data, changed and deleted in place
    "contacts",
    metadata,
    Column("contact_id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("post", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("person_id", Text, nullable=False),  # "" for one who does not sign in
    Index("contacts_by_owner", "owner"),
)
duties = Table(  # the roster
    "duties",
    metadata,
    Column("duty_id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("contact_id", Text, nullable=False),
    Column("begins_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("step", Integer, nullable=False),  # the smaller is called first
    Index("duties_by_owner", "owner", "begins_at"),
)
keys = Table(
    "keys",
    metadata,
    Column("key_id", Text, primary_key=True),  # the public prefix
    Column("token_hash", Text, nullable=False),
    Column("kind", Text, nullable=False),  # source | agency | neighbour | feed
    Column("owner", Text, nullable=False),  # the source, agency or neighbour it belongs to, never a person
    Column("scopes", Text, nullable=False),  # JSON
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
)

# --- processes --------------------------------------------------------------------------------------------------------------------
processes = Table(
    "processes",
    metadata,
    Column("process_id", Text, primary_key=True),
    Column(
        "node", Text, nullable=False
    ),  # which data directory or host: a new process frees its own dead predecessor's leases
    Column("started_at", BigInteger, nullable=False),
    Column("beat_at", BigInteger, nullable=False),
)
leases = Table(
    "leases",
    metadata,
    Column("lease", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)
follower_marks = Table(
    "follower_marks",
    metadata,
    Column("follower", Text, primary_key=True),
    Column("seq", BigInteger, nullable=False),
)
websub = Table(  # who is pushed a feed, and what was asked and is not verified yet (W3C WebSub)
    "websub",
    metadata,
    Column("websub_id", Text, primary_key=True),  # hash of feed and callback
    Column("owner", Text, nullable=False),
    Column("key_id", Text, nullable=False),  # the feed is pushed only while this key may read it
    Column("feed", Text, nullable=False),  # its file below the folder of feeds
    Column("topic", Text, nullable=False),
    Column("callback", Text, nullable=False),
    Column("secret", Text, nullable=False),  # sealed; "" without one
    Column("lease_until", BigInteger, nullable=False),  # 0 before the first verification
    Column("pushed", Text, nullable=False),  # SHA-256 of the feed it took last
    Column("failures", Integer, nullable=False),  # in a row
    Column("due_at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),  # last word about it
    Column("asked", Text, nullable=False),  # subscribe | unsubscribe, not verified yet; "" nothing
    Column("asked_id", Text, nullable=False),
    Column("asked_by", Text, nullable=False),  # key id
    Column("asked_secret", Text, nullable=False),  # sealed
    Column("asked_lease_s", Integer, nullable=False),
    Column("asked_tries", Integer, nullable=False),
    Column("asked_due_at", BigInteger, nullable=False),
    Column("tried_at", BigInteger, nullable=False),  # last verification
    Index("websub_by_owner", "owner"),
)
desk_acks = Table(  # alert versions that somebody of the duty room has acknowledged: the first counts
    "desk_acks",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("person_id", Text, nullable=False),
    Column("name", Text, nullable=False),  # as the person was called then
    Column("at", BigInteger, nullable=False),
    Column("live_until", BigInteger, nullable=False),  # of the alert then: what is over asks for nobody
    Column("rev", BigInteger, nullable=False),
    Index("desk_acks_by_rev", "rev", unique=True),
)
