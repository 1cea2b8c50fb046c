"""Verification of an exported log, on both cores: all of it, and its hashes alone."""

import time
from pathlib import Path

from bench.figure import Figure
from bench.scratch import Scratch
from ledger.events.lawbook import LawSets
from ledger.events.vintage import Vintage
from ledger.home.antirollback import CheckpointFile
from ledger.home.keystore import load_log_keys
from ledger.log.tiles import TILE_WIDTH, entries_path, tile_path, widths
from ledger.publish.publisher import LogSigner, Publisher
from ledger.store.checkpoints import latest_checkpoint
from ledger.store.connection import Pool
from ledger.store.tree import TreeReader
from ledger.verify.tree import HashBundle, check_tree
from ledger.verify.verifier import verify_export

WORKERS = 2


def sign_head(scratch: Scratch, pool: Pool) -> None:
    """Have what was appended without a publisher signed, once."""
    home = scratch.home
    signer = LogSigner(scratch.cast.origin, *load_log_keys(home.keys))
    publisher = Publisher(
        pool,
        signer,
        CheckpointFile(home.checkpoints),
        told=_ignore,
        failed=_ignore,
        vintage=Vintage(pool, LawSets(home.law)),
    )
    publisher.start()
    publisher.stop()


def _ignore(_told: object) -> None:
    return


def export(pool: Pool, directory: Path) -> int:
    """Write the log at its last checkpoint as static files (C2SP tlog-tiles); return its size."""
    checkpoint = latest_checkpoint(pool)
    assert checkpoint is not None, "genesis is signed when the log is made"
    reader = TreeReader(pool)
    _write(directory / "checkpoint", checkpoint.note)
    for level, (full, rest) in enumerate(widths(checkpoint.size)):
        tiles = [(n, TILE_WIDTH) for n in range(full)] + ([(full, rest)] if rest else [])
        for n, width in tiles:
            _write(directory / tile_path(level, n, width), reader.fetch(level, n, width))
            if level == 0:
                _write(directory / entries_path(n, width), reader.fetch_bundle(n, width))
    return checkpoint.size


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def verified(directory: Path, scratch: Scratch) -> list[Figure]:
    """Return the signatures a second of a whole verification, and the entries hashed alone.

    The first is what a user waits for, the start of its processes included; the second is one
    process, from bundles to the root. Raises `Refused` where something does not hold.
    """
    start = time.perf_counter()
    answer = verify_export(directory, scratch.home.trust.read_bytes(), workers=WORKERS)
    between = time.perf_counter()
    size = answer.checkpoint.size
    bundles = range(-(-size // TILE_WIDTH))
    check_tree(directory, answer.checkpoint, map(HashBundle(directory, size), bundles))
    end = time.perf_counter()
    return [
        Figure(
            "verify",
            "ledger.verify, every step",
            answer.signatures / (between - start),
            "signatures/s",
            f"{size} entries, {answer.signatures} signatures, {WORKERS} processes",
        ),
        Figure(
            "verify.hashes",
            "… frames and hashes alone",
            size / (end - between),
            "entries/s",
            f"{size} entries up to the root, 1 process",
        ),
    ]
