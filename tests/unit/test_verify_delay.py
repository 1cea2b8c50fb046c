"""What has to wait, for every verifier; and what rests on a key that officers vouched for."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger import court
from ledger.domain.core.types import format_instant
from ledger.node.genesis import key_record
from ledger.verify.__main__ import main
from ledger.verify.evidence_check import verify_evidence
from ledger.verify.verifier import verify_receipt
from ledger.wire.signing_keys import PrivateKey
from tests.support import builders as b
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR, RIVAL, STRANGER
from tests.support.governance import delay_adopted, delay_kept
from tests.support.mandates import MANDATE, mandate_given
from tests.support.parties import key_stopped, party_stopped
from tests.support.reference_evidence import verify_evidence as by_parts
from tests.support.sample_log import OFFICERS, START, SampleLog, open_log, party_key
from tests.support.verifying import append, check_refused, payload, verified, whole_bundle

DELAY_S = 60
BINDS = START + timedelta(seconds=2 * DELAY_S)
TEXT = format_instant(BINDS)
KEY, SECOND, THIRD = (party_key(FIRM, number) for number in (7, 8, 9))


@pytest.fixture
def log() -> SampleLog:
    log = SampleLog()
    open_log(log, DELAY_S)
    return log


def register(log: SampleLog, **overrides: object) -> None:
    key = party_key(STRANGER)
    body = b.party_registered(keys=[key_record(key)], **overrides)
    log.say(body, [STRANGER, *OFFICERS])


def vouch(log: SampleLog, not_before: str | None = TEXT) -> None:
    added = b.key_added(
        party=FIRM, key=key_record(KEY), vouched_by=REGISTRAR, not_before=not_before
    )
    log.say(added, [FIRM, *OFFICERS], keys=[KEY, *map(party_key, OFFICERS)])


@pytest.mark.parametrize("not_before", [None, format_instant(START + timedelta(seconds=59))])
def test_what_binds_before_the_delay_is_over_is_refused(
    not_before: str | None, log: SampleLog, tmp_path: Path
) -> None:
    register(log, not_before=not_before)
    check_refused(log, tmp_path, "it has to wait: it binds from 2026-11-02T03:01:00.000Z on")


def test_a_party_and_a_key_bind_from_their_instant_on(log: SampleLog, tmp_path: Path) -> None:
    register(log, not_before=TEXT)
    vouch(log)
    for signer, key in ((STRANGER, party_key(STRANGER)), (FIRM, KEY)):
        append(log, payload(log, signers=[signer]), [key], accepted=BINDS)
    assert 5 == verified(log, tmp_path).checkpoint.size


@pytest.mark.parametrize("who", [STRANGER, FIRM])
def test_what_waits_binds_nobody(who: str, log: SampleLog, tmp_path: Path) -> None:
    register(log, not_before=TEXT)
    vouch(log)
    key = KEY if who == FIRM else party_key(STRANGER)
    append(log, payload(log, signers=[who]), [key], accepted=BINDS - timedelta(milliseconds=1))
    check_refused(log, tmp_path, f"from {TEXT}")


@pytest.mark.parametrize("who", [STRANGER, FIRM])
def test_what_was_stopped_never_binds(who: str, log: SampleLog, tmp_path: Path) -> None:
    """Not even when the party is registered again, with another key."""
    register(log, not_before=TEXT)
    vouch(log)
    log.say(party_stopped(STRANGER), [REGISTRAR])
    log.say(key_stopped(party=FIRM, key_id=KEY.key_id), [REGISTRAR])
    new = party_key(STRANGER, 1)
    anew = b.party_registered(keys=[key_record(new)], not_before=TEXT)
    log.say(anew, [STRANGER, *OFFICERS], keys=[new, *map(party_key, OFFICERS)])
    append(log, payload(log, signers=[STRANGER]), [new], accepted=BINDS)
    assert 7 == verified(log, tmp_path).checkpoint.size
    key = KEY if who == FIRM else party_key(STRANGER)
    append(log, payload(log, signers=[who]), [key], accepted=BINDS)
    check_refused(log, tmp_path / "more", "was revoked" if who == FIRM else "was stopped")


def test_a_party_that_was_stopped_is_said_to_be(log: SampleLog, tmp_path: Path) -> None:
    """It was said to be registered from `never` on."""
    register(log, not_before=TEXT)
    log.say(party_stopped(STRANGER), [REGISTRAR])
    append(log, payload(log, signers=[STRANGER]), [party_key(STRANGER)], accepted=BINDS)
    check_refused(log, tmp_path, f"the registration of {STRANGER} was stopped before it bound")


def test_another_delay_holds_after_the_old_one(log: SampleLog, tmp_path: Path) -> None:
    log.say(delay_adopted(0, not_before=TEXT), [*OFFICERS])
    assert verified(log, tmp_path).demonstration
    register(log)
    check_refused(log, tmp_path, "it has to wait")


def test_the_delay_is_told_and_the_least_that_there_was(log: SampleLog, tmp_path: Path) -> None:
    """One of a second is none: what binds then nobody could stop."""
    told = "delay 60 s"
    for at, (seconds, waits, said) in enumerate(
        (
            (DELAY_S, 0, told),
            (1, 1, f"{told}, at least 1 s"),
            (DELAY_S, 2, f"{told}, at least 1 s"),
            (2 * DELAY_S, 3, "delay 120 s, at least 1 s"),
        )
    ):
        now = START + timedelta(minutes=2 * at)
        if waits:
            binds = format_instant(now + timedelta(minutes=1))
            log.say(delay_adopted(seconds, not_before=binds), [*OFFICERS], accepted=now)
        if seconds != 1:
            append(log, payload(log), accepted=now + timedelta(minutes=1))
        answer = verified(log, tmp_path / f"{at}")
        in_court = court.verify(whole_bundle(log), log.trust_root())
        assert said in answer.report().splitlines()
        assert said in [*in_court.lines()]
        assert answer.delays == in_court.delays
        holds, least = answer.delays or (0, 0)
        assert {"seconds": holds, "least": least} == answer.to_json()["delay"]


def test_the_delay_that_is_told_holds_when_the_log_was_signed(
    log: SampleLog, tmp_path: Path
) -> None:
    """It began behind the last entry, or behind the last that is shown."""
    log.say(delay_adopted(1, not_before=format_instant(BINDS)), [*OFFICERS])
    for at, (signed, told) in enumerate(((-1, (DELAY_S, 1)), (0, (1, 1)))):
        log.signed = int(BINDS.timestamp()) + signed
        assert told == verified(log, tmp_path / f"{at}").delays
        bundle, root = whole_bundle(log), log.trust_root()
        assert told == verify_evidence(bundle, root).delays
        assert told == by_parts(bundle, root).delays


@pytest.mark.parametrize("who", [OPERATOR, REGISTRAR])
def test_one_officer_stops_a_delay_that_waits(who: str, log: SampleLog, tmp_path: Path) -> None:
    """And the log is no demonstration then: there is no time at which nothing waits."""
    log.say(delay_adopted(0, not_before=TEXT), [*OFFICERS])
    log.say(delay_kept(DELAY_S, who), [who])
    assert not verified(log, tmp_path).demonstration
    body = b.party_registered(keys=[key_record(party_key(STRANGER))])
    keys = [party_key(each) for each in (STRANGER, *OFFICERS)]
    log.say(body, [STRANGER, *OFFICERS], keys=keys, accepted=BINDS)
    check_refused(log, tmp_path / "more", "it has to wait")


@pytest.mark.parametrize(
    ("seconds", "waiting"), [(0, [0]), (DELAY_S - 1, [0]), (DELAY_S, [])], ids=str
)
def test_one_officer_alone_changes_no_delay(
    seconds: int, waiting: list[int], log: SampleLog, tmp_path: Path
) -> None:
    for each in waiting:
        log.say(delay_adopted(each, not_before=TEXT), [*OFFICERS])
    log.say(delay_kept(seconds, OPERATOR), [OPERATOR])
    check_refused(log, tmp_path, "no delay waits, or it is not the one that holds")


def test_a_delay_is_not_changed_at_once(log: SampleLog, tmp_path: Path) -> None:
    log.say(delay_adopted(0), [*OFFICERS])
    check_refused(log, tmp_path, "it has to wait")


def test_no_organisation_passes_for_a_person(log: SampleLog, tmp_path: Path) -> None:
    """Else the operator alone would register it, to bind at once."""
    body = b.party_registered(kind="person", name=None, keys=[key_record(party_key(STRANGER))])
    log.say(body, [STRANGER, OFFICERS[0]])
    check_refused(log, tmp_path, "is no person")


def test_a_log_without_a_delay_is_called_a_demonstration(
    log: SampleLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By every verifier that knows the first event, and in JSON; with a delay by none."""
    without = SampleLog()
    open_log(without)
    for each, said in ((log, False), (without, True)):
        root, directory = each.trust_root(), each.write(tmp_path / str(said))
        answers = [
            verified(each, tmp_path / f"again-{said}"),
            verify_evidence(whole_bundle(each), root),
            verify_receipt(each.proof(0), each.entries[0], root),
            verify_receipt(each.proof(0), each.entries[0], root, charter=whole_bundle(each)),
        ]
        for answer in answers:
            assert said == answer.to_json()["demonstration"]
            assert said == (court.DEMONSTRATION in answer.report().splitlines())
        trust = tmp_path / f"{said}.json"
        trust.write_bytes(root)
        main([str(directory), "--trust", str(trust)])
        assert said == (court.DEMONSTRATION in capsys.readouterr().out)


