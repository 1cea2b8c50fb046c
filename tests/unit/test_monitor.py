"""A monitor says what is wrong with a log, once, and nothing where nothing is."""

import errno
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.cli.monitor import code_of
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.events.intake import decode
from ledger.events.lawbook import available_laws
from ledger.follow.alarms import STANDING, Alarm
from ledger.follow.audit import NothingExported, Source
from ledger.follow.monitor import Mine, Monitor
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.cosignature import CosignatureV1Signer
from ledger.log.merkle import leaf_hash
from ledger.log.note import Note, NoteSignature, format_note, format_vkey, parse_note
from ledger.log.policy import Policy
from ledger.log.subject_map import SubjectMap
from ledger.publish.publisher import SeenCheckpoint
from tests.support import builders as b
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR
from tests.support.governance import ledger_sealed, policy_adopted
from tests.support.log import ed25519_key, flip
from tests.support.sample_log import SIGNED_AT, SampleLog, log_signers, party_key, sample_log
from tests.unit.test_audit_export import MemoryLog, Power
from tests.unit.test_mirror import Signed

HOUR = 3600.0
AGAIN = b.technology_registered(owners=[b.held(FIRM)])
"""Names a technology that there is already: the rules forbid it, the signature is good."""


class Silent(MemoryLog):
    def checkpoint(self) -> bytes:
        raise NothingExported("no answer")


class Watch:
    """A monitor with a clock set by hand, over a log that can be swapped."""

    def __init__(self, directory: Path, log: SampleLog, **options: Any) -> None:
        self.now, self.directory, self.log = 0.0, directory / "mirror", log
        self.began = float(log.signed_at())
        self.source: Source = MemoryLog(log, 12)
        self.options = options
        self.monitor = self.fresh()

    def fresh(self) -> Monitor:
        return Monitor(
            self,
            self.directory,
            self.log.trust_root(),
            laws=available_laws(),
            now=lambda: self.began + self.now,
            **{"stall_s": HOUR, **self.options},
        )

    def checkpoint(self) -> bytes:
        return self.source.checkpoint()

    def fetch(self, level: int, n: int, width: int) -> bytes:
        return self.source.fetch(level, n, width)

    def fetch_bundle(self, n: int, width: int) -> bytes:
        return self.source.fetch_bundle(n, width)

    def signed(self, _size: int) -> list[bytes]:
        return []

    def look(self, source: Source | None = None) -> list[str]:
        self.source = source or self.source
        return [alarm.kind for alarm in self.monitor.look()]


@pytest.fixture(scope="module")
def log() -> SampleLog:
    return sample_log(300)


@pytest.fixture
def watch(tmp_path: Path, log: SampleLog) -> Watch:
    return Watch(tmp_path, log)


def test_a_log_that_grows_or_rests_is_no_alarm(watch: Watch, log: SampleLog) -> None:
    for size in (12, 12, 255, 256, 300, 300):
        assert [] == watch.look(MemoryLog(log, size))
        assert size == watch.monitor.size
    watch.now = 100 * HOUR  # It rests, and signs again.
    assert [] == watch.look(Signed(log, 300, int(watch.began + watch.now)))


def test_a_fork_and_a_log_that_shrank(watch: Watch, log: SampleLog) -> None:
    watch.look()
    other = sample_log(11)
    other.say(b.technology_registered(technology="technology:other"), [INSTITUTE])
    other.say(b.technology_registered(technology="technology:more"), [INSTITUTE])
    assert ["FORK"] == watch.look(MemoryLog(other, 13))
    assert ["BEHIND"] == watch.look(MemoryLog(log, 11))
    assert ["ROLLED_BACK"] == watch.look(Signed(log, 11, SIGNED_AT + 1))
    assert [] == watch.look(MemoryLog(log, 13))
    assert ["FORK", "ROLLED_BACK"] == [alarm.kind for alarm in watch.monitor.standing]
    assert 3 == code_of(watch.monitor.standing)


def test_an_entry_that_is_older_than_what_was_seen_without_it(watch: Watch, log: SampleLog) -> None:
    assert [] == watch.look(MemoryLog(log, 12))
    assert [] == watch.look(Signed(log, 12, log.signed_at(12) + 60))
    for _ in range(2):
        assert ["BACKDATED"] == watch.look(MemoryLog(log, 300))
        assert 12 == watch.monitor.size
    assert 8 == code_of(watch.monitor.standing)


