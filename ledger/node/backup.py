"""
A copy of a ledger's database to restore from, and what it takes to trust one.

A backup is a directory: the database, as of one instant or later; `config.toml`, the trust root and
policies; and, written last, `manifest.json`, which says what log it is of, the checkpoint that it
reaches at least, and the SHA-256 of every file, under a MAC by a key of the home. Keys are not in
it, nor is the anti-rollback file: a copy of that would let an old database pass for a new one
(docs/decisions/0007).

Restoring trusts nothing: the files are held to the manifest, the database to the checkpoint, and
all of it to anyone who may have seen more. The log is left halted, for a person to let it go on.
"""

import hmac
import json
import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import file_digest
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, Literal

from ledger.home.antirollback import CheckpointFile
from ledger.home.batches import KEY_FILE, BatchKey, load_batch_key
from ledger.home.keystore import KeyFileMissing, load_log_keys
from ledger.home.paths import Home, HomeNotInitialised
from ledger.home.settings import Settings
from ledger.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from ledger.log.merkle import LogError
from ledger.log.note import parse_note, parse_vkey
from ledger.log.proof import frontier_at
from ledger.log.tiles import TileHashes
from ledger.node.node import Database
from ledger.publish.log_key_history import read_log_keys
from ledger.publish.publisher import LogSigner
from ledger.runtime import durable
from ledger.store.basebackup import (
    BASE,
    Archive,
    CopyDamaged,
    check_base,
    check_database_is_vacant,
    check_home_is_vacant,
    first_segment,
    forget_segments,
    open_archive,
    place_base,
    place_dump,
    take_base,
    take_dump,
)
from ledger.store.checkpoints import latest_checkpoint
from ledger.store.connection import Pool
from ledger.store.entries import LogUnfinished, read_head
from ledger.store.segments import ArchiveGap, ArchiveNotReplayed, ArchiveUnreadable
from ledger.store.tree import TreeReader
from ledger.wire.regular import open_regular, read_regular

FORMAT = "techledger-backup/2"

Method = Literal["base", "dump"]

_MANIFEST = "manifest.json"
_HOME = ("config.toml", "trust.json", "policy", "fallback-policy")
_LAW, _ERASURES = "law", "erasures"
_LAST = "last-backup.json"
_UNFINISHED = shutil.ignore_patterns(".*")


class BackupError(Exception):
    """Superclass of the errors of this module. Never raised itself."""

    code: ClassVar[str]


class BackupCut(BackupError):
    """The backup is not whole: its manifest, or a file that this names, is missing or shorter."""

    code = "BACKUP_CUT"


class BackupCorrupt(BackupError):
    """A file of the backup, or the log within, is not what was copied."""

    code = "BACKUP_CORRUPT"


class BackupUnproven(BackupError):
    """The manifest is not by the key of this ledger's processes: somebody else may have made it."""

    code = "BACKUP_UNPROVEN"


class ArchiveRefused(BackupError):
    """The archive of the write-ahead log lacks what comes next, or cannot be read."""

    code = "ARCHIVE_GAP"


class BackupForeign(BackupError):
    """The backup is of another log than the home's, or its keys are not the home's."""

    code = "BACKUP_FOREIGN"


class BackupOlder(BackupError):
    """More was signed than the backup holds: what is missing has to come from elsewhere."""

    code = "BACKUP_OLDER"


class WrongMethod(BackupError):
    """The backup is of the other kind of database than the settings name."""

    code = "WRONG_METHOD"


