"""
A second verifier of evidence bundles, built from the parts that whole logs are verified by.

`ledger.court` has all of it in one file and shares nothing with those parts: what the one accepts
and the other refuses is a fault of one of them.

A bundle brings few entries, each with its proof, those of them that say whose keys signed, and
what a seal says of subjects. What it does not bring it cannot show: that is listed as unchecked.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from ledger.domain.government.governance import charter_subject
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.log.dating import Bounds
from ledger.log.evidence_bundle import Evidence, parse_evidence
from ledger.log.merkle import leaf_hash
from ledger.log.note import Verifier, parse_note
from ledger.log.policy import Policy, QuorumMissed
from ledger.log.proof import verify_consistency, verify_inclusion
from ledger.log.tree_head import Checkpoint
from ledger.verify.authority import Authority, gather_authority, is_authority
from ledger.verify.checkpoints import check_time, open_trusted, stated_checkpoint
from ledger.verify.event import RecordedEvent, read_event
from ledger.verify.outcome import Check, Refused, Verified, refusing, states
from ledger.verify.signatures import check_signatures
from ledger.verify.trust import Trust, parse_trust
from ledger.verify.verifier import check_genesis, trust_at
from ledger.wire.commitment import opening_from_object, sealed_at, verify_opening
from tests.support.reference_map import read_root, verify_whole

SEALED = "ledger.sealed/1"
SUBJECT = re.compile("[a-z]+:[a-z0-9.-]{1,80}")


def verify_evidence(raw: bytes, trust_root: bytes) -> Verified:
    """Verify an evidence bundle. Raises `Refused` with the step that fails."""
    # 1. The trust root is pinned.
    return show(raw, parse_trust(trust_root))[0]


def show(raw: bytes, trust: Trust) -> tuple[Verified, Authority]:
    """Verify a bundle; return also what it shows of who signs, the log's own keys among it."""
    # 4. Entry 0 is the trusted genesis; from its keys the entries shown lead to those of now.
    with refusing(Check.FORM):
        evidence = parse_evidence(raw)
    shown = [(each.position, each.raw) for each in evidence.entries]
    check_genesis(dict(shown).get(0, b""), trust)
    named = [(position, entry) for position, entry in shown if is_authority(entry)]
    stated = stated_checkpoint(evidence.checkpoint, Check.CHECKPOINT)
    authority = gather_authority(named, trust.origin, whole=len(shown) == stated.size)
    now = trust_at(stated.size, trust, authority)

    # 2. The checkpoint is signed by every key of the log and a quorum of the policy; so are older
    #    ones, and 9. shows that they are of prefixes.
    checkpoint, bounds = _open(evidence.checkpoint, now, Check.CHECKPOINT)
    if evidence.policy != now.policy.raw:
        raise Refused(Check.CHECKPOINT, "the policy shown is not the one that counts")
    dated = [
        _earlier(note, proof, checkpoint, partial(trust_at, trust=trust, authority=authority))
        for note, proof in evidence.earlier
    ]

    # 3. and 5. to 8. Each entry hashes up to the root; form, identity and time, lists, signatures.
    events, leaves, last, unread = list[RecordedEvent](), list[bytes](), "", list[tuple[int, str]]()
    ids = set[str]()
    for each in evidence.entries:
        leaves.append(leaf_hash(each.raw))
        with refusing(Check.TREE, each.position):
            place = each.position, checkpoint.size
            verify_inclusion(leaves[-1], *place, each.proof, checkpoint.root)
        events.append(event := read_event(each.raw, each.position, trust.origin))
        _check_times(last, event, bounds, dated)
        if event.event_id in ids:
            raise Refused(Check.IDENTITY, "the event is there already", each.position)
        unread += ((each.position, what) for what in check_signatures(event, authority))
        ids.add(event.event_id)
        last = event.entry.accepted

    # 10. Under the seal, what is shown of each subject is its whole history.
    root, sealed = _sealed(evidence, events)
    covered = [(e, leaf) for e, leaf in zip(events, leaves, strict=True) if e.position < sealed]
    for told in evidence.histories:
        if not SUBJECT.fullmatch(told.subject):
            raise Refused(Check.HISTORY, "not written as a subject")
        touched = [(e.position, leaf) for e, leaf in covered if told.subject in e.subjects]
        with refusing(Check.HISTORY):
            verify_whole(root, told.subject, told.history, told.proof, touched)

    # 11. Each opening is of what an entry is committed to.
    said = {event.position: (event.event_id, {"body": event.body}) for event in events}
    for position, opening in evidence.openings:
        with refusing(Check.OPENINGS, position):
            read = opening_from_object(opening, admission=False)
            event_id, payload = said.get(position, ("", None))
            verify_opening(sealed_at(payload, read.path), trust.origin, event_id, read)
    whole = {each.subject for each in evidence.histories}
    elsewhere = [] if authority.whole else _elsewhere(trust.origin, whole, sealed)
    ends = () if authority.whole else _unchecked(events, authority, whole, sealed)
    lines = (*unread, *ends)
    histories = tuple((each.subject, sealed) for each in evidence.histories)
    signatures = sum(len(event.entry.signatures) for event in events)
    left = (Check.CHECKPOINT, elsewhere), (Check.IDENTITY, elsewhere), (Check.SIGNATURES, lines)
    ended = states([step for step, each in left if each], _idle(evidence))
    answer = Verified(checkpoint, ended, signatures, (*elsewhere, *lines), histories=histories)
    known = not any(size == 0 for size, _ in elsewhere[:1])
    answer = (
        _delayed(answer, authority, max(last, bounds.earliest))
        if known
        else replace(answer, demonstration=None)
    )
    return _marked(answer, events, authority), authority


