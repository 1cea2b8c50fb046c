"""`techledger operate backup` and `restore`: a copy of the database, and the way back from it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from api.cli.options import AsJson
from api.cli.outcome import fail, tell
from ledger.follow.supply import SupplyError, gather
from ledger.home.antirollback import CheckpointFile
from ledger.home.keystore import load_log_keys
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.log.checkpoint import Checkpoint, parse_checkpoint
from ledger.log.encoding import write_base64
from ledger.log.merkle import LogError
from ledger.log.note import open_note, parse_note
from ledger.node.backup import (
    BackupError,
    BackupOlder,
    Manifest,
    back_up,
    check_archive,
    check_backup,
    check_fits,
    check_placed,
    check_proven,
    forget_old,
    place,
    signed_already,
    undoing,
)
from ledger.node.node import batch_key, open_database, policy_of
from ledger.node.restore import MirrorBehind, RestoreError, restore
from ledger.publish.publisher import LogSigner
from ledger.publish.rollback_check import ask_who_saw_more, places
from ledger.store.basebackup import take_dump_away
from ledger.store.checkpoints import latest_checkpoint
from ledger.store.connection import Pool
from ledger.store.migrate import migrate

_DESTINATION = typer.Argument(help="Where backups are kept: another disk, another machine's")


def backup(
    destination: Annotated[Path, _DESTINATION],
    method: Annotated[
        Literal["base", "dump"] | None,
        typer.Option(help="base: files and their log, embedded server only. dump: one snapshot."),
    ] = None,
    keep_days: Annotated[
        int | None, typer.Option(min=1, help="Remove backups that are older, but for the newest.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Copy the database into a new directory, while the ledger works, and read the copy back.

    Neither keys nor the anti-rollback file are in it: keep HOME/keys elsewhere, apart.
    """
    settings = Settings()
    database = open_database(settings)
    try:
        how = method or ("base" if database.embedded else "dump")
        directory, manifest = back_up(settings, database, destination, how)
    finally:
        database.stop()
    members = {
        "backup": str(directory),
        "origin": manifest.origin,
        "size": manifest.size,
        "method": how,
        "proven": bool(manifest.mac),
    }
    if not as_json:  # It is there, whatever becomes of old ones.
        print(f"{directory}: {manifest.origin} to size {manifest.size} at least, read back")
        if not manifest.mac:
            print("unproven: keys/batches.key is not at hand, so nobody can tell who made it")
    removed = list[Path]()
    if keep_days:
        keep = timedelta(days=keep_days)
        bin_dir = settings.postgres_bin
        removed = forget_old(destination, manifest.origin, keep, settings.wal_archive, bin_dir)
    if removed or as_json:
        text = "\n".join(f"removed {old}" for old in removed)
        tell({**members, "removed": list(map(str, removed))}, text, as_json=as_json)