class KeysMissing(BackupError):
    """The log's keys are not in the home: they are in no backup."""

    code = "KEYS_MISSING"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. `size` is the least that the database in it reaches.

    `mac` is over all else, by `keys/batches.key`; empty where that was not at hand.
    """

    origin: str
    size: int
    checkpoint: str
    made: str
    method: Method
    software: str
    files: dict[str, str]
    format: str = FORMAT
    mac: str = ""

    def is_by(self, key: BatchKey) -> bool:
        """Say whether a process that has the key made it."""
        return hmac.compare_digest(self.made_by(key).mac.encode(), self.mac.encode())

    def made_by(self, key: BatchKey) -> "Manifest":
        """Return it with the MAC of a key."""
        said = json.dumps(asdict(replace(self, mac="")), sort_keys=True)
        return replace(self, mac=key.backup_mac(said.encode()))


def back_up(
    settings: Settings, database: Database, destination: Path, method: Method
) -> tuple[Path, Manifest]:
    """
    Copy a ledger's database into a new directory below `destination`, while the ledger works.

    Returns the directory and its manifest. Raises `LogUnfinished`, `BackupFailed`, `CopyDamaged`;
    what was copied so far has no manifest then, and is refused as cut.
    """
    home, made = Home(settings.home), datetime.now(UTC)
    identity = home.identity()
    pool = Pool(database.app_dsn, size=1)
    try:
        latest = latest_checkpoint(pool)
    finally:
        pool.close()
    if latest is None:
        raise LogUnfinished
    directory = destination / f"{made:%Y%m%dT%H%M%S.%fZ}-{latest.size}"
    directory.mkdir(mode=0o700, parents=True)
    if method == "base":
        if database.embedded is None:
            raise WrongMethod("only the embedded server is copied file by file: --method dump")
        take_base(database.embedded, directory, settings.postgres_bin)
    else:
        take_dump(database.owner_dsn, directory, settings.postgres_bin)
    for name in _HOME:
        with suppress(FileNotFoundError):
            shutil.copyfile(home.path / name, directory / name)
    for name in (_LAW, _ERASURES):
        if (home.path / name).exists():
            shutil.copytree(home.path / name, directory / name, ignore=_UNFINISHED)
    manifest = Manifest(
        origin=identity.origin,
        size=latest.size,
        checkpoint=latest.note.decode(),
        made=f"{made:%Y-%m-%dT%H:%M:%SZ}",
        method=method,
        software=version("techledger"),
        files=dict(_sums(directory)),
    )
    if key := key_at_hand(home, identity.origin):
        manifest = manifest.made_by(key)
    durable.replace(directory / _MANIFEST, _json(asdict(manifest)))
    last = {"made": manifest.made, "size": manifest.size, "directory": str(directory.absolute())}
    durable.replace(home.path / _LAST, _json(last))
    return directory, manifest


def last_backup(home: Home) -> dict[str, Any] | None:
    """Return when the last backup of this home was made, to which size, and where; None: never."""
    try:
        found: dict[str, Any] = json.loads(read_regular(home.path / _LAST))
    except FileNotFoundError:
        return None
    return found


def forget_old(
    destination: Path, origin: str, keep: timedelta, archive: Path | None, bin_dir: Path | None
) -> list[Path]:
    """Remove a log's backups that are older than `keep`, but for the newest; return which.

    What the kept ones do not want of the archive of the write-ahead log goes as well. What is
    another log's stays, and a directory that somebody has put something of theirs into.
    """
    found = sorted(path.parent for path in destination.glob(f"*/{_MANIFEST}"))
    whole = [path for path in found if _is_of(path, origin)]
    oldest = datetime.now(UTC) - keep
    old = [path for path in whole[:-1] if datetime.fromisoformat(read_manifest(path).made) < oldest]
    for path in old:
        (path / _MANIFEST).unlink()  # From here on it is no backup, whatever happens.
        shutil.rmtree(path)
    kept = [path for path in whole if path not in old and (path / BASE).exists()]
    if archive and kept:
        forget_segments(archive, min(map(first_segment, kept)), bin_dir)
    return old


def _is_of(directory: Path, origin: str) -> bool:
    """Say whether a directory holds a backup of a log, and nothing else."""
    try:
        manifest = read_manifest(directory)
    except (BackupError, OSError):
        return False
    return manifest.origin == origin and {*_names(directory)} <= manifest.files.keys()


def read_manifest(directory: Path) -> Manifest:
    """Return what a backup says of itself. Raises `BackupCut`, `BackupCorrupt`."""
    try:
        values = json.loads(read_regular(directory / _MANIFEST))
        manifest = Manifest(**values)
    except FileNotFoundError:
        raise BackupCut(f"{directory} has no {_MANIFEST}: the backup was never finished") from None
    except (TypeError, ValueError) as error:
        raise BackupCorrupt(f"{directory / _MANIFEST} cannot be read: {error}") from None
    if manifest.format != FORMAT:
        raise BackupCorrupt(f"{directory} is of format {manifest.format}, not {FORMAT}")
    return manifest


def check_backup(directory: Path, bin_dir: Path | None = None) -> Manifest:
    """Read every file of a backup. Raises `BackupCut`, `BackupCorrupt`."""
    manifest = read_manifest(directory)
    found = dict(_sums(directory))
    if missing := sorted(manifest.files.keys() - found.keys()):
        raise BackupCut(f"{missing[0]} is missing, of {len(missing)} files")
    if besides := sorted(found.keys() - manifest.files.keys()):
        raise BackupCorrupt(f"{besides[0]} was not copied, one of {len(besides)} files")
    for name, digest in found.items():
        if manifest.files[name] != digest:
            raise BackupCorrupt(f"{name} is not what was copied")
    if manifest.method == "base":
        try:
            check_base(directory, bin_dir)
        except CopyDamaged as error:
            raise BackupCorrupt(str(error)) from None
    return manifest


def key_at_hand(home: Home, origin: str) -> BatchKey | None:
    """Return the key by which a manifest is shown to be this ledger's; None where it is not."""
    try:
        return load_batch_key(home.keys, origin)
    except KeyFileMissing:
        return None


