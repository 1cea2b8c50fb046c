"""What follows a log, and what ends one, is said by events that this software knows."""

from pathlib import Path

import pytest

from ledger.log.tree_head import Checkpoint
from ledger.node.succession import ClosedLog, NotClosed, NotDeclared, check_succession, read_closed
from tests.support.sample_log import SampleLog, sample_log
from tests.support.verifying import append, payload


@pytest.fixture
def log() -> SampleLog:
    """Return a log whose last event, at position 1, is of a type of later software."""
    log = sample_log(1)
    append(log, payload(log, type="foo.bared/1"))
    return log


def test_an_event_of_an_unknown_type_declares_no_succession(log: SampleLog, tmp_path: Path) -> None:
    closed = ClosedLog(Checkpoint("old.example/log", 2, bytes(32)), "0" * 64, None)
    with pytest.raises(NotDeclared):
        check_succession(log.write(tmp_path), log.trust_root(), closed)


def test_an_event_of_an_unknown_type_closes_no_log(log: SampleLog, tmp_path: Path) -> None:
    with pytest.raises(NotClosed):
        read_closed(log.write(tmp_path), log.trust_root())