def _delayed(answer: Verified, authority: Authority, now: str) -> Verified:
    """Add the delay that holds as the log was signed, and the least there was."""
    holds = max((since, at, s) for at, since, s in authority.delays if since <= now)[2]
    return replace(answer, delays=(holds, min(s for *_, s in authority.delays)))


def _marked(answer: Verified, events: Iterable[RecordedEvent], authority: Authority) -> Verified:
    """Add what rests on vouched keys, and whether there is a time at which nothing waits."""
    vouched = list[tuple[int, int]]()
    for event in events:
        vouched += ((event.position, at) for at in authority.vouched(event))
    at_once = authority.demonstration or answer.demonstration
    return replace(answer, vouched=tuple(vouched), demonstration=at_once)


def _earlier(
    note: bytes,
    proof: Sequence[bytes],
    now: Checkpoint,
    trusted: Callable[[int], Trust],
) -> Bounds:
    """Open an older note and show that it is of a prefix; return what it says of time."""
    size = stated_checkpoint(note, Check.CONSISTENCY).size
    old, said = _open(note, trusted(size), Check.CONSISTENCY)
    with refusing(Check.CONSISTENCY):
        verify_consistency(old.size, now.size, proof, old.root, now.root)
    return said


def _check_times(last: str, event: RecordedEvent, now: Bounds, dated: Iterable[Bounds]) -> None:
    if event.entry.accepted < last:
        raise Refused(Check.IDENTITY, "accepted before the entry before it", event.position)
    check_time([now], event.entry.accepted, event.position)
    check_time(dated, event.entry.accepted, event.position, Check.CONSISTENCY)


def _idle(evidence: Evidence) -> list[Check]:
    earlier = (Check.CONSISTENCY, evidence.earlier)
    rest = (Check.HISTORY, evidence.histories), (Check.OPENINGS, evidence.openings)
    return [step for step, there in (earlier, *rest) if not there]


def _elsewhere(origin: str, whole: set[str], sealed: int) -> list[tuple[int, str]]:
    charter = charter_subject(ledger_subject(origin))
    return [
        (
            sealed if charter in whole else 0,
            "whether the log's keys, policy or operator changed since",
        ),
        (0, "whether an event stands a second time, among what is not shown"),
    ]


def must_be_by_known_keys(raw: bytes, log_keys: Iterable[Verifier], policy: Policy) -> None:
    """Raise `QuorumMissed` for a line by any other key: in evidence, nothing may stand idle."""
    known = {(each.name, each.key_id) for each in log_keys}
    known |= {(each.verifier.name, each.verifier.key_id) for each in policy.witnesses}
    if any((line.name, line.key_id) not in known for line in parse_note(raw).signatures):
        raise QuorumMissed("a line is by a key that is none of the log's nor of the policy")


def _open(note: bytes, trust: Trust, step: Check) -> tuple[Checkpoint, Bounds]:
    opened = open_trusted(note, trust, step)
    with refusing(step):
        must_be_by_known_keys(note, trust.verifiers, trust.policy)
    return opened


def _sealed(evidence: Evidence, events: list[RecordedEvent]) -> tuple[bytes, int]:
    """Return the root that the seal states and the size that it covers, 0 without a seal."""
    if evidence.seal is None and not evidence.histories:
        return b"", 0
    for event in events:
        size = event.body.get("size")
        named = event.position == evidence.seal and event.type == SEALED
        if named and type(size) is int and 0 < size <= event.position:
            with refusing(Check.HISTORY, event.position):
                return read_root(event.body.get("map_root")), size
    raise Refused(Check.HISTORY, "there is no seal at the position named", evidence.seal)


def _unchecked(
    events: list[RecordedEvent], authority: Authority, whole: set[str], sealed: int
) -> Iterator[tuple[int, str]]:
    """Yield what only further entries could show: that a key or a mandate had not ended."""
    last = dict[str, int]()
    for event in events:
        keys = [authority.keys[line.key_id] for line in event.entry.signatures]
        # A key that came with this very event has not ended before it.
        needed = {f"key:{key.key_id}" for key in keys if key.added != event.position}
        for pair in ((signer, key.party) for key in keys for signer in event.signers):
            needed |= authority.mandates.get(pair, {}).keys()
        last |= dict.fromkeys(event.signers.union(key.party for key in keys), event.position)
        for subject in sorted(needed if event.position >= sealed else needed - whole):
            yield event.position, f"whether {subject} had ended: its history is not shown"
    for party, at in sorted(last.items()):
        if at >= sealed or party not in whole:
            yield at, f"whether {party} had ended: its history is not shown"