def test_events_that_rest_on_a_vouched_key_are_marked(log: SampleLog, tmp_path: Path) -> None:
    """Also by a further key that only such a key brought; not by one that an own key signed for."""
    vouch(log)
    for number, (new, lines) in enumerate(
        ((SECOND, [KEY]), (THIRD, [KEY, party_key(FIRM)])), start=2
    ):
        added = b.key_added(party=FIRM, key=key_record(new))
        log.say(added, [FIRM], keys=[new, *lines], accepted=BINDS, number=number)
    for key in (KEY, SECOND, THIRD, party_key(FIRM)):
        append(log, payload(log), [key], accepted=BINDS)
    append(log, payload(log, signers=[INSTITUTE]), [party_key(INSTITUTE)], accepted=BINDS)
    marked = [1, 2, 3, 4, 5]
    answer = verified(log, tmp_path)
    assert [(at, 1) for at in marked] == [*answer.vouched]
    text = answer.report()
    assert marked == [at for at in range(log.size) if f"position {at}, VOUCHED at 1" in text]
    shown = verify_evidence(whole_bundle(log), log.trust_root())
    assert answer.vouched == shown.vouched
    events = shown.to_json()["events"]
    assert marked == [each["position"] for each in events if each["vouched_at"] == [1]]
    lines = shown.report().splitlines()
    told = [line for line in lines if line.startswith("position ") and ", VOUCHED at 1" in line]
    assert marked == [int(line.removeprefix("position ").partition(",")[0]) for line in told]
    second = f"key {SECOND.key_id}, vouched for by a key of its own at position 2, resting on 1"
    assert any(line.endswith(second) for line in lines)
    assert json.dumps(answer.to_json()["vouched"][0]) == '{"position": 1, "vouched_at": 1}'


