"""
Who signs an event of each type, who may, and what it commits its signers to: the one table.

Each body declares its row (`SIGNERS`, `MAY`, …). From them `ledger/powers.json` and the table in
`ledger/court.py` are made, by `python -m tests.support.authority_table`: admission and every
verifier judge by the same words.
"""

from collections.abc import Mapping

from ledger.domain.core.body import Body
from ledger.domain.parties.ledger_state import Ledger
from ledger.domain.registry import TOPICS
from ledger.powers import Officers, TopicPowers, must_wait, parties_bound

WHO_SIGNS: Mapping[type[Body], TopicPowers] = {
    body: TopicPowers(body.SIGNERS, body.MAY, body.COMMITS, body.WAITS, body.OPPOSED, body.SUBJECTS)
    for body in TOPICS.values()
}
"""A row for each body: `ledger.powers` says how its words are read."""


def who_signs(body: Body, ledger: Ledger) -> frozenset[str]:
    """Return the parties that an event binds, given the ledger's officers."""
    return parties_bound(WHO_SIGNS[type(body)], body, Officers(ledger.operator, ledger.registrar))


def waits(body: Body) -> bool:
    """Say whether an event binds only after the ledger's delay."""
    return must_wait(WHO_SIGNS[type(body)], body)
