"""A mirror goes on, and tells forks, whatever the entries say that it takes in."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import mirror as command
from api.cli.main import app
from api.cli.turns import look_again
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.follow.audit import Source, exported_checkpoint
from ledger.follow.exportfiles import take_in
from ledger.follow.governed import Governed
from ledger.follow.mirror import Forked, catch_up, follow
from ledger.log.dating import seen_path
from ledger.log.note import Ed25519NoteSigner
from ledger.verify.trust import parse_trust
from tests.support import builders as b
from tests.support.builders import FIRM, OPERATOR
from tests.support.governance import log_keys_adopted
from tests.support.log import ed25519_key, flip, format_vkey
from tests.support.sample_log import ORIGIN, SampleLog, log_signers, party_key, sample_log
from tests.support.unread import KEPT, UNREAD, unreadable_file
from tests.support.verifying import append, payload
from tests.unit.test_audit_export import MemoryLog
from tests.unit.test_mirror import Signed
from tests.unit.test_monitor_goes_on import other_history


def said(log: SampleLog, topic: str, body: dict[str, Any]) -> None:
    append(log, payload(log, type=topic, body=body, signers=[OPERATOR]), [party_key(OPERATOR)])


def a_key_that_is_not_there(log: SampleLog) -> None:
    body = {"compromised_since": None, "key_id": "0" * 64, "party": OPERATOR, "reason": "lost"}
    said(log, "key.revoked/1", {**body, "revoked_by": OPERATOR})


def a_body_that_is_none(log: SampleLog) -> None:
    said(log, "key.added/1", {"key": [], "party": {}})


def log_keys_that_cannot_be_read(log: SampleLog) -> None:
    body = {"ledger": ledger_subject(log.origin), "log_keys": ["no key"], "reason": "x"}
    said(log, "ledger.log_keys_adopted/1", body)


def log_keys_by_one_officer(log: SampleLog) -> None:
    third, (_, quantum) = Ed25519NoteSigner(log.origin, ed25519_key("third")), log_signers()
    vkeys = [format_vkey(each) for each in (third, quantum)]
    log.say(log_keys_adopted(*vkeys, ledger=ledger_subject(log.origin)), [OPERATOR])


def a_policy_that_cannot_be_read(log: SampleLog) -> None:
    body = {"approved_by": [], "ledger": "ledger:x", "policy": ["nonsense"], "speakers": [7]}
    said(log, "ledger.policy_adopted/1", {**body, "policy_sha256": "x"})


def unreadable(log: SampleLog) -> None:
    log.entries.append(b'nothing of ours, "type":"key.added/1"}')


REFUSED = (
    a_key_that_is_not_there,
    a_body_that_is_none,
    log_keys_that_cannot_be_read,
    log_keys_by_one_officer,
    a_policy_that_cannot_be_read,
    unreadable,
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Run the command over a source, once."""
    trust = tmp_path / "trust.json"
    trust.write_bytes(sample_log(1).trust_root())

    def once(source: Source, *options: str) -> tuple[int, str]:
        monkeypatch.setattr(command, "ServedLog", lambda _http: source)
        words = ["mirror", str(tmp_path / "m"), "--url", "http://log", "--trust", str(trust)]
        done = CliRunner().invoke(app, [*words, *options])
        return done.exit_code, done.output

    return once


@pytest.mark.parametrize("refused", REFUSED)
def test_an_entry_that_is_refused_is_said_and_the_mirror_goes_on(
    refused: Callable[[SampleLog], None], tmp_path: Path, run: Callable[..., tuple[int, str]]
) -> None:
    log = sample_log(12)
    refused(log)
    for options in ((), (), ("--check",)):
        log.say(b.technology_registered(), [FIRM])
        code, output = run(MemoryLog(log), *options)
        assert (9, True) == (code, "RULE_BROKEN: position 12: " in output), output
        assert log.size == exported_checkpoint(tmp_path / "m").size
    code, output = run(Signed(log, 5, log.signed_at() + 1))
    assert (4, True) == (code, "RULE_BROKEN: position 12: " in output), output
    code, output = run(other_history(log.size))
    assert (3, True) == (code, "FORK: " in output), output
    assert 3 == len(list((tmp_path / "m.forked").iterdir()))


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "there")


