"""
Which keys of the log sign its checkpoints, and by which policy they are cosigned.

Entry 0 names the first, later events others. Read from the log itself, so every process that signs
or checks agrees, whatever files it has.
"""

from bisect import bisect_right
from dataclasses import dataclass

from ledger.domain.government.governance import (
    LogKeysAdopted,
    PolicyAdopted,
    RefusalKeysAdopted,
    charter_subject,
)
from ledger.domain.government.ledger import LedgerOpened
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.events.intake import decode
from ledger.log.policy import QUORUM_NONE_POLICY, Policy, parse_policy
from ledger.store.connection import Pool
from ledger.store.entries import StoredEntry, latest_under, read_by_subject, read_first

_PAGE = 1_000


@dataclass(slots=True)
class LogKeys:
    """The sets of vkeys that sign, each with the first size that it signs."""

    _sizes: list[int]
    _sets: list[tuple[str, ...]]

    def at(self, size: int) -> tuple[str, ...]:
        """Return the vkeys that all sign the checkpoint of this size, 1 or more."""
        return self._sets[bisect_right(self._sizes, size) - 1]

    def follow(self, stored: StoredEntry) -> None:
        """Take in the next entry, of whatever kind."""
        if stored.topic != LogKeysAdopted.TOPIC or stored.position < self._sizes[-1]:
            return
        body = decode(stored.entry, stored.position).event.body
        assert isinstance(body, LogKeysAdopted), "the topic was compared"
        # The set first: who asks meanwhile finds one for every size that is listed.
        self._sets.append(body.log_keys)
        self._sizes.append(stored.position + 1)


def read_log_keys(pool: Pool, origin: str) -> LogKeys:
    """Return the log's keys as a database that holds entry 0 records them."""
    genesis = read_first(pool)
    body = decode(genesis.entry, 0).event.body
    assert isinstance(body, LedgerOpened), "entry 0 opens the ledger"
    keys, subject, after = LogKeys([1], [body.log_keys]), charter_subject(ledger_subject(origin)), 0
    while page := read_by_subject(pool, subject, after, _PAGE):
        for stored in page:
            keys.follow(stored)
        after = page[-1].position
    return keys


def read_refusal_keys(pool: Pool, origin: str) -> tuple[str, ...]:
    """Return the vkeys that sign refusals and promises now; none before the first are adopted."""
    subject = charter_subject(ledger_subject(origin))
    stored = latest_under(pool, subject, RefusalKeysAdopted.TOPIC)
    if stored is None:
        return ()
    body = decode(stored.entry, stored.position).event.body
    assert isinstance(body, RefusalKeysAdopted), "it was looked for by its topic"
    return body.refusal_keys


def read_policy_in_force(pool: Pool, origin: str, size: int | None = None) -> Policy:
    """Return the policy that counts for checkpoints of a size, by default of the log as it is."""
    subject = charter_subject(ledger_subject(origin))
    stored = latest_under(pool, subject, PolicyAdopted.TOPIC, size)
    if stored is None:
        return parse_policy(QUORUM_NONE_POLICY)
    body = decode(stored.entry, stored.position).event.body
    assert isinstance(body, PolicyAdopted), "it was looked for by its topic"
    return parse_policy(body.text)
