"""Backups: one tar file with a manifest and a whole, checked copy of the store; made while the hub runs."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import secrets
import sqlite3
import tarfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from hub.errors import ConfigError, WrongMode
from hub.store import audit, head, meta
from hub.store.postgres_address import Address
from hub.store.sqlite import connect, sync_folder

_CHUNK = 1 << 20
_MANIFEST = "manifest.json"
_STORE = "hub.db"
_REMNANTS = ("-wal", "-shm", "-journal")


class Manifest(msgspec.Struct, frozen=True):
    """What an archive says of its copy; all of it was read from the copy itself."""

    format: int
    at: str
    hub_id: str
    mode: str
    seq: int
    audit_n: int
    audit_hash: str
    size: int
    sha256: str


def backup(store_path: Path, target: Path, *, at: datetime) -> Manifest:
    """`target` is a new, durable archive of the store as it was at one moment; the hub may go on writing meanwhile.

    Raises:
        ConfigError: there is no such store, `target` exists, or the copy is damaged; no archive was left.
    """
    if not store_path.exists():
        raise ConfigError("backup", f"there is no store at {store_path}", "see [store] url")
    if target.exists():
        raise ConfigError("backup", f"{target} exists already", "give a new name")
    copy = target.with_name(target.name + ".copy")
    partial = target.with_name(target.name + ".partial")
    with _gone_afterwards(copy, partial):
        with contextlib.closing(connect(store_path)) as raw:
            raw.execute("VACUUM INTO ?", (str(copy),))
        manifest = _examine(copy, at)
        _pack(copy, manifest, partial)
        _publish(partial, target, "backup")
    return manifest


def backup_database(place: Address, target: Path, *, at: datetime) -> Manifest:
    """The same of a store in PostgreSQL: the archive holds a file with the same rows.

    Raises:
        ConfigError: the database cannot be read, `target` exists, or the copy is damaged; no archive was left.
    """
    from hub.store.postgres_copy import into_file

    if target.exists():
        raise ConfigError("backup", f"{target} exists already", "give a new name")
    copy = target.with_name(target.name + ".copy")
    partial = target.with_name(target.name + ".partial")
    with _gone_afterwards(copy, partial):
        into_file(place, copy)
        manifest = _examine(copy, at)
        _pack(copy, manifest, partial)
        _publish(partial, target, "backup")
    return manifest


def restore_database(archive: Path, place: Address, folder: Path, *, mode: str, at: datetime) -> Manifest:
    """The empty database is a store with what the archive holds, under a new epoch. `folder` has room for a copy meanwhile.

    Raises:
        ConfigError: there is a store in the database already, or the archive is damaged; nothing was kept.
        WrongMode: the archive is of another mode.
    """
    from hub.store.postgres_copy import assert_version, file_engine, fill

    partial = folder / f"{archive.name}.partial"
    with _gone_afterwards(partial, *(partial.with_name(partial.name + remnant) for remnant in _REMNANTS)):
        manifest = _checked(archive, partial, mode)
        _open_epoch(partial, at)
        with file_engine(partial) as engine, engine.begin() as source:
            assert_version(source, archive.name)
            fill(place, source, where="restore")
    return manifest


def restore(archive: Path, path: Path, *, mode: str, at: datetime) -> Manifest:
    """`path` is a new store with what the archive holds, under a new epoch. Nothing existing is ever overwritten.

    Raises:
        ConfigError: something stands at `path`, or the archive is damaged; nothing was left.
        WrongMode: the archive is of another mode.
    """
    for standing in (path, *(path.with_name(path.name + remnant) for remnant in _REMNANTS)):
        if standing.exists():
            raise ConfigError("restore", f"{standing} exists", "move it away first; a restore overwrites nothing")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with _gone_afterwards(partial, *(partial.with_name(partial.name + remnant) for remnant in _REMNANTS)):
        manifest = _checked(archive, partial, mode)
        _open_epoch(partial, at)
        _publish(partial, path, "restore")
    return manifest


def _checked(archive: Path, partial: Path, mode: str) -> Manifest:
    """`partial` is the store that the archive's manifest describes."""
    manifest = _unpack(archive, partial, mode)
    found = _examine(partial, datetime.fromisoformat(manifest.at))
    if found != manifest:
        raise ConfigError("restore", f"the copy says {found}, the manifest {manifest}", "use another archive")
    return manifest


def read_manifest(archive: Path) -> Manifest:
    """What the archive says it holds, unchecked.

    Raises:
        ConfigError: it is no archive of ours.
    """
    with _opened(archive) as tar:
        return _manifest(tar, archive)


