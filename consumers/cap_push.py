"""CAP pushed to another alerting system (a national platform, a neighbour's hub): the document itself, POSTed as application/cap+xml.

The other side knows an alert by CAP's own identity (sender, identifier, sent), so a repeated POST is the same alert: it must take one
twice without effect, and may say so by a status of its own (`duplicate`). What goes out is the alert as accepted, with its original
sender; with `signed` the hub puts its own enveloped XML signature on it. What CAP cannot say (a summary, a missed or a disputed alert) is
refused here, so that the owner's alternate tells it; a test is a message of status System, which airs nothing.

The credential belongs to the host, not to the endpoint: whoever changes an address at the desk cannot carry it elsewhere. A host that the
deployment file names is proven by taking the System message; any other must answer the challenge that stands in its `note`.
No loops: policy sends a neighbour nothing that its own system said (`hub.policy.sending`), whichever way it came here.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from lxml import etree

from hub.cap.model import Alert
from hub.cap.xml import write
from hub.consumer import ChannelIO, Delivery, Endpoint, Receipt, Rendered
from hub.errors import ConfigError, Forbidden, Rejected, Retry
from hub.http import Answered
from hub.http.retry_after import retry_after_s
from hub.http.urls import read_url

_RETRIED = frozenset({408, 425, 429})
_SAID = frozenset({"alert.new", "alert.update", "alert.cancel", "alert.ended", "alert.left_your_area"})
_TESTS = frozenset({"endpoint.test", "endpoint.challenge"})
_DUPLICATE = re.compile(r"([1-5]\d\d)(?::(.+))?")
_VALUE = re.compile(r"[\x21-\x7e][\x20-\x7e]*")
CONTENT = "application/cap+xml"


@dataclass(frozen=True)
class Settings:
    """How one other system is reached."""

    url: str
    """Where to POST; https except inside networks that the deployment names."""

    duplicate: str = ""
    """How it says that it has the alert already, besides 2xx: a status ("409"), or a status and a word of its answer ("400:duplicate")."""

    signed: bool = False
    """The hub signs what it sends (enveloped XML-DSig); needs `certificate` and `key` of the deployment and the extra `sign`."""

    def __post_init__(self) -> None:
        try:
            read_url(self.url)
        except Forbidden as error:
            raise ConfigError("url", str(error), "write https://host/path") from error
        if self.duplicate and not _DUPLICATE.fullmatch(self.duplicate):
            raise ConfigError("duplicate", f"{self.duplicate!r} is no status", '"409" or "400:duplicate"')


@dataclass(frozen=True)
class Gateway:
    """What the deployment knows of other systems, and what it signs with."""

    sender: str
    """CAP sender of this hub, for messages of status System."""

    authorization: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Host (with :port where it is not 443) -> the whole Authorization header for it; write "file:/path"."""

    certificate: str = ""
    """PEM file with the certificate that signs."""

    key: str = ""
    """PEM file with its RSA private key: the same alert then always has the same signature."""

    def __post_init__(self) -> None:
        if not self.sender or re.search(r"[\s,<&]", self.sender):
            raise ConfigError("sender", f"{self.sender!r} is no CAP sender", "a name without spaces, commas, < and &")
        for host, value in self.authorization.items():
            if not host or "/" in host or not _VALUE.fullmatch(value):
                raise ConfigError(f"authorization.{host}", "not a host with a header value", '"Bearer …"')
        if bool(self.certificate) != bool(self.key):
            raise ConfigError("key", "certificate and key belong together", "both, or neither")
        for name in ("certificate", "key"):
            if getattr(self, name) and not Path(getattr(self, name)).is_file():
                raise ConfigError(name, f"there is no file {getattr(self, name)}", "the path of a PEM file")
        if self.certificate:
            self.signer()

    def signer(self) -> _Signer | None:
        """What signs, or None without a certificate.

        Raises:
            ConfigError: the extra is not there, or the key is not RSA.
        """
        return _Signer(Path(self.certificate), Path(self.key)) if self.certificate else None


