"""The ledger's government: who may change the log's keys, its policy, its operator, and its end."""

import pytest
from pydantic import ValidationError

from ledger.domain.core.existence import PredecessorUnknown
from ledger.domain.government.governance import (
    LedgerIsClosed,
    LogKeysApart,
    PolicyMismatch,
    PolicyNotApproved,
    SuccessionTooLate,
)
from ledger.domain.government.seal import LedgerSealed, SealCountsFall, SealOutOfOrder
from ledger.domain.parties.ledger_state import Ledger, Speaker
from ledger.domain.parties.party import PartyUnknown
from ledger.domain.parties.signature_refusals import SignerMissing, WrongSigner
from tests.support.builders import (
    BANK,
    FIRM,
    INSTITUTE,
    OPERATOR,
    REGISTRAR,
    SOME_HASH,
    STRANGER,
    party_registered,
)
from tests.support.governance import (
    FIRST_KEYS,
    LEDGER,
    NEXT_KEY,
    digest,
    ledger_closed,
    ledger_resumed,
    ledger_sealed,
    log_keys_adopted,
    operation_handed_over,
    policy_adopted,
    refusal_keys_adopted,
    succession_declared,
)
from tests.support.specification import given, said


def test_log_keys_apart() -> None:
    """From the old key to both, from both to the new: never from the old to the new at once."""
    given().when(log_keys_adopted(NEXT_KEY)).then_refused(LogKeysApart)
    both = given().when(log_keys_adopted(*FIRST_KEYS, NEXT_KEY)).then_admitted()
    after = both.when(log_keys_adopted(NEXT_KEY)).then_admitted()
    ledger = after.value(LEDGER)
    assert isinstance(ledger, Ledger)
    assert (NEXT_KEY,) == ledger.log_keys
    after.when(log_keys_adopted(*FIRST_KEYS)).then_refused(LogKeysApart)


def test_log_keys_are_not_the_operators_alone_to_change() -> None:
    given().when(said(log_keys_adopted(), signed_by=[OPERATOR])).then_refused(SignerMissing)


def test_policy_not_approved() -> None:
    """First by the registrar and who will run a witness; later by who speaks for two groups."""
    first = policy_adopted(approved_by=[INSTITUTE, REGISTRAR])
    given().when(policy_adopted(approved_by=[REGISTRAR])).then_refused(PolicyNotApproved)
    given().when(policy_adopted(approved_by=[FIRM])).then_refused(PolicyNotApproved)
    given().when(policy_adopted(approved_by=[BANK, INSTITUTE, REGISTRAR])).then_refused(
        PolicyNotApproved, subjects=(BANK,)
    )
    log = given(first)
    assert Speaker("firms", FIRM) in log.value(LEDGER).speakers
    log.when(policy_adopted(approved_by=[REGISTRAR])).then_refused(PolicyNotApproved)
    only_bank = [{"group": "firms", "party": BANK}]
    log.when(policy_adopted(approved_by=[FIRM, INSTITUTE], speakers=only_bank)).then_admitted()
    taken_over = policy_adopted(approved_by=[BANK, INSTITUTE], speakers=only_bank)
    log.when(taken_over).then_refused(PolicyNotApproved, subjects=(BANK,))


def test_the_first_policy_is_approved_by_the_registrar_too() -> None:
    """Whom the operator registers it could let speak for the other groups."""
    first = policy_adopted(approved_by=[FIRM, INSTITUTE])
    given().when(first).then_refused(PolicyNotApproved, subjects=(REGISTRAR,))
    given(policy_adopted()).when(first).then_admitted()


@pytest.mark.parametrize("approved_by", [[FIRM], [FIRM, REGISTRAR]])
def test_a_party_speaks_for_one_group(approved_by: list[str]) -> None:
    both = [{"group": group, "party": FIRM} for group in ("firms", "institutes")]
    for log in (given(), given(policy_adopted())):
        twice = policy_adopted(speakers=both, approved_by=approved_by)
        log.when(twice).then_refused(PolicyNotApproved)
    registrar = [{"group": group, "party": REGISTRAR} for group in ("firms", "institutes")]
    for speakers in (registrar, registrar[:1]):
        alone = policy_adopted(speakers=speakers, approved_by=[REGISTRAR])
        given().when(alone).then_refused(PolicyNotApproved)


def test_the_operator_speaks_for_no_group() -> None:
    speakers = [{"group": group, "party": OPERATOR} for group in ("institutes", "firms")]
    for spoken, approved_by in (
        (speakers[:1], [OPERATOR, REGISTRAR]),
        (speakers[:1], [INSTITUTE, REGISTRAR]),
        ([{"group": "firms", "party": FIRM}], [OPERATOR, REGISTRAR]),
    ):
        body = policy_adopted(speakers=spoken, approved_by=approved_by)
        given().when(body).then_refused(WrongSigner, subjects=(OPERATOR,))


