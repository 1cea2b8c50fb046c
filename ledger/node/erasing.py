"""
To erase behind the end of a closed log: an order is judged as if the log went on, not recorded.

The same rules hold as before the end, and the same two officers sign.
"""

from dataclasses import replace
from functools import partial
from uuid import UUID

from ledger.domain import admission
from ledger.domain.core.body import Folded
from ledger.domain.core.refusal import Refusal
from ledger.domain.government.governance import LedgerClosed, charter_subject
from ledger.domain.parties.ledger_state import Ledger, ledger_subject
from ledger.domain.parties.party_lifecycle import PersonErased
from ledger.events.intake import Submission, decode
from ledger.events.lawbook import LawSets
from ledger.home.paths import Home
from ledger.log.merkle import leaf_hash
from ledger.runtime.clock import Clock
from ledger.sequence.judging import Judging, Recorded, SubmissionGroup, payload_sha256_of
from ledger.sequence.orders import Orders, order_faults
from ledger.sequence.subject_cache import Overlay, SubjectCache, load_histories
from ledger.sequence.vault import NoBatch
from ledger.store.append import StoredId
from ledger.store.connection import Pool
from ledger.store.entries import latest_under, read_head, read_topics
from ledger.store.vault import Erasure
from ledger.verify.authority import ENTERED
from ledger.wire.told import Told


class OrderRefused(Told):
    """A rule forbids the order, or it is not signed by those who must; nothing was kept."""


class _Reopened(Overlay):
    """What is known of a closed log, but for its end."""

    def folded(self, subject: str) -> Folded | None:
        """Return the subject's fold; of the ledger, as if it had not been closed."""
        found = super().folded(subject)
        if found and isinstance(found.value, Ledger):
            return replace(found, value=replace(found.value, closed=None))
        return found


def is_closed(pool: Pool, origin: str) -> bool:
    """Say whether the log takes nothing more."""
    charter = charter_subject(ledger_subject(origin))
    return latest_under(pool, charter, LedgerClosed.TOPIC) is not None


def order_erasure(
    pool: Pool, home: Home, submission: Submission, clock: Clock | None = None
) -> Recorded:
    """Judge and keep an order; the next one to open the vault carries it out.

    Where the same one is kept already, that is the answer. Raises `OrderRefused`, `ClockAhead`.
    """
    orders, event, origin = Orders(home.erasures), submission.event, home.identity().origin
    if not isinstance(event.body, PersonErased):
        raise OrderRefused(f"LEDGER_CLOSED: {event.type} is not taken any more, an erasure alone")
    with home.alone():
        head, earlier = read_head(pool), orders.read()
        position = max([head.size, *(each.position + 1 for each in earlier)])
        now = (clock or Clock()).now()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        known = dict(map(_known, earlier))
        judging = Judging(
            head_size=position,
            accepted=max(now, head.earliest or now),
            overlay=_behind(pool, submission, head.size, earlier),
            event_ids=[UUID(event.event_id)],
            stored=known,
            dead={},
            known={},
            laws=LawSets(home.law),
            openings=NoBatch(),
        )
        ((outcome,),) = judging.judge([SubmissionGroup([submission], bulk=False, until=0.0)])
        if not isinstance(outcome, Recorded):
            code = f"{outcome.code}: " if isinstance(outcome, Refusal) else ""
            raise OrderRefused(f"{code}{outcome}") from outcome
        entered = [(each.position, each.entry) for each in read_topics(pool, ENTERED, head.size)]
        for entry in judging.entries:
            order = Erasure(position, entry.entry)
            for fault in order_faults(entered, [*earlier, order], origin):
                raise OrderRefused(fault)
            orders.keep(order)
        return outcome


def _known(erasure: Erasure) -> tuple[UUID, StoredId]:
    logged = decode(erasure.entry, erasure.position)
    payload, leaf = payload_sha256_of(logged.event), leaf_hash(erasure.entry)
    stored = StoredId(erasure.position, payload, logged.accepted, leaf)
    return UUID(logged.event.event_id), stored


def _behind(pool: Pool, submission: Submission, size: int, earlier: list[Erasure]) -> Overlay:
    """Fold what an order reads, with those before it."""
    folds = SubjectCache(partial(load_histories, pool), 0)
    folds.clear(size)
    ordered = [decode(each.entry, each.position) for each in earlier]
    folds.warm({subject for each in ordered for subject in each.event.subjects})
    while folds.warm(admission.reads(submission.event, folds)):
        pass
    overlay = _Reopened(folds)
    for each in ordered:
        overlay.apply(each)
    return overlay
