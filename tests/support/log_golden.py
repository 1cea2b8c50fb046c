"""
The golden files of the log, from fixed seeds; `python -m tests.support.log_golden` writes them.

They freeze our formats: anyone who changes a byte of them breaks every receipt that is out there.
Only the ML-DSA-44 line differs from run to run, because that signature is randomised.
"""

import json

from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.merkle import root_of
from ledger.log.note import format_vkey
from ledger.log.proof import prove_inclusion
from ledger.log.receipt import TlogProof, format_tlog_proof
from ledger.log.tiles import entries_path, tile_path
from tests.support.log import (
    GOLDEN,
    ORIGIN,
    TIME,
    MemoryHashes,
    leaves,
    log_signers,
    witness,
)

SIZE = 70_000
POSITION = 69_999
TILES = [
    (0, 0, 256),
    (0, 273, 112),
    (0, 1_234_067, 256),
    (1, 1, 17),
    (2, 0, 1),
    (63, 999_999, 255),
]
SIGNERS = (*log_signers(), witness("w1.example"))


def build() -> dict[str, bytes]:
    """Return the content of each golden file by its name."""
    row = leaves(SIZE)
    checkpoint = sign_checkpoint(Checkpoint(ORIGIN, SIZE, root_of(row)), SIGNERS, TIME)
    hashes = tuple(prove_inclusion(POSITION, SIZE, MemoryHashes(row)))
    paths = [
        [level, n, width, tile_path(level, n, width), entries_path(n, width)]
        for level, n, width in TILES
    ]
    return {
        "checkpoint.txt": checkpoint,
        "entry-69999.tlog-proof": format_tlog_proof(TlogProof(POSITION, hashes, checkpoint)),
        "tile-paths.json": (json.dumps(paths, indent=1) + "\n").encode(),
        "vkeys.txt": "".join(f"{format_vkey(signer)}\n" for signer in SIGNERS).encode(),
    }


if __name__ == "__main__":
    for name, content in build().items():
        (GOLDEN / name).write_bytes(content)