def test_from_cron_what_the_log_did_stands_until_it_is_acknowledged(
    watch: Watch, log: SampleLog
) -> None:
    watch.look(Signed(log, 12, int(watch.began)))
    watch.look(Signed(log, 11, int(watch.began) + 1))
    for _ in range(2):
        watch.monitor = watch.fresh()
        assert ["BEHIND"] == [*kinds(watch.monitor.begin()), *watch.look(MemoryLog(log, 11))]
        assert 4 == code_of(watch.monitor.standing)
    assert ["ROLLED_BACK"] == kinds(watch.monitor.acknowledge())
    watch.monitor = watch.fresh()
    assert [] == [*watch.monitor.begin(), *watch.look(MemoryLog(log, 12))]
    assert 0 == code_of(watch.monitor.standing)


def kinds(alarms: Iterable[Alarm]) -> list[str]:
    return [alarm.kind for alarm in alarms]


def test_from_cron_a_stall_is_said(watch: Watch, log: SampleLog) -> None:
    """Each run is a new process: when the log last answered is on the disk."""
    assert [] == watch.look()
    for hours, found in ((0.5, []), (1.0, ["STALL"]), (2.0, ["STALL"])):
        watch.now = hours * HOUR
        watch.monitor, watch.source = watch.fresh(), Silent(log)
        told = [*watch.monitor.begin(), *watch.monitor.look()]
        assert found == [each.kind for each in told if "no answer" in each.what]
    assert [] == watch.look(Signed(log, 12, int(watch.began + watch.now)))


def test_from_cron_a_log_that_never_answered_stalls_too(watch: Watch, log: SampleLog) -> None:
    for hours, found in ((0.0, ["UNCHECKED"]), (0.5, ["UNCHECKED"]), (1.0, ["STALL"])):
        watch.now = hours * HOUR
        watch.monitor = watch.fresh()
        assert found == [*kinds(watch.monitor.begin()), *watch.look(Silent(log))]


def test_a_clock_that_was_ahead_once_does_not_mute_the_stall(watch: Watch, log: SampleLog) -> None:
    watch.now = 1000 * HOUR
    assert [] == watch.look(Signed(log, 12, int(watch.began + watch.now)))
    watch.now = 0.0
    assert ["AHEAD_OF_TIME"] == watch.look(Silent(log))
    watch.now = HOUR
    assert any("no answer" in alarm.what for alarm in watch.monitor.look())


@pytest.mark.parametrize(
    "path", ["tile/entries/000", "tile/entries/001.p/44", "tile/0/000", "tile/1/000.p/1"]
)
def test_ones_own_rotten_disk_is_told_as_that_and_mended(
    path: str, watch: Watch, log: SampleLog
) -> None:
    """It was told as the operator speaking for a party, and no rule was judged behind it."""
    watch.look(MemoryLog(log, 300))
    file = watch.directory / path
    for wrong in (flip(file.read_bytes(), 100 % file.stat().st_size), b""):
        file.write_bytes(wrong)
        watch.monitor = watch.fresh()
        assert {"OWN_DISK"} == set(kinds(watch.monitor.begin()))
        assert [] == watch.look()
        assert 300 == watch.monitor.size
    file.unlink()
    watch.monitor = watch.fresh()
    assert {"OWN_DISK"} == set(kinds(watch.monitor.begin()))
    assert [] == kinds(watch.monitor.standing)


def test_a_rotten_checkpoint_of_ones_own_is_told_and_blames_nobody(
    watch: Watch, log: SampleLog
) -> None:
    watch.look(MemoryLog(log, 300))
    file = watch.directory / "checkpoint"
    raw = file.read_bytes()
    for wrong in (flip(raw, len(raw) - 40), b"", raw.replace(b"\n300\n", b"\n299\n")):
        file.write_bytes(wrong)
        watch.monitor = watch.fresh()
        found = {*kinds(watch.monitor.begin()), *watch.look(MemoryLog(log, 300))}
        assert "OWN_DISK" in found
        assert not found & STANDING
        file.write_bytes(raw)


def test_a_rule_that_was_broken_once_does_not_end_the_judging(tmp_path: Path) -> None:
    log = sample_log(12)
    log.say(AGAIN, [FIRM])
    log.say(b.technology_registered(technology="technology:z", owners=[b.held(FIRM)]), [FIRM])
    log.say(AGAIN, [FIRM])
    watch = Watch(tmp_path, log)
    watch.source = MemoryLog(log)
    assert [12, 14] == [alarm.position for alarm in watch.monitor.look()]
    watch.monitor = watch.fresh()
    assert [] == watch.monitor.begin()
    log.say(AGAIN, [FIRM])
    assert ["RULE_BROKEN"] == watch.look(MemoryLog(log))
    assert [12, 14, 15] == [alarm.position for alarm in watch.monitor.standing]
    assert 1 == code_of(watch.monitor.standing)