def check_proven(manifest: Manifest, home: Home) -> bool:
    """Say whether a manifest is by the key in the home; False where there is no key.

    Raises `BackupUnproven` if it is by another, or by none.
    """
    key = key_at_hand(home, manifest.origin)
    if key is not None and not manifest.is_by(key):
        raise BackupUnproven(
            f"its manifest is not by {home.keys / KEY_FILE}: the one who wrote it decides what is"
            " restored. Where that key was lost and made again since, say --unproven"
        )
    return key is not None


def check_archive(
    archive: Path | None, directory: Path, manifest: Manifest, up_to: str | None
) -> Archive | None:
    """Look whether an archive has all that comes after a backup. Raises `ArchiveRefused`."""
    if archive is None:
        return None
    if manifest.method != "base":
        raise WrongMethod("only a base backup goes on from an archive of the write-ahead log")
    try:
        return open_archive(archive, directory, up_to)
    except (ArchiveUnreadable, ArchiveGap) as error:
        raise ArchiveRefused(str(error)) from None


def check_fits(manifest: Manifest, settings: Settings) -> None:
    """Hold a backup to the home that it is to be restored into, before anything is written.

    Raises `BackupForeign`, `KeysMissing`, `DatabasePresent`, `WrongMethod`.
    """
    home, owner = Home(settings.home), settings.owner_dsn
    if (manifest.method == "dump") != bool(owner):
        raise WrongMethod(
            "a dump is restored into a database of one's own (LEDGER_DATABASE_URL), a base backup"
            " into the embedded one"
        )
    if owner:
        check_database_is_vacant(owner)
    else:
        check_home_is_vacant(home.path)
    try:
        identity = home.identity()
    except HomeNotInitialised:
        pass
    else:
        if identity.origin != manifest.origin:
            raise BackupForeign(f"it is of {manifest.origin}; this home is of {identity.origin}")
    if not list(home.keys.glob("log*-ed25519.pem")):
        raise KeysMissing(f"bring the log's keys back into {home.keys} first")


