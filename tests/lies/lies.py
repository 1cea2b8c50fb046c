"""The lies: what an operator can do who has all keys but those of the other parties."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from ledger.domain.government.seal import LedgerSealed
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.events.compose import compose
from ledger.follow.audit import Source, StoredLog
from ledger.follow.client import Signed
from ledger.log.policy import QUORUM_NONE_POLICY
from ledger.log.statement import Promise, SignedRefusal, sign_statement
from ledger.node.genesis import key_record
from ledger.publish.refuser import refuser_of
from ledger.wire import canonical
from ledger.wire.entry import Entry, format_entry, parse_entry
from ledger.wire.envelope import sign_envelope
from ledger.wire.instant import format_instant
from projections.run.catalogue import READ_MODELS
from projections.run.seals import draft_seal
from tests.lies.stage import TECHNOLOGY, Operator
from tests.support import builders as b
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR
from tests.support.postgres import ORIGIN

Word = tuple[bytes, bytes | None]


@dataclass
class Told:
    """What a lie leaves to be shown: by default the database as it is, to everybody."""

    anew: Source | None = None
    """What those are shown who come again, where that is another log."""
    known: Source | None = None
    words: Sequence[Word] = field(default_factory=list)


Lie = Callable[[Operator], Told | None]


def said(operator: Operator, body: Any, *signers: str, **header: Any) -> bytes:
    """Return a payload of now."""
    return operator.world.payload(body, *signers, **header)


def technology(number: str, owner: str = INSTITUTE) -> Any:
    """Return the registration of a technology."""
    return b.technology_registered(technology=f"technology:{number}", owners=[b.held(owner)])


def changed(raw: bytes, **frame: str) -> bytes:
    """Return an entry whose frame says something else, its lines as they were."""
    entry = parse_entry(raw)
    accepted = frame.get("accepted", entry.accepted)
    return format_entry(Entry(accepted, entry.payload_type, entry.signatures, entry.payload))


def backdated(operator: Operator) -> None:
    """Date an entry before the one before it."""
    entries = operator.entries
    last = datetime.fromisoformat(parse_entry(entries[-1]).accepted)
    payload = said(operator, technology("early"), INSTITUTE, issued_at=last - timedelta(minutes=2))
    entries.append(operator.entry(payload, INSTITUTE, accepted=last - timedelta(seconds=75)))
    operator.rewrite(entries)


def dated_between(operator: Operator) -> None:
    """Date an entry of now at the instant of the last one."""
    entries = operator.entries
    last = datetime.fromisoformat(parse_entry(entries[-1]).accepted)
    payload = said(operator, technology("early"), INSTITUTE, issued_at=last)
    operator.rewrite([*entries, operator.entry(payload, INSTITUTE, accepted=last)])


def reordered(operator: Operator) -> None:
    """Exchange two entries, each at the other's instant."""
    entries = operator.entries
    one, other = operator.stage.size - 3, operator.stage.size - 2
    first, second = (parse_entry(entries[n]).accepted for n in (one, other))
    entries[one], entries[other] = (
        changed(entries[other], accepted=first),
        changed(entries[one], accepted=second),
    )
    operator.rewrite(entries)


def dropped(operator: Operator) -> None:
    """Drop the last entries, one with a receipt among them, and go on with others."""
    entries = operator.entries[: operator.stage.size - 3]
    for number in range(10):
        payload = said(operator, technology(f"instead{number}"), INSTITUTE)
        entries.append(operator.entry(payload, INSTITUTE))
    operator.rewrite(entries)


def rewritten(operator: Operator) -> None:
    """Write another owner into an event that its parties have signed."""
    entries = operator.entries
    entry = parse_entry(operator.stage.entry)
    payload = entry.payload.replace(TECHNOLOGY.encode(), b"technology:else")
    place = entries.index(operator.stage.entry)
    entries[place] = format_entry(
        Entry(entry.accepted, entry.payload_type, entry.signatures, payload)
    )
    operator.rewrite(entries)