def test_who_has_been_registered_is_no_voucher(log: SampleLog, tmp_path: Path) -> None:
    register(log, not_before=TEXT)
    append(log, payload(log, signers=[STRANGER]), [party_key(STRANGER)], accepted=BINDS)
    assert () == verified(log, tmp_path).vouched


def test_what_is_signed_under_a_mandate_of_a_vouched_key_is_marked(
    log: SampleLog, tmp_path: Path
) -> None:
    """However many mandates lie between; not where one that a key of the party's own gave does."""
    vouch(log)

    def give(number: int, holder: str, keys: list[PrivateKey], **terms: Any) -> None:
        pair = {"mandate": f"{MANDATE}{number}", "principal": FIRM, "holder": holder}
        said = mandate_given(**{"topics": ["*"], **pair, **terms})
        log.say(said, [FIRM, OPERATOR], keys=[*keys, party_key(OPERATOR)], accepted=BINDS)

    def act(by: str) -> None:
        append(log, payload(log), [party_key(by)], accepted=BINDS)

    give(2, INSTITUTE, [KEY])
    act(INSTITUTE)
    give(4, RIVAL, [party_key(INSTITUTE)])
    act(RIVAL)
    narrow = {"topics": ["technology.registered"]}
    give(6, INSTITUTE, [party_key(FIRM)], topics=["offer.made"])
    act(INSTITUTE)
    give(8, INSTITUTE, [KEY, party_key(FIRM)], **narrow)
    act(INSTITUTE)
    act(RIVAL)
    answer = verified(log, tmp_path)
    # The mandate of position 8 has a line by the vouched key, and one by the firm's own.
    assert [(at, 1) for at in (1, 2, 3, 4, 5, 7, 8, 10)] == [*answer.vouched]
    assert answer.vouched == verify_evidence(whole_bundle(log), log.trust_root()).vouched
    assert answer.vouched == by_parts(whole_bundle(log), log.trust_root()).vouched
