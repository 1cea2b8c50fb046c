"""Tiles: their paths, widths and bundles, the cache of inner nodes, and authentication."""

import pickle

import pytest

from ledger.log.merkle import EMPTY_ROOT, root_of
from ledger.log.proof import prove_inclusion, prove_inclusions, verify_inclusion
from ledger.log.tiles import (
    MalformedBundle,
    MalformedTilePath,
    TilePath,
    TileRefused,
    authenticate,
    entries_path,
    format_bundle,
    parse_bundle,
    parse_tile_path,
    split_tile,
    tile_path,
    tile_width,
    widths,
)
from tests.support.log import TiledLog


@pytest.fixture(scope="module")
def large():
    """Make the example of C2SP tlog-tiles: three levels, each with a partial tile."""
    return TiledLog(70_000)


@pytest.fixture
def log():
    return TiledLog(600)


@pytest.mark.parametrize(
    ("level", "n", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 1234, 5, "tile/0/x001/234.p/5"),
        (63, 999, 255, "tile/63/999.p/255"),
        (1, 1_234_067, 256, "tile/1/x001/x234/067"),
        (0, 1000, 256, "tile/0/x001/000"),
        (0, 1_000_000, 1, "tile/0/x001/x000/000.p/1"),
    ],
)
def test_a_tile_path_reads_back_as_it_was_written(level, n, width, path):
    assert path == tile_path(level, n, width)
    assert TilePath(level, n, width) == parse_tile_path(path)


def test_a_bundle_has_the_path_of_its_tile_but_for_the_level():
    assert "tile/entries/x273/000.p/112" == entries_path(273_000, 112)
    assert TilePath(None, 273_000, 112) == parse_tile_path("tile/entries/x273/000.p/112")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/8/0/000",
        "tile/0/x000/000",
        "tile/0/x000/x001/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/x01/000",
        "tile/0/000.p/0",
        "tile/0/000.p/00",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/-1",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/0/000.p/5\n",
        "tile/0/\u0660\u0660\u0660",  # Arabic digits, which \d and int() read
        "tile/0/../000",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
    ],
)
def test_what_is_no_tile_path_is_refused(path):
    with pytest.raises(MalformedTilePath):
        parse_tile_path(path)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, []),
        (1, [(0, 1)]),
        (255, [(0, 255)]),
        (256, [(1, 0), (0, 1)]),
        (70_000, [(273, 112), (1, 17), (0, 1)]),
    ],
)
def test_widths_are_those_of_the_specification(size, expected):
    assert expected == widths(size)


@pytest.mark.parametrize(
    ("level", "n", "width"),
    [(0, 272, 256), (0, 273, 112), (0, 274, 0), (1, 0, 256), (1, 1, 17), (2, 0, 1), (3, 0, 0)],
)
def test_a_tile_is_as_wide_as_its_level_has_hashes(level, n, width):
    assert width == tile_width(level, n, 70_000)


def test_a_bundle_reads_back_as_it_was_written():
    entries = [b"", b"one", b"x" * 65_535]
    raw = format_bundle(entries)
    assert b"\0\0\0\3one\xff\xff" == raw[:9]
    assert entries == parse_bundle(raw, 3)


def test_an_entry_over_65535_bytes_fits_no_bundle():
    with pytest.raises(MalformedBundle):
        format_bundle([b"x" * 65_536])


@pytest.mark.parametrize("count", [0, 257])
def test_a_bundle_has_1_to_256_entries(count):
    with pytest.raises(MalformedBundle):
        format_bundle([b""] * count)
    with pytest.raises(MalformedBundle):
        parse_bundle(b"\0\0" * count, count)


RAW = format_bundle([b"one", b"three"])


@pytest.mark.parametrize(
    ("raw", "width"),
    [
        (RAW, 1),
        (RAW, 3),
        (RAW[:-1], 2),
        (RAW[:6], 2),
        (RAW[:5], 2),
        (RAW + b"\0", 2),
        (RAW + b"\0\0", 2),
        (b"", 1),
        (b"\0", 1),
    ],
)
def test_a_bundle_of_another_width_or_length_is_refused(raw, width):
    with pytest.raises(MalformedBundle):
        parse_bundle(raw, width)


def test_tiles_prove_every_position_across_levels(large):
    positions = [0, 1, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999]
    for position, proof in zip(
        positions, prove_inclusions(positions, 70_000, large.hashes()), strict=True
    ):
        verify_inclusion(large.leaves[position], position, 70_000, proof, large.root)


