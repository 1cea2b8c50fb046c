"""What officers vouch for waits: nothing of it binds before the delay of the ledger is over."""

from datetime import datetime, timedelta

import pytest

from ledger.domain.core.body import Body
from ledger.domain.core.existence import KeyTaken, NothingWaits, PredecessorUnknown
from ledger.domain.core.types import format_instant
from ledger.domain.parties.key import Key
from ledger.domain.parties.ledger_state import Ledger
from ledger.domain.parties.party import Party, PartyNotYetValid, PartyUnknown
from ledger.domain.parties.signature_refusals import (
    BindsTooEarly,
    KeyNoLongerValid,
    KeyNotYetValid,
    SignerMissing,
    WrongSigner,
)
from tests.support.builders import (
    FIRM,
    INSTITUTE,
    OPERATOR,
    REGISTRAR,
    RIVAL,
    SOME_HASH,
    STRANGER,
    key_added,
    key_id,
    ledger_opened,
    offer_made,
    party_registered,
    planted_key,
    right_filed,
    technology_registered,
)
from tests.support.governance import LEDGER, delay_adopted, delay_kept
from tests.support.parties import (
    PERSON,
    WAITING,
    key_stopped,
    key_waiting,
    newcomer,
    party_stopped,
    waiting,
)
from tests.support.specification import START, Past, Said, given, said

DELAY_S = 3600
OPENED = ledger_opened(delay_seconds=DELAY_S)
WAITED = START + timedelta(hours=2)
"""When what is recorded in the first hour can bind."""
BINDS = format_instant(WAITED)


def delayed(*past: Body | Said) -> Past:
    """Return a past like `given`, in a ledger whose delay is an hour."""
    log = Past().and_then(OPENED)
    for what in past:
        log = log.and_then(what)
    return log


def at(instant: datetime, body: Body, **more: object) -> Said:
    return said(body, accepted=instant, **more)  # type: ignore[arg-type]


def registered(**overrides: object) -> Body:
    return party_registered(not_before=BINDS, **overrides)


@pytest.mark.parametrize(
    "body",
    [
        party_registered(),
        party_registered(kind="state_body"),
        party_registered(roles=["forum"]),
        newcomer(PERSON).model_copy(update={"roles": ("auditor",)}),
        key_waiting(not_before=None),
        delay_adopted(0),
    ],
    ids=["organisation", "state body", "role", "person with a role", "vouched key", "delay"],
)
def test_binds_too_early(body: Body) -> None:
    """Without an instant it would bind at once; an hour later, to the millisecond, it may."""
    now = START + timedelta(minutes=1)
    earliest = now + timedelta(seconds=DELAY_S)
    refused = delayed().when(at(now, body)).then_refused(BindsTooEarly)
    assert format_instant(earliest) in refused.detail
    early = body.model_copy(update={"not_before": earliest - timedelta(milliseconds=1)})
    delayed().when(at(now, early)).then_refused(BindsTooEarly)
    delayed().when(at(now, body.model_copy(update={"not_before": earliest}))).then_admitted()


def test_persons_and_keys_by_an_older_one_wait_for_nobody() -> None:
    delayed().when(newcomer(PERSON)).then_admitted()
    delayed().when(key_added()).then_admitted()


@pytest.mark.parametrize("officer", [OPERATOR, REGISTRAR])
def test_both_officers_sign_what_waits(officer: str) -> None:
    for body in (registered(), key_waiting()):
        (party,) = {party for party, _ in body.new_keys()}
        alone = said(body, signed_by=[party, officer])
        delayed().when(alone).then_refused(SignerMissing)


def test_nobody_deals_with_a_party_that_waits() -> None:
    """Not by its keys, not by its role, not as somebody's partner; then as with any other."""
    log = delayed(at(START, waiting(not_before=BINDS)))
    attested = right_filed(attested_by=WAITING, document_sha256=SOME_HASH)
    for body in (offer_made(offeree=WAITING), attested):
        log.when(body).then_refused(PartyNotYetValid, positions=(0,), subjects=(WAITING,))
        log.when(at(WAITED, body)).then_admitted()
    more = key_added(party=WAITING, key=planted_key(WAITING, 1), vouched_by=OPERATOR)
    log.when(more).then_refused(PartyNotYetValid)


def test_a_key_that_waits_signs_nothing() -> None:
    """KEY_NOT_YET_VALID says from when on it will."""
    log = delayed(at(START, key_waiting(not_before=BINDS)))
    by_new = {"signatures": (key_id(INSTITUTE, 2),)}
    refused = log.when(said(technology_registered(), **by_new)).then_refused(KeyNotYetValid)
    assert BINDS in refused.detail
    log.when(at(WAITED, technology_registered(), **by_new)).then_admitted()


