"""Every byte of every file of an exported log counts: flip one, and the log is refused.

This is the test that Debian's golang.org/x/mod fails (CVE-2026-56865): it took a forged tile.
"""

from collections.abc import Callable, Iterable
from hashlib import sha256
from itertools import accumulate
from os import environ
from pathlib import Path

import pytest

from ledger.log.merkle import Frontier, leaf_hash
from ledger.log.tiles import entries_path, format_bundle, tile_path
from ledger.log.tree_head import Checkpoint
from ledger.verify.outcome import Check, Refused
from ledger.verify.tree import HashBundle, check_tree
from tests.support.log import flip
from tests.support.sample_log import SampleLog, sample_log, write_files
from tests.support.verifying import refusal

STRIDE = int(environ.get("FLIP_STRIDE", "7"))
"""Every how many bytes of an entry or a checkpoint one is flipped; the two masks begin apart."""

OTHER_BITS = (2, 4, 8, 16, 32, 64, 128)

Place = tuple[Check, int | None]


def lowest_bit(_at: int) -> int:
    return 1


def another_bit(at: int) -> int:
    """Return another bit for each byte, the same in every run."""
    return OTHER_BITS[at * 31 % 7]


Mask = Callable[[int], int]


def spread(mask: Mask, size: int) -> range:
    """Return the bytes to flip."""
    return range(STRIDE // 2 if mask is another_bit else 0, size, STRIDE)


both_bits = pytest.mark.parametrize("mask", [lowest_bit, another_bit])


def refusals(
    directory: Path, path: str, log: SampleLog, mask: Mask, positions: Iterable[int] | None = None
) -> list[tuple[int, Place]]:
    """Flip a bit in each byte of a file, one at a time; return where each log was refused."""
    raw, trust_root = (directory / path).read_bytes(), log.trust_root()
    places = []
    for at in range(len(raw)) if positions is None else positions:
        (directory / path).write_bytes(flip(raw, at, mask(at)))
        refused = refusal(directory, trust_root)
        places.append((at, (refused.step, refused.position)))
    (directory / path).write_bytes(raw)
    return places


def entry_at(log: SampleLog, first: int = 0) -> list[int]:
    """Return for each byte of the bundle from `first` on the position of its entry."""
    ends = accumulate(2 + len(entry) for entry in log.entries[first : first + 256])
    places, at = [], 0
    for position, end in enumerate(ends, first):
        places += [position] * (end - at)
        at = end
    return places


@pytest.fixture(scope="module")
def log() -> SampleLog:
    return sample_log(12)


@both_bits
def test_every_byte_of_the_checkpoint_counts(mask: Mask, log: SampleLog, tmp_path: Path) -> None:
    size = (log.write(tmp_path) / "checkpoint").stat().st_size
    places = refusals(tmp_path, "checkpoint", log, mask, spread(mask, size))
    assert {(Check.CHECKPOINT, None)} == {place for _, place in places}


@both_bits
def test_every_byte_of_the_tile_counts_and_its_entry_is_named(
    mask: Mask, log: SampleLog, tmp_path: Path
) -> None:
    places = refusals(log.write(tmp_path), "tile/0/000.p/12", log, mask)
    assert [(at, (Check.TREE, at // 32)) for at in range(12 * 32)] == places


@both_bits
def test_every_byte_of_the_bundle_counts_and_its_entry_is_named(
    mask: Mask, log: SampleLog, tmp_path: Path
) -> None:
    entries = entry_at(log)
    flipped = spread(mask, len(entries))
    places = refusals(log.write(tmp_path), "tile/entries/000.p/12", log, mask, flipped)
    assert [(at, (Check.TREE, entries[at])) for at in flipped] == places


@both_bits
def test_every_byte_of_the_trust_root_counts(mask: Mask, log: SampleLog, tmp_path: Path) -> None:
    log.write(tmp_path)
    raw = log.trust_root()
    early = {Check.TRUST, Check.CHECKPOINT, Check.GENESIS}
    for at in range(len(raw)):
        spoiled = flip(raw, at, mask(at))
        if spoiled.split() != raw.split():  # A space may become another kind of space.
            assert refusal(tmp_path, spoiled).step in early


@pytest.fixture(scope="module")
def larger() -> SampleLog:
    """Return a log of two bundles, with a tile of level 1."""
    return sample_log(300)


@both_bits
@pytest.mark.parametrize(
    ("path", "leaves"), [("tile/1/000.p/1", 256), ("tile/0/001.p/44", 1), ("tile/0/000", 1)]
)
def test_every_hash_of_a_larger_log_counts(
    path: str, leaves: int, mask: Mask, larger: SampleLog, tmp_path: Path
) -> None:
    larger.write(tmp_path)
    start = 256 if path.startswith("tile/0/001") else 0
    some = range(0, (tmp_path / path).stat().st_size, 1 if leaves > 1 else 23)
    places = refusals(tmp_path, path, larger, mask, some)
    assert [(at, (Check.TREE, start + at // 32 * leaves)) for at in some] == places


@pytest.mark.parametrize("first", [0, 256])
def test_the_bundles_of_a_larger_log_count(first: int, larger: SampleLog, tmp_path: Path) -> None:
    larger.write(tmp_path)
    path = entries_path(first // 256, 256 if first == 0 else 44)
    of_entry = entry_at(larger, first)
    some = range(0, len(of_entry), 809)
    places = refusals(tmp_path, path, larger, lowest_bit, some)
    assert [(at, (Check.TREE, of_entry[at])) for at in some] == places


class Tall:
    """A log of tiny entries with tiles of three levels: only its tree is looked at."""

    SIZE = 65_536 + 300

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        entries = [b"%d" % position for position in range(self.SIZE)]
        row = [leaf_hash(entry) for entry in entries]
        self.checkpoint = Checkpoint("tall", self.SIZE, Frontier().extend(row).root())
        files = {}
        for n, at in enumerate(range(0, self.SIZE, 256)):
            part = entries[at : at + 256]
            files[entries_path(n, len(part))] = format_bundle(part)
        for level in range(3):
            parts = [row[at : at + 256] for at in range(0, len(row), 256)]
            files |= {
                tile_path(level, n, len(part)): b"".join(part) for n, part in enumerate(parts)
            }
            row = [Frontier().extend(part).root() for part in parts if len(part) == 256]
        write_files(directory, files)

    def check(self, bundles: Iterable[int] | None = None) -> None:
        """Do step 3."""
        work = HashBundle(self.directory, self.SIZE)
        check_tree(self.directory, self.checkpoint, map(work, bundles or range(258)))


@pytest.fixture(scope="module")
def tall(tmp_path_factory: pytest.TempPathFactory) -> Tall:
    return Tall(tmp_path_factory.mktemp("tall"))


def test_a_log_of_three_levels_leads_to_its_root(tall: Tall) -> None:
    tall.check()


@pytest.mark.parametrize(
    ("path", "at", "position"),
    [
        ("tile/0/000", 32 * 5, 5),
        ("tile/0/255", 32 * 255 + 31, 65_535),
        ("tile/0/257.p/44", 0, 65_792),
        ("tile/1/000", 0, 0),
        ("tile/1/000", 32 * 7 + 3, 7 * 256),
        ("tile/1/000", 32 * 255, 255 * 256),
        ("tile/1/001.p/1", 31, 65_536),
        ("tile/2/000.p/1", 16, 0),
    ],
)
def test_a_flipped_hash_on_any_level_is_refused_and_named(
    path: str, at: int, position: int, tall: Tall
) -> None:
    file = tall.directory / path
    raw = file.read_bytes()
    file.write_bytes(flip(raw, at))
    try:
        with pytest.raises(Refused) as caught:
            tall.check()
    finally:
        file.write_bytes(raw)
    assert (Check.TREE, position) == (caught.value.step, caught.value.position)


def test_a_bundle_says_the_sha256_of_what_was_hashed(tall: Tall) -> None:
    hashed = HashBundle(tall.directory, tall.SIZE)(3)
    assert sha256((tall.directory / "tile/entries/003").read_bytes()).digest() == hashed.sha256
