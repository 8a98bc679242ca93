"""Every setting of the deployment file `hub.toml`, with its default and meaning; data only."""

from __future__ import annotations

from dataclasses import dataclass, field

MODES = ("actual", "exercise", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """[hub]"""

    mode: str = "actual"
    """actual, exercise or test; a store belongs to one mode for ever."""

    profile: str = "dong-nai-2023"
    """Folder under config/profiles, or a path."""

    config_dir: str = ""
    """A copy of the folder `config` (gazetteer, hazards, words, profiles) with the deployment's own data; that of the program when empty."""

    data_dir: str = "data"
    """Where the store, keys and feeds are kept; each mode has its own folder in it."""

    name: str = "Trung tâm cảnh báo Đồng Nai"
    """What people call this hub."""

    clock: str = ""
    """A file with the number of seconds that the hub's clock is ahead of the machine's; a drill leaps over quiet hours by writing a greater
    one. Refused in mode actual."""

    dev: bool = False
    """Loopback endpoints and sources are allowed, as in mode test. Never in production."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """[http]"""

    listen: str = "127.0.0.1:8700"
    """Address and port. Another address than loopback needs `cert` and `key`, or `behind_proxy`."""

    cert: str = ""
    """PEM file with the certificate chain; read again when it changes."""

    key: str = ""
    """PEM file with its private key."""

    behind_proxy: str = ""
    """Address of the TLS proxy in front, the only one whose forwarded headers count."""

    hosts: tuple[str, ...] = ()
    """Names the hub answers to, beside that of `listen`."""

    url: str = ""
    """How others reach this hub, for links in feeds; from `listen` when empty."""

    networks_allowed: tuple[str, ...] = ()
    """Private networks that endpoints and sources may lie in, such as 10.20.0.0/16. Never settable through the API."""

    user_agent: str = "dongnai-hub (civil defence; contact the operator)"
    """What sources see; put a contact address here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """[store]"""

    url: str = ""
    """sqlite:///path, a file in the data directory when empty; or postgresql://role@host/database."""

    password: str = ""
    """Of the role at PostgreSQL; "file:/path" for the first line of a file that only the hub can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """[stream]"""

    url: str = ""
    """Where candidates travel: `kafka://host:port,host:port/prefix`, with topics `<prefix>.<mode>.…` that `hub migrate` makes; the
    store's own table when empty."""

    user: str = ""
    """The hub's user at the brokers (SASL_SSL, SCRAM-SHA-512); needs `password` and `ca`."""

    password: str = ""
    """"file:/path" of its password."""

    ca: str = ""
    """PEM file with the certificate that the brokers' are signed by, or "system"; without it there is no TLS."""

    plain: bool = False
    """The brokers offer no TLS: only in a network that nobody else reaches."""

    replicas: int = 3
    """Copies of every topic; topics with fewer are refused at start."""

    min_in_sync: int = 2
    """Copies that must have a record before it counts as kept; topics that ask for fewer are refused at start."""

    partners: tuple[str, ...] = ()
    """Who reads accepted alerts from a topic `<prefix>.<mode>.alerts.<id>`: agencies and neighbours, each as policy and treaty allow;
    "public" is what public feeds show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """[delivery]"""

    at_once: int = 256
    """Attempts under way at the same time, all endpoints together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """[log]"""

    level: str = "warning"
    """debug, info, warning or error; a healthy hub is silent at warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole of hub.toml."""

    hub: HubSettings = field(default_factory=HubSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    stream: StreamSettings = field(default_factory=StreamSettings)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    log: LogSettings = field(default_factory=LogSettings)
    channels: dict[str, dict[str, object]] = field(default_factory=dict)
    """The server that the channel goes through, as its module says; "file:/path" stands for a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """One [[source]] of sources.toml: when and how a source is read."""

    name: str
    """Unique; letters, digits and hyphens."""

    kind: str
    """Module in connectors/, or the dotted path of a private one."""

    enabled: bool = True
    """Switched off sources are shown as such and not read."""

    interval_s: float = 60.0
    """Seconds between two readings."""

    silent_after_s: float | None = None
    """Seconds without anything new after which it shows as silent, for a source that promises to speak so often; none: no promise."""

    zone: str = "Asia/Ho_Chi_Minh"
    """Assumed for times without a zone."""

    hosts: tuple[str, ...] = ()
    """The only hosts it is read from; those of its addresses when empty."""

    rewrite: dict[str, str] = field(default_factory=dict)
    """Other hosts in the place of those that its links name wrongly."""

    accept: str = "*/*"
    """Accept header."""

    ca_file: str = ""
    """PEM file with a certificate that the source fails to send."""

    plain_http: bool = False
    """It offers no TLS."""

    max_bytes: int = 8 * 1024 * 1024
    """Largest document."""

    timeout_s: float = 30.0
    """For one document, redirects included."""

    status: str = "Actual"
    """CAP status of what it says when it does not speak CAP."""

    ack_to: str = ""
    """Address to which a CAP message of msgType Ack is posted for each of its alerts that took effect; none when empty."""

    settings: dict[str, object] = field(default_factory=dict)
    """The connector's own settings."""
