"""A monitor cries when officers register its party, or vouch for a key of it."""

from pathlib import Path

from ledger.genesis import key_record
from ledger.monitor import Mine
from tests.support import builders as b
from tests.support.builders import FIRM, RIVAL
from tests.support.sample_log import OFFICERS, SampleLog, open_log, party_key
from tests.unit.test_monitor import Watch


def test_what_waits_in_ones_own_name_is_told_at_once(tmp_path: Path) -> None:
    """Not when it binds, and not to who signed it; of others' keys and of one's own nothing."""
    log = SampleLog()
    open_log(log, delay_seconds=60)
    new, own = party_key(FIRM, 7), party_key(FIRM, 8)
    later = "2026-12-24T00:00:00.000Z"
    for party, key in ((RIVAL, party_key(RIVAL, 7)), (FIRM, new)):
        added = b.key_added(
            party=party, key=key_record(key), vouched_by=b.REGISTRAR, not_before=later
        )
        last = log.say(added, [party, *OFFICERS], keys=[key, *map(party_key, OFFICERS)])
    further = b.key_added(party=FIRM, key=key_record(own))
    mine = log.say(further, [FIRM], keys=[own, party_key(FIRM)])
    watch = Watch(tmp_path, log, mine=Mine([FIRM], {mine}))
    (waiting, stolen) = (alarm for alarm in watch.monitor.look() if alarm.position)
    assert ("WAITING", "NOT_MINE") == (waiting.kind, stolen.kind)
    assert (2, 2) == (waiting.position, stolen.position)
    assert f"gives {FIRM} the key {new.key_id}, from {later} on" in waiting.what
    assert waiting in watch.monitor.standing
    known = Watch(tmp_path / "known", log, mine=Mine([FIRM], {mine, last}))
    assert [] == [alarm for alarm in known.monitor.look() if alarm.position]
