"""Two evidence bundles held to each other: whether they contradict, whether one shows no less."""

from collections.abc import Iterator
from itertools import pairwise, product

from ledger import court
from ledger.log.evidence_bundle import Evidence
from ledger.log.note import parse_note
from ledger.log.tree_head import parse_checkpoint


def goes_on(earlier: Evidence, later: Evidence) -> bool:
    """Say whether a bundle shows all that an earlier one does, but for the seal, which is newer.

    What the log has signed is shown by the notes of first receipts too: none of them is lost.
    """
    shown = {each.position: each.raw for each in later.entries}
    subjects = {each.subject for each in later.histories}
    return (
        all(each in later.openings for each in earlier.openings)
        and {note for note, _ in earlier.earlier} <= {note for note, _ in later.earlier}
        and all(each.subject in subjects for each in earlier.histories)
        and all(
            shown.get(each.position) == each.raw
            for each in earlier.entries
            if each.position != earlier.seal
        )
    )


def contradictions(earlier: court.Verified, later: court.Verified) -> Iterator[str]:
    """Yield by what two bundles, said to be of one log, show that they are of two.

    Their entries, and all of their checkpoints, those of first receipts too, are held together.
    """
    notes = sorted([*_notes(earlier), *_notes(later)])
    for (one, root), (other, another) in pairwise(notes):
        if one.size == other.size and root != another:
            yield f"the log has signed two histories of {one.size} entries"
        if one.size < other.size and other.earliest < one.earliest:
            yield f"the log has signed size {one.size} after size {other.size}"
    for at in sorted(earlier.events.keys() & later.events.keys()):
        if earlier.events[at].raw != later.events[at].raw:
            yield f"the log has two entries of position {at}"
    yield from _misdated(earlier, later)
    yield from _misdated(later, earlier)


def _misdated(found: court.Verified, other: court.Verified) -> Iterator[str]:
    for (at, event), each in product(found.events.items(), other.bounds):
        if not each.allow(at, event.accepted):
            yield f"the log has signed size {each.size}, and misdates position {at} by that"


def _notes(found: court.Verified) -> list[tuple[court.Bounds, bytes]]:
    """Return what each checkpoint of a bundle says of time, and its root."""
    earlier = (court.octets(each["checkpoint"]) for each in found.bundle["earlier"])
    roots = [found.root, *(parse_checkpoint(parse_note(raw).text).root for raw in earlier)]
    return list(zip(found.bounds, roots, strict=True))