def test_a_witness_that_saw_more_than_the_log_shows_from_cron_too(
    tmp_path: Path, log: SampleLog
) -> None:
    seen = [SeenCheckpoint("http://w", log.checkpoint(300))]
    watch = Watch(tmp_path, log, witnesses=lambda _policy: seen)
    assert [] == watch.look(MemoryLog(log, 12))  # It may be a moment ahead.
    watch.now = 100.0
    watch.monitor = watch.fresh()
    assert ["WITNESS_AHEAD"] == [*kinds(watch.monitor.begin()), *watch.look(MemoryLog(log, 12))]
    watch.monitor.acknowledge()
    assert [] == watch.look(MemoryLog(log, 300))  # It shows it now.
    watch.now = 200.0
    assert [] == watch.look(MemoryLog(log, 300))


def test_a_witness_that_is_ahead_by_a_moment_again_and_again_is_no_alarm(
    tmp_path: Path, log: SampleLog
) -> None:
    seen: list[SeenCheckpoint] = []
    watch = Watch(tmp_path, log, witnesses=lambda _policy: seen, stall_s=1e9)
    for size in range(12, 40):
        seen[:] = [SeenCheckpoint("http://w", log.checkpoint(size + 1))]
        watch.now += 3600.0
        assert [] == watch.look(MemoryLog(log, size))


def test_a_fork_is_seen_whatever_else_stands_in_the_note(tmp_path: Path, log: SampleLog) -> None:
    """One good line of the log's proves it: a bad one beside it, or one missing, hides nothing."""
    fork = sign_checkpoint(Checkpoint(log.origin, 12, bytes(32)), log_signers(), SIGNED_AT)
    note = parse_note(fork)
    first, second = note.signatures
    bad = NoteSignature(first.name, first.key_id, bytes(64))
    seen: list[SeenCheckpoint] = []
    watch = Watch(tmp_path, log, witnesses=lambda _policy: seen)
    assert [] == watch.look(MemoryLog(log, 12))
    for lines in ((first,), (second,), (bad, second), (second, bad)):
        seen[:] = [SeenCheckpoint("http://w", format_note(Note(note.text, lines)))]
        assert ["FORK"] == watch.look()
    assert (tmp_path / "mirror.forked").exists()
    seen[:] = [SeenCheckpoint("http://w", format_note(Note(note.text, (bad,))))]
    assert [] == watch.look()


def test_bytes_that_do_not_lead_to_the_root(watch: Watch, log: SampleLog) -> None:
    source = MemoryLog(log, 300)
    for path in source._files:
        lying = MemoryLog(log, 300)
        lying._files[path] = flip(lying._files[path], 10)
        assert ["WRONG_BYTES"] == watch.look(lying), path
    assert [] == watch.look(source)


def test_a_log_that_falls_silent(watch: Watch, log: SampleLog) -> None:
    assert [] == watch.look(MemoryLog(log, 300))
    watch.now = HOUR - 1
    assert [] == watch.look(Silent(log))
    watch.now = HOUR
    assert {"STALL"} == set(watch.look(Silent(log)))
    assert [] == watch.look(Signed(log, 300, int(watch.began + watch.now)))


def test_a_log_that_never_answered(watch: Watch, log: SampleLog) -> None:
    assert ["UNCHECKED"] == watch.look(Silent(log))
    watch.now = HOUR
    assert ["STALL"] == watch.look(Silent(log))


def test_an_operator_who_signs_for_a_party_is_found(tmp_path: Path) -> None:
    log = sample_log(12)
    owned = [b.held(FIRM)]
    stolen = b.technology_registered(technology="technology:x", owners=owned)
    log.say(stolen, [FIRM], keys=[party_key(OPERATOR)])
    log.say(b.technology_registered(technology="technology:y", owners=owned), [FIRM])
    watch = Watch(tmp_path, log)
    watch.source = MemoryLog(log)
    found = watch.monitor.look()
    assert ["SIGNATURE", "RULE_BROKEN"] == [alarm.kind for alarm in found]
    assert {12} == {alarm.position for alarm in found}
    assert [] == watch.look()  # Told once.


