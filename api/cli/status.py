"""`techledger operate status`: what an operator looks at in the morning, and what is to be done."""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Annotated

import typer

from ledger.home.antirollback import CheckpointFile, Halted, InUse
from ledger.home.batches import load_batch_key
from ledger.home.datakeys import DataKeyError
from ledger.home.keystore import KeystoreError
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.backup import last_backup
from ledger.node.node import Database, open_database, policy_of
from ledger.publish.log_key_history import read_refusal_keys
from ledger.publish.quorum import Quorum
from ledger.publish.refuser import refuser_of
from ledger.runtime.clock import TOLERANCE
from ledger.runtime.faults import canonical_reason
from ledger.sequence.orders import Orders
from ledger.store.archiver import read_archiver
from ledger.store.attest import schema_faults
from ledger.store.checkpoints import latest_checkpoint, newest_checkpoint
from ledger.store.connection import KeptMac, Pool
from ledger.store.entries import LogUnfinished, read_head
from ledger.store.migrate import pending
from ledger.store.stored_promises import count_waiting
from ledger.wire.regular import OddFile
from projections.run.seals import last_seal
from projections.run.waiting import folded, troubles_of, unserved

EXIT_HALTED = 70

UNSIGNED_MAX = timedelta(seconds=10)
"""How old the newest entry may be while it is not signed."""

BACKUP_MAX = timedelta(hours=25)
"""How old the last backup may be."""

LAG_MAX = 1000
"""Entries that a read model, or a quorum of witnesses, may be behind."""

ROOM = (512 << 20, 0.05)
"""What has to be free where the ledger lives: bytes, and a share of the disk."""


