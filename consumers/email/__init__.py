"""Mail to an agency's mailboxes through the deployment's server: text, HTML and the alert itself as `application/cap+xml`.

A mail's Message-ID is the delivery's id, the same over all tries, so that a repeated try is the same mail. Mails of one warning stand in
one thread: each refers to an id of its chain (RFC 5322 §3.6.4), under which no mail was ever sent, for what came first may have been lost.
It says that a machine wrote it (RFC 3834 §5) and for which list (RFC 2919). Nothing in it is fetched from anywhere; the only link is the
page on which a person confirms, and only the press there counts.

The subject begins with the mode's word, the kind of news and the level. What is over says so first, and never what to do.

4xx and a lost connection are tried again, 5xx is a refusal (RFC 5321 §4.2.1). Where the server takes some addresses of an endpoint and
refuses others the delivery has not arrived: it is tried again or refused for those alone. TLS is verified; a server that should offer
STARTTLS and does not gets nothing. Reasons hold codes and masked addresses, never what a server says.

A mailbox is proven by a code that is sent to it and given back at the desk.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import aiosmtplib

from consumers.email.writing import Writer
from hub.consumer import ChannelIO, Delivery, Endpoint, Receipt, Rendered
from hub.errors import ConfigError, Rejected, Retry
from hub.http.gate import Gate
from hub.http.tls import client_context, reason_of
from hub.remembering import Remembered

__all__ = ["Channel", "Gateway", "Settings"]

MOST_ADDRESSES = 50
PORTS = {"starttls": 587, "implicit": 465, "none": 25}
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ADDRESS = re.compile(
    rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+)*@{_LABEL}(?:\.{_LABEL})+"
)
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True)
class Settings:
    """Which mailboxes."""

    to: tuple[str, ...]
    """The agency's addresses; all of them must take it."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.to) <= MOST_ADDRESSES:
            raise ConfigError("to", f"{len(self.to)} addresses", f"1 to {MOST_ADDRESSES}")
        for address in self.to:
            check_address("to", address)
        if len({address.casefold() for address in self.to}) < len(self.to):
            raise ConfigError("to", "an address stands there twice", "each once")


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """The deployment's mail server."""

    host: str
    """The server's name, as its certificate has it."""

    sender: str
    """The address mails come from."""

    tls: Literal["starttls", "implicit", "none"] = "starttls"
    """STARTTLS, TLS from the beginning, or none (a server on this machine, without password)."""

    port: int = 0
    """0: 587 with STARTTLS, 465 with TLS from the beginning, 25 without."""

    user: str = ""
    """The account on the server; empty: none is needed."""

    password: str = field(default="", repr=False)
    """Its password; "file:/path"."""

    ca_file: str = ""
    """Further authorities whose certificates are believed (PEM), for a server of the province's own."""

    sender_name: str = ""
    """The name before the sender's address."""

    reply_to: str = ""
    """Where answers go; empty: to the sender."""

    list_id: str = ""
    """The list that mail programs sort by, such as canh-bao.example.vn; empty: none."""

    at_once: int = 8
    """Connections to the server at a time."""

    def __post_init__(self) -> None:
        if self.tls not in PORTS:
            raise ConfigError("tls", f"{self.tls!r} is unknown", ", ".join(PORTS))
        if not _HOST.fullmatch(self.host) or len(self.host) > 253:
            raise ConfigError("host", f"{self.host[:80]!r} is no host name", "a name such as mail.example.vn")
        if not 0 <= self.port < 65536:
            raise ConfigError("port", f"{self.port} is no port", "leave it out, or 587, 465, 25")
        if bool(self.user) != bool(self.password):
            raise ConfigError("user", "user and password go together", "write both, or neither")
        if self.password and self.tls == "none":
            raise ConfigError("tls", "a password would be sent in the clear", "starttls or implicit")
        check_address("sender", self.sender)
        if self.reply_to:
            check_address("reply_to", self.reply_to)
        if self.list_id and not _HOST.fullmatch(self.list_id):
            raise ConfigError("list_id", f"{self.list_id[:80]!r} is no list id", "a name such as canh-bao.example.vn")
        if not self.sender_name.isprintable():
            raise ConfigError("sender_name", "has a sign that is not shown", "a name on one line")
        if not 1 <= self.at_once <= 64:
            raise ConfigError("at_once", f"{self.at_once} is out of range", "1 to 64")
        if self.ca_file:
            try:
                client_context(self.ca_file)
            except (OSError, ssl.SSLError) as error:
                raise ConfigError("ca_file", f"{self.ca_file}: {error}", "a file with certificates (PEM)") from error


