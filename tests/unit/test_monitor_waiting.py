"""A monitor cries when officers register its party, or vouch for a key of it."""

from pathlib import Path

import pytest

from ledger.domain.core.body import Body
from ledger.follow.monitor import Mine
from ledger.node.genesis import key_record
from tests.support import builders as b
from tests.support.builders import FIRM, RIVAL
from tests.support.governance import delay_adopted
from tests.support.parties import (
    key_suspended,
    party_dissolved,
    party_merged,
    party_stopped,
    person_erased,
)
from tests.support.sample_log import OFFICERS, SampleLog, open_log, party_key, sample_log
from tests.unit.test_audit_export import MemoryLog
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


def test_a_change_of_the_delay_is_told_to_everybody_while_it_can_be_stopped(tmp_path: Path) -> None:
    log = SampleLog()
    open_log(log, delay_seconds=60)
    later = "2026-12-24T00:00:00.000Z"
    mine = log.say(delay_adopted(5, not_before=later), [*OFFICERS])
    changed = log.size - 1
    watch = Watch(tmp_path, log, mine=Mine([FIRM]))
    (told,) = [alarm for alarm in watch.monitor.look() if alarm.position == changed]
    assert "WAITING" == told.kind
    assert f"makes the delay 5 s, from {later} on" in told.what
    assert told in watch.monitor.standing
    known = Watch(tmp_path / "known", log, mine=Mine([FIRM], {mine}))
    assert [] == [alarm for alarm in known.monitor.look() if alarm.position]


def test_a_key_that_officers_take_from_ones_own_party_is_told_at_once(tmp_path: Path) -> None:
    """Who has no key in force can stop nothing that waits."""
    log = SampleLog()
    open_log(log, delay_seconds=60)
    key_id = party_key(FIRM).key_id
    by_operator = key_suspended(party=FIRM, key_id=key_id, suspended_by=b.OPERATOR)
    log.say(by_operator, [b.OPERATOR])
    taken = log.size - 1
    watch = Watch(tmp_path, log, mine=Mine([FIRM]))
    watch.source = MemoryLog(log)
    told = [alarm for alarm in watch.monitor.look() if alarm.position == taken]
    assert ["KEY_TAKEN"] == [alarm.kind for alarm in told]
    assert f"by {b.OPERATOR} takes the key {key_id} from {FIRM}" in told[0].what
    assert told[0] in watch.monitor.standing
    other = Watch(tmp_path / "other", log, mine=Mine([RIVAL]))
    assert "KEY_TAKEN" not in other.look(MemoryLog(log))


@pytest.mark.parametrize(
    ("body", "by", "own"),
    [
        (party_dissolved(party=FIRM, attested_by=None), [b.REGISTRAR], FIRM),
        (party_merged(party=FIRM, into=RIVAL), [b.REGISTRAR], FIRM),
        (person_erased(token=b.AUTHOR), OFFICERS, b.AUTHOR),
        (party_stopped(b.BANK), [b.REGISTRAR], b.BANK),
    ],
    ids=lambda value: value.TOPIC if isinstance(value, Body) else "",
)
def test_the_end_of_ones_own_party_is_told_at_once(
    body: Body, by: list[str], own: str, tmp_path: Path
) -> None:
    """Nothing that it signs counts from there on."""
    log = SampleLog()
    open_log(log, delay_seconds=60)
    bank = b.party_registered(
        party=b.BANK,
        keys=[key_record(party_key(b.BANK))],
        not_before="2026-12-24T00:00:00.000Z",
    )
    log.say(bank, [b.BANK, *OFFICERS])
    ending = log.say(body, by)
    ends = log.size - 1
    watch = Watch(tmp_path, log, mine=Mine([own]))
    (told,) = [alarm for alarm in watch.monitor.look() if alarm.position == ends]
    assert "ENDED" == told.kind
    assert f"by {', '.join(sorted(by))} ends {own}" in told.what
    assert told in watch.monitor.standing
    for name, mine in (("other", Mine([RIVAL])), ("known", Mine([own], {ending}))):
        watch = Watch(tmp_path / name, log, mine=mine)
        assert [] == [alarm for alarm in watch.monitor.look() if alarm.position == ends]


def test_a_party_of_ones_own_that_the_log_does_not_know_is_named(tmp_path: Path) -> None:
    log = sample_log(12)
    watch = Watch(tmp_path, log, mine=Mine([FIRM, "party:vn.typo"]))
    watch.look()
    assert ["party:vn.typo"] == watch.monitor.unregistered