def test_what_the_system_refuses_is_told_and_tried_again(
    tmp_path: Path, run: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror, between = tmp_path / "m", list[Callable[[], None]]()
    monkeypatch.setattr("time.sleep", lambda _: between.pop(0)())  # Without any left it ends.

    def replaced() -> None:
        monkeypatch.setattr("ledger.follow.audit.take_in", take_in)
        shutil.rmtree(mirror, ignore_errors=True)
        mirror.touch()

    between += [replaced, mirror.unlink]
    monkeypatch.setattr("ledger.follow.audit.take_in", full)
    _, output = run(MemoryLog(sample_log(12)), "--every", "5")
    assert [
        "ENOSPC: No space left on device: there; tried again in 5 s",
        f"EEXIST: File exists: {mirror}; tried again in 5 s",
        f"{ORIGIN} at size 12, 2 new files",
    ] == output.splitlines()


@pytest.mark.parametrize("number", UNREAD)
@pytest.mark.parametrize("path", KEPT)
def test_what_cannot_be_read_is_not_rot_and_is_tried_again(
    path: str,
    number: int,
    tmp_path: Path,
    run: Callable[..., tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log, mirror = sample_log(12), tmp_path / "m"
    seen = Signed(log, 12, log.signed_at() + 1).checkpoint()
    assert 0 == run(MemoryLog(log))[0]
    (kept := mirror / seen_path(12, seen)).parent.mkdir(parents=True)
    kept.write_bytes(seen)
    between = list[Callable[[], None]]()
    monkeypatch.setattr("time.sleep", lambda _: between.pop(0)())  # Without any left it ends.
    with monkeypatch.context() as patched:
        unreadable_file(patched, number, path)
        between.append(patched.undo)
        _, output = run(MemoryLog(log), "--check", "--every", "5")
    told, went_on = output.splitlines()
    assert told.startswith(f"{errno.errorcode[number]}: {os.strerror(number)}: {mirror}/{path}")
    assert told.endswith("; tried again in 5 s")
    assert f"{ORIGIN} at size 12, 0 new files" == went_on
    assert not (tmp_path / "m.rotten").exists()


def test_nobody_looks_on_for_a_reader_who_has_gone() -> None:
    looks = list[int]()

    def look() -> None:
        looks.append(1)
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)) if looks[1:] else OSError

    with pytest.raises(BrokenPipeError):
        look_again(look, 0)
    assert 2 == len(looks)


def test_adoptions_that_are_not_followed_are_named(run: Callable[..., tuple[int, str]]) -> None:
    log = sample_log(12)
    log_keys_that_cannot_be_read(log)
    a_policy_that_cannot_be_read(log)
    _, output = run(MemoryLog(log))
    for topic in ("ledger.log_keys_adopted/1", "ledger.policy_adopted/1"):
        assert f"what counted before this {topic} goes on counting" in output


def test_own_rot_is_not_told_as_what_an_entry_says(
    tmp_path: Path, run: Callable[..., tuple[int, str]]
) -> None:
    log = sample_log(12)
    assert 0 == run(MemoryLog(log))[0]
    file = tmp_path / "m" / "tile/entries/000.p/12"
    raw = file.read_bytes()
    file.write_bytes(flip(raw, raw.index(b'"type":"key.added/1"') - 30))
    code, output = run(MemoryLog(log))
    assert (6, False) == (code, "RULE_BROKEN" in output), output


def test_refused_keys_that_the_log_never_signs_with_hide_nothing(tmp_path: Path) -> None:
    log, directory = sample_log(12), tmp_path / "m"
    log_keys_by_one_officer(log)
    governed = Governed(parse_trust(log.trust_root()))
    follow(MemoryLog(log), directory, log.origin, governed.log_keys)
    assert [12] == [fault.position for fault in catch_up(governed, directory)]
    keys, before = governed.log_keys, governed.keys_before
    assert keys != before
    log.say(b.technology_registered(), [FIRM])
    follow(MemoryLog(log), directory, log.origin, keys, before=before)
    with pytest.raises(Forked):
        follow(other_history(14), directory, log.origin, keys, before=before)
