"""Readers of the tables, asked by several threads at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from projections.tables import reader
from projections.tables.reader import Reader


def test_no_reader_waits_for_another_one_s_law(monkeypatch: Any):
    """Python 3.11 locks a cached property for all instances: two of them stood still for ever."""
    both = Barrier(2, timeout=10)
    monkeypatch.setattr(reader, "law_in_force", lambda _pool, laws: (both.wait(), laws)[1])
    readers = [Reader(None, "ledger", {str(each): each}) for each in range(2)]
    with ThreadPoolExecutor(2) as threads:
        assert [each.laws for each in readers] == [*threads.map(lambda each: each.law, readers)]


def test_the_law_is_read_once_of_a_reader(monkeypatch: Any):
    asked = list[object]()
    monkeypatch.setattr(reader, "law_in_force", lambda *given: asked.append(given) or given)
    one = Reader(None, "ledger", {})
    assert one.law is one.law
    assert 1 == len(asked)