def _examine(copy: Path, at: datetime) -> Manifest:
    """The manifest of a whole copy. It changes nothing in the file: the copy is not in WAL mode until it is opened as a store.

    Raises:
        ConfigError: SQLite or the audit chain finds it damaged.
    """
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=lambda: sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True),
        poolclass=NullPool,
    )
    try:
        with engine.connect() as conn:
            whole = conn.exec_driver_sql("PRAGMA integrity_check").scalar_one()
            verdict = audit.verify(conn) if whole == "ok" else None
            if verdict is None or not verdict.ok:
                raise ConfigError("backup", f"the copy is damaged: {whole if verdict is None else verdict.reason}")
            state, hub_id, mode = head.look(conn), meta.hub_id(conn), meta.get(conn, "mode") or ""
    except sqlite3.Error as error:
        raise ConfigError("backup", f"the copy cannot be read: {error}") from error
    with copy.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Manifest(
        format=1,
        at=at.isoformat(),
        hub_id=hub_id,
        mode=mode,
        seq=state.seq,
        audit_n=state.audit_n,
        audit_hash=state.audit_hash,
        size=copy.stat().st_size,
        sha256=sha256,
    )


def _pack(copy: Path, manifest: Manifest, partial: Path) -> None:
    with _create(partial) as out, tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        encoded = msgspec.json.format(msgspec.json.encode(manifest))
        entry = tarfile.TarInfo(_MANIFEST)
        entry.size, entry.mode = len(encoded), 0o600
        tar.addfile(entry, io.BytesIO(encoded))
        entry = tarfile.TarInfo(_STORE)
        entry.size, entry.mode = manifest.size, 0o600
        with copy.open("rb") as file:
            tar.addfile(entry, file)


def _unpack(archive: Path, partial: Path, mode: str) -> Manifest:
    """`partial` holds the store's bytes, and they are those the manifest names."""
    with _opened(archive) as tar:
        manifest = _manifest(tar, archive)
        if manifest.mode != mode:
            raise WrongMode(f"{archive.name} is of mode {manifest.mode}, not {mode}")
        packed = tar.extractfile(_STORE)
        if packed is None:
            raise ConfigError("restore", f"{archive.name} holds no store")
        digest = hashlib.sha256()
        with _create(partial) as out:
            while chunk := packed.read(_CHUNK):
                digest.update(chunk)
                out.write(chunk)
    if digest.hexdigest() != manifest.sha256:
        raise ConfigError("restore", f"{archive.name} is damaged: SHA-256 {digest.hexdigest()}, not {manifest.sha256}")
    return manifest


@contextlib.contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(archive, "r:") as tar:
            yield tar
    except (tarfile.TarError, KeyError, OSError) as error:
        raise ConfigError("restore", f"{archive} is no archive of a hub: {error}") from error


def _manifest(tar: tarfile.TarFile, archive: Path) -> Manifest:
    packed = tar.extractfile(_MANIFEST)
    try:
        manifest = msgspec.json.decode(packed.read(_CHUNK) if packed else b"", type=Manifest)
    except msgspec.DecodeError as error:
        raise ConfigError("restore", f"{archive.name}: its manifest cannot be read: {error}") from error
    if manifest.format != 1:
        raise ConfigError(
            "restore", f"{archive.name} is of format {manifest.format}, this program reads 1", "use a newer hub"
        )
    return manifest


def _open_epoch(copy: Path, at: datetime) -> None:
    """Whoever resumes by seq learns that what came after the backup is gone (`hub.store.meta.found`)."""
    with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as raw:
        raw.execute("PRAGMA synchronous=EXTRA")
        raw.execute("BEGIN IMMEDIATE")
        for key, value in (("epoch", secrets.token_hex(16)), ("restored_at", at.isoformat())):
            raw.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))
        raw.execute("COMMIT")


def _publish(partial: Path, name: Path, what: str) -> None:
    """The file is durable under `name`, where nothing stood."""
    fd = os.open(partial, os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
    try:
        os.link(partial, name)
    except FileExistsError:
        raise ConfigError(what, f"{name} exists", "give a new name") from None
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        os.rename(partial, name)  # noqa: PTH104  FAT and some network disks have no links; that nothing stood there was seen above
    sync_folder(name.parent)


def _create(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb")


@contextlib.contextmanager
def _gone_afterwards(*paths: Path) -> Iterator[None]:
    """Scratch files: none before (VACUUM INTO refuses an existing one), none after, whatever happens."""
    for path in paths:
        path.unlink(missing_ok=True)
    try:
        yield
    finally:
        for path in paths:
            path.unlink(missing_ok=True)
