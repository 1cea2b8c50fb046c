"""Rules 71 to 74: what a forum orders holds, and nobody else orders."""

from datetime import UTC, datetime

from ledger.domain.core.court_hold import Frozen
from ledger.domain.disputes.dispute import OrderNoForum
from tests.support.builders import (
    FIRM,
    INSTITUTE,
    RIGHT,
    assignment_agreed,
    contract_concluded,
    right_filed,
    share_agreed,
)
from tests.support.disputes import (
    COURT,
    court_registered,
    dispute_opened,
    hold_lifted,
    hold_ordered,
    lift,
    order,
    ruling_made,
)
from tests.support.specification import given, said

IN_DISPUTE = (
    right_filed(),
    contract_concluded(),
    share_agreed(),
    court_registered(),
    dispute_opened(),
)
FREEZE = hold_ordered(order("FREEZE_TITLE", RIGHT, end="2026-12-02"))


def test_frozen() -> None:
    """A right under FREEZE_TITLE is not assigned; lifted, or when its time is over, it is."""
    frozen = given(*IN_DISPUTE, FREEZE)
    frozen.when(assignment_agreed()).then_refused(Frozen, positions=(5,), subjects=(RIGHT,))
    frozen.and_then(hold_lifted(lift(RIGHT))).when(assignment_agreed()).then_admitted()
    first_free_instant = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
    in_december = assignment_agreed(agreed_on="2026-12-02")
    frozen.when(said(in_december, accepted=first_free_instant)).then_admitted()


def test_order_no_forum() -> None:
    """A "ruling" signed by a party is none; the court's is."""
    log = given(*IN_DISPUTE)
    log.when(ruling_made(forum=FIRM)).then_refused(OrderNoForum, positions=(4,))
    log.when(hold_ordered(forum=INSTITUTE)).then_refused(OrderNoForum, positions=(4,))
    log.when(ruling_made(forum=COURT)).then_admitted()


def test_dispute_out_of_time() -> None:
    """More than three years after knowledge a dispute is admitted: the forum decides (art. 429)."""
    log = given(*IN_DISPUTE[:-1])
    log.when(dispute_opened(known_since="2023-11-01")).then_admitted()
    log.when(dispute_opened(known_since="2023-11-03")).then_admitted()
