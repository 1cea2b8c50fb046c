"""A monitor says what a log keeps from it, and that it is another log than the trusted one."""

import json
from pathlib import Path

import pytest

from ledger.follow.audit import Unfinished
from ledger.follow.client import NoAnswer
from ledger.follow.monitor import Monitor
from tests.support.sample_log import SampleLog, sample_log
from tests.unit.test_audit_export import MemoryLog
from tests.unit.test_monitor import HOUR, Watch


@pytest.fixture(scope="module")
def log() -> SampleLog:
    return sample_log(300)


def test_a_log_that_was_opened_anew_under_the_same_keys_is_a_fork(tmp_path: Path, log: SampleLog):
    watch = Watch(tmp_path, log)
    root = json.loads(log.trust_root()) | {"genesis_sha256": "0" * 64}
    watch.monitor = Monitor(
        watch, watch.directory, json.dumps(root).encode(), laws={}, now=lambda: 0.0, stall_s=HOUR
    )
    assert ["FORK"] == watch.look()
    assert not (watch.directory / "checkpoint").exists()
    assert ["FORK"] == [alarm.kind for alarm in watch.monitor.standing]


class Withholding(MemoryLog):
    """A log that shows its checkpoint, and nothing below it."""

    def fetch(self, level: int, n: int, width: int) -> bytes:
        raise NoAnswer(f"{level}/{n}.p/{width}")


@pytest.mark.parametrize("has", [0, 12])
def test_a_log_that_signs_what_it_does_not_show(has: int, tmp_path: Path, log: SampleLog) -> None:
    watch, told = Watch(tmp_path, log), [] if has else ["UNCHECKED"]
    if has:
        assert [] == watch.look(MemoryLog(log, has))
    assert told == watch.look(Withholding(log, 300))
    watch.now = 59.0
    assert told == watch.look(Withholding(log, 300))
    watch.now, watch.monitor = 61.0, watch.fresh()
    watch.monitor.begin()
    assert [*told, "WITHHELD"] == watch.look(Withholding(log, 300))
    (standing,) = watch.monitor.standing
    assert f"has signed 300 entries, and shows {has}" in standing.what
    watch.monitor.acknowledge()
    assert [] == watch.look(MemoryLog(log, 300))


def test_a_log_that_grows_between_two_questions_or_is_caught_up_with_withholds_nothing(
    tmp_path: Path, log: SampleLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(tmp_path, log, stall_s=1e9)
    for size in range(12, 40):
        sources = iter([MemoryLog(log, size), MemoryLog(log, size + 1)])
        monkeypatch.setattr(watch, "checkpoint", lambda s=sources: next(s).checkpoint())
        watch.now += 3600.0
        assert [] == watch.look(MemoryLog(log, size))
    monkeypatch.undo()

    def unfinished(*_given: object, **_options: object) -> None:
        raise Unfinished("there is more")

    monkeypatch.setattr("ledger.follow.monitor.follow", unfinished)
    for _look in range(3):
        watch.now += 3600.0
        assert ["UNFINISHED"] == watch.look(MemoryLog(log, 300))
    monkeypatch.undo()
    assert [] == watch.look(Withholding(log, 300))  # No answer, once, and it has caught up.