def test_an_event_that_a_rule_forbids_is_found(tmp_path: Path) -> None:
    log = sample_log(12)
    log.say(AGAIN, [FIRM])
    watch = Watch(tmp_path, log)
    watch.source = MemoryLog(log)
    (alarm,) = watch.monitor.look()
    assert ("RULE_BROKEN", 12) == (alarm.kind, alarm.position)
    assert "at position 12" in str(alarm)


def test_an_event_by_ones_own_key_that_one_did_not_sign(tmp_path: Path) -> None:
    log = sample_log(12)
    signed, owned = set[str](), [b.held(FIRM)]
    for name in ("mine", "stolen"):
        body = b.technology_registered(technology=f"technology:{name}", owners=owned)
        signed.add(log.say(body, [FIRM]))
    watch = Watch(tmp_path, log, mine=Mine([FIRM], {min(signed)}))
    watch.source = MemoryLog(log)
    told = [alarm for alarm in watch.monitor.look() if (alarm.position or 0) >= 12]
    assert ["NOT_MINE"] == [alarm.kind for alarm in told]
    assert [] == [
        alarm
        for alarm in Watch(tmp_path / "all", log, mine=Mine([FIRM], signed)).monitor.look()
        if (alarm.position or 0) >= 12
    ]


def test_what_was_looked_at_is_not_reported_again_after_a_restart(tmp_path: Path) -> None:
    log = sample_log(12)
    log.say(AGAIN, [FIRM])
    watch = Watch(tmp_path, log)
    assert ["RULE_BROKEN"] == watch.look(MemoryLog(log))
    watch.monitor = watch.fresh()
    assert [] == watch.monitor.begin()
    assert 13 == watch.monitor.size
    assert [] == watch.look()


def test_a_monitor_without_its_memory_looks_at_all_again(tmp_path: Path) -> None:
    """No state is no reason to check nothing."""
    log = sample_log(12)
    log.say(AGAIN, [FIRM])
    watch = Watch(tmp_path, log)
    watch.look(MemoryLog(log))
    state = tmp_path / "mirror.monitor.json"
    assert 13 == json.loads(state.read_text())["size"]
    state.unlink()
    watch.monitor = watch.fresh()
    assert ["RULE_BROKEN"] == [alarm.kind for alarm in watch.monitor.begin()]
    good = state.read_text()
    for spoilt in (
        *("", "{}", "[]", '{"size":"13"}', '{"size":-1}', "\x00"),
        good.replace('"size": 13', '"size": true'),
        good.replace('"standing": [', '"standing": [7,'),
        good.replace('"ahead": {}', '"ahead": {"x": 1}'),
    ):
        state.write_text(spoilt)
        watch.monitor = watch.fresh()
        assert ["STATE", "RULE_BROKEN"] == [alarm.kind for alarm in watch.monitor.begin()]
        assert spoilt == state.with_name(f"{state.name}.unread").read_text()


def test_a_crash_between_the_look_and_the_memory_of_it_misses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = sample_log(12)
    watch = Watch(tmp_path, log)
    watch.look()
    log.say(AGAIN, [FIRM])

    def crash(_self: Monitor, _alarms: object) -> None:
        raise Power

    with monkeypatch.context() as patched:
        patched.setattr(Monitor, "_remember", crash)
        with pytest.raises(Power):
            watch.look(MemoryLog(log))
    watch.monitor = watch.fresh()
    assert ["RULE_BROKEN"] == [alarm.kind for alarm in watch.monitor.begin()]


def test_a_witness_that_saw_another_history(tmp_path: Path, log: SampleLog) -> None:
    def note(size: int, root: bytes | None = None) -> bytes:
        if root is None:
            return log.checkpoint(size)
        return sign_checkpoint(Checkpoint(log.origin, size, root), log_signers(), SIGNED_AT)

    seen: list[bytes] = []

    def witnesses(policy: Policy) -> Iterable[SeenCheckpoint]:
        assert log.trust_root().count(policy.raw.strip()) == 1
        return [SeenCheckpoint("http://w", each) for each in seen]

    watch = Watch(tmp_path, log, witnesses=witnesses)
    assert [] == watch.look()
    seen[:] = [note(12), note(7), note(300), b"not a note", note(5).replace(b"\n5\n", b"\n6\n")]
    assert [] == watch.look()  # True, ahead of us for now, or not signed by the log.
    seen[:] = [note(7, bytes(32))]
    assert ["FORK"] == watch.look()


class Cosigned(MemoryLog):
    """A log whose checkpoint one witness has cosigned, at `SIGNED_AT`."""

    def checkpoint(self) -> bytes:
        note = parse_note(super().checkpoint())
        line = NoteSignature(WITNESS.name, WITNESS.key_id, WITNESS.sign(note.text, SIGNED_AT))
        return format_note(Note(note.text, (*note.signatures, line)))


