"""
Checkpoints of any lines before both verifiers: whether they open, and what they say of time.

Witnesses of either kind, some under the log's own name, stand under a note once, twice or not at
all, in any order, at any time, and now and then a line is spoilt.
"""

from collections.abc import Iterator
from functools import lru_cache
from random import Random

from ledger import court
from ledger.log.checkpoint import Checkpoint
from ledger.log.cosignature import CosignatureV1Signer, MLDSA44Signer
from ledger.log.note import format_vkey, parse_note, sign_note
from ledger.log.tree_head import format_checkpoint
from ledger.node.genesis import trust_root
from ledger.verify.checkpoints import open_trusted
from ledger.verify.outcome import Check, Refused
from ledger.verify.trust import parse_trust
from tests.support.log import ed25519_key, flip, ml_dsa_key
from tests.support.sample_log import ORIGIN, SIGNED_AT, log_signers

Said = tuple[int, str, str] | None
Signer = CosignatureV1Signer | MLDSA44Signer


@lru_cache(maxsize=64)
def _witness(number: int, name: str) -> Signer:
    label = f"witness {number}"
    if number % 2:
        return MLDSA44Signer(name, ml_dsa_key(label))
    return CosignatureV1Signer(name, ed25519_key(label))


def notes(chance: Random) -> Iterator[tuple[bytes, bytes]]:
    """Yield trust roots and notes."""
    text = format_checkpoint(Checkpoint(ORIGIN, 7, bytes(32)))
    vkeys = [format_vkey(each) for each in log_signers()]
    while True:
        names = [f"w{n}.example/w" for n in range(chance.randrange(4))]
        names = [ORIGIN if chance.random() < 0.1 else name for name in names]
        witnesses = [_witness(n, name) for n, name in enumerate(names)]
        policy = "".join(f"witness w{n} {format_vkey(w)}\n" for n, w in enumerate(witnesses))
        quorum = f"w{chance.randrange(len(names))}" if names and chance.random() < 0.5 else "none"
        root = {**trust_root(ORIGIN, vkeys, b""), "policy": f"{policy}quorum {quorum}\n"}
        signing = [
            *log_signers(),
            *chance.choices([*witnesses, *log_signers()], k=chance.randrange(4)),
        ]
        chance.shuffle(signing)
        signed = (
            sign_note(text, [each], SIGNED_AT + chance.choice((0, 0, 5, -5, -30, 61, -3600)))
            for each in signing
        )
        lines = [parse_note(each).signatures[0].line for each in signed]
        note = f"{text}\n{''.join(lines)}".encode()
        if chance.random() < 0.1:
            note = flip(note, chance.randrange(len(note) - 40, len(note)))
        yield court.dumps(root).encode(), note


def by_verify(trust: bytes, note: bytes) -> Said:
    """Return what the verifier of whole logs makes of a note."""
    try:
        _, bounds = open_trusted(note, parse_trust(trust), Check.CHECKPOINT)
    except Refused:
        return None
    return tuple(bounds)


def by_court(trust: bytes, note: bytes) -> Said:
    """Return what the one-file verifier makes of it."""
    try:
        root = court.read_trust(trust)
        size, _, times = court.open_checkpoint(note, root)
    except court.CheckFailed:
        return None
    return tuple(court.Bounds.of(size, times, root.origin))


def apart(seed: int, cases: int) -> list[str]:
    """Return on which notes the two say another thing, and fail unless some are taken."""
    made, found, taken = notes(Random(seed)), list[str](), 0
    for _ in range(cases):
        trust, note = next(made)
        ours, theirs = by_verify(trust, note), by_court(trust, note)
        taken += ours is not None
        if ours != theirs:
            found.append(f"verify {ours}, court {theirs}: {trust!r} {note!r}")
    assert taken > cases // 4, "most notes are as they should be"
    return found
