"""
The verification of an exported log, and of one receipt: numbered steps, each in its place.

docs/verify.md has a table of what each step stops, and says what none of them can.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from ledger import court
from ledger.log.cosignature import cosignature_time
from ledger.log.key import ED25519
from ledger.log.merkle import leaf_hash
from ledger.log.note import parse_note
from ledger.log.policy import open_witnessed_checkpoint
from ledger.log.proof import prove_consistency, verify_consistency, verify_inclusion
from ledger.log.receipt import parse_tlog_proof
from ledger.log.tiles import TILE_WIDTH, TileHashes
from ledger.log.tree_head import Checkpoint, parse_checkpoint
from ledger.verify.authority import Authority, gather_authority
from ledger.verify.entries import CheckBundle, Chronology, check_order
from ledger.verify.event import Event, read_event
from ledger.verify.evidence import in_our_words, show
from ledger.verify.files import check_names, read_checkpoint, read_tile
from ledger.verify.outcome import Refused, Step, Verified, refusing
from ledger.verify.signatures import admitted_keys, verify_line
from ledger.verify.tree import HashBundle, check_tree
from ledger.verify.trust import Trust, parse_trust
from ledger.verify.workers import in_order
from ledger.wire.base64 import b64encode
from ledger.wire.instant import format_instant

T = TypeVar("T")

CLOCK_TOLERANCE_S = 60  # How far `accepted` may be after the signing of a checkpoint over it.
END_OF_TIME = 2**37  # In POSIX seconds, and within what a datetime holds.

LOG_STEPS = tuple(Step)[: Step.CONSISTENCY.number]  # Those behind are for evidence bundles.

Progress = Callable[[Step, int, int], None]
"""Told after each bundle of a long step: the step, bundles done, bundles in all."""


def verify_export(
    directory: Path,
    trust_root: bytes,
    *,
    previous: bytes | None = None,
    workers: int | None = None,
    progress: Progress = lambda _step, _done, _total: None,
) -> Verified:
    """Verify an exported log: every byte, every hash, every signature. Raises `Refused`.

    `previous` is an earlier checkpoint of the same log, `workers` the number of processes, all
    cores by default. A refusal is by the first step that fails, at the first position it fails at.
    """
    cores = workers or os.cpu_count() or 1

    # 1. The trust root is pinned: origin, keys, genesis and policy come from the caller alone.
    trust = parse_trust(trust_root)

    # 2. The checkpoint: a strict note, signed by all keys of the log and a quorum of the policy.
    #    If it is not by those that are trusted, the log may have others since: that 4. will tell.
    note, unsigned = read_checkpoint(directory), None
    try:
        checkpoint, too_late = open_trusted(note, trust, Step.CHECKPOINT)
    except Refused as refused:
        checkpoint, too_late, unsigned = stated_checkpoint(note, Step.CHECKPOINT), "", refused
    size, total = checkpoint.size, -(-checkpoint.size // TILE_WIDTH)

    try:
        # 3. Every entry is hashed into its tile and every tile into its parent, up to the root;
        #    there are as many entries as the checkpoint says, and no file beside them.
        check_names(directory, size)
        with in_order(HashBundle(directory, size), range(total), cores, chunk=32) as hashed:
            tree = check_tree(directory, checkpoint, _told(hashed, progress, Step.TREE, total))

        # 4. Entry 0 is the trusted genesis. From its keys and policy the log leads to those of now.
        check_genesis(dict(tree.authority[:1]).get(0, b""), trust)
        authority = gather_authority(tree.authority, trust.origin)
        now = trust_at(size, trust, authority)
    except Refused as refused:
        raise unsigned or refused from None
    if now != trust:
        checkpoint, too_late = open_trusted(note, now, Step.CHECKPOINT)
    elif unsigned:
        raise unsigned

    # 5. to 8. Each entry by itself: form, identity and time, sorted lists, signatures by keys in
    #    force at its position. In sequence: no event twice, no instant before the last, and none
    #    after the checkpoint was signed.
    check = CheckBundle(directory, size, trust.origin, authority)
    chronology = Chronology(too_late)
    with in_order(check, list(enumerate(tree.bundles)), cores) as checked:
        for bundle in _told(checked, progress, Step.SIGNATURES, total):
            chronology.follow(bundle)

    # 9. An earlier checkpoint, where there is one, is of a prefix of this log.
    if previous is not None:
        stated = stated_checkpoint(previous, Step.CONSISTENCY)
        then = trust_at(stated.size, trust, authority)
        old, _ = open_trusted(previous, then, Step.CONSISTENCY)
        # The proof is made from the tiles: it stands or falls by the two roots.
        with refusing(Step.CONSISTENCY):
            proof = prove_consistency(old.size, size, TileHashes(partial(read_tile, directory)))
            verify_consistency(old.size, size, proof, old.root, checkpoint.root)

    steps = LOG_STEPS if previous is not None else LOG_STEPS[:-1]
    counted = (chronology.signatures, tuple(chronology.unchecked))
    return Verified(checkpoint, steps, *counted, log_keys=now.log_keys)


def verify_receipt(
    receipt: bytes, entry: bytes, trust_root: bytes, charter: bytes | None = None
) -> Verified:
    """Verify one receipt, a tlog-proof file or the API's JSON, and its entry. Raises `Refused`.

    `charter` is an evidence bundle that shows the log's keys, where they are not those trusted.
    What the JSON says beside its proof must be so, as far as a proof can show it; nothing else of
    it is believed, nor returned. A receipt carries no keys but those that its own entry brings:
    whether other lines verify, and whom they bind, only the log can show. They are `unchecked`.
    """
    # 1. The trust root is pinned.
    trust = parse_trust(trust_root)

    # 2. The checkpoint in the receipt: a strict note, signed as that of a log must be.
    with refusing(Step.CHECKPOINT):
        stated = _stated(receipt)
        proof = parse_tlog_proof(stated.pop("proof"))
    if charter:
        shown = show(charter, trust_root)
        size = stated_checkpoint(proof.checkpoint_raw, Step.CHECKPOINT).size
        trust = trust_shown(size, trust, shown)
    checkpoint, too_late = open_trusted(proof.checkpoint_raw, trust, Step.CHECKPOINT)
    position = proof.index

    # 3. The entry hashes up to the root by the proof.
    leaf = leaf_hash(entry)
    with refusing(Step.TREE, position):
        verify_inclusion(leaf, position, checkpoint.size, proof.hashes, checkpoint.root)

    # 4. Entry 0 is the trusted genesis.
    if position == 0:
        check_genesis(entry, trust)

    # 5. to 7. Form, identity and time, sorted lists; the JSON around the proof says the same.
    event = read_event(entry, position, trust.origin)
    check_order("", event.entry.accepted, too_late, position)
    _check_stated(stated, event, leaf, checkpoint.size)

    # 8. The lines by keys that the entry itself brings.
    brought, unchecked = admitted_keys(event), []
    for line in event.entry.signatures:
        if line.key_id in brought:
            verify_line(event, brought[line.key_id], line.value)
        else:
            unchecked.append((position, f"the line by key {line.key_id}"))
    verified = len(event.entry.signatures) - len(unchecked)
    return Verified(checkpoint, LOG_STEPS[:-1], verified, tuple(unchecked), position)


def open_trusted(note: bytes, trust: Trust, step: Step) -> tuple[Checkpoint, str]:
    """Return a checkpoint, and the first instant at which nothing under it can be accepted."""
    with refusing(step):
        opened = open_witnessed_checkpoint(note, trust.origin, trust.verifiers, trust.policy)
    timed = [(each.name, each.key_id) for each in trust.verifiers if each.key_type != ED25519]
    lines = [each for each in parse_note(note).signatures if (each.name, each.key_id) in timed]
    signed_at = [*opened.times.values(), *(cosignature_time(line.blob) for line in lines)]
    end = min([*signed_at, END_OF_TIME]) + CLOCK_TOLERANCE_S + 1
    return opened.checkpoint, format_instant(datetime.fromtimestamp(end, UTC))


def stated_checkpoint(note: bytes, step: Step) -> Checkpoint:
    """Return what a note says, whoever signed it."""
    with refusing(step):
        return parse_checkpoint(parse_note(note).text)


def check_genesis(entry: bytes, trust: Trust) -> None:
    """Refuse (step 4) another entry 0 than the trusted one."""
    if sha256(entry).hexdigest() != trust.genesis_sha256:
        raise Refused(Step.GENESIS, "entry 0 is not the one that is trusted", 0)
    event = read_event(entry, 0, trust.origin)
    if event.body.get("origin") != trust.origin:
        raise Refused(Step.GENESIS, "entry 0 opens another ledger", 0)


def trust_at(size: int, trust: Trust, authority: Authority) -> Trust:
    """Return the trust root with the keys and the policy that the log had adopted by a size."""
    pinned, log_keys = f"sha256:{trust.policy.sha256}", authority.log_keys_at(size)
    policies = [text for since, _, text in authority.policies if since <= size]
    known = [keys for _, keys in authority.log_keys]
    if pinned not in [digest for _, digest, _ in authority.policies] or trust.log_keys not in known:
        raise Refused(Step.GENESIS, "the log never had the keys or the policy that are trusted", 0)
    with refusing(Step.SIGNATURES):
        return trust.with_keys(log_keys, policies[-1] or trust.policy.raw)


def trust_shown(size: int, trust: Trust, shown: court.Verified) -> Trust:
    """Return the trust root with the keys and the policy that a bundle shows for a size.

    Raises `Refused` (step 8) where the log adopted what cannot be read.
    """
    with in_our_words(), refusing(Step.SIGNATURES):
        now = shown.authority.trust_at(size, shown.trust)
        return trust.with_keys(now.log_keys, now.policy.raw)


def _stated(receipt: bytes) -> dict[str, Any]:
    """Return what a receipt says: only its `proof`, or that and the other members of the JSON."""
    if not receipt.startswith(b"{"):
        return {"proof": receipt}
    try:
        stated: dict[str, Any] = json.loads(receipt)
    except (ValueError, RecursionError):
        raise Refused(Step.CHECKPOINT, "the receipt is neither a tlog-proof nor JSON") from None
    return {**stated, "proof": str(stated.get("proof")).encode("utf-8", "replace")}


def _check_stated(stated: dict[str, Any], event: Event, leaf: bytes, size: int) -> None:
    proved = {
        "event_id": event.event_id,
        "position": event.position,
        "accepted": event.entry.accepted,
        "leaf_hash": b64encode(leaf),
        "checkpoint_size": size,
    }
    for name in stated.keys() & proved.keys():
        if stated[name] != proved[name]:
            raise Refused(Step.FORM, f"the receipt states another {name}", event.position)


def _told(answers: Iterable[T], progress: Progress, step: Step, total: int) -> Iterator[T]:
    for done, answer in enumerate(answers, start=1):
        yield answer
        progress(step, done, total)
