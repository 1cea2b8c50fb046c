"""Nothing that stands in a log, and nothing that fails in a look, ends a monitor or mutes it."""

import errno
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from api.cli.monitor import code_of
from ledger.domain import admission
from ledger.domain.government.seal import LedgerSealed
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.events.intake import subjects_said
from ledger.events.lawbook import available_laws
from ledger.follow import governed, monitor, ownkeys
from ledger.follow.alarms import Alarm
from ledger.follow.audit import Replay, RuleBroken
from ledger.follow.monitor import Mine, Monitor
from ledger.log.merkle import leaf_hash
from ledger.log.note import Ed25519NoteSigner
from ledger.log.policy import Policy
from ledger.log.subject_map import SubjectMap
from ledger.node.genesis import key_record
from ledger.publish.publisher import SeenCheckpoint
from ledger.verify.event import RecordedEvent
from tests.support import builders as b
from tests.support.builders import FIRM, INSTITUTE, OPERATOR
from tests.support.governance import ledger_resumed, ledger_sealed, log_keys_adopted, policy_adopted
from tests.support.log import ed25519_key, flip, format_vkey
from tests.support.sample_log import SampleLog, log_signers, party_key, sample_log
from tests.support.unread import KEPT, UNREAD, unreadable_file
from tests.support.verifying import append, payload
from tests.unit.test_audit_export import MemoryLog
from tests.unit.test_monitor import WITNESS, Watch, kinds

LATER = "2026-12-24T00:00:00.000Z"


def sealed_body(log: SampleLog) -> LedgerSealed:
    """Return a seal over all there is by its true map, whatever the entries are."""
    subjects = SubjectMap()
    for position, entry in enumerate(log.entries):
        for subject in subjects_said(entry):
            subjects.touch(subject, position, leaf_hash(entry))
    root = f"sha256:{subjects.root().hex()}"
    subject = ledger_subject(log.origin)
    return ledger_sealed(log.size, ledger=subject, map_root=root, projections=[])


def sealed(log: SampleLog) -> None:
    log.say(sealed_body(log), [OPERATOR])


def of_the_future(log: SampleLog) -> None:
    append(log, payload(log, type="technology.dreamt/1"))


def without_its_body(log: SampleLog) -> None:
    append(log, payload(log, body={"owners": [{"party": FIRM}]}))


def no_entry(log: SampleLog) -> None:
    log.entries.append(b"nothing that anybody can read")


def no_json(log: SampleLog) -> None:
    log.sign(b"{" * 4000, [party_key(FIRM)])


def strange_subjects(log: SampleLog) -> None:
    append(log, payload(log, subjects={"x": [1]}))


def another_seal(log: SampleLog) -> None:
    body = {"ledger": ledger_subject(log.origin), "size": "all", "map_root": None}
    said = payload(log, type="ledger.sealed/1", body=body, signers=[OPERATOR])
    append(log, {**said, "subjects": [body["ledger"]]}, [party_key(OPERATOR)])


def an_older_seal(log: SampleLog) -> None:
    sealed(log)
    body = ledger_sealed(3, ledger=ledger_subject(log.origin), projections=[])
    log.say(body, [OPERATOR])


def the_genesis_again(log: SampleLog) -> None:
    log.entries.append(log.entries[0])


STRANGE = (
    of_the_future,
    without_its_body,
    no_entry,
    no_json,
    strange_subjects,
    another_seal,
    an_older_seal,
    the_genesis_again,
)


def other_history(size: int) -> MemoryLog:
    log = sample_log(11)
    while log.size < size:
        body = b.technology_registered(technology=f"technology:other{log.size}")
        log.say(body, [INSTITUTE])
    return MemoryLog(log)


@pytest.mark.parametrize("strange", STRANGE)
def test_an_entry_that_is_strange_and_a_seal_over_it_end_no_monitor(
    strange: Callable[[SampleLog], None], tmp_path: Path
) -> None:
    log = sample_log(12)
    strange(log)
    sealed(log)
    log.say(b.technology_registered(owners=[b.held(FIRM)]), [FIRM])  # There is one already.
    watch = Watch(tmp_path, log)
    found = watch.look(MemoryLog(log))
    assert {"RULE_BROKEN"} <= set(found) <= {"RULE_BROKEN", "SIGNATURE", "FALSE_SEAL"}
    last = [alarm.kind for alarm in watch.monitor.standing if alarm.position == log.size - 1]
    assert ["RULE_BROKEN"] == last
    assert log.size == watch.monitor.size
    assert ["FORK"] == watch.look(other_history(log.size + 2))
    again = watch.fresh()
    assert [] == again.begin()
    assert log.size == again.size
    sealed(log)
    assert [] == watch.look(MemoryLog(log))