class Channel:
    """Posts the CAP document once, and says what the answer means."""

    Settings: ClassVar[type] = Settings

    def __init__(self, io: ChannelIO) -> None:
        if not isinstance(io.gateway, Gateway):
            raise ConfigError("hub.toml: channels.cap_push", "is missing", 'sender = "…"')
        self._io = io
        self._gateway = io.gateway
        self._signer = io.gateway.signer()

    async def aclose(self) -> None:
        """Nothing is held open here; connections are the poster's."""

    def render(self, delivery: Delivery, endpoint: Endpoint) -> Rendered:
        """The document and its headers. Pure: an alert is the same bytes in every attempt.

        Raises:
            Rejected: CAP cannot say this event, or the endpoint wants a signature and the deployment has no certificate.
        """
        settings: Settings = endpoint.settings
        if delivery.event_type in _TESTS:
            body = write(self._system(delivery))
        elif delivery.event_type in _SAID and delivery.cap_xml:
            body = delivery.cap_xml
        else:
            raise Rejected(f"cap-cannot-say {delivery.event_type}")
        if settings.signed:
            if self._signer is None:
                raise Rejected("no-certificate: the deployment signs nothing")
            body = self._signer.sign(body)
        given = self._gateway.authorization.get(_host(settings.url))
        about = {"content-type": CONTENT, "hub-delivery-id": delivery.delivery_id}
        return Rendered(body, {**about, **({"authorization": given} if given else {})})

    async def send(self, rendered: Rendered, endpoint: Endpoint, *, timeout_s: float) -> Receipt:
        """One POST and what its answer means. Contract and errors: `hub.consumer.Channel.send`."""
        settings: Settings = endpoint.settings
        answer = await self._io.poster.post(settings.url, rendered.body, rendered.headers, timeout_s=timeout_s)
        vouched = _host(settings.url) in self._gateway.authorization
        return _judge(answer, settings, self._io.clock.now(), challenge=_challenge(rendered.body) if vouched else b"")

    def _system(self, delivery: Delivery) -> Alert:
        """A message that airs nothing anywhere (CAP 1.2 §3.2.1, status System); a challenge stands in its note."""
        sent = delivery.attempted_at.replace(microsecond=0)
        note = delivery.challenge or self._io.words.say("event.endpoint_test")
        return Alert(delivery.delivery_id, self._gateway.sender, sent, status="System", scope="Private", note=note)


class _Signer:
    """Enveloped XML-DSig, exclusive canonicalisation, RSA with SHA-256: deterministic."""

    def __init__(self, certificate: Path, key: Path) -> None:
        if importlib.util.find_spec("signxml") is None:
            raise ConfigError("certificate", "signing is not installed", "install the extra: dongnai-hub[sign]")
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        self._certificate = certificate.read_text(encoding="ascii")
        try:
            self._key: Any = load_pem_private_key(key.read_bytes(), None)
        except (ValueError, TypeError) as error:
            raise ConfigError("key", f"{key} is no private key in PEM", "without a passphrase") from error
        if not isinstance(self._key, RSAPrivateKey):
            raise ConfigError("key", f"{key} is not RSA", "an RSA key: its signatures are the same every time")

    def sign(self, document: bytes) -> bytes:
        """The document with one more element at its end, where CAP's schema has its place."""
        from signxml.algorithms import CanonicalizationMethod, SignatureMethod
        from signxml.signer import XMLSigner

        signer = XMLSigner(
            signature_algorithm=SignatureMethod.RSA_SHA256,
            c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        )
        root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
        signed = signer.sign(root, key=self._key, cert=self._certificate)
        written: bytes = etree.tostring(signed, xml_declaration=True, encoding="UTF-8")
        return written


def _host(url: str) -> str:
    """The host of the address as the deployment file writes it."""
    return read_url(url).authority.casefold()


_NOTE = re.compile(rb"<status>System</status>.*<note>([^<]*)</note>", re.DOTALL)


def _challenge(body: bytes) -> bytes:
    """What stands in the note of a message of ours of status System; b"" for an alert."""
    found = _NOTE.search(body)
    return found[1] if found else b""


def _judge(answer: Answered, settings: Settings, now: datetime, *, challenge: bytes) -> Receipt:
    """A receipt for 2xx, and for what the other side calls a duplicate; what else an answer can mean is raised."""
    status = answer.status
    if 200 <= status < 300:
        return Receipt(status=status, body=challenge or answer.body)
    known = _DUPLICATE.fullmatch(settings.duplicate)
    if known and int(known[1]) == status and (known[2] or "").encode().lower() in answer.body.lower():
        return Receipt(status=status, detail="duplicate", body=answer.body)
    if status in _RETRIED or status >= 500:
        raise Retry(f"http-{status}", after_s=retry_after_s(answer.headers.get("retry-after", ""), now), status=status)
    raise Rejected(f"http-{status}", status=status, gone=status == 410)