def signed_already(home: Home) -> int:
    """Return the size that this home's anti-rollback file says was signed; 0 without one."""
    note = CheckpointFile(home.checkpoints).read()
    return parse_checkpoint(parse_note(note).text).size if note else 0


def place(
    settings: Settings, directory: Path, manifest: Manifest, archive: Archive | None = None
) -> None:
    """Put a backup that was checked in place: the database, and what of the home is missing.

    Raises `DatabasePresent`, `BackupFailed`, `ServerFailed`, `ArchiveRefused`.
    """
    home = Home(settings.home)
    if manifest.method == "base":
        try:
            place_base(home.path, directory, archive, settings.postgres_bin)
        except ArchiveNotReplayed as error:
            raise ArchiveRefused(str(error)) from None
    else:
        owner = settings.owner_dsn
        assert owner, "check_fits has seen to it"
        place_dump(owner, directory, settings.postgres_bin)
    for private in (home.keys, home.checkpoints):
        private.mkdir(mode=0o700, exist_ok=True)
    for name in _HOME:
        if (directory / name).exists() and not (home.path / name).exists():
            shutil.copyfile(directory / name, home.path / name)
    for name in (_LAW, _ERASURES):
        if (directory / name).exists():
            shutil.copytree(directory / name, home.path / name, dirs_exist_ok=True)


def undoing(settings: Settings) -> ExitStack:
    """Return what takes away all that came into a home meanwhile, unless `pop_all` is called."""
    home = settings.home
    before, undo = {*home.rglob("*")}, ExitStack()

    @undo.callback
    def take_away() -> None:
        for path in sorted({*home.rglob("*")} - before):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)  # It may have gone with its directory.

    return undo


def check_placed(pool: Pool, home: Home, manifest: Manifest) -> Checkpoint:
    """Hold a restored database to the checkpoint of its backup; return its own latest.

    Raises `BackupCorrupt`, `BackupForeign`.
    """
    keys = read_log_keys(pool, manifest.origin)
    signer = LogSigner(manifest.origin, *load_log_keys(home.keys))
    head, latest = read_head(pool), latest_checkpoint(pool)
    if latest is None or head.size < manifest.size or latest.size < manifest.size:
        raise BackupCorrupt(f"the database holds {head.size} entries, not {manifest.size}")
    if missing := set(keys.at(latest.size)) - set(signer.vkeys):
        raise BackupForeign(f"the key {min(missing)[:100]} of the log is not in {home.keys}")
    for note in (manifest.checkpoint.encode(), latest.note):
        size = parse_checkpoint(parse_note(note).text).size
        try:
            opened = open_checkpoint(note, manifest.origin, [*map(parse_vkey, keys.at(size))])
        except LogError as error:
            raise BackupCorrupt(f"the checkpoint of size {size} does not verify: {error}") from None
        if frontier_at(size, TileHashes(TreeReader(pool).fetch)).root() != opened.root:
            raise BackupCorrupt(f"the first {size} entries do not hash to the signed root")
    return parse_checkpoint(parse_note(latest.note).text)


def _sums(directory: Path) -> Iterator[tuple[str, str]]:
    """Yield the SHA-256 of every file but the manifest. Raises `BackupCorrupt` for what is none."""
    for name in _names(directory):
        path = directory / name
        if not stat.S_ISREG(path.lstat().st_mode):
            raise BackupCorrupt(f"{name} is no file")
        with open_regular(path) as file:
            yield name, file_digest(file, "sha256").hexdigest()


def _names(directory: Path) -> Iterator[str]:
    """Yield what lies in a backup beside the manifest and is no directory."""
    for path in sorted(directory.rglob("*")):
        name = str(path.relative_to(directory))
        if name != _MANIFEST and not stat.S_ISDIR(path.lstat().st_mode):
            yield name


def _json(values: dict[str, Any]) -> bytes:
    return json.dumps(values, indent=1).encode()
