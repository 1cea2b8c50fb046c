"""How long what officers vouch for waits in a log, by what its server shows of it."""

from datetime import UTC, datetime, timedelta

from ledger import court
from ledger.follow.client import LedgerClient
from ledger.verify.evidence_check import show


def delay_of(ledger: LedgerClient) -> timedelta:
    """Return the delay that holds now, as the events say that lead to it.

    Raises `Refused` for evidence that does not hold, `ProblemAnswer`, `NoAnswer`.
    """
    shown = show(ledger.get_bytes("/v1/evidence"), ledger.trust.to_json())
    return shown.authority.delay_at(shown.size, court.spelled(datetime.now(UTC)))
