"""The Go library with CVE-2026-56865 beside the mended one and ours, on the same forged tiles.

The old reader takes tiles for proven that it never compared with the root. Why nobody may
verify our logs with it is shown here, not told.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.log.encoding import write_base64
from ledger.log.merkle import Frontier, leaf_hash
from ledger.log.tiles import entries_path, format_bundle, tile_path
from ledger.log.tree_head import Checkpoint
from ledger.verify.outcome import Refused
from ledger.verify.tree import HashBundle, check_tree
from tests.foreign.conftest import FLIPS_A_FILE, flips
from tests.support.postgres import ORIGIN
from tests.support.sample_log import write_files

SIZE = 70_000
MISSED = ["tile/1/000", "tile/0/000"]
SEEN = ["tile/2/000.p/1", "tile/1/001.p/17"]


def _level(row: list[bytes], level: int) -> dict[str, bytes]:
    parts = [row[at : at + 256] for at in range(0, len(row), 256)]
    return {tile_path(level, n, len(part)): b"".join(part) for n, part in enumerate(parts)}


def _above(row: list[bytes]) -> list[bytes]:
    full = range(0, len(row) // 256 * 256, 256)
    return [Frontier().extend(row[at : at + 256]).root() for at in full]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Checkpoint]:
    """Write a log that is large enough for a full tile on level 1."""
    entries = [b"entry %d" % n for n in range(SIZE)]
    row, level, files = [leaf_hash(entry) for entry in entries], 0, dict[str, bytes]()
    root = Frontier().extend(row).root()
    for n, at in enumerate(range(0, SIZE, 256)):
        part = entries[at : at + 256]
        files[entries_path(n, len(part))] = format_bundle(part)
    while row:
        files |= _level(row, level)
        row, level = _above(row), level + 1
    directory = write_files(tmp_path_factory.mktemp("large"), files)
    return directory, Checkpoint(ORIGIN, SIZE, root)


def test_the_old_library_takes_forged_tiles_that_the_new_one_and_ours_refuse(
    log: tuple[Path, Checkpoint],
    modern_go: Callable[[str], str],
    debian_go: Callable[[str], str],
    ask: Callable[..., Any],
) -> None:
    directory, checkpoint = log
    forged = flips(directory, 5, [*MISSED, *SEEN])
    job = {
        "directory": str(directory),
        "size": SIZE,
        "root": write_base64(checkpoint.root),
        "leaves": [0],
        "flips": forged,
    }
    old, new = ask([debian_go("tiles")], job), ask([modern_go("tiles")], job)
    count = FLIPS_A_FILE * len([*MISSED, *SEEN])
    assert ("verified", count) == (old["Honest"], old["Tried"])
    assert ("verified", count, []) == (new["Honest"], new["Tried"], new["Accepted"])
    assert len(MISSED) * FLIPS_A_FILE == len(old["Accepted"])
    assert set(MISSED) == {flip["Path"] for flip in old["Accepted"]}

    hash_bundle = HashBundle(directory, SIZE)
    hashed = [hash_bundle(n) for n in range(-(-SIZE // 256))]
    check_tree(directory, checkpoint, hashed)
    for flip in forged:
        file = directory / flip["path"]
        honest = file.read_bytes()
        raw = bytearray(honest)
        raw[flip["at"]] ^= 1 << flip["bit"]
        file.write_bytes(raw)
        with pytest.raises(Refused, match=flip["path"]):
            check_tree(directory, checkpoint, [hash_bundle(0), *hashed[1:]])
        file.write_bytes(honest)
