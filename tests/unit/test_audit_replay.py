"""The rules run again over a log: every entry, as it was admitted, or the first that was not."""

from collections.abc import Iterable
from typing import Any

import pytest

from ledger.domain.core.context import LeftOut
from ledger.events.lawbook import available_laws
from ledger.follow.audit import Replay, RuleBroken
from ledger.node.genesis import key_record
from ledger.wire.entry import Entry, format_entry, parse_entry
from ledger.wire.envelope import PAYLOAD_TYPE
from projections.engine.digest import replay as digests_after
from projections.run.catalogue import READ_MODELS
from tests.support import builders as b
from tests.support.builders import FIRM, INSTITUTE, RIVAL, STRANGER
from tests.support.sample_log import SampleLog, party_key, sample_log, sealed_price, whole_story
from tests.support.verifying import append, payload

LAWS = available_laws()
SIGNERS = ("WRONG_SIGNER",)
OTHER_CONTRACT = "contract:019a4000-0000-7000-8000-0000000000ff"


def broken(log: SampleLog) -> RuleBroken:
    """Fail unless the rules refuse an entry; return which."""
    with pytest.raises(RuleBroken) as caught:
        list(Replay(log.entries, log.origin, LAWS))
    return caught.value


def test_the_whole_story_is_admitted_again() -> None:
    log = whole_story()
    replay = Replay(log.entries, log.origin, LAWS)
    assert list(range(log.size)) == [logged.position for logged in replay]
    assert (log.size, []) == (replay.size, replay.unchecked)


def test_the_market_that_follows_is_admitted_again() -> None:
    log = sample_log(120)
    assert 120 == len(list(Replay(log.entries, log.origin, LAWS)))


def second_licence(log: SampleLog) -> int:
    """Log a licence that the first one, exclusive, forbids; return its position."""
    body = b.contract_concluded(
        contract=OTHER_CONTRACT, parties=[INSTITUTE, RIVAL], grants=[b.grant(licensee=RIVAL)]
    )
    log.say(body, [INSTITUTE, RIVAL])
    return log.size - 1


def test_a_deal_that_a_rule_forbids_is_named_with_what_forbids_it() -> None:
    log = whole_story()
    at = second_licence(log)
    found = broken(log)
    assert (at, "EXCLUSIVE_OVERLAP", (10,)) == (found.position, found.code, found.positions)


def test_the_first_of_several_broken_rules_is_named() -> None:
    log = whole_story()
    at = second_licence(log)
    second_licence(log)
    assert at == broken(log).position


def test_events_before_a_broken_rule_are_still_told() -> None:
    log = whole_story()
    at = second_licence(log)
    replay = Replay(log.entries, log.origin, LAWS)
    told = iter(replay)
    assert list(range(at)) == [next(told).position for _ in range(at)]
    with pytest.raises(RuleBroken):
        next(told)
    assert at == replay.size


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"type": "technology.forgotten/1"}, "TYPE_UNKNOWN"),
        ({"subjects": ["technology:other"]}, "SUBJECTS_MISMATCH"),
        ({"body": {}}, "MALFORMED"),
        ({"ledger": "other.example/techledger/0badcafe"}, "WRONG_LEDGER"),
        ({"ledger": 5}, "MALFORMED"),
        ({"issued_at": "2026-11-02T04:00:00.000Z"}, "ISSUED_IN_FUTURE"),
        ({"signers": sorted([FIRM, RIVAL])}, "SIGNER_MISSING"),
    ],
)
def test_an_entry_that_intake_or_admission_would_refuse_is_named(
    header: dict[str, Any], code: str
) -> None:
    log = sample_log(12)
    at = append(log, payload(log, **header))
    found = broken(log)
    assert (at, code) == (found.position, found.code)


@pytest.mark.parametrize("raw", [b"[1]", b"5", b"{", b"", b"\xff"])
def test_bytes_that_are_no_event_are_named_not_stumbled_over(raw: bytes) -> None:
    log = sample_log(12)
    line = parse_entry(log.entries[11])
    log.entries.append(format_entry(Entry(line.accepted, PAYLOAD_TYPE, line.signatures, raw)))
    found = broken(log)
    assert (12, "MALFORMED") == (found.position, found.code)