def forged(operator: Operator) -> None:
    """Sign for the firm with the operator's own key."""
    payload = said(operator, technology("forged", FIRM), FIRM)
    operator.rewrite([*operator.entries, operator.entry(payload, OPERATOR)])


def vouched(operator: Operator) -> None:
    """Vouch, with the registrar, for a key of one's own in the firm's name, and sign with it.

    The events bear the ids of two that the firm has sent, and that were taken no notice of.
    """
    world = operator.world
    record = key_record(world.key("party:vn.thief"))
    body = b.key_added(party=FIRM, key=record, vouched_by=OPERATOR)
    both = (FIRM, OPERATOR, REGISTRAR)
    events = ((body, both), (technology("stolen", FIRM), (FIRM,)))
    for (each, signers), name in zip(events, operator.stage.withheld, strict=True):
        payload = said(operator, each, *signers, event_id=name)
        keys = [world.key("party:vn.thief" if party == FIRM else party) for party in signers]
        operator.record(Signed(sign_envelope(payload, keys)))
    operator.publish()


def resigned(operator: Operator) -> None:
    """Sign another last entry at the same size."""
    entries = operator.entries[:-1]
    payload = said(operator, technology("instead"), INSTITUTE)
    operator.rewrite([*entries, operator.entry(payload, INSTITUTE)])


def stripped(operator: Operator) -> None:
    """Take a party's line from an event of two."""
    entries = operator.entries
    place = next(n for n, raw in enumerate(entries) if b'"technology:both"' in raw)
    entry = parse_entry(entries[place])
    entries[place] = format_entry(
        Entry(entry.accepted, entry.payload_type, entry.signatures[:1], entry.payload)
    )
    operator.rewrite(entries)


def two_histories(operator: Operator) -> Told:
    """Show newcomers another log than those who have come before."""
    true = Frozen(StoredLog(operator.pool))
    resigned(operator)
    return Told(known=true)


class Frozen:
    """A log as it was served at one time."""

    def __init__(self, source: StoredLog) -> None:
        self._note = source.checkpoint()
        size = int(self._note.split(b"\n")[1])
        self.tile, self.bundle = source.fetch(0, 0, size), source.fetch_bundle(0, size)

    def checkpoint(self) -> bytes:
        """Return the note of that time."""
        return self._note

    def fetch(self, level: int, n: int, width: int) -> bytes:
        """Return the tile, or the first hashes of it."""
        assert (level, n) == (0, 0), "a log of one tile"
        return self.tile[: 32 * width]

    def fetch_bundle(self, n: int, width: int) -> bytes:
        """Return the bundle, or the first entries of it."""
        assert n == 0, "a log of one bundle"
        bundle, end = self.bundle, 0
        for _ in range(width):
            end += 2 + int.from_bytes(bundle[end : end + 2])
        return bundle[:end]

    def signed(self, _size: int) -> list[bytes]:
        """Return no notes beside it."""
        return []


def grown(operator: Operator) -> Frozen:
    """Return the log with one more entry."""
    operator.record(operator.world.sign(technology("next"), INSTITUTE))
    operator.publish()
    return Frozen(StoredLog(operator.pool))


def flipped(raw: bytes) -> bytes:
    """Return bytes of which one is another."""
    return raw[:-5] + bytes([raw[-5] ^ 1]) + raw[-4:]


def another_tile(operator: Operator) -> Told:
    """Serve a tile in which a hash is another."""
    lie = grown(operator)
    lie.tile = flipped(lie.tile)
    return Told(lie, lie)


def another_bundle(operator: Operator) -> Told:
    """Serve an entry bundle in which a byte is another."""
    lie = grown(operator)
    lie.bundle = flipped(lie.bundle)
    return Told(lie, lie)


def yesterday(operator: Operator) -> None:
    """Restore the backup of before the last entries, the anti-rollback file with it; go on."""
    operator.rewrite(operator.entries[: operator.stage.size - 1])
    operator.record(operator.world.sign(technology("later"), INSTITUTE))
    operator.publish()


def cut(operator: Operator) -> None:
    """Cut history short, and sign the shorter log."""
    operator.rewrite(operator.entries[: operator.stage.size - 1])