def test_a_registration_that_was_stopped_never_binds() -> None:
    """The registrar knows of an impersonation: the party is registered again, with other keys."""
    log = delayed(at(START, registered()), party_stopped(STRANGER))
    log.when(at(WAITED, offer_made(offeree=STRANGER))).then_refused(PartyUnknown)
    log.when(registered()).then_refused(KeyTaken)
    anew = registered(keys=[planted_key(STRANGER, 1)])
    again = log.when(anew).then_admitted()
    old = {"signatures": (key_id(STRANGER),)}
    mine = technology_registered(owners=[{"party": STRANGER, "share": [1, 1]}])
    again.when(at(WAITED, mine, **old)).then_refused(KeyNoLongerValid, positions=(0,))
    again.when(at(WAITED, mine, signatures=(key_id(STRANGER, 1),))).then_admitted()


@pytest.mark.parametrize("who", [INSTITUTE, REGISTRAR])
def test_a_key_that_was_stopped_never_binds(who: str) -> None:
    log = delayed(at(START, key_waiting(not_before=BINDS)), key_stopped(stopped_by=who))
    by_new = at(WAITED, technology_registered(), signatures=(key_id(INSTITUTE, 2),))
    log.when(by_new).then_refused(KeyNoLongerValid, positions=(1,))


def test_nothing_waits() -> None:
    """What binds is not stopped: a key is suspended or revoked, a party goes on."""
    log = delayed(at(START, registered()), at(START, key_waiting(not_before=BINDS)))
    log.when(at(WAITED, party_stopped(STRANGER))).then_refused(NothingWaits, positions=(0,))
    log.when(at(WAITED, key_stopped())).then_refused(NothingWaits, positions=(1,))
    given().when(key_stopped(number=0)).then_refused(NothingWaits)
    log.when(party_stopped("party:vn.nobody")).then_refused(PartyUnknown)


def test_only_the_registrar_and_who_is_concerned_stop() -> None:
    log = delayed(at(START, registered()), at(START, key_waiting(not_before=BINDS)))
    for who in (OPERATOR, RIVAL):
        log.when(key_stopped(stopped_by=who)).then_refused(WrongSigner)
    alone = said(party_stopped(STRANGER), signed_by=[OPERATOR], signers=(OPERATOR,))
    log.when(alone).then_refused(SignerMissing)
    log.when(key_stopped(party=FIRM)).then_refused(PredecessorUnknown)


def test_another_delay_holds_after_the_old_one() -> None:
    """Until then the old one; and who adopts another one meanwhile has replaced it."""
    log = delayed(at(START, delay_adopted(0, not_before=BINDS)))
    log.when(party_registered()).then_refused(BindsTooEarly)
    log.when(at(WAITED, party_registered())).then_admitted()
    soon = START + timedelta(minutes=1)
    longer = delay_adopted(2 * DELAY_S, not_before=BINDS)
    replaced = log.and_then(at(soon, longer))
    replaced.when(at(WAITED, party_registered())).then_refused(BindsTooEarly)
    ledger = replaced.value(LEDGER)
    assert isinstance(ledger, Ledger)
    assert timedelta(seconds=DELAY_S) == ledger.delay_at(soon)
    assert timedelta(seconds=2 * DELAY_S) == ledger.delay_at(WAITED)


@pytest.mark.parametrize("who", [OPERATOR, REGISTRAR])
def test_one_officer_stops_a_delay_that_waits(who: str) -> None:
    """By the one that holds, at once."""
    shorter = at(START, delay_adopted(0, not_before=BINDS))
    soon = START + timedelta(minutes=1)
    kept = at(soon, delay_kept(DELAY_S, who))
    stopped = delayed(shorter).and_then(kept)
    stopped.when(at(WAITED, party_registered())).then_refused(BindsTooEarly)
    stopped.when(kept).then_refused(NothingWaits)


def test_one_officer_alone_changes_no_delay() -> None:
    waiting_one = delayed(at(START, delay_adopted(2 * DELAY_S, not_before=BINDS)))
    soon = START + timedelta(minutes=1)
    for seconds in (0, DELAY_S - 1, 2 * DELAY_S):
        waiting_one.when(at(soon, delay_kept(seconds, OPERATOR))).then_refused(BindsTooEarly)
    waiting_one.when(at(soon, delay_kept(DELAY_S, RIVAL))).then_refused(WrongSigner)
    waiting_one.when(at(WAITED, delay_kept(2 * DELAY_S, OPERATOR))).then_refused(NothingWaits)
    delayed().when(delay_kept(DELAY_S, OPERATOR)).then_refused(NothingWaits)


def test_the_first_parties_bind_at_once() -> None:
    log = delayed()
    party, key = log.value(REGISTRAR), log.value(f"key:{key_id(REGISTRAR)}")
    assert isinstance(party, Party)
    assert isinstance(key, Key)
    assert (None, None) == (party.not_before, key.not_before)
