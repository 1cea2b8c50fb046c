"""Suspended keys in the eyes of both verifiers, and officers' keys: who vouches for them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.domain.core.body import Body
from ledger.domain.core.types import format_instant
from ledger.node.genesis import key_record
from tests.support import builders as b
from tests.support.builders import FIRM, OPERATOR, REGISTRAR, RIVAL
from tests.support.mandates import mandate_given
from tests.support.parties import key_resumed, key_stopped, key_suspended
from tests.support.sample_log import OFFICERS, START, SampleLog, open_log, party_key, sample_log
from tests.support.verifying import append, check_refused, payload, verified

OLD, SECOND = party_key(FIRM), party_key(FIRM, 4)


@pytest.fixture
def log() -> SampleLog:
    """Return a log in which the firm has two keys, the second added at position 12."""
    log = sample_log(12)
    added = b.key_added(party=FIRM, key=key_record(SECOND))
    log.say(added, [FIRM], keys=[OLD, SECOND])
    return log


def suspend(log: SampleLog, by: str = REGISTRAR) -> None:
    log.say(key_suspended(party=FIRM, key_id=OLD.key_id, suspended_by=by), [by])


def lift(log: SampleLog, by: str | None, *keys: Any) -> None:
    body = key_resumed(party=FIRM, key_id=OLD.key_id, lifted_by=by)
    log.say(body, [by] if by else [OPERATOR, REGISTRAR], keys=keys or None)


@pytest.mark.parametrize("by", [FIRM, OPERATOR, REGISTRAR])
def test_a_suspended_key_binds_nobody_from_there_on(
    by: str, log: SampleLog, tmp_path: Path
) -> None:
    append(log, payload(log), keys=[OLD])
    suspend(log, by)
    append(log, payload(log), keys=[SECOND])
    assert 16 == verified(log, tmp_path / "before").checkpoint.size
    append(log, payload(log), keys=[OLD])
    check_refused(log, tmp_path / "after", "is suspended since position 14")


@pytest.mark.parametrize("by", [FIRM, OPERATOR])
def test_a_key_that_an_officer_suspended_still_stops_what_waits(by: str, tmp_path: Path) -> None:
    log = SampleLog()
    open_log(log, 60)
    new, binds = party_key(FIRM, 4), format_instant(START + timedelta(seconds=90))
    added = b.key_added(party=FIRM, key=key_record(new), vouched_by=OPERATOR, not_before=binds)
    log.say(added, [FIRM, *OFFICERS], keys=[new, *map(party_key, OFFICERS)])
    suspend(log, by)
    stops = key_stopped(party=FIRM, key_id=new.key_id, stopped_by=FIRM)
    log.say(stops, [FIRM], keys=[OLD])
    if by == FIRM:
        check_refused(log, tmp_path, "is suspended since position 2")
    else:
        assert 4 == verified(log, tmp_path).checkpoint.size


def test_who_is_no_officer_suspends_nobody_else_s_key(log: SampleLog, tmp_path: Path) -> None:
    suspend(log, RIVAL)
    check_refused(log, tmp_path, "may be the `suspended_by` of it")


@pytest.mark.parametrize(("by", "keys"), [(FIRM, [SECOND]), (None, [])])
def test_what_was_suspended_and_resumed_binds_again(
    by: str | None, keys: list[Any], log: SampleLog, tmp_path: Path
) -> None:
    suspend(log)
    lift(log, by, *keys)
    append(log, payload(log), keys=[OLD])
    assert 16 == verified(log, tmp_path / "again").checkpoint.size
    suspend(log, OPERATOR)
    append(log, payload(log), keys=[OLD])
    check_refused(log, tmp_path / "twice", "is suspended since position 16")


def test_a_suspension_is_not_lifted_by_the_suspended_key(log: SampleLog, tmp_path: Path) -> None:
    suspend(log)
    lift(log, FIRM, OLD)
    check_refused(log, tmp_path, "is suspended since position 13")


def test_a_suspension_is_not_lifted_by_one_officer(log: SampleLog, tmp_path: Path) -> None:
    suspend(log)
    lift(log, OPERATOR)
    check_refused(log, tmp_path, "may be the `lifted_by` of it")


def test_a_suspension_is_not_lifted_by_a_deputy(log: SampleLog, tmp_path: Path) -> None:
    deputy = mandate_given(mandate="mandate:9", principal=FIRM, holder=RIVAL, topics=["*"])
    log.say(deputy, [FIRM, OPERATOR])
    suspend(log)
    lift(log, FIRM, party_key(RIVAL))
    check_refused(log, tmp_path, "may be the `party` of it")


def test_what_is_suspended_is_not_suspended_again(log: SampleLog, tmp_path: Path) -> None:
    suspend(log)
    suspend(log, OPERATOR)
    check_refused(log, tmp_path, "is suspended")


def test_what_is_not_suspended_is_not_resumed(log: SampleLog, tmp_path: Path) -> None:
    lift(log, None)
    check_refused(log, tmp_path, "is not suspended")


def test_what_was_revoked_is_not_resumed(log: SampleLog, tmp_path: Path) -> None:
    suspend(log)
    revoked = b.key_revoked(party=FIRM, key_id=OLD.key_id, revoked_by=FIRM)
    log.say(revoked, [FIRM], keys=[SECOND])
    lift(log, None)
    check_refused(log, tmp_path, "in force")


@pytest.mark.parametrize(("officer", "other"), [(OPERATOR, REGISTRAR), (REGISTRAR, OPERATOR)])
def test_an_officer_s_key_ends_by_another_of_its_own(
    officer: str, other: str, tmp_path: Path
) -> None:
    """So its last one never does, by anyone: the log would stand still for ever."""
    old, new = party_key(officer), party_key(officer, 4)
    mine = {"party": officer, "key_id": old.key_id}
    ends: list[tuple[Body, list[str]]] = [
        (key_suspended(**mine, suspended_by=officer), [officer]),
        (key_suspended(**mine, suspended_by=other), [other]),
        (b.key_revoked(**mine, revoked_by=officer), [officer]),
        (b.key_revoked(**mine, revoked_by=None), [officer, other]),
    ]
    for number, (body, signers) in enumerate(ends):
        log = sample_log(12)
        added = b.key_added(party=officer, key=key_record(new))
        log.say(added, [officer], keys=[old, new])
        if officer in signers:
            with_new = [new if each == officer else party_key(each) for each in signers]
            log.say(body, signers, keys=with_new)
            assert 14 == verified(log, tmp_path / f"{number}").checkpoint.size
            log.entries.pop()
        log.say(body, signers)
        check_refused(log, tmp_path / f"{number} refused", "sign with another key of its own")


@pytest.mark.parametrize(("officer", "other"), [(OPERATOR, REGISTRAR), (REGISTRAR, OPERATOR)])
def test_an_officer_s_key_is_not_vouched_for_by_the_other_officer_alone(
    officer: str, other: str, log: SampleLog, tmp_path: Path
) -> None:
    new = party_key(officer, 4)
    body = b.key_added(party=officer, key=key_record(new), vouched_by=other)
    whole = sample_log(12)
    whole.say(body, [officer, other], keys=[new, party_key(other), party_key(officer)])
    assert 13 == verified(whole, tmp_path / "with").checkpoint.size
    log.say(body, [officer, other], keys=[new, party_key(other)])
    check_refused(log, tmp_path / "without", "may be the `party` of it")
