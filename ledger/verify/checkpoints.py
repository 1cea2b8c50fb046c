"""Checkpoints, opened by the keys that count for their size, and held to the log they are of."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from ledger import court
from ledger.log.checkpoint import log_times, open_checkpoint
from ledger.log.cosignature import cosignature_time
from ledger.log.dating import Bounds, bounds_of
from ledger.log.key import ED25519
from ledger.log.merkle import leaf_hash
from ledger.log.note import parse_note
from ledger.log.policy import open_witnessed_checkpoint
from ledger.log.proof import prove_consistency, roots_of_prefixes, verify_consistency
from ledger.log.receipt import TlogProof
from ledger.log.tiles import TileHashes
from ledger.log.tree_head import Checkpoint, parse_checkpoint
from ledger.verify.outcome import Check, Refused, refusing
from ledger.verify.trust import Trust
from ledger.wire.entry import parse_entry

Seen = tuple[bytes, str | None]
"""A note that somebody kept, and its file where it is in an export."""


def open_trusted(note: bytes, trust: Trust, step: Check) -> tuple[Checkpoint, Bounds]:
    """Return a checkpoint that the log and a quorum have signed, and what it says of time."""
    with refusing(step):
        opened = open_witnessed_checkpoint(note, trust.origin, trust.verifiers, trust.policy)
        # Of a witness that stands there twice, both times: no order of lines says another thing.
        witnessed = log_times(note, [each.verifier for each in trust.policy.witnesses])
        return opened.checkpoint, bounds_of(note, trust.verifiers, witnessed)


def times_of(note: bytes, trust: Trust) -> court.Times:
    """Return when, and by whom, a note was signed that was opened: by the log and by witnesses."""
    timed = (*trust.verifiers, *(each.verifier for each in trust.policy.witnesses))
    named = {(each.name, each.key_id) for each in timed if each.key_type != ED25519}
    lines = [each for each in parse_note(note).signatures if (each.name, each.key_id) in named]
    found = {(cosignature_time(each.blob), each.name) for each in lines}
    return [(datetime.fromtimestamp(at, UTC), name) for at, name in sorted(found)]


def stated_checkpoint(note: bytes, step: Check) -> Checkpoint:
    """Return what a note says, no matter who signed it."""
    with refusing(step):
        return parse_checkpoint(parse_note(note).text)


def check_time(bounds: Iterable[Bounds], when: str, at: int, step: Check = Check.IDENTITY) -> None:
    """Refuse an entry, accepted at an instant, that is dated otherwise than checkpoints allow."""
    for each in bounds:
        if fault := each.fault(when, at):
            raise Refused(step, fault, at)


def check_kept(
    note: bytes, trust: Trust, opened: tuple[Checkpoint, Bounds], entry: bytes, proof: TlogProof
) -> bool:
    """Refuse (step 9) a note that was kept and that a receipt under a checkpoint contradicts.

    Say whether the receipt's proof leads to its root. Else only the log can show that the larger
    continues the smaller one; but it signed them in order, and dated the entry to fit both.
    """
    with refusing(Check.CONSISTENCY):
        old = open_checkpoint(note, trust.origin, trust.verifiers)
    then, (now, at) = bounds_of(note, trust.verifiers), opened
    check_time([then], parse_entry(entry).accepted, proof.index, Check.CONSISTENCY)
    roots = roots_of_prefixes(leaf_hash(entry), proof.index, now.size, proof.hashes)
    if roots.get(old.size, old.root) != old.root:
        raise Refused(Check.CONSISTENCY, f"the log has signed two trees of size {old.size}")
    smaller, larger = sorted((then, at))
    if old.size != now.size and larger.earliest < smaller.earliest:
        raise Refused(Check.CONSISTENCY, f"signed size {smaller.size} after size {larger.size}")
    return old.size in roots


def check_seen(
    seen: Seen,
    now: Checkpoint,
    tiles: TileHashes,
    accepted: Mapping[int, str],
    trust_at: Callable[[int], Trust],
) -> None:
    """Refuse (step 9) a note that was seen and that a log, now at a checkpoint, does not continue.

    The log's own lines are enough. `accepted` has the instants of the entries around its size: the
    others lie beyond these.
    """
    note, path = seen
    trust = trust_at(stated_checkpoint(note, Check.CONSISTENCY).size)
    with refusing(Check.CONSISTENCY, path=path):
        old = open_checkpoint(note, trust.origin, trust.verifiers)
        # The proof is made from the tiles: it stands or falls by the two roots.
        proof = prove_consistency(old.size, now.size, tiles)
        verify_consistency(old.size, now.size, proof, old.root, now.root)
    bounds = bounds_of(note, trust.verifiers)
    for position in sorted({old.size - 1, old.size} & accepted.keys()):
        check_time([bounds], accepted[position], position, Check.CONSISTENCY)
