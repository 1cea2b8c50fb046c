"""Rules 5 and 18 to 20 about rights themselves: shares, term, status, place, national fates."""

import pytest
from pydantic import ValidationError

from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.rights.protection import BeyondRightTerm, BeyondRightTerritory, RightNotInForce
from ledger.domain.rights.right import FractionSum
from ledger.domain.rights.right_status import NoSecret
from tests.support.builders import (
    AUTHOR,
    CLERK,
    FIRM,
    INSTITUTE,
    RIGHT,
    contract_concluded,
    grant,
    held,
    right_filed,
    right_lapsed,
    technology_registered,
)
from tests.support.rights import (
    EUROPEAN,
    SECRET,
    disclosure_recorded,
    european_filed,
    european_granted,
    right_cancelled,
    secret_held,
)
from tests.support.specification import given

EUROPE = (european_filed(filed_on="2015-11-08"), european_granted(in_force_from="2018-02-12"))


def licensed(*codes: str, right: str = RIGHT, **overrides: object):
    return contract_concluded(
        grants=[grant(rights=[right], territory={"codes": list(codes)}, **overrides)]
    )


def test_fraction_sum() -> None:
    """1/3 + 1/3 + 0.3333 is no form of a share; 3333/10000 is one, and the sum falls short."""
    thirds = [held(INSTITUTE, 1, 3), held(AUTHOR, 1, 3)]
    with pytest.raises(ValidationError, match=r"\[numerator, denominator\]"):
        right_filed(owners=[*thirds, {"party": FIRM, "share": 0.3333}])
    short = [*thirds, held(FIRM, 3333, 10_000)]
    given().when(right_filed(owners=short)).then_refused(FractionSum)
    given().when(technology_registered(owners=short)).then_refused(FractionSum)
    whole = [*thirds, held(FIRM, 1, 3)]
    given().when(right_filed(owners=whole)).then_admitted()
    given().when(technology_registered(owners=whole)).then_admitted()


def test_right_not_in_force() -> None:
    """A lapse in Great Britain from last year forbids a licence there, and nowhere else."""
    lapse = right_lapsed(
        right=EUROPEAN, territory="iso:GB", effective_from="2025-11-08", published_on="2026-07-29"
    )
    log = given(*EUROPE, lapse)
    refused = licensed("iso:BE", "iso:GB", right=EUROPEAN)
    log.when(refused).then_refused(RightNotInForce, positions=(2,), subjects=(EUROPEAN,))
    log.when(licensed("iso:BE", right=EUROPEAN)).then_admitted()


def test_right_not_in_force_if_it_was_cancelled_from_the_start() -> None:
    voided = right_cancelled(right=RIGHT, territory=None)
    log = given(right_filed(), voided)
    log.when(licensed("iso:VN")).then_refused(RightNotInForce, positions=(1,))
    in_part = right_cancelled(right=RIGHT, territory=None, extent="part")
    given(right_filed(), in_part).when(licensed("iso:VN")).then_admitted()


def test_beyond_right_term() -> None:
    """Filed 2006-03-10 and licensed to 2027-01-01 as a patent licence: the article is named."""
    log = given(right_filed(filed_on="2006-03-10"))
    days = {"valid_from": "2026-01-01"}
    too_long = licensed("iso:VN", valid_to="2027-01-01", **days)
    refusal = log.when(too_long).then_refused(BeyondRightTerm, positions=(0,))
    assert refusal.ground is not None
    assert ("ip-law.93.invention", "Điều 93(2)") == (refusal.ground.rule, refusal.ground.article)
    log.when(licensed("iso:VN", valid_to="2026-03-11", **days)).then_admitted()


def test_beyond_right_territory() -> None:
    """A Vietnamese title is not licensed for Laos; a province lies within, a secret anywhere."""
    log = given(right_filed(), *EUROPE, secret_held())
    for code in ("iso:LA", "world"):
        log.when(licensed(code)).then_refused(BeyondRightTerritory, positions=(0,))
    log.when(licensed("vn-2025:48")).then_admitted()
    log.when(licensed("iso:FR", right=EUROPEAN)).then_refused(BeyondRightTerritory, positions=(1,))
    log.when(licensed("iso:GB", right=EUROPEAN)).then_admitted()
    log.when(licensed("iso:LA", right=SECRET)).then_admitted()


def test_no_secret() -> None:
    """A patent does not end by disclosure; a secret does, as its owner or a clerk says."""
    log = given(right_filed(), secret_held())
    log.when(disclosure_recorded(right=RIGHT)).then_refused(NoSecret, positions=(0,))
    log.when(disclosure_recorded(recorded_by=FIRM)).then_refused(WrongSigner, subjects=(FIRM,))
    log.when(disclosure_recorded(recorded_by=CLERK)).then_admitted()
    over = log.and_then(disclosure_recorded())
    over.when(licensed("iso:VN", right=SECRET)).then_refused(RightNotInForce, positions=(2,))
