"""
What others hold of a log, mirrors and members, each verified, as one supply of its entries.

A mirror that lags lacks the newest entries; anyone who submitted them has each with its receipt,
and bundles hold whole histories. Nothing is taken from anybody whose bytes the log's keys did not
sign, and two who hold different bytes for one position are the evidence of a fork.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path

from ledger.court import MAX_BUNDLE
from ledger.follow.audit import exported_entries
from ledger.log.evidence_bundle import parse_evidence
from ledger.log.merkle import LogError
from ledger.log.receipt import parse_tlog_proof
from ledger.log.tree_head import Checkpoint
from ledger.verify.answer_files import read_entry, read_receipt
from ledger.verify.evidence_check import verify_evidence
from ledger.verify.files import MAX_ANSWER, log_in, read_checkpoint
from ledger.verify.outcome import Refused
from ledger.verify.verifier import verify_export, verify_receipt
from ledger.wire.canonical import WireError
from ledger.wire.entry import parse_entry
from ledger.wire.regular import OddFile, read_regular
from ledger.wire.told import Told


class SupplyError(Told):
    """Superclass of the errors of this module. Never raised itself."""


class SourceRefused(SupplyError):
    """What somebody gave does not verify: it is left out, or replaced."""


class SourcesDiffer(SupplyError):
    """Two sources hold other bytes for one position, both under signatures of the log."""

    def __init__(self, position: int) -> None:
        super().__init__(f"two sources hold different entries at position {position}: a fork")
        self.position = position


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A mirror that was verified: its directory, its checkpoint, by which keys that is signed."""

    directory: Path
    checkpoint: Checkpoint
    log_keys: tuple[str, ...]

    @property
    def note(self) -> bytes:
        """The signed note."""
        return read_checkpoint(self.directory)


@dataclass(frozen=True, slots=True)
class Supply:
    """Mirrors, and single entries by position."""

    mirrors: tuple[Mirrored, ...]
    single: Mapping[int, bytes]

    def entries(self, start: int, stop: int) -> Iterator[bytes | None]:
        """Yield the entries of positions `start` to `stop`, None for what nobody holds.

        Raises `SourcesDiffer`.
        """
        held = [
            chain(exported_entries(each.directory, start), repeat(None)) for each in self.mirrors
        ]
        for position in range(start, stop):
            found = {next(each) for each in held} | {self.single.get(position)}
            found.discard(None)
            if len(found) > 1:
                raise SourcesDiffer(position)
            yield found.pop() if found else None


def gather(
    trust_root: bytes,
    mirrors: Iterable[Path] = (),
    bundles: Iterable[Path] = (),
    receipts: Iterable[tuple[Path, bytes]] = (),
) -> Supply:
    """Verify what was given: directories, bundles, receipts with the entry's bytes.

    Raises `SourceRefused`, which names the one that does not verify, and refuses nobody for a file
    that holds nothing of the kind: `OddFile`, or `OSError` where there is no log.
    """
    single: dict[int, bytes] = {}
    verified = []
    for directory in mirrors:
        with _refusing(directory):
            answer = verify_export(log_in(directory), trust_root)
            verified.append(Mirrored(directory, answer.checkpoint, answer.log_keys))
    for bundle in bundles:
        with _reading(bundle, "bundle"):
            evidence = parse_evidence(raw := read_regular(bundle, MAX_BUNDLE))
        with _refusing(bundle):
            verify_evidence(raw, trust_root)
        for shown in evidence.entries:
            _add(single, shown.position, shown.raw)
    for receipt, entry in receipts:
        with _reading(receipt, "receipt"):
            parse_tlog_proof(read_receipt(given := read_regular(receipt, MAX_ANSWER))[0])
        with _refusing(receipt):
            position = verify_receipt(given, entry, trust_root).position
            assert position is not None, "a receipt is of one entry"
            _add(single, position, entry)
    return Supply(tuple(verified), single)


def entry_in(file: Path) -> bytes:
    """Return an entry's bytes from a file, also from the JSON that the API answers for one.

    Raises `OddFile`, `OSError`.
    """
    with _reading(file, "entry"):
        raw, _ = read_entry(read_regular(file, MAX_ANSWER))
        parse_entry(raw)
    return raw


def _add(single: dict[int, bytes], position: int, entry: bytes) -> None:
    if single.setdefault(position, entry) != entry:
        raise SourcesDiffer(position)


@contextmanager
def _reading(file: Path, what: str) -> Iterator[None]:
    """Say of a file that holds something else than what it was named as that it is none."""
    try:
        yield
    except OddFile:
        raise
    except (Refused, LogError, WireError):
        raise OddFile(file, f"no {what}") from None


@contextmanager
def _refusing(source: Path) -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        raise SourceRefused(f"{source}: {refused}") from refused
