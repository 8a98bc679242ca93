"""The key that seals secrets in the store: a file beside it, never in it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from sqlalchemy import Connection

from hub.errors import ConfigError
from hub.store import endpoints, meta


def load_seal_key(path: Path) -> bytes:
    """The key that seals secrets in the store: 32 random bytes in a file only we can read, made at the first start.

    The file is whole or not there, wherever a first start is killed; of two processes that make it at once both get the same.

    Raises:
        ConfigError: the file is no key: it was cut or replaced.
    """
    with contextlib.suppress(FileExistsError):
        if not path.exists():
            _make(path)
    key = path.read_bytes()
    if len(key) != endpoints.SEAL_KEY_BYTES:
        mend = f"{endpoints.SEAL_KEY_BYTES} bytes: put back the key file that belongs to this store"
        raise ConfigError(str(path), f"has {len(key)} bytes", mend)
    return key


def check_shared(conn: Connection, key: bytes, *, alone: bool) -> None:
    """Every process of the hub seals with one key: what one has sealed the others can open.

    A process that is `alone` may bring another key, as after a restored backup whose key was lost; what the old one had sealed does
    not open then, and the endpoints concerned say so.

    Raises:
        ConfigError: others run with another key; with this one every delivery would fail here.
    """
    mark = hashlib.sha256(b"hub seal key " + key).hexdigest()[:32]
    known = meta.get(conn, "seal")
    if known is not None and known != mark and not alone:
        reason = "is another key than that of the hub's other processes"
        raise ConfigError("seal.key", reason, "copy the file seal.key of their data folder into this one")
    if known != mark:
        meta.put(conn, "seal", mark)


def _make(path: Path) -> None:
    """A new key stands at `path`, durable.

    Raises:
        FileExistsError: another process was first.
    """
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    fd = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(endpoints.new_seal_key())
            file.flush()
            os.fsync(file.fileno())
        os.link(unfinished, path)
    finally:
        unfinished.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