WITNESS = CosignatureV1Signer("witness.example/w", ed25519_key("witness.example/w"))


def test_cosignatures_that_grow_old_under_the_policy_that_the_log_adopted(tmp_path: Path) -> None:
    log, asked = sample_log(12), list[str | None]()

    def witnesses(policy: Policy) -> Iterable[SeenCheckpoint]:
        asked.append(policy.quorum)
        return []

    watch = Watch(tmp_path, log, witnesses=witnesses)
    assert [] == watch.look()
    adopted = policy_adopted(
        f"witness w {format_vkey(WITNESS)} http://w",
        "quorum w",
        ledger=ledger_subject(log.origin),
        approved_by=[FIRM, REGISTRAR],
    )
    log.say(adopted, [OPERATOR, REGISTRAR, FIRM])
    assert ["STALL"] == watch.look(MemoryLog(log))
    assert [] == watch.look(Cosigned(log))
    watch.now = SIGNED_AT + HOUR - watch.began
    assert ["STALL", "STALL"] == watch.look()
    assert [None, "w", "w", "w"] == asked


def test_the_command_says_what_it_finds(tmp_path: Path) -> None:
    trust = tmp_path / "trust.json"
    log = sample_log(12)
    trust.write_bytes(log.trust_root())
    words = ["monitor", str(tmp_path / "m"), "--url", "http://127.0.0.1:9", "--trust", str(trust)]
    done = CliRunner().invoke(app, [*words, "--stall", "0", "--json"])
    assert (7, "STALL") == (done.exit_code, json.loads(done.output.splitlines()[0])["alarm"])
    first = CliRunner().invoke(app, words)
    assert (1, True) == (first.exit_code, "ALARM UNCHECKED: nothing of the log" in first.output)


def test_a_monitor_goes_on_that_cannot_look_at_its_own_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(_self: Monitor) -> list[Alarm]:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "there")

    turns = [lambda: monkeypatch.setattr(Monitor, "look", forbidden)]  # Without any left it ends.
    monkeypatch.setattr("time.sleep", lambda _: turns.pop(0)())
    trust = tmp_path / "trust.json"
    trust.write_bytes(sample_log(12).trust_root())
    words = ["monitor", str(tmp_path / "m"), "--url", "http://127.0.0.1:9", "--trust", str(trust)]
    output = CliRunner().invoke(app, [*words, "--every", "5"]).output
    assert "EACCES: Permission denied: there; tried again in 5 s" in output


def sealed(log: SampleLog, size: int, root: bytes | None = None) -> SampleLog:
    """Seal the log up to a size, by its true map or another root."""
    subjects = SubjectMap()
    for position, entry in enumerate(log.entries[:size]):
        for subject in decode(entry, position).event.subjects:
            subjects.touch(subject, position, leaf_hash(entry))
    said = (subjects.root() if root is None else root).hex()
    body = ledger_sealed(
        size, ledger=ledger_subject(log.origin), map_root=f"sha256:{said}", projections=[]
    )
    log.say(body, [OPERATOR])
    return log


def test_seals_that_are_true_and_one_that_lies(tmp_path: Path) -> None:
    log = sealed(sealed(sample_log(300), 280), 290)
    watch = Watch(tmp_path, log)
    assert [] == watch.look(MemoryLog(log, 302))
    sealed(log, 300, bytes(32))
    assert ["FALSE_SEAL"] == watch.look(MemoryLog(log, 303))
    sealed(log, 301)
    assert [] == watch.look(MemoryLog(log, 304))
    again = watch.fresh()  # All is judged again, told is what is new.
    assert [] == again.begin()
    assert 304 == again.size


def test_keys_that_cannot_be_read_are_told_and_stop_no_monitor(tmp_path: Path) -> None:
    log = sample_log(12)
    seen = [SeenCheckpoint("http://w", log.checkpoint(7))]
    watch = Watch(tmp_path, log, witnesses=lambda _policy: seen)
    assert [] == watch.look()
    vkeys = [*map(format_vkey, log_signers()), "nonsense"]
    body = {"ledger": ledger_subject(log.origin), "log_keys": vkeys, "reason": "x"}
    log.say(body, [OPERATOR, REGISTRAR], topic="ledger.log_keys_adopted/1")
    assert ["SIGNATURE"] == watch.look(MemoryLog(log))  # Nobody follows them.
    assert [] == watch.look()
