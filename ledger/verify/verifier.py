"""
The verification of an exported log, and of one receipt: numbered steps, each in its place.

docs/verify.md has a table of what each step stops, and says what none of them can.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from ledger import court
from ledger.log.dating import Bounds, around
from ledger.log.merkle import leaf_hash
from ledger.log.note import parse_note
from ledger.log.proof import verify_inclusion
from ledger.log.receipt import TlogProof, parse_tlog_proof
from ledger.log.tiles import TILE_WIDTH, TileHashes
from ledger.log.tree_head import Checkpoint
from ledger.powers import Officers
from ledger.quoted import quoted
from ledger.verify.answer_files import Members, read_entry, read_receipt, unverified
from ledger.verify.authority import Authority, gather_authority
from ledger.verify.checkpoints import (
    check_kept,
    check_seen,
    check_time,
    open_trusted,
    stated_checkpoint,
    times_of,
)
from ledger.verify.entry_checks import CheckBundle, Chronology
from ledger.verify.event import RecordedEvent, read_event
from ledger.verify.evidence_check import in_our_words, is_demonstration, known_to, show
from ledger.verify.files import check_names, read_checkpoint, read_seen, read_tile
from ledger.verify.outcome import Check, Refused, Verified, refusing, states
from ledger.verify.signatures import (
    admit,
    check_signatures,
    judge_by_itself,
    proven_keys,
    verify_line,
)
from ledger.verify.tree import HashBundle, check_tree
from ledger.verify.trust import Trust, parse_trust
from ledger.verify.workers import in_order
from ledger.wire.envelope import payload_hash

T = TypeVar("T")

OF_BUNDLES = (Check.HISTORY, Check.OPENINGS)  # Nothing else has what they check.

Progress = Callable[[Check, int, int], None]
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
        checkpoint, _ = open_trusted(note, trust, Check.CHECKPOINT)
    except Refused as refused:
        checkpoint, unsigned = stated_checkpoint(note, Check.CHECKPOINT), refused
    size, total = checkpoint.size, -(-checkpoint.size // TILE_WIDTH)

    try:
        # 3. Every entry is hashed into its tile and every tile into its parent, up to the root;
        #    there are as many entries as the checkpoint says, and no file beside them.
        larger = check_names(directory, size)
        with in_order(HashBundle(directory, size), range(total), cores, chunk=32) as hashed:
            tree = check_tree(directory, checkpoint, _told(hashed, progress, Check.TREE, total))

        # 4. Entry 0 is the trusted genesis. From its keys and policy the log leads to those of now.
        check_genesis(dict(tree.authority[:1]).get(0, b""), trust)
        authority = gather_authority(tree.authority, trust.origin)
        now = trust_at(size, trust, authority)
    except Refused as refused:
        raise unsigned or refused from None
    checkpoint, bounds = open_trusted(note, now, Check.CHECKPOINT)

    # 5. to 8. Each entry by itself: form, identity and time, sorted lists, signatures by keys in
    #    force then. In sequence: no event twice, no instant before the last or after the signing.
    check = CheckBundle(directory, size, trust.origin, authority)
    seen = [*([] if previous is None else [(previous, None)]), *read_seen(directory, size)]
    chronology = Chronology(bounds, around(note for note, _ in seen))
    with in_order(check, list(enumerate(tree.bundles)), cores) as checked:
        for bundle in _told(checked, progress, Check.SIGNATURES, total):
            chronology.follow(bundle)

    # 9. Checkpoints that were seen, where there are any, are of prefixes of this log, and no entry
    #    is dated otherwise than they allow.
    tiles = TileHashes(partial(read_tile, directory))
    then = partial(trust_at, trust=trust, authority=authority)
    for each in seen:
        check_seen(each, checkpoint, tiles, chronology.accepted, then)

    idle = OF_BUNDLES if seen else (Check.CONSISTENCY, *OF_BUNDLES)
    strange = lines_of_strangers(note, now, size)
    beside = [(size, f"{len(larger)} files beside it, {larger[0]} first")] if larger else []
    unread = {Check.CHECKPOINT: strange, Check.SIGNATURES: chronology.unchecked, Check.TREE: beside}
    ended = states([step for step, loose in unread.items() if loose], idle)
    told = chronology.signatures, tuple(each for loose in unread.values() for each in loose)
    keys, words, vouched = now.log_keys, tuple(authority.refusal_keys), tuple(chronology.vouched)
    found = Verified(checkpoint, ended, *told, None, keys, words, vouched, authority.demonstration)
    delays = court.delays_by(max(bounds.earliest, chronology.last), authority.delays)
    return replace(found, delays=delays, times=tuple(times_of(note, now)))


def verify_receipt(
    receipt: bytes,
    entry: bytes,
    trust_root: bytes,
    charter: bytes | None = None,
    previous: bytes | None = None,
) -> Verified:
    """Verify one receipt and its entry, as files or as the API's JSON. Raises `Refused`.

    `charter` is an evidence bundle that shows the log's keys, where they are not those trusted,
    `previous` a checkpoint of the same log that was kept, of whatever size.
    What the JSON says beside proof and entry must be so; of what nothing is shown, it is said.
    Lines by keys that its entry does not bring, and whom they bind, are `unchecked`.
    """
    # 1. The trust root is pinned.
    pinned = trust = parse_trust(trust_root)

    # 2. The checkpoint in the receipt: a strict note, signed as that of a log must be.
    (proof_raw, receipt_says), (raw, entry_says) = read_receipt(receipt), read_entry(entry)
    with refusing(Check.CHECKPOINT):
        proof = parse_tlog_proof(proof_raw)
    position, shown = proof.index, show(charter, trust_root) if charter else None
    if shown:
        size = stated_checkpoint(proof.checkpoint_raw, Check.CHECKPOINT).size
        trust = trust_shown(size, trust, shown)
    checkpoint, _ = opened = open_trusted(proof.checkpoint_raw, trust, Check.CHECKPOINT)

    # 3. to 8. What every receipt is held to; the JSON around the bytes says the same.
    graded = ("logged",) if trust.policy.quorum is None else ("logged", "witnessed")
    if receipt_says.get("grade") in graded:
        del receipt_says["grade"]  # Step 2 has shown it; another grade nothing here can show.
    said = [(receipt_says, {"checkpoint_size": checkpoint.size}), (entry_says, {})]
    held = check_entry(raw, proof, opened, trust, shown, said)

    # 9. A checkpoint that was kept, where there is one.
    continued = previous is None
    if previous is not None:
        size = stated_checkpoint(previous, Check.CONSISTENCY).size
        then = trust_shown(size, pinned, shown) if shown else trust
        continued = check_kept(previous, then, opened, raw, proof)

    strange = lines_of_strangers(proof.checkpoint_raw, trust, position)
    loose = [f"what a file says of {name}" for name in held.unproved]
    loose += ["what the proof has as extra"] if proof.extra is not None else []
    loose += ["whether the event stands a second time, elsewhere in the log"]
    loose += [] if continued else ["whether the log continues what it was: an export shows it"]
    if changed := checkpoint.size > (known_to(shown) if shown else 0):
        loose += ["whether the log's keys, policy or operator changed since the trust root"]
    keys = Check.CHECKPOINT if strange or changed else Check.IDENTITY
    lines = Check.SIGNATURES if held.unread else Check.IDENTITY
    idle = (*OF_BUNDLES, *(() if charter or position == 0 else (Check.GENESIS,)))
    idle += () if previous else (Check.CONSISTENCY,)
    follows = Check.IDENTITY if continued else Check.CONSISTENCY
    ended, facts = states((Check.IDENTITY, keys, lines, follows), idle), _facts(held.event)
    demonstration = is_demonstration(shown, position) if shown else None
    if position == 0 and (checkpoint.size == 1 or not held.event.body.get("delay_seconds")):
        demonstration = not held.event.body.get("delay_seconds")
    loose += ["whether the log is a demonstration"] if demonstration is None else []
    return Verified(
        checkpoint,
        ended,
        held.signatures,
        (*strange, *((position, what) for what in [*loose, *held.unread])),
        position,
        demonstration=demonstration,
        delays=shown.delays if shown else None,
        times=tuple(times_of(proof.checkpoint_raw, trust)),
        shown={"entry": facts},
        lines=(f"position {position}", *(f"{name} {value}" for name, value in facts.items())),
    )


@dataclass(frozen=True, slots=True)
class EntryFindings:
    """What an entry under a checkpoint comes to: verified lines, what is left open, unproved."""

    event: RecordedEvent
    signatures: int
    unread: list[str]
    unproved: list[str]


def check_entry(
    raw: bytes,
    proof: TlogProof,
    opened: tuple[Checkpoint, Bounds],
    trust: Trust,
    shown: court.Verified | None = None,
    said: Iterable[tuple[Members, Members]] = (),
) -> EntryFindings:
    """Hold an entry to a checkpoint that was opened (steps 3 to 8): all that a receipt can show.

    `shown` is a verified bundle about who governs the log; `said` are members of JSON about the
    entry, and what else is known of them. Raises `Refused`.
    """
    position, (checkpoint, bounds) = proof.index, opened

    # 3. The entry hashes up to the root by the proof.
    with refusing(Check.TREE, position):
        verify_inclusion(leaf_hash(raw), position, checkpoint.size, proof.hashes, checkpoint.root)

    # 4. Entry 0 is the trusted genesis.
    if position == 0:
        check_genesis(raw, trust)

    # 5. to 7. Form, identity and time, sorted lists; the JSON around the bytes says the same.
    event = read_event(raw, position, trust.origin)
    others = [Bounds(*each) for each in shown.bounds] if shown else []
    check_time([bounds, *others], event.entry.accepted, position)
    unproved = {name for each, known in said for name in unverified(each, event, raw, known)}

    # 8. The genesis entry brings all of its keys; another entry's lines by keys that it brings.
    signatures, unread = _check_lines(event, raw, trust.origin)
    unread += judge_by_itself(event, _officers(position, shown)) if position else []
    return EntryFindings(event, signatures, unread, sorted(unproved))


def _officers(position: int, shown: court.Verified | None) -> Officers | None:
    """Return the officers at a position, where a bundle shows them."""
    if shown is None or position > known_to(shown):
        return None
    (operator,) = shown.authority.officers_at(position)["@operator"]
    return Officers(operator, shown.authority.registrar)


def _facts(event: RecordedEvent) -> dict[str, str]:
    return {
        "event_id": event.event_id,
        "accepted": event.entry.accepted,
        "type": event.type,
        "payload_sha256": payload_hash(event.entry.payload),
        "subjects": ", ".join(event.subjects),
        "signers": ", ".join(sorted(event.signers)),
    }


def _check_lines(event: RecordedEvent, raw: bytes, origin: str) -> tuple[int, list[str]]:
    """Verify what lines an entry brings the keys of; return how many, and what is unchecked."""
    if event.position == 0:
        check_signatures(event, gather_authority([(0, raw)], origin))
        return len(event.entry.signatures), []
    brought, unread = proven_keys(event), ["whether its lines bind all of its signers"]
    for line in event.entry.signatures:
        if line.key_id in brought:
            verify_line(event, brought[line.key_id], line.value)
        else:
            unread.append(f"the line by key {line.key_id}")
    admit(event, brought)
    return len(event.entry.signatures) - len(unread) + 1, unread


def lines_of_strangers(note: bytes, trust: Trust, position: int) -> list[tuple[int, str]]:
    """Return the lines of a note by keys that nobody named: anybody can add one."""
    named = (*trust.verifiers, *(each.verifier for each in trust.policy.witnesses))
    lines = {(each.name, each.key_id) for each in parse_note(note).signatures}
    lines -= {(each.name, each.key_id) for each in named}
    return [(position, f"a line by a key nobody named, {n}+{i.hex()}") for n, i in sorted(lines)]


def check_genesis(entry: bytes, trust: Trust) -> None:
    """Refuse (step 4) another entry 0 than the trusted one."""
    if (found := sha256(entry).hexdigest()) != trust.genesis_sha256:
        raise Refused(Check.GENESIS, f"entry 0 is not the one that is trusted, but {found}", 0)
    event = read_event(entry, 0, trust.origin)
    if (opened := event.body.get("origin")) != trust.origin:
        raise Refused(Check.GENESIS, f"entry 0 opens another ledger, {quoted(opened)}", 0)


def trust_at(size: int, trust: Trust, authority: Authority) -> Trust:
    """Return the trust root with the keys and the policy that the log had adopted by a size."""
    pinned, log_keys = f"sha256:{trust.policy.sha256}", authority.log_keys_at(size)
    policies = [text for since, _, text in authority.policies if since <= size]
    known = [keys for _, keys in authority.log_keys]
    if pinned not in [digest for _, digest, _ in authority.policies] or trust.log_keys not in known:
        raise Refused(
            Check.GENESIS,
            f"the log never had the keys or the policy that are trusted, {pinned}",
            0,
        )
    with refusing(Check.SIGNATURES):
        return trust.with_keys(log_keys, policies[-1] or trust.policy.raw)


def trust_shown(size: int, trust: Trust, shown: court.Verified) -> Trust:
    """Return the trust root with the keys and the policy that a bundle shows for a size.

    Raises `Refused` (step 8) where the log adopted what cannot be read.
    """
    with in_our_words(), refusing(Check.SIGNATURES):
        now = shown.authority.trust_at(size, shown.trust)
        return trust.with_keys(now.log_keys, now.policy.raw)


def _told(answers: Iterable[T], progress: Progress, step: Check, total: int) -> Iterator[T]:
    for done, answer in enumerate(answers, start=1):
        yield answer
        progress(step, done, total)