def check_address(key: str, address: str) -> None:
    """Returns when `address` is a mailbox as SMTP writes it without quoting (RFC 5321 §4.1.2).

    Raises:
        ConfigError: it is none.
    """
    if not _ADDRESS.fullmatch(address) or len(address) > 254 or len(address.partition("@")[0]) > 64:
        raise ConfigError(key, f"{masked(address)!r} is no address", "name@example.vn")


def masked(address: str) -> str:
    """Enough of an address for its owner to know it by."""
    name, at, host = address.partition("@")
    return f"{name[:2]}…{at}{host}"[:80]


class Channel:
    """Writes the mail, hands it to the server once, and knows which addresses have taken it."""

    Settings: ClassVar[type] = Settings
    proven_by: ClassVar[str] = "code"

    def __init__(self, io: ChannelIO) -> None:
        self._io = io
        self._taken = Remembered()
        self._writer = Writer(io.gateway, io.words, io.hazards)
        gateway: Gateway | None = io.gateway
        self._gate = Gate(gateway.at_once if gateway is not None else 1)
        tls = gateway is not None and gateway.tls != "none"
        self._tls = client_context(io.gateway.ca_file, protocol="") if tls else None

    async def aclose(self) -> None:
        """Nothing is held open: each mail has a connection of its own."""

    def render(self, delivery: Delivery, endpoint: Endpoint) -> Rendered:
        """The whole mail."""
        body = self._writer.mail(delivery, endpoint.settings.to, language=endpoint.language)
        return Rendered(body, {"id": delivery.delivery_id})

    async def send(self, rendered: Rendered, endpoint: Endpoint, *, timeout_s: float) -> Receipt:
        """Contract and errors: `hub.consumer.Channel.send`."""
        mail = rendered.headers["id"]
        left = [address for address in endpoint.settings.to if (mail, address) not in self._taken]
        try:
            async with asyncio.timeout(timeout_s), self._gate:
                refused, said = await self._hand_over(rendered.body, left or endpoint.settings.to)
        except TimeoutError as error:
            raise Retry(f"timeout: {self._io.gateway.host}: not taken in {timeout_s:g} s") from error
        for address in left:
            if address not in refused:
                self._taken.add((mail, address))
        if refused:
            raise _some_refused(refused, len(endpoint.settings.to))
        return Receipt(status=250, detail=f"{len(endpoint.settings.to)} taken {_code(said)}".strip())

    async def _hand_over(self, body: bytes, to: Sequence[str]) -> tuple[Mapping[str, tuple[int, str]], str]:
        """(address -> code and enhanced code of those refused, what the server said to the mail).

        Raises:
            Retry, Rejected: nobody got it.
        """
        gateway: Gateway = self._io.gateway
        client = aiosmtplib.SMTP(
            hostname=gateway.host,
            port=gateway.port or PORTS[gateway.tls],
            username=gateway.user or None,
            password=gateway.password or None,
            local_hostname=gateway.sender.partition("@")[2],
            timeout=None,  # the whole exchange has one limit
            use_tls=gateway.tls == "implicit",
            start_tls=gateway.tls == "starttls",
            tls_context=self._tls,
        )
        try:
            await client.connect()
            refused, said = await client.sendmail(gateway.sender, to, body)
            return {address: (answer.code, _code(answer.message)) for address, answer in refused.items()}, said
        except aiosmtplib.SMTPRecipientsRefused as error:
            return {one.recipient: (one.code, _code(one.message)) for one in error.recipients}, ""
        except aiosmtplib.SMTPResponseException as error:
            raise _meaning(error.code, f"smtp-{error.code} {_code(error.message)}".strip()) from None
        except ssl.SSLError as error:
            raise Retry(f"{reason_of(error)}: {gateway.host}") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            cause = error.__cause__ or error.__context__
            if isinstance(cause, ssl.SSLError):
                raise Retry(f"{reason_of(cause)}: {gateway.host}") from None
            raise Retry(f"smtp-{_word(error)}: {gateway.host}") from None
        finally:
            client.close()


def _meaning(code: int, reason: str) -> Retry | Rejected:
    return Rejected(reason, status=code) if 500 <= code < 600 else Retry(reason, status=code)


def _some_refused(refused: Mapping[str, tuple[int, str]], of: int) -> Retry | Rejected:
    """Tried again when one of them may be taken later; refused when none will."""
    told = ", ".join(f"{masked(address)} {code} {more}".strip() for address, (code, more) in list(refused.items())[:5])
    worst = min(code for code, _ in refused.values())
    return _meaning(worst, f"{len(refused)} of {of} addresses refused: {told}")


def _code(said: str) -> str:
    """The enhanced status code (RFC 3463); the server's words may hold anything."""
    found = _ENHANCED.match(said.strip())
    return found[0] if found else ""


def _word(error: Exception) -> str:
    """The kind of trouble in a word of the ledger."""
    name = type(error).__name__.removeprefix("SMTP").removesuffix("Error")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower() or "trouble"
