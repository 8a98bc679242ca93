"""What is configured: where one siren or group listens (`Settings`), and the deployment's broker and keys (`Gateway`)."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from consumers.mqtt_siren import jws
from hub.errors import ConfigError

DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LONGEST_S = 900


@dataclass(frozen=True)
class Settings:
    """How one siren, or a group that always sounds together, is reached."""

    to: str
    """The topic of its commands, without wildcards, such as `coi/tan-phu/lenh`. The hub alone may publish there."""

    devices: Mapping[str, str] = field(default_factory=dict)
    """Id -> public key (`whpk_…`) of each device whose answers count; "" believes answers under that id unsigned, resting on the broker's rights alone."""

    quorum: int = 0
    """So many of `devices` must have answered; 0 for all of them."""

    awaits: Literal["device", "broker"] = "device"
    """`device`: delivered is what the devices confirm. `broker`: for devices that cannot answer; delivered is what the broker took while somebody listened, never acknowledged."""

    ack_topic: str = ""
    """Where its devices answer; the topic + `/ack` when empty."""

    stop_topic: str = ""
    """Where it hears STOP; the topic + `/stop` when empty."""

    sound_s: int = 180
    """How long it sounds, in seconds; the device stops by itself."""

    pattern: str = ""
    """Which of its sounds it plays, in its maker's words; "" for the device's own choice."""

    def __post_init__(self) -> None:
        for name in ("to", "ack_topic", "stop_topic"):
            _check_topic(name, getattr(self, name), wanted=name == "to")
        if len({self.to, self.acks, self.stops}) < 3:
            raise ConfigError("to", "commands, answers and STOP share a topic", "three different topics")
        if self.awaits not in ("device", "broker"):
            raise ConfigError("awaits", f"{self.awaits!r} is unknown", "device or broker")
        if self.awaits == "device" and not self.devices:
            raise ConfigError("devices", "nobody is named who could answer", 'name the devices, or awaits = "broker"')
        for device, key in self.devices.items():
            if not DEVICE.fullmatch(device) or (key and not jws.is_public_key(key)):
                raise ConfigError(f"devices.{device}", "not an id with a public key", "letters, digits, .-_ and whpk_…")
        if not 0 <= self.quorum <= len(self.devices):
            raise ConfigError("quorum", f"{self.quorum} of {len(self.devices)} devices", "0 for all, or fewer")
        if not 1 <= self.sound_s <= LONGEST_S:
            raise ConfigError("sound_s", f"{self.sound_s} seconds", f"1 to {LONGEST_S}")

    @property
    def acks(self) -> str:
        """The topic of the answers."""
        return self.ack_topic or f"{self.to}/ack"

    @property
    def stops(self) -> str:
        """The topic of STOP."""
        return self.stop_topic or f"{self.to}/stop"

    @property
    def wanted(self) -> int:
        """How many devices must have answered."""
        return self.quorum or len(self.devices)


@dataclass(frozen=True)
class Gateway:
    """The broker of the deployment and the keys that sign; STOP may go another way."""

    host: str
    """Name of the broker as its certificate has it."""

    port: int = 8883
    """TLS always: there is no other way to speak to it."""

    ca_file: str = ""
    """PEM file of the authority that certified the broker, then the only one trusted; the machine's when empty."""

    cert_file: str = ""
    """PEM file of our own certificate, where the broker asks for one."""

    key_file: str = ""
    """PEM file of its private key."""

    username: str = ""
    """Our name at the broker."""

    password: str = field(default="", repr=False)
    """Its password; write "file:/path"."""

    signing_key: str = field(default="", repr=False)
    """Private key (`whsk_…`) that signs commands; write "file:/path". `hub siren key` makes one."""

    key_id: str = "hub"
    """Name under which devices keep its public half."""

    stop_key: str = field(default="", repr=False)
    """Private key (`whsk_…`) that signs STOP, another one, kept apart; devices take nothing but STOP and release under it."""

    stop_key_id: str = "stop"
    """Name under which devices keep its public half."""

    stop_topic: str = "coi/tat-ca/stop"
    """Where every device of the deployment hears a STOP for all."""

    stop_host: str = ""
    """Broker for STOP, where it is to go another way; `host` when empty."""

    stop_port: int = 0
    """Its port; `port` when 0."""

    stop_username: str = ""
    """Our name there when we say STOP; `username` when empty."""

    stop_password: str = field(default="", repr=False)
    """Its password; write "file:/path"."""

    def __post_init__(self) -> None:
        if importlib.util.find_spec("paho") is None:
            raise ConfigError("host", "the MQTT client is not installed", "install the extra: dongnai-hub[mqtt]")
        if not self.host:
            raise ConfigError("host", "is empty", "the broker's name")
        for name in ("port", "stop_port"):
            if not (name == "port") <= getattr(self, name) < 65536:
                raise ConfigError(name, f"{getattr(self, name)} is no port", "8883")
        for name in ("ca_file", "cert_file", "key_file"):
            path = getattr(self, name)
            if path and not Path(path).is_file():
                raise ConfigError(name, f"there is no file {path}", "the path of a PEM file")
        for name in ("signing_key", "stop_key"):
            if not jws.is_private_key(getattr(self, name)):
                raise ConfigError(name, "is no private key", 'make one with `hub siren key` and write "file:/path"')
        if self.signing_key == self.stop_key or self.key_id == self.stop_key_id:
            raise ConfigError("stop_key", "is the one that signs commands", "another key under another name")
        _check_topic("stop_topic", self.stop_topic, wanted=True)


def _check_topic(name: str, topic: str, *, wanted: bool) -> None:
    bad = any(letter in "+#\0" or letter < " " for letter in topic) or topic.startswith("$") or len(topic) > 200
    if bad or (wanted and not topic):
        raise ConfigError(name, f"{topic!r} is no topic to publish to", "a name such as coi/tan-phu/lenh")
