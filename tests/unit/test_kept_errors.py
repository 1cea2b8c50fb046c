"""Errors that are kept as answers hold nothing of what was read: no ring is left behind."""

import gc

import pytest

from ledger.node.chunks import read_all
from ledger.runtime.faults import without_frames


@pytest.fixture
def collected():
    """Have the collector rest; return what tells how many objects are found in rings."""
    gc.collect()
    gc.disable()
    yield gc.collect
    gc.enable()


def _chained():
    try:
        try:
            int("inner")
        except ValueError as inner:
            raise TypeError("outer") from inner
    except TypeError as outer:
        return outer


def test_an_error_is_kept_with_its_cause_and_without_frames():
    error = without_frames(_chained())
    assert ("outer", None) == (str(error), error.__traceback__)
    assert isinstance(error.__cause__, ValueError)
    assert None is error.__cause__.__traceback__


def test_what_is_no_submission_leaves_no_ring(collected):
    found = read_all([b'{"envelope": 1}', b"{", b"x" * 100] * 100, "example.com/log")
    assert 300 == len(found)
    del found
    assert 0 == collected()
