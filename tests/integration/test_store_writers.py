"""F1, F2: writers in several processes, and a log that is gapless with every batch in one piece."""

import subprocess
import sys
from itertools import groupby

from ledger.log.merkle import Frontier
from ledger.store.entries import read_entries, read_head
from ledger.store.subscription import Subscription
from ledger.store.tree import TreeReader

WRITERS, BATCHES = 8, 25


def _write_from_two_processes(dsn):
    """Append with eight threads in two processes; return the processes."""
    command = [sys.executable, "-m", "tests.support.writer", dsn]
    return [
        subprocess.Popen([*command, name, seed, str(BATCHES), str(WRITERS // 2)])
        for name, seed in (("a", "0"), ("b", "100"))
    ]


def _batches(entries):
    """Return the runs of neighbouring entries that one writer wrote in one batch."""
    words = [entry.entry.decode().split() for entry in entries]
    return [
        ((writer, int(batch)), [(int(place), int(number)) for _, _, place, number in run])
        for (writer, batch), run in groupby(words, key=lambda word: (word[0], word[1]))
    ]


def test_batches_of_many_writers_are_contiguous_and_gapless(pool, database):
    """A subscriber that reads along sees every position once, in order."""
    processes = _write_from_two_processes(database.app_dsn)
    batches, followed = 0, []
    with Subscription(pool) as following:
        while batches < WRITERS * BATCHES:
            followed += next(following)
            batches = len(_batches(followed))
        assert [0, 0] == [process.wait() for process in processes]
        while len(followed) < read_head(pool).size:
            followed += next(following)
    entries = read_entries(pool, 0, None, 10_000)
    assert followed == entries
    assert list(range(len(entries))) == [entry.position for entry in entries]
    runs = _batches(entries)
    assert WRITERS * BATCHES == len(runs)
    assert all(run == [(n, len(run)) for n in range(len(run))] for _, run in runs)
    assert {
        (f"{name}-{n}", batch) for name in "ab" for n in range(4) for batch in range(BATCHES)
    } == {key for key, _ in runs}


def test_the_tree_of_many_writers_is_that_of_their_entries(pool, database):
    for process in _write_from_two_processes(database.app_dsn):
        assert 0 == process.wait()
    head = read_head(pool)
    leaves = [entry.leaf_hash for entry in read_entries(pool, 0, None, 10_000)]
    assert Frontier().extend(leaves).root() == head.root
    width = head.size // 256
    expected = [Frontier().extend(leaves[n * 256 : n * 256 + 256]).root() for n in range(width)]
    assert b"".join(expected) == TreeReader(pool).fetch(1, 0, width)
