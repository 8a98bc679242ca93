"""Where a PostgreSQL store is: its URL read and judged before anything is opened; what is printed of it never holds a password."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from hub.errors import ConfigError

SCHEMES = ("postgresql", "postgresql+asyncpg", "postgres")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
EXAMPLE = "postgresql://hub@127.0.0.1/hub_actual"


@dataclass(frozen=True, slots=True)
class Address:
    """`dsn` is what the driver gets, without a password; `name` is what people read."""

    dsn: str
    name: str
    password: str = field(default="", repr=False)


def is_postgres(url: str) -> bool:
    """Whether the URL names a PostgreSQL store at all."""
    return url.partition("://")[0] in SCHEMES


def address(url: str, password: str = "") -> Address:
    """The address at `url`; `password` counts where the URL names none.

    Raises:
        ConfigError: it names no database, or one on another machine without saying how the wire is protected.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 5432
    except ValueError:
        raise ConfigError("store.url", "its host or port cannot be read", EXAMPLE) from None
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    database = parts.path.strip("/")
    host = host or asked.get("host", "")
    if parts.scheme not in SCHEMES or not database or "/" in database:
        raise ConfigError("store.url", "it names no database", EXAMPLE)
    if not (host in LOOPBACK or host.startswith("/") or "sslmode" in asked):
        reason = f"{host or 'no host'}: the way to another machine is not said to be protected"
        raise ConfigError(
            "store.url",
            reason,
            "?sslmode=verify-full&sslrootcert=/path/ca.pem, or ?sslmode=disable on a wire of its own",
        )
    known = asked.pop("password", "") or unquote(parts.password or "")
    login = f"{parts.netloc.rpartition('@')[0].partition(':')[0]}@" if parts.username else ""
    place = parts.netloc.rpartition("@")[2]
    dsn = urlunsplit(("postgresql", f"{login}{place}", parts.path, urlencode(asked), ""))
    return Address(dsn=dsn, name=f"PostgreSQL {database} at {host}:{port}", password=known or password)
