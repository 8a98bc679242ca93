"""hub.store.backup: whole copies made while the hub writes, and restored only where nothing stands."""

from __future__ import annotations

import asyncio
import io
import sqlite3
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from hub.clock import SetClock
from hub.errors import ConfigError, WrongMode
from hub.store import audit, head, meta, open_store
from hub.store.backup import Manifest, backup, backup_database, read_manifest, restore, restore_database
from hub.store.postgres import open_database
from hub.store.postgres_address import address
from hub.store.sqlite import SqliteStore, open_file
from tests.servers.postgres import Postgres
from tests.store.contract import START, after, decide


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "hub.db"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "hub-backup.tar"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = open_file(path, mode="test", clock=SetClock(START))
    for _ in range(20):
        await store.write(decide)
    yield store
    await store.close()


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def test_a_restored_store_is_the_store_at_the_moment_of_the_backup(
    store: SqliteStore, path: Path, archive: Path, tmp_path: Path
) -> None:
    manifest = backup(path, archive, at=START)
    await store.write(decide)
    assert (manifest.seq, manifest.mode, manifest.audit_n) == (20, "test", 20)
    assert read_manifest(archive) == manifest
    assert archive.stat().st_mode & 0o777 == 0o600

    target = tmp_path / "elsewhere" / "hub.db"
    assert restore(archive, target, mode="test", at=START) == manifest
    assert names(target.parent) == ["hub.db"]
    restored = open_file(target, mode="test", clock=SetClock(START))
    assert await restored.read(audit.verify) == audit.Verdict(20)
    assert (await restored.read(head.look)).audit_hash == manifest.audit_hash
    assert await restored.read(meta.hub_id) == await store.read(meta.hub_id)
    await restored.write(decide)
    await restored.close()


async def test_a_restored_store_is_of_another_epoch(
    store: SqliteStore, path: Path, archive: Path, tmp_path: Path
) -> None:
    backup(path, archive, at=START)
    restore(archive, tmp_path / "new.db", mode="test", at=START)
    restored = open_file(tmp_path / "new.db", mode="test", clock=SetClock(START))
    epochs = [await one.read(lambda conn: meta.get(conn, "epoch")) for one in (store, restored)]
    assert epochs[0] != epochs[1]
    assert await restored.read(lambda conn: meta.get(conn, "restored_at")) == START.isoformat()
    await restored.close()


async def test_a_backup_made_while_the_hub_writes_is_whole(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    busy = True

    async def write() -> int:
        written = 0
        while busy:
            await store.write(decide)
            written += 1
        return written

    writing = [asyncio.ensure_future(write()) for _ in range(4)]
    loop = asyncio.get_running_loop()
    manifests = []
    for n in range(3):
        target = tmp_path / f"{n}.tar"
        manifests.append(await loop.run_in_executor(None, lambda target=target: backup(path, target, at=START)))
    busy = False
    assert sum(await asyncio.gather(*writing)) > 3
    assert manifests[0].seq < manifests[2].seq
    for n, manifest in enumerate(manifests):
        restore(tmp_path / f"{n}.tar", tmp_path / f"{n}.db", mode="test", at=START)
        copy = open_file(tmp_path / f"{n}.db", mode="test", clock=SetClock(START))
        rows = await copy.read(lambda conn: after(conn, 0, 10**6))
        assert [seq for seq, _ in rows] == list(range(1, manifest.seq + 1))
        await copy.close()


async def test_nothing_that_stands_is_overwritten(
    store: SqliteStore, path: Path, archive: Path, tmp_path: Path
) -> None:
    backup(path, archive, at=START)
    before = archive.read_bytes()
    with pytest.raises(ConfigError, match="exists"):
        backup(path, archive, at=START)
    assert archive.read_bytes() == before
    for standing in ("x.db", "y.db-wal", "z.db-journal"):
        (tmp_path / standing).write_bytes(b"mine")
        with pytest.raises(ConfigError, match="overwrites nothing"):
            restore(archive, tmp_path / f"{standing[0]}.db", mode="test", at=START)
        assert (tmp_path / standing).read_bytes() == b"mine"


async def test_another_mode_is_refused_and_leaves_nothing(
    store: SqliteStore, path: Path, archive: Path, tmp_path: Path
) -> None:
    backup(path, archive, at=START)
    with pytest.raises(WrongMode, match="mode test, not actual"):
        restore(archive, tmp_path / "new" / "hub.db", mode="actual", at=START)
    assert names(tmp_path / "new") == []


@pytest.mark.parametrize("place", [0.3, 0.5, 0.9])
async def test_a_damaged_archive_is_refused_and_leaves_nothing(
    store: SqliteStore, path: Path, archive: Path, tmp_path: Path, place: float
) -> None:
    backup(path, archive, at=START)
    damaged = bytearray(archive.read_bytes())
    damaged[int(len(damaged) * place)] ^= 0x01
    archive.write_bytes(damaged)
    with pytest.raises(ConfigError, match="damaged"):
        restore(archive, tmp_path / "new" / "hub.db", mode="test", at=START)
    assert names(tmp_path / "new") == []


@pytest.mark.parametrize("share", [0, 0.0001, 0.5, 0.99])
async def test_a_cut_off_archive_is_refused_and_leaves_nothing(
    store: SqliteStore, path: Path, archive: Path, tmp_path: Path, share: float
) -> None:
    backup(path, archive, at=START)
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(len(whole.rstrip(b"\0")) * share)])
    with pytest.raises(ConfigError):
        restore(archive, tmp_path / "new" / "hub.db", mode="test", at=START)
    assert names(tmp_path / "new") == []


