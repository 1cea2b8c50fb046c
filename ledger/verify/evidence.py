"""Evidence bundles, with the answers of this package: `ledger.court` does all the checking."""

from collections.abc import Iterator
from contextlib import contextmanager

from ledger import court
from ledger.log.tree_head import Checkpoint
from ledger.verify.outcome import Refused, Step, Verified


def verify_evidence(raw: bytes, trust_root: bytes) -> Verified:
    """Verify an evidence bundle. Raises `Refused` with the step that fails."""
    shown = show(raw, trust_root)
    checkpoint = Checkpoint(shown.trust.origin, shown.size, shown.root)
    counted = shown.signatures, shown.unchecked
    return Verified(checkpoint, tuple(Step), *counted, histories=shown.histories)


def show(raw: bytes, trust_root: bytes) -> court.Verified:
    """Verify a bundle; return all that it shows, who signs for the log as well."""
    with in_our_words():
        return court.verify(raw, trust_root)


@contextmanager
def in_our_words() -> Iterator[None]:
    """Turn a refusal of the court's verifier into one of this package."""
    try:
        yield
    except court.Refused as refused:
        step = tuple(Step)[refused.step - 1]
        raise Refused(step, refused.reason, refused.position) from None