def restore_backup(  # noqa: PLR0913  (the command's options)
    directory: Annotated[Path, typer.Argument(help="One backup", exists=True, file_okay=False)],
    *,
    mirror: Annotated[
        Path | None,
        typer.Option(
            help="A mirror, for what was signed after the backup", exists=True, file_okay=False
        ),
    ] = None,
    archive: Annotated[
        Path | None,
        typer.Option(help="The archive of the write-ahead log (LEDGER_WAL_ARCHIVE)", exists=True),
    ] = None,
    up_to: Annotated[
        str | None,
        typer.Option(
            metavar="SEGMENT",
            help="The segment that the archive lacks: give up what came after it.",
        ),
    ] = None,
    unproven: Annotated[
        bool,
        typer.Option(help="Take a backup that the key in HOME/keys/batches.key did not make."),
    ] = False,
    nobody_saw_more: Annotated[
        bool,
        typer.Option(help="Say that no witness, mirror or client holds anything newer."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the database of this home from a backup, and bring back what came after it.

    The server has to be stopped, the log's keys have to be in HOME/keys. The log is left halted:
    `operate resume` examines everything once more and lets it go on. A restore that is refused
    leaves the home, and a database of one's own, as they were.
    """
    settings = Settings()
    home = Home(settings.home)
    file = CheckpointFile(home.checkpoints)
    try:
        manifest = check_backup(directory, settings.postgres_bin)
        check_fits(manifest, settings)
        proven = not unproven and check_proven(manifest, home)
        if not (proven or as_json):
            print("unproven: nothing shows that this ledger made the backup")
        replayed = check_archive(archive, directory, manifest, up_to)
        if not (mirror or archive) and (signed := signed_already(home)) > manifest.size:
            raise BackupOlder(_older(manifest, signed))
        with undoing(settings) as undo:
            home.checkpoints.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.halt(f"restored from the backup of {manifest.made}, size {manifest.size}")
            place(settings, directory, manifest, replayed)
            if owner := settings.owner_dsn:
                undo.callback(take_dump_away, owner)
            reached = _complete(settings, file, manifest, mirror, nobody_saw_more)
            undo.pop_all()
    except (BackupError, SupplyError, RestoreError) as error:
        code = error.code if isinstance(error, BackupError) else type(error).__name__
        members = {"restored": False, "code": code, "reason": str(error)}
        fail(members, f"REFUSED: {code}: {error}", as_json=as_json)
    members = {
        "restored": True,
        "origin": manifest.origin,
        "size": reached.size,
        "root": write_base64(reached.root),
        "proven": proven,
        "given_up_from": up_to,
        "halted": True,
    }
    tell(members, _restored(members), as_json=as_json)


def _restored(members: Mapping[str, Any]) -> str:
    lines = ["{origin} is back at size {size}, root {root}".format(**members)]
    if segment := members["given_up_from"]:
        lines.append(f"what was written from segment {segment} on is given up")
    return "\n".join([*lines, "it is halted: techledger operate resume --reason … lets it go on"])


def _complete(
    settings: Settings,
    file: CheckpointFile,
    manifest: Manifest,
    mirror: Path | None,
    nobody_saw_more: bool,
) -> Checkpoint:
    """Hold the database that was put in place to all who may have seen more of its log."""
    home = Home(settings.home)
    with _database(settings, file) as pool:
        reached = check_placed(pool, home, manifest)
        if mirror:
            try:
                reached = restore(
                    pool, file, gather(home.trust_root(), [mirror]), batch_key(home)
                ).checkpoint
            except MirrorBehind:
                nobody_saw_more = True  # It saw less, which says as much.
        seen = _seen(settings, pool, manifest.origin)
        if seen and max(seen) > reached.size:
            raise BackupOlder(_older(manifest, max(seen)))
        if (signed := signed_already(home)) > reached.size:
            raise BackupOlder(_older(manifest, signed))
        if file.read() is None:
            if not (seen or nobody_saw_more):
                raise BackupOlder(
                    f"nobody could be asked whether more than {reached.size} was signed: give"
                    " --mirror, set LEDGER_MIRRORS, or say --nobody-saw-more"
                )
            latest = latest_checkpoint(pool)
            assert latest, "check_placed has found it"
            file.restore(None, latest.note)
    return reached


def _seen(settings: Settings, pool: Pool, origin: str) -> list[int]:
    """Return the sizes that witnesses and mirrors hold the log's own signature for."""
    verifiers = LogSigner(origin, *load_log_keys(Home(settings.home).keys)).verifiers
    sizes = []
    for other in ask_who_saw_more(
        places(policy_of(settings, pool), settings.mirrors.split(), origin)
    ):
        try:
            open_note(other.note, verifiers)
            sizes.append(parse_checkpoint(parse_note(other.note).text).size)
        except LogError:
            continue
    return sizes


@contextmanager
def _database(settings: Settings, file: CheckpointFile) -> Iterator[Pool]:
    database, held = open_database(settings), file.hold()
    try:
        migrate(database.owner_dsn)
        with closing(Pool(database.app_dsn, size=2)) as pool:
            yield pool
    finally:
        os.close(held)
        database.stop()


def _older(manifest: Manifest, signed: int) -> str:
    return (
        f"the backup reaches size {manifest.size}, {signed} were signed: take a newer one, or give"
        " --archive, --mirror"
    )
