"""The key that seals secrets in the store: a file beside it, never in it."""

from __future__ import annotations

import os
from pathlib import Path

from hub.store import endpoints


def load_seal_key(path: Path) -> bytes:
    """The key that seals secrets in the store: 32 random bytes in a file only we can read, made at the first start."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(fd, "wb") as file:
        key = endpoints.new_seal_key()
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key