def repacked(archive: Path, **changed: object) -> None:
    """The archive, with a manifest that says something else."""
    with tarfile.open(archive) as tar:
        manifest, store = (tar.extractfile(name) for name in ("manifest.json", "hub.db"))
        assert manifest is not None
        assert store is not None
        said, bytes_ = msgspec.json.decode(manifest.read()), store.read()
    with tarfile.open(archive, "w") as tar:
        for name, body in (("manifest.json", msgspec.json.encode({**said, **changed})), ("hub.db", bytes_)):
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))


@pytest.mark.parametrize(
    "changed", [{"seq": 21}, {"audit_hash": "0" * 64}, {"hub_id": "x"}, {"format": 2}, {"sha256": "x"}, {"size": 1}]
)
async def test_a_manifest_that_says_something_else_is_refused(
    store: SqliteStore, path: Path, archive: Path, tmp_path: Path, changed: dict[str, object]
) -> None:
    backup(path, archive, at=START)
    repacked(archive, **changed)
    with pytest.raises(ConfigError):
        restore(archive, tmp_path / "new" / "hub.db", mode="test", at=START)
    assert names(tmp_path / "new") == []


async def test_a_store_whose_decisions_were_tampered_with_is_not_backed_up_as_whole(
    store: SqliteStore, path: Path, archive: Path
) -> None:
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("UPDATE audit SET who = 'nobody' WHERE n = 7")
    raw.close()
    with pytest.raises(ConfigError, match="entry 7"):
        backup(path, archive, at=START)
    assert [name for name in names(archive.parent) if name.startswith("hub-backup")] == []


@pytest.mark.parametrize("body", [b"", b"not a tar at all" * 100])
def test_what_is_no_archive_is_refused(archive: Path, tmp_path: Path, body: bytes) -> None:
    archive.write_bytes(body)
    for act in (lambda: read_manifest(archive), lambda: restore(archive, tmp_path / "x.db", mode="test", at=START)):
        with pytest.raises(ConfigError, match="no archive"):
            act()


def test_there_must_be_a_store_and_an_archive(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no store"):
        backup(tmp_path / "none.db", archive, at=START)
    assert not (tmp_path / "none.db").exists()
    with pytest.raises(ConfigError, match="no archive"):
        restore(archive, tmp_path / "x.db", mode="test", at=START)


def test_a_manifest_is_plain_json(archive: Path) -> None:
    said = Manifest(1, "t", "h", "test", 1, 2, "a", 3, "s")
    assert msgspec.json.decode(msgspec.json.encode(said), type=Manifest) == said


@pytest.mark.needs("postgres")
async def test_a_backup_of_postgresql_made_while_the_hub_writes_is_restored_to_either_backend(
    postgres: Postgres, database: str, tmp_path: Path
) -> None:
    """One archive, whole and checked; each restored store goes on with its next seq under an epoch of its own."""
    store = await asyncio.to_thread(open_database, database, mode="test", clock=SetClock(START))
    acknowledged, done = 0, asyncio.Event()

    async def write() -> int:
        written = 0
        while not done.is_set():
            written = await store.write(decide)
        return written

    writing = asyncio.ensure_future(write())
    acknowledged = await store.write(decide)
    archive = tmp_path / "hub.tar"
    manifest = await asyncio.to_thread(backup_database, address(database), archive, at=START)
    done.set()
    assert acknowledged <= manifest.seq <= await writing
    assert (manifest.mode, manifest.hub_id) == ("test", await store.read(meta.hub_id))
    epoch = await store.read(lambda conn: meta.get(conn, "epoch"))
    await store.close()

    other = postgres.database()
    place = address(other)
    assert await asyncio.to_thread(restore_database, archive, place, tmp_path, mode="test", at=START) == manifest
    await asyncio.to_thread(restore, archive, tmp_path / "new" / "hub.db", mode="test", at=START)
    for url in (other, f"sqlite:///{tmp_path / 'new' / 'hub.db'}"):
        restored = await asyncio.to_thread(open_store, url, mode="test", clock=SetClock(START))
        assert (await restored.read(audit.verify)) == audit.Verdict(manifest.seq)
        assert await restored.write(decide) == manifest.seq + 1
        assert await restored.read(lambda conn: meta.get(conn, "epoch")) not in (epoch, None)
        await restored.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hub.tar", "new"]
    with pytest.raises(ConfigError, match="holds a store already"):
        await asyncio.to_thread(restore_database, archive, place, tmp_path, mode="test", at=START)


@pytest.mark.needs("postgres")
async def test_a_backup_of_a_file_is_restored_to_postgresql(
    store: SqliteStore, path: Path, archive: Path, database: str, tmp_path: Path
) -> None:
    await asyncio.gather(*(store.write(decide) for _ in range(9)))
    backup(path, archive, at=START)
    with pytest.raises(WrongMode):
        restore_database(archive, address(database), tmp_path, mode="actual", at=START)
    await asyncio.to_thread(restore_database, archive, address(database), tmp_path, mode="test", at=START)
    restored = await asyncio.to_thread(open_store, database, mode="test", clock=SetClock(START))
    assert await restored.write(decide) == 30
    assert (await restored.read(audit.verify)) == audit.Verdict(30)
    await restored.close()


@pytest.mark.needs("postgres")
async def test_an_empty_database_has_no_backup(database: str, archive: Path) -> None:
    with pytest.raises(ConfigError, match="there is no store"):
        await asyncio.to_thread(backup_database, address(database), archive, at=START)
    assert list(archive.parent.iterdir()) == []