def test_a_seal_over_what_is_not_known_yet_is_held_to_the_subjects_that_it_names(
    tmp_path: Path,
) -> None:
    log = sample_log(12)
    of_the_future(log)
    sealed(log)
    watch = Watch(tmp_path, log)
    assert ["RULE_BROKEN"] == watch.look(MemoryLog(log))
    root = f"sha256:{bytes(32).hex()}"
    body = ledger_sealed(14, ledger=ledger_subject(log.origin), map_root=root, projections=[])
    log.say(body, [OPERATOR])
    assert ["FALSE_SEAL"] == watch.look(MemoryLog(log))


def failing(*_: Any, **__: Any) -> Any:
    raise KeyError("nobody thought of that")


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (Replay, "follow"),
        (admission, "evolve_subject"),
        (governed, "check_signatures"),
        (governed, "read_event"),
        (monitor, "subjects_said"),
        (ownkeys, "brought_keys"),
        (ownkeys, "must_wait"),
    ],
)
def test_a_judge_that_fails_is_said_at_its_entry_and_the_others_judge_on(
    place: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = sample_log(12)
    watch = Watch(tmp_path, log, mine=Mine([FIRM], ()))
    assert {"NOT_MINE"} == set(watch.look(MemoryLog(log)))
    key = party_key(FIRM, 7)
    added = b.key_added(party=FIRM, key=key_record(key), vouched_by=b.REGISTRAR, not_before=LATER)
    keys = [key, party_key(OPERATOR), party_key(b.REGISTRAR)]
    log.say(added, [FIRM, OPERATOR, b.REGISTRAR], keys=keys)
    sealed(log)
    again = b.technology_registered(owners=[b.held(FIRM)])  # There is one already.
    log.say(again, [FIRM], keys=[party_key(OPERATOR)])
    asked = {"WAITING", "NOT_MINE", "RULE_BROKEN", "SIGNATURE"}
    with monkeypatch.context() as patched:
        patched.setattr(place, name, failing)
        found = set(watch.look(MemoryLog(log)))
    assert "UNJUDGED" in found
    assert 1 == code_of(watch.monitor.standing)
    assert len(asked - found) <= CUT_OFF.get(name, 1), found
    assert all(alarm.position in range(12, 15) for alarm in told(watch) if alarm.kind == "UNJUDGED")
    said = {alarm.what for alarm in told(watch) if alarm.kind == "UNJUDGED"}
    assert any("is not there: 'nobody thought of that'" in each for each in said)
    assert not [each for each in said if "Error" in each]
    assert log.size == watch.monitor.size
    assert ["FORK"] == watch.look(other_history(log.size + 1))


CUT_OFF = {"read_event": 3, "evolve_subject": 0, "check_signatures": 1}
"""How many of the alarms rest on what fails; else one."""


def told(watch: Watch) -> list[Alarm]:
    return list(watch.monitor.standing)


def test_a_look_that_cannot_be_had_is_an_alarm_and_the_others_are_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = sample_log(12)
    fork = sample_log(11)
    fork.say(b.technology_registered(technology="technology:other"), [INSTITUTE])
    seen = SeenCheckpoint("http://w", fork.checkpoint())

    def witnesses(_policy: Policy) -> Iterable[SeenCheckpoint]:
        yield seen
        raise RuntimeError("a witness that nobody expects")

    watch = Watch(tmp_path, log, witnesses=witnesses)
    assert ["FORK", "UNCHECKED"] == watch.look()
    monkeypatch.setattr(monitor, "follow", failing)
    found = watch.monitor.look()
    assert ["UNCHECKED", "FORK", "UNCHECKED"] == kinds(found)
    missing = "what it looks for is not there: 'nobody thought of that'"
    assert f"what is new cannot be examined: {missing}" == found[0].what
    assert 1 == code_of([found[0]])
    monkeypatch.setattr(monitor, "exported_checkpoint", failing)
    assert {"UNCHECKED"} == set(watch.look())


class Killed(BaseException):
    """The process ends."""


@pytest.mark.parametrize("where", ["_scan", "_stalled", "_remember"])
def test_what_was_found_is_written_down_before_anything_else_is_asked(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(tmp_path, sample_log(12))
    assert [] == watch.look()

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(Monitor, where, killed)
        with pytest.raises(Killed):
            watch.look(other_history(13))
    watch.monitor = watch.fresh()
    assert [] == watch.monitor.begin()
    assert ["FORK"] == kinds(watch.monitor.standing)


def test_an_entry_at_which_the_process_ends_keeps_nothing_before_it_from_being_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = sample_log(12)
    without_its_body(log)
    without_its_body(log)
    watch = Watch(tmp_path, log)

    def killed(_self: Monitor, event: RecordedEvent) -> Iterable[Alarm]:
        if event.position == 13:
            raise Killed
        return ()

    monkeypatch.setattr(Monitor, "_false_seal", killed)
    for _ in range(2):
        with pytest.raises(Killed):
            watch.look(MemoryLog(log))
        watch.monitor = watch.fresh()
    with pytest.raises(Killed):
        watch.monitor.begin()
    assert [12] == [alarm.position for alarm in watch.monitor.standing]


def test_what_cannot_be_kept_on_the_disk_is_told_all_the_same(tmp_path: Path) -> None:
    watch = Watch(tmp_path, sample_log(12))
    assert [] == watch.look()
    (tmp_path / "mirror.forked").write_text("no directory")
    (tmp_path / ".mirror.monitor.json.new").mkdir()
    found = watch.monitor.look()
    assert ["STATE"] == kinds(found)
    watch.source = other_history(13)
    fork, state = watch.monitor.look()
    assert ("FORK", "STATE") == (fork.kind, state.kind)
    assert "the proof could not be kept" in fork.what


def test_a_memory_that_cannot_be_read_now_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(tmp_path, sample_log(12))
    assert [] == watch.look()
    assert ["FORK"] == watch.look(other_history(13))
    watch.monitor = watch.fresh()
    with monkeypatch.context() as patched:
        unreadable_file(patched, errno.EMFILE, "monitor.json")
        found = [*watch.monitor.begin(), *watch.monitor.look()]
        assert [] == watch.monitor.acknowledge()
    assert ["UNCHECKED"] * 2 == kinds(found)
    assert "Too many open files" in found[0].what
    assert [] == watch.look(MemoryLog(watch.log))
    assert ["FORK"] == kinds(watch.monitor.standing)


@pytest.mark.parametrize("number", UNREAD)
@pytest.mark.parametrize("path", KEPT[:3])
def test_what_cannot_be_read_is_not_rot(
    path: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(tmp_path, sample_log(12))
    assert [] == watch.look()
    watch.monitor = watch.fresh()
    with monkeypatch.context() as patched:
        unreadable_file(patched, number, path)
        found = [*watch.monitor.begin(), *watch.monitor.look()]
    assert {"UNCHECKED"} == {*kinds(found)}
    assert not (tmp_path / "mirror.rotten").exists()
    file = watch.directory / path
    file.write_bytes(flip(file.read_bytes(), 20))  # Every byte is still to be looked at.
    assert "OWN_DISK" in watch.look()


def test_a_policy_that_one_officer_adopts_alone_silences_no_witness(tmp_path: Path) -> None:
    log, asked = sample_log(12), list[str | None]()

    def witnesses(policy: Policy) -> Iterable[SeenCheckpoint]:
        asked.append(policy.quorum)
        return []

    def adopt(*lines: str, signers: Iterable[str]) -> None:
        body = policy_adopted(
            *lines, ledger=ledger_subject(log.origin), approved_by=[FIRM, b.REGISTRAR]
        )
        log.say(body, signers)

    watch = Watch(tmp_path, log, witnesses=witnesses)
    adopt(
        f"witness w {format_vkey(WITNESS)} http://w",
        "quorum w",
        signers=[OPERATOR, b.REGISTRAR, FIRM],
    )
    assert ["STALL"] == watch.look(MemoryLog(log))
    adopt("quorum none", signers=[OPERATOR])
    assert {"SIGNATURE", "RULE_BROKEN", "STALL"} == set(watch.look(MemoryLog(log)))
    assert ["w", "w"] == asked


def test_log_keys_that_one_officer_adopts_alone_hide_no_fork(tmp_path: Path) -> None:
    """Whichever set the log signs with, what it signs is held to what it has signed."""
    log = sample_log(12)
    watch = Watch(tmp_path, log)
    _, quantum = log_signers()
    third = Ed25519NoteSigner(log.origin, ed25519_key("third"))
    new = [format_vkey(each) for each in (third, quantum)]
    log.say(log_keys_adopted(*new, ledger=ledger_subject(log.origin)), [OPERATOR])
    watch.source = MemoryLog(log)
    found = watch.monitor.look()
    assert {"SIGNATURE", "RULE_BROKEN"} == set(kinds(found))
    assert any("goes on counting" in alarm.what for alarm in found)
    log.say(b.technology_registered(technology="technology:x", owners=[b.held(FIRM)]), [FIRM])
    assert [] == watch.look(MemoryLog(log))
    assert ["FORK"] == watch.look(other_history(log.size))


def test_a_seal_that_counts_less_than_the_one_before_is_found(tmp_path: Path) -> None:
    log = sample_log(12)
    watch = Watch(tmp_path, log)

    def count(openings: int) -> None:
        log.say(sealed_body(log).model_copy(update={"openings": openings}), [OPERATOR])

    count(5)
    assert [] == watch.look(MemoryLog(log))
    count(1)
    assert ["RULE_BROKEN"] == watch.look(MemoryLog(log))
    assert "SEAL_COUNTS_FALL" in watch.monitor.standing[0].what
    with pytest.raises(RuleBroken, match="SEAL_COUNTS_FALL"):
        list(Replay(log.entries, log.origin, available_laws()))
    log.entries.pop()
    log.say(ledger_resumed(ledger=ledger_subject(log.origin)), [OPERATOR])
    count(1)
    assert 15 == len(list(Replay(log.entries, log.origin, available_laws())))