def false_digest(operator: Operator) -> None:
    """Seal a digest of a read model that is another's."""
    digests = [
        {"projection": "title", "version": _version("title"), "sha256": f"sha256:{'0' * 64}"}
    ]
    _sealed(operator, projections=digests)


def false_map(operator: Operator) -> None:
    """Seal a map in which a subject has another history."""
    _sealed(operator, map_root=f"sha256:{'0' * 64}")


def _version(name: str) -> int:
    return next(model.version for model in READ_MODELS if model.name == name)


def _sealed(operator: Operator, **changes: Any) -> None:
    draft = draft_seal(operator.pool, 0, operator.fold())
    assert draft is not None
    body = LedgerSealed.model_validate({**draft.body(ORIGIN), **changes})
    operator.record(operator.world.sign(body, OPERATOR))
    operator.publish()


def withheld(operator: Operator) -> Told:
    """Promise an answer, and give none."""
    payload = said(operator, technology("withheld"), INSTITUTE)
    # No clock's: what the log signed last is later than its last entry, on any machine.
    last = datetime.fromisoformat(parse_entry(operator.entries[-1]).accepted)
    promise = Promise(
        origin=ORIGIN,
        event_id=canonical.load(payload)["event_id"],
        payload=f"sha256:{sha256(payload).hexdigest()}",
        received=format_instant(last - timedelta(minutes=2)),
        answer_by=format_instant(last - timedelta(minutes=1)),
    )
    return Told(words=[(_word(operator, promise), None)])


def silent(operator: Operator) -> None:
    """Take no notice of an event, and sign nothing about it."""


def refused_and_recorded(operator: Operator) -> Told:
    """Refuse an event for good, then record it."""
    signed = operator.world.sign(technology("refused"), INSTITUTE)
    payload = signed.envelope.payload
    refusal = SignedRefusal(
        origin=ORIGIN,
        event_id=canonical.load(payload)["event_id"],
        payload=f"sha256:{sha256(payload).hexdigest()}",
        code="ALREADY_REGISTERED",
        final="yes",
        # No clock's: a second ago the log of a test that runs first had not begun.
        refused=parse_entry(operator.entries[-1]).accepted,
    )
    operator.record(signed)
    operator.publish()
    return Told(words=[(_word(operator, refusal), None)])


def _word(operator: Operator, statement: Any) -> bytes:
    refuser = refuser_of(ORIGIN, operator.home.keys)
    assert refuser is not None
    return sign_statement(statement, refuser._signer)


def edited(operator: Operator) -> None:
    """Change an entry in the database, and no key used."""
    place = operator.entries.index(operator.stage.entry)
    operator.sql(
        "UPDATE ledger.entries SET entry = convert_to(replace(convert_from(entry, 'UTF8'),"
        f" '{TECHNOLOGY}', 'technology:else'), 'UTF8') WHERE position = {place}"
    )


def false_answer(operator: Operator) -> None:
    """Answer a question from a read model that somebody edited."""
    operator.sql("UPDATE read.technologies SET title = 'another'")


def log_keys_alone(operator: Operator) -> None:
    """Adopt keys of the log without the registrar."""
    vkeys = operator.signer.vkeys[:2]
    body = {"ledger": ledger_subject(ORIGIN), "log_keys": list(vkeys), "reason": "mine"}
    _alone(operator, "ledger.log_keys_adopted/1", body)


def policy_alone(operator: Operator) -> None:
    """Adopt a first policy, and approve it as who speaks for two of the groups."""
    _alone(
        operator,
        "ledger.policy_adopted/1",
        {
            "approved_by": [OPERATOR],
            "ledger": ledger_subject(ORIGIN),
            "policy": QUORUM_NONE_POLICY.decode().splitlines(),
            "policy_sha256": f"sha256:{sha256(QUORUM_NONE_POLICY).hexdigest()}",
            "speakers": [{"group": group, "party": OPERATOR} for group in ("firms", "institutes")],
        },
    )


