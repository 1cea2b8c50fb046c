"""What a monitor's own clock says of a log: it signs nothing any more, or ahead of time."""

from datetime import timedelta
from pathlib import Path

from tests.support.sample_log import sample_log
from tests.support.verifying import append, payload
from tests.unit.test_audit_export import MemoryLog
from tests.unit.test_mirror import Signed
from tests.unit.test_monitor import HOUR, Watch


def test_a_log_that_answers_and_signs_nothing_is_frozen(tmp_path: Path) -> None:
    """Without witnesses too: while it rests it signs each minute."""
    log = sample_log(12)
    watch = Watch(tmp_path, log)
    assert [] == watch.look()
    watch.now = HOUR - 1
    assert [] == watch.look()
    watch.now = HOUR
    (alarm,) = watch.monitor.look()
    assert ("STALL", "the log signed last 3600 s ago") == (alarm.kind, alarm.what)


def test_what_is_dated_ahead_of_ones_own_clock_stands(tmp_path: Path) -> None:
    """An event dated days ahead ends the delay of what was registered now."""
    log = sample_log(12)
    watch = Watch(tmp_path, log)
    assert [] == watch.look(Signed(log, 12, int(watch.began) + 300))
    assert ["AHEAD_OF_TIME"] == watch.look(Signed(log, 12, int(watch.began) + 301))
    append(log, payload(log), accepted=log.now + timedelta(days=3))
    watch.look(MemoryLog(log, 13))
    found = [each.position for each in watch.monitor.standing if each.kind == "AHEAD_OF_TIME"]
    assert [None, 12] == found