def test_policy_mismatch() -> None:
    given().when(policy_adopted(policy_sha256=SOME_HASH)).then_refused(PolicyMismatch)
    given().when(policy_adopted("# of this year", "quorum none")).then_admitted()


def test_a_policy_names_parties_that_are_known() -> None:
    speakers = [{"group": "state", "party": STRANGER}]
    given().when(policy_adopted(speakers=speakers)).then_refused(PartyUnknown)


def test_ledger_closed() -> None:
    """The log ends with the event that says so, no matter who signs what comes after."""
    log = given(ledger_closed(successor="ledger.example/techledger/00000002"))
    refusal = log.when(party_registered()).then_refused(LedgerIsClosed, positions=(0,))
    assert "00000002" in refusal.detail
    log.when(ledger_resumed()).then_refused(LedgerIsClosed)
    given(ledger_resumed()).when(party_registered()).then_admitted()


def test_succession_too_late() -> None:
    given(ledger_resumed()).when(succession_declared()).then_refused(SuccessionTooLate)


def test_seal_out_of_order() -> None:
    """A seal at position p covers more than the last one and at most the p entries before it."""
    log = given(ledger_sealed(1))
    log.when(ledger_sealed(1)).then_refused(SealOutOfOrder)
    log.when(ledger_sealed(10_000)).then_refused(SealOutOfOrder)


def test_seal_counts_fall() -> None:
    """Rows that one seal counted and the next does not were deleted, or lost and spoken of."""

    def counting(size: int, openings: int | None, **chains: int) -> LedgerSealed:
        links = [{"chain": name, "number": n, "link": SOME_HASH} for name, n in chains.items()]
        return ledger_sealed(size, links=links, openings=openings)

    log = given(counting(1, 5, checkpoints=10, cosignatures=2))
    log.when(counting(2, 5, checkpoints=10, cosignatures=2)).then_admitted()
    log.when(counting(2, 6, checkpoints=11, cosignatures=3, mirrors=1)).then_admitted()
    for fewer in (
        counting(2, 4, checkpoints=10, cosignatures=2),
        counting(2, 5, checkpoints=9, cosignatures=2),
        counting(2, 5, checkpoints=10, cosignatures=1),
        counting(2, 5, checkpoints=10),
        counting(2, None, checkpoints=10, cosignatures=2),
    ):
        log.when(fewer).then_refused(SealCountsFall)
        resumed = given(counting(1, 5, checkpoints=10, cosignatures=2), ledger_resumed())
        resumed.when(fewer).then_admitted()


@pytest.mark.parametrize("names", [["title", "offers"], ["title", "title"]])
def test_the_projections_of_a_seal_are_sorted(names: list[str]) -> None:
    with pytest.raises(ValidationError, match="sorted by name"):
        ledger_sealed(projections=[digest(name) for name in names])


def test_the_next_operator_signs_with_the_last_one_and_the_registrar() -> None:
    change = operation_handed_over(operator=BANK)
    for missing in (OPERATOR, BANK, REGISTRAR):
        signed = [party for party in (OPERATOR, BANK, REGISTRAR) if party != missing]
        given().when(said(change, signed_by=signed)).then_refused(SignerMissing)
    log = given(change)
    assert BANK == log.value(LEDGER).operator
    log.when(said(ledger_resumed(), signed_by=[OPERATOR])).then_refused(WrongSigner)
    log.when(ledger_resumed()).then_admitted()


def test_keys_for_refusals_are_not_the_operators_alone_to_adopt() -> None:
    given().when(refusal_keys_adopted()).then_admitted()
    given().when(said(refusal_keys_adopted(), signed_by=[OPERATOR])).then_refused(SignerMissing)


@pytest.mark.parametrize(
    "body",
    [
        log_keys_adopted(ledger="ledger:other"),
        refusal_keys_adopted(ledger="ledger:other"),
        policy_adopted(ledger="ledger:other"),
        operation_handed_over(ledger="ledger:other"),
        ledger_resumed(ledger="ledger:other"),
        ledger_closed(ledger="ledger:other"),
        succession_declared(ledger="ledger:other"),
        ledger_sealed(ledger="ledger:other"),
    ],
    ids=lambda body: str(body.TOPIC),
)
def test_another_ledger_is_governed_elsewhere(body: object) -> None:
    given().when(body).then_refused(PredecessorUnknown)  # type: ignore[arg-type]