def _alone(operator: Operator, topic: str, body: dict[str, Any]) -> None:
    payload = compose(ORIGIN, topic, body, [OPERATOR])
    operator.rewrite([*operator.entries, operator.entry(payload, OPERATOR)])


def erased(operator: Operator) -> None:
    """Destroy an opening, and no event says so."""
    operator.sql(
        "DELETE FROM ledger.vault WHERE position = (SELECT min(position) FROM ledger.vault)"
    )


def swapped(operator: Operator) -> None:
    """Exchange the sealed openings of two offers."""
    operator.sql(
        "UPDATE ledger.vault v SET sealed = o.sealed FROM ledger.vault o"
        " WHERE v.position <> o.position"
    )


def past_the_sequencer(operator: Operator) -> None:
    """Write a row into the database that no sequencer judged, and let the publisher sign."""
    payload = said(operator, technology("row"), INSTITUTE)
    operator.append(operator.entry(payload, INSTITUTE), judged=False)
    assert "no sequencer" in str(operator.publish()), "it halts"


def of_another_ledger(operator: Operator) -> None:
    """Record what a party signed for another ledger."""
    payload = said(operator, technology("elsewhere"), INSTITUTE)
    other = payload.replace(ORIGIN.encode(), b"other.example.vn/techledger/00000001")
    operator.rewrite([*operator.entries, operator.entry(other, INSTITUTE)])


def twice(operator: Operator) -> None:
    """Record a second time what a party has signed once."""
    entries = operator.entries
    last = parse_entry(entries[-1]).accepted
    operator.rewrite([*entries, changed(operator.stage.entry, accepted=last)])


def against_the_rules(operator: Operator) -> None:
    """Record what a rule forbids: a technology that is there already."""
    payload = said(operator, technology("kept", INSTITUTE), INSTITUTE)
    operator.rewrite([*operator.entries, operator.entry(payload, INSTITUTE)])


def made_up(operator: Operator) -> None:
    """Register a party that there is not, with a key of one's own."""
    operator.record(operator.world.registration("party:vn.nobody"))
    operator.publish()


def lost_checkpoints(operator: Operator) -> None:
    """Delete checkpoints that were signed."""
    operator.sql(
        "DELETE FROM ledger.checkpoints"
        " WHERE size = (SELECT size FROM ledger.checkpoints ORDER BY size LIMIT 1 OFFSET 1)"
    )


UNSTOPPABLE = {
    "date an entry at the instant of the last one": "can date an entry",
    "register a party that there is not": "Whom the officers register",
    "take no notice of an event, and sign nothing": "that the ledger never took",
}
"""What nobody finds, and what the document says of it where it says what no step can stop."""

LIES: dict[str, Lie] = {
    "date an entry before the one before it": backdated,
    "date an entry at the instant of the last one": dated_between,
    "exchange two entries": reordered,
    "drop the last entries, go on with others": dropped,
    "cut history short": cut,
    "restore yesterday's backup with its anti-rollback file, go on": yesterday,
    "sign another last entry at the same size": resigned,
    "show newcomers another history": two_histories,
    "change the payload of a signed event": rewritten,
    "take a party's line from an event of two": stripped,
    "sign for a party with the operator's key": forged,
    "sign for a party with a key that both officers vouched for": vouched,
    "register a party that there is not": made_up,
    "replay what was signed for another ledger": of_another_ledger,
    "record an event a second time": twice,
    "record what a rule forbids": against_the_rules,
    "adopt keys of the log alone": log_keys_alone,
    "adopt a policy alone": policy_alone,
    "seal a wrong digest": false_digest,
    "seal a wrong map": false_map,
    "promise an answer, and give none": withheld,
    "take no notice of an event, and sign nothing": silent,
    "refuse an event for good, and record it": refused_and_recorded,
    "serve another tile": another_tile,
    "serve another entry bundle": another_bundle,
    "edit an entry in the database": edited,
    "write a row past the sequencer": past_the_sequencer,
    "delete a checkpoint": lost_checkpoints,
    "answer from an edited read model": false_answer,
    "destroy an opening": erased,
    "exchange two sealed openings": swapped,
}
