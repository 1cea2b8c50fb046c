"""
Signed checkpoints (C2SP tlog-checkpoint): what a log publishes, and what everything hangs from.

Our log signs each checkpoint twice under its origin: Ed25519 (0x01), which the witness network
asks for, and ML-DSA-44 (0x06), which outlives it. `open_checkpoint` is therefore given the keys
that are *required*. A flipped bit in the name or the id of a line makes that line unknown, and an
unknown line is ignored: only a missing one gives it away.
"""

from collections.abc import Iterable, Sequence

from ledger.log.cosignature import cosignature_time
from ledger.log.key import ED25519
from ledger.log.merkle import LogError
from ledger.log.note import NoteSignature, Signer, Verifier, open_note, parse_note, sign_note
from ledger.log.tree_head import (
    Checkpoint,
    MalformedCheckpoint,
    format_checkpoint,
    parse_checkpoint,
)
from ledger.quoted import listed, quoted

__all__ = [
    "Checkpoint",
    "CheckpointRefused",
    "MalformedCheckpoint",
    "format_checkpoint",
    "log_times",
    "open_checkpoint",
    "open_cosigned_checkpoint",
    "parse_checkpoint",
    "sign_checkpoint",
]


class CheckpointRefused(LogError):
    """A well-formed checkpoint is not the one asked for: its origin or its keys differ."""


def sign_checkpoint(checkpoint: Checkpoint, signers: Sequence[Signer], timestamp: int) -> bytes:
    """
    Sign a checkpoint by each of `signers`; return the note. `timestamp` is in POSIX seconds.

    Anyone who calls this answers for the log never signing two checkpoints that are inconsistent.
    Raises `CheckpointRefused` for extension lines (ML-DSA-44 does not sign them) and for no
    signers, `MalformedCheckpoint` for an origin that is not one line.
    """
    _refuse_extensions(checkpoint)
    if not signers:
        raise CheckpointRefused(
            f"a checkpoint of {quoted(checkpoint.origin)} is signed by one key at least"
        )
    return sign_note(format_checkpoint(checkpoint), signers, timestamp)


def open_checkpoint(raw: bytes, origin: str, log_verifiers: Sequence[Verifier]) -> Checkpoint:
    """
    Return the checkpoint of `origin` in the note `raw` if *all* of `log_verifiers` have signed it.

    Lines by other keys are ignored. Raises `CheckpointRefused` and what `open_note` and
    `parse_checkpoint` raise.
    """
    return open_cosigned_checkpoint(raw, origin, log_verifiers, ())[0]


def open_cosigned_checkpoint(
    raw: bytes, origin: str, log_verifiers: Sequence[Verifier], witnesses: Iterable[Verifier]
) -> tuple[Checkpoint, tuple[NoteSignature, ...]]:
    """
    Open a checkpoint as `open_checkpoint` does; return it with the verified lines of `witnesses`.

    A witness may be missing, but a line of one that fails refuses the note. How many are enough
    is the policy's affair (`policy.Policy.satisfied`).
    """
    if not log_verifiers or any(each.name != origin for each in log_verifiers):
        names = listed(each.name for each in log_verifiers)
        raise CheckpointRefused(
            f"a log is known by keys that bear the name of its origin, {quoted(origin)}: {names}"
        )
    note, verified = open_note(raw, (*log_verifiers, *witnesses))
    by_key = {(each.name, each.key_id): each for each in verified}
    log_keys = {(each.name, each.key_id) for each in log_verifiers}
    if missing := sorted(log_keys - by_key.keys()):
        names = listed(f"{name}+{key_id.hex()}" for name, key_id in missing)
        raise CheckpointRefused(f"a key of the log has not signed this checkpoint: {names}")
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != origin:
        raise CheckpointRefused(f"this is a checkpoint of another log, {quoted(checkpoint.origin)}")
    _refuse_extensions(checkpoint)
    return checkpoint, tuple(each for key, each in by_key.items() if key not in log_keys)


def log_times(raw: bytes, verifiers: Iterable[Verifier]) -> list[int]:
    """Return the POSIX seconds at which lines by the keys of a log, or of witnesses, were signed.

    In order, and of every line. None where no key has a time in its lines. They are believed: open
    the note first.
    """
    timed = {(each.name, each.key_id) for each in verifiers if each.key_type != ED25519}
    lines = [each for each in parse_note(raw).signatures if (each.name, each.key_id) in timed]
    return sorted(cosignature_time(line.blob) for line in lines)


def _refuse_extensions(checkpoint: Checkpoint) -> None:
    if checkpoint.extensions:
        raise CheckpointRefused(
            "no log of ours has extension lines, for ML-DSA-44 does not sign them: "
            f"{listed(checkpoint.extensions)}"
        )