def test_a_second_proof_from_the_same_tiles_fetches_nothing(log):
    hashes = log.hashes()
    first = prove_inclusion(300, 600, hashes)
    log.fetched.clear()
    assert first == prove_inclusion(300, 600, hashes)
    assert [] == log.fetched


def test_a_growing_tile_is_fetched_anew_at_each_width(log):
    """A tile kept at width 44 must never answer for 45, nor the other way round."""
    hashes = log.hashes()
    for size in (*range(257, 600, 7), *range(599, 256, -11)):
        proof = prove_inclusion(size - 1, size, hashes)
        verify_inclusion(log.leaves[size - 1], size - 1, size, proof, root_of(log.leaves[:size]))
    assert (0, 2, 87) in log.fetched  # at size 599
    assert len(log.fetched) == len(set(log.fetched))


def test_the_cache_is_bounded(log):
    """With room for one tile, going back and forth fetches each time."""
    reader = log.hashes(tiles=1).at(600)
    for _ in range(3):
        reader.subtree(0, 0)
        reader.subtree(0, 256)
    assert [(0, 0, 256), (0, 1, 256)] * 3 == log.fetched


@pytest.mark.parametrize(("level", "index"), [(0, 600), (0, -1), (9, 1), (8, 2), (10, 0), (64, 0)])
def test_a_subtree_that_is_not_complete_is_refused(log, level, index):
    """At size 600 there are two complete subtrees of 256 leaves and one of 512."""
    with pytest.raises(TileRefused):
        log.hashes().at(600).subtree(level, index)


@pytest.mark.parametrize("size", [0, 31, 8191, 8193])
def test_a_tile_of_another_length_is_refused(log, size):
    log.tiles[0, 0] = (log.tiles[0, 0] * 2)[:size]
    log.fetch = lambda level, n, _: log.tiles[level, n]
    with pytest.raises(TileRefused, match="tile/0/000: not 256 hashes"):
        log.hashes().at(600).subtree(0, 0)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 600, 65_536, 70_000])
def test_authentication_returns_every_leaf_hash_in_order(size):
    log = TiledLog(size)
    assert log.leaves == list(authenticate(size, log.root, log.fetch))


def test_authentication_fetches_each_tile_once(large):
    large.fetched.clear()
    list(authenticate(70_000, large.root, large.fetch))
    expected = {(level, n, tile_width(level, n, 70_000)) for level, n in large.tiles if (level, n)}
    assert expected == set(large.fetched)
    assert len(expected) == len(large.fetched)


def test_a_wrong_root_is_refused_before_any_leaf_is_asked_for(log):
    with pytest.raises(TileRefused, match="checkpoint"):
        authenticate(600, bytes(32), log.fetch)


def test_a_log_of_size_zero_has_the_empty_root():
    assert [] == list(authenticate(0, EMPTY_ROOT, TiledLog(0).fetch))
    with pytest.raises(TileRefused):
        authenticate(0, bytes(32), TiledLog(0).fetch)


@pytest.mark.parametrize("n", range(0, 256, 17))
def test_a_changed_hash_above_the_leaves_is_refused(n):
    """CVE-2026-56865: a reader that did not check each tile took this one for good."""
    log = TiledLog(66_000)
    log.replace(1, 0, 32 * n + 5)
    with pytest.raises(TileRefused):
        list(authenticate(66_000, log.root, log.fetch))


def test_a_tile_forged_together_with_its_parent_is_refused():
    """The grandparent gives it away."""
    log = TiledLog(66_000)
    log.replace(0, 3, 0)
    forged = root_of(log.tile_hashes(0, 3))
    log.tiles[1, 0] = log.tiles[1, 0][:96] + forged + log.tiles[1, 0][128:]
    with pytest.raises(TileRefused, match="tile/1/000"):
        list(authenticate(66_000, log.root, log.fetch))


def test_two_swapped_tiles_are_refused():
    log = TiledLog(66_000)
    log.tiles[0, 7], log.tiles[0, 8] = log.tiles[0, 8], log.tiles[0, 7]
    with pytest.raises(TileRefused, match="tile/0/007"):
        list(authenticate(66_000, log.root, log.fetch))


def test_a_refusal_names_the_tile_also_after_a_process_border():
    """Audits run in several processes, so the error has to survive pickling."""
    error = pickle.loads(pickle.dumps(TileRefused("tile/0/007", "why")))
    assert ("tile/0/007", "tile/0/007: why") == (error.path, str(error))


def test_a_tile_splits_into_its_hashes(log):
    assert log.leaves[512:] == split_tile(log.tiles[0, 2])