_SHOWN = 3
"""Faults of the schema that a line names at most."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it is well, what was seen, and what to do if it is not."""

    name: str
    well: bool
    seen: str
    do: str = ""


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at everything that a ledger needs; say what is wrong, and what to do.

    Exit code 0: all is well; 1: something is not; 70: the log is halted.
    """
    settings = Settings()
    identity = Home(settings.home).identity()
    database = open_database(settings)
    pool = Pool(database.app_dsn, size=2, kept_mac=_kept_mac(Home(settings.home)))
    try:
        if (size := read_head(pool).size) == 0:
            raise LogUnfinished
        checks = list(_checks(settings, database, pool))
    finally:
        pool.close()
        database.stop()
    well = all(check.well for check in checks)
    if as_json:
        found = [asdict(check) for check in checks]
        said = {"origin": identity.origin, "size": size, "well": well, "checks": found}
        print(json.dumps(said, indent=1))
    else:
        print(f"{identity.origin} at size {size}, software {version('techledger')}")
        for check in checks:
            print(f"{'ok ' if check.well else 'SEE'}  {check.name:<12} {check.seen}")
            if not check.well:
                print(f"{'':18}-> {check.do}")
    halted = any(check.name == "halt" and not check.well for check in checks)
    raise typer.Exit(EXIT_HALTED if halted else int(not well))


def _kept_mac(home: Home) -> KeptMac | None:
    """Return what shows that read models are of this ledger; None without its key."""
    try:
        return load_batch_key(home.keys, home.identity().origin).kept_mac
    except KeystoreError:
        return None


def _checks(settings: Settings, database: Database, pool: Pool) -> Iterator[Check]:
    home, now = Home(settings.home), datetime.now(UTC)
    looks: dict[str, Callable[[], Iterable[Check]]] = {
        "halt": lambda: _publisher(CheckpointFile(home.checkpoints)),
        "schema": lambda: [_schema(database, pool)],
        "checkpoint": lambda: [_signed(pool, now)],
        "clock": lambda: [_intake(pool, now)],
        "refusals": lambda: [_refusals(home, pool)],
        "promises": lambda: [_promises(pool, now)],
        "witnesses": lambda: _witnesses(settings, pool),
        "seal": lambda: [_seal(settings, pool, now)],
        "backup": lambda: [_backup(home, now)],
        "archive": lambda: _archive(settings, pool),
        "read models": lambda: [_models(pool)],
        "vault": lambda: [_vault(settings)],
        "room": lambda: [_room(settings)],
    }
    for name, look in looks.items():
        yield from _looked(name, look)


def _looked(name: str, look: Callable[[], Iterable[Check]]) -> list[Check]:
    """Return what was seen; that it cannot be looked at is told, and hides nothing else."""
    try:
        return list(look())
    except Exception as error:  # noqa: BLE001  (whatever was done to the database)
        seen = f"cannot be looked at: {_told(error)}"
        return [Check(name, well=False, seen=seen, do="techledger operate fsck")]


def _told(error: Exception) -> str:
    """Return what an error says, on one line, with the file that it is about."""
    if isinstance(error, OddFile):
        return error.told
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return f"{type(error).__name__}: {canonical_reason(str(error))}"


def _publisher(file: CheckpointFile) -> Iterator[Check]:
    do = "find out what happened (docs/guides/operating.md), then techledger operate resume"
    try:
        file.check_not_halted()
        yield Check("halt", well=True, seen="not halted")
    except Halted as halted:
        yield Check("halt", well=False, seen=str(halted), do=do)
    try:
        os.close(file.hold())
    except InUse:
        yield Check("publisher", well=True, seen="at work")
    else:
        yield Check("publisher", well=False, seen="nobody signs", do="techledger serve")


def _schema(database: Database, pool: Pool) -> Check:
    if names := pending(database.app_dsn):
        seen = f"not applied: {', '.join(names)}"
        return Check("schema", well=False, seen=seen, do="techledger operate migrate")
    with pool.session() as session:
        faults = list(schema_faults(session))
    seen = "; ".join(faults[:_SHOWN]) or "up to date"
    return Check("schema", not faults, seen, "operate fsck; newer software, if that was here")


def _signed(pool: Pool, now: datetime) -> Check:
    head, latest = read_head(pool), newest_checkpoint(pool)
    unsigned = head.size - (latest.size if latest else 0)
    waiting = now - head.accepted if unsigned and head.accepted else timedelta(0)
    seen = f"size {latest.size}, signed {_ago(now - latest.created)}" if latest else "nothing"
    if unsigned:
        seen += f"; {unsigned} entries are not signed, the newest {_ago(waiting)}"
    do = "is the publisher at work? what does its log say?"
    return Check("checkpoint", waiting <= UNSIGNED_MAX, seen, do)


def _intake(pool: Pool, now: datetime) -> Check:
    """Say from when on anything is taken in: what the last entry, and the head at rest, bear."""
    earliest = read_head(pool).earliest or now
    seen = f"nothing is taken in before {earliest.isoformat(' ', 'seconds')}"
    return Check("clock", earliest <= now + TOLERANCE, seen, "docs/runbook.md, CannotStore")


def _refusals(home: Home, pool: Pool) -> Check:
    origin = home.identity().origin
    refuser = refuser_of(origin, home.keys)
    well = refuser is not None and refuser.vkey in read_refusal_keys(pool, origin)
    seen = "signed by a key of the log" if well else "not signed by a key that the log has adopted"
    return Check("refusals", well, seen, "techledger operate refusal-key, then have it adopted")


def _promises(pool: Pool, now: datetime) -> Check:
    waiting, late = count_waiting(pool, now)
    seen = f"{waiting} wait for their answer, {late} of them past their time"
    do = "does a server with keys/refusals.pem run? the journal says promise_waits, and why"
    return Check("promises", not late, seen, do)


def _witnesses(settings: Settings, pool: Pool) -> Iterator[Check]:
    quorum, latest = Quorum(policy_of(settings, pool)), latest_checkpoint(pool)
    if not quorum.asked or latest is None:
        return
    cosigned = quorum.latest(pool)
    size = cosigned.size if cosigned else 0
    seen = f"a quorum has cosigned size {size} of {latest.size}"
    do = "which of them is silent? /health/ready names each"
    yield Check("witnesses", latest.size - size <= LAG_MAX, seen, do)


def _seal(settings: Settings, pool: Pool, now: datetime) -> Check:
    last = last_seal(pool, Home(settings.home).identity().origin)
    seen = f"covers size {last.size}, {last.since} entries since"
    if settings.seal_entries == 0:
        return Check("seal", well=True, seen=f"{seen}; LEDGER_SEAL_ENTRIES=0: none is made")
    period = 2 * timedelta(seconds=settings.seal_s)
    late = last.is_due(now, 2 * settings.seal_entries, period)
    return Check("seal", not late, seen, "does the operator's key lie in HOME/keys? operate seal")


def _backup(home: Home, now: datetime) -> Check:
    last = last_backup(home)
    if last is None:
        return Check("backup", well=False, seen="never", do="techledger operate backup DIR")
    age = now - datetime.fromisoformat(last["made"])
    seen = f"{_ago(age)}, size {last['size']}, {last['directory']}"
    return Check("backup", age <= BACKUP_MAX, seen, "techledger operate backup DIR")


def _archive(settings: Settings, pool: Pool) -> Iterator[Check]:
    if not settings.wal_archive:
        return
    archiver = read_archiver(pool)
    seen = f"{archiver.segments} segments, the last {archiver.last or 'never'}"
    if archiver.failing:
        seen += f"; {archiver.failing} cannot be archived"
    do = f"can the server's user write into {settings.wal_archive}? has it room?"
    yield Check("archive", archiver.failing is None, seen, do)


def _models(pool: Pool) -> Check:
    size = read_head(pool).size
    models = folded(pool)
    lags = {name: size - each.size for name, each in models.items()}
    ill = [*troubles_of(models), *(f"{name} {why}" for name, why in unserved(pool).items())]
    ill += [f"{name} is {lag} behind" for name, lag in lags.items() if lag > LAG_MAX]
    do = "techledger operate rebuild; what it cannot fold either, a later version may"
    return Check("read models", not ill, ", ".join(ill) or "follow", do)


def _vault(settings: Settings) -> Check:
    home = Home(settings.home)
    try:
        home.data_keys(settings.vault, settings.kek_file).open()
        erased = len(Orders(home.erasures).read())
    except DataKeyError as error:
        return Check("vault", well=False, seen=str(error), do="docs/guides/vault.md")
    behind = f"; {erased} persons erased since the log was closed" if erased else ""
    return Check("vault", well=True, seen=f"its keys open{behind}")


def _room(settings: Settings) -> Check:
    disk = shutil.disk_usage(settings.home)
    least, share = ROOM
    well = disk.free >= least and disk.free >= share * disk.total
    seen = f"{disk.free >> 20} MiB of {disk.total >> 20} are free in {settings.home}"
    return Check("room", well, seen, "make room: a full disk stops admission, and loses nothing")


def _ago(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds} seconds ago"