def test_an_entry_in_no_frame_is_named() -> None:
    log = sample_log(12)
    log.entries.append(b"?")
    assert (12, "MALFORMED") == (broken(log).position, broken(log).code)


def test_a_log_that_does_not_begin_with_its_opening_is_refused() -> None:
    log = SampleLog()
    append(log, payload(log))
    assert (0, "LEDGER_NOT_OPEN") == (broken(log).position, broken(log).code)


def test_the_second_opening_of_a_ledger_is_refused() -> None:
    log = sample_log(2)
    log.entries.append(log.entries[0])
    assert (2, "LEDGER_ALREADY_OPEN") == (broken(log).position, broken(log).code)


def test_an_event_named_by_its_hash_must_stand_before() -> None:
    log = story_up_to("contract.concluded/1")
    contract = b.contract_concluded(offer=b.OFFER, acceptance=b.SOME_HASH)
    log.say(contract, [INSTITUTE, FIRM])
    assert (10, "PREDECESSOR_UNKNOWN") == (broken(log).position, broken(log).code)


def test_a_party_registered_twice_is_refused() -> None:
    log = sample_log(12)
    key = party_key(STRANGER, 1)
    body = b.party_registered(keys=[key_record(key)])
    officers = (b.OPERATOR, b.REGISTRAR)
    log.say(body, [STRANGER, *officers], keys=[key, *map(party_key, officers)])
    assert (12, "PARTY_EXISTS") == (broken(log).position, broken(log).code)


def sealed_share(log: SampleLog) -> None:
    """Log a share agreement whose parts are sealed, so that their sum cannot be seen."""
    sealed = {"commitment": sealed_price(log, 1)["commitment"]}
    log.say(b.share_agreed(parts=sealed), [b.AUTHOR, INSTITUTE])


def story_up_to(topic: str) -> SampleLog:
    """Return the story's log up to the first event of a type, without it."""
    log = whole_story()
    types = [logged.event.type for logged in Replay(log.entries, log.origin, LAWS)]
    story = sample_log(types.index(topic))
    assert f"{topic}" not in [each.event.type for each in Replay(story.entries, log.origin, LAWS)]
    return story


def test_a_rule_that_needs_a_sealed_value_is_unchecked_never_passed() -> None:
    log = story_up_to("share.agreed/1")
    sealed_share(log)
    at = log.size - 1
    log.say(b.revenue_reported(), [FIRM])
    replay = Replay(log.entries, log.origin, LAWS)
    assert at + 2 == len(list(replay))
    parts = [LeftOut(codes, "/body/parts") for codes in (("RATE_RANGE", "SHARE_SUM"), SIGNERS)]
    assert [(at, each) for each in parts] == replay.unchecked


def test_a_sealed_royalty_hides_no_second_exclusive_licence() -> None:
    """What cannot be seen of a contract is one rule's; the one behind it is judged."""
    log = whole_story()
    sealed = {"commitment": sealed_price(log, 1)["commitment"]}
    body = b.contract_concluded(
        contract=OTHER_CONTRACT,
        parties=[INSTITUTE, RIVAL],
        grants=[b.grant(licensee=RIVAL)],
        royalty_ppm=sealed,
    )
    log.say(body, [INSTITUTE, RIVAL])
    found = broken(log)
    assert (log.size - 1, "EXCLUSIVE_OVERLAP") == (found.position, found.code)


def test_what_follows_an_entry_that_cannot_be_read_keeps_its_position() -> None:
    log = sample_log(13)
    log.entries.insert(12, b"?")
    replay = Replay((), log.origin, LAWS)
    for entry in log.entries[:12]:
        replay.follow(entry)
    assert () == replay.pass_over(log.entries[12])
    assert 13 == replay.follow(log.entries[13]).position


def digests(entries: Iterable[bytes]) -> dict[str, str]:
    return digests_after(Replay(entries, b.ORIGIN, LAWS), READ_MODELS)


def test_two_replays_agree_on_every_read_model() -> None:
    log = sample_log(60)
    assert digests(log.entries) == digests(log.entries)


def test_another_history_has_other_digests() -> None:
    log = sample_log(60)
    assert digests(log.entries) != digests(log.entries[:-1])
