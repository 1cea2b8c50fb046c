"""
The log of `tests.support.big_log` where it is used: as an export, in a database, in a home.

    python -m tests.support.big_ledger 1000000 export DIRECTORY   # static files, for auditors
    python -m tests.support.big_ledger 100000 home DIRECTORY      # a ledger that can be served

Entries go in by the store's own append, in commits of 256, and are not judged again: that the
rules admit them a test says. The head is signed; read models are left to anyone who serves.
"""

import argparse
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from ledger.events.lawbook import LawSets
from ledger.events.vintage import Vintage
from ledger.home.antirollback import CheckpointFile
from ledger.home.batches import BatchKey, make_batch_key
from ledger.home.datakeys import DataKeys
from ledger.home.keystore import save_key, save_pair
from ledger.home.paths import Home, Identity
from ledger.home.settings import Settings
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.merkle import Frontier, leaf_hash
from ledger.log.note import format_vkey
from ledger.log.tiles import TILE_WIDTH, entries_path, format_bundle, tile_path
from ledger.node.genesis import founders, trust_root
from ledger.node.node import open_database
from ledger.node.restore import pages
from ledger.publish.publisher import LogSigner, Publisher, publish_first
from ledger.store.append import appending
from ledger.store.connection import Pool
from ledger.store.entries import read_head
from ledger.store.migrate import initialise_head
from tests.support import big_log
from tests.support.builders import OPERATOR, REGISTRAR
from tests.support.postgres import ORIGIN
from tests.support.sample_log import log_keys, log_signers, party_key


def fill(pool: Pool, size: int, key: BatchKey | None = None) -> None:
    """Append what a database, whose head is `ORIGIN`'s, lacks of the first `size` entries."""
    start = read_head(pool).size
    for accepted, page in pages(islice(big_log.entries(size), start, None), start):
        with appending(pool) as append:
            append.write(page, accepted, key.mac if key else None)


def trust() -> bytes:
    """Return trust.json of the log."""
    vkeys = [format_vkey(signer) for signer in log_signers(ORIGIN)]
    (genesis,) = big_log.entries(1)
    return json.dumps(trust_root(ORIGIN, vkeys, genesis)).encode()


def write_export(directory: Path, size: int) -> None:
    """Write `log`, an export of the first `size` entries, and `trust.json` beside it."""
    log = directory / "log"
    leaves: list[bytes] = []
    for n, bundle in enumerate(_grouped(big_log.entries(size))):
        _write(log / entries_path(n, len(bundle)), format_bundle(bundle))
        leaves += map(leaf_hash, bundle)
    root = Frontier().extend(leaves).root()
    level, row = 0, leaves
    while row:
        parts = list(_grouped(row))
        for n, part in enumerate(parts):
            _write(log / tile_path(level, n, len(part)), b"".join(part))
        row = [Frontier().extend(part).root() for part in parts if len(part) == TILE_WIDTH]
        level += 1
    now = int(datetime.now(UTC).timestamp())
    note = sign_checkpoint(Checkpoint(ORIGIN, size, root), log_signers(ORIGIN), now)
    _write(log / "checkpoint", note)
    _write(directory / "trust.json", trust())


def _grouped(items: Iterable[bytes]) -> Iterator[list[bytes]]:
    rest = iter(items)
    while group := list(islice(rest, TILE_WIDTH)):
        yield group


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def make_home(settings: Settings, size: int) -> Home:
    """Make the home of a ledger whose log has `size` entries, in the database of `settings`."""
    home, identity = Home(settings.home), Identity(ORIGIN, OPERATOR, REGISTRAR)
    home.create(identity)
    for founder in founders(identity):
        save_key(home.keys / founder.key_files[0], party_key(founder.party))
    save_pair(home.keys, "log", *log_keys())
    DataKeys.create(home.vault, home.kek, ORIGIN)
    home.trust.write_bytes(trust())
    signer, file = LogSigner(ORIGIN, *log_keys()), CheckpointFile(home.checkpoints)
    database = open_database(settings, make=True)
    try:
        initialise_head(database.owner_dsn, ORIGIN)
        pool = Pool(database.app_dsn, size=4)
        key = make_batch_key(home.keys, ORIGIN)
        fill(pool, 1, key)
        publish_first(pool, signer, file)
        fill(pool, size, key)
        vintage = Vintage(pool, LawSets(home.law))
        publisher = Publisher(
            pool, signer, file, told=lambda _: None, failed=_fail, vintage=vintage
        )
        publisher.start()
        publisher.stop()
        pool.close()
    finally:
        database.stop()
    return home


def _fail(reason: str) -> None:
    raise AssertionError(reason)


def main() -> None:
    """Make what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.big_ledger")
    parser.add_argument("size", type=int)
    parser.add_argument("what", choices=("export", "home"))
    parser.add_argument("directory", type=Path)
    asked = parser.parse_args()
    if asked.what == "export":
        write_export(asked.directory, asked.size)
    else:
        make_home(Settings(home=asked.directory), asked.size)


if __name__ == "__main__":
    main()
