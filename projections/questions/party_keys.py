"""
Keys: whose, in force from where to where, what each signed, and what of that is in doubt.

Serves `GET /v1/keys/{id}`, `…/signed` and `GET /v1/parties/{id}/keys`. What a key signed between
`compromised_since` and its revocation stands, and is in doubt until somebody whom it could bind
gives a word on it (`reconfirmation.given/1`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ledger.domain.core.body import key_subject
from projections.engine.answer import Answer
from projections.engine.view import Known, View, bound_parameters, positions_of
from projections.tables.basis import listing, named
from projections.tables.key_events import KeyFact, Word, keys, reconfirmations, signed
from projections.tables.reader import Reader
from projections.tables.timeline import EventRow, events

Between = Literal["always", "compromise"]


@dataclass(frozen=True, slots=True)
class Key:
    """A key as known: it binds at the positions between those of `added` and `revoked`.

    Never if it was `stopped` before it bound; not between its last suspension and the lifting of
    that, though: `suspended` and `resumed`, which is None while it stands. Each is None where
    nothing was known of it.
    """

    key_id: str
    added: KeyFact | None
    stopped: KeyFact | None
    revoked: KeyFact | None
    suspended: KeyFact | None
    resumed: KeyFact | None

    @property
    def doubt(self) -> tuple[int, int] | None:
        """Return the positions [since, until) between its compromise and its revocation."""
        if self.revoked is None or self.revoked.compromised_since is None:
            return None
        return self.revoked.compromised_since, self.revoked.position


@dataclass(frozen=True, slots=True)
class KeyAsKnown(Answer):
    """The answer about one key, folded up to `size` entries."""

    size: int
    key: Key

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of its addition, suspension, resumption and revocation."""
        return _facts(self.key)


@dataclass(frozen=True, slots=True)
class KeysOf(Answer):
    """All keys that a party ever had, as known, in the order in which they were added."""

    party: str
    size: int
    keys: tuple[Key, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of their additions, suspensions, resumptions and revocations."""
        return positions_of([position for key in self.keys for position in _facts(key)])


@dataclass(frozen=True, slots=True)
class Signed:
    """An event that a key signed. `open`: it is in doubt, and nobody has given a word on it."""

    event: EventRow
    in_doubt: bool
    open: bool
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class SignedBy(Answer):
    """A page of what a key signed, in order of position, folded up to `size` entries.

    `key.doubt` are the positions between its compromise and its revocation, if any.
    """

    key: Key
    between: Between
    topic: str | None
    size: int
    signed: tuple[Signed, ...]
    after: int
    limit: int
    next_after: int | None

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the key's facts, the events, and the words on them."""
        words = [word.position for each in self.signed for word in each.words]
        events_signed = [each.event.position for each in self.signed]
        return positions_of(_facts(self.key), events_signed, words)


def _facts(key: Key) -> tuple[int, ...]:
    """Return the positions of its addition, suspension, resumption and revocation, in order."""
    facts = (key.added, key.stopped, key.suspended, key.resumed, key.revoked)
    return positions_of([fact.position for fact in facts if fact is not None])


def key_as_known(reader: Reader, key_id: str) -> KeyAsKnown:
    """Return a key, as known at a position or instant (default: now).

    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with listing(reader, keys) as view:
        known = reader.as_of(view)
        answer = KeyAsKnown(view.size, _key(view, key_id, known))
        return named(view, answer, known, key_subject(key_id))


def keys_of(reader: Reader, party: str) -> KeysOf:
    """Return the keys of a party, as known."""
    with listing(reader, keys) as view:
        known = reader.as_of(view)
        facts = view.recorded(keys, known, party=party, order="position, subject")
        subjects = dict.fromkeys(fact.subject for fact in facts)
        folded = (
            _folded(subject, [fact for fact in facts if fact.subject == subject])
            for subject in subjects
        )
        return named(view, KeysOf(party, view.size, tuple(folded)), known, party)


def owners_of(view: View, key_ids: Sequence[str]) -> tuple[str, ...]:
    """Return whose keys these are, in order of the parties' ids, each once."""
    rows = view.rows(
        keys,
        "subject = ANY(%(keys)s) AND fact = 'added'",
        {"keys": [key_subject(key_id) for key_id in key_ids]},
        order="position",
    )
    return tuple(sorted({row.party for row in rows}))


def _key(view: View, key_id: str, known: Known) -> Key:
    subject = key_subject(key_id)
    facts = view.recorded(keys, known, subject=subject)
    return _folded(subject, facts)


def _folded(subject: str, facts: Sequence[KeyFact]) -> Key:
    last = {fact.fact: fact for fact in facts}
    suspended, resumed = last.get("suspended"), last.get("resumed")
    if suspended and resumed and resumed.position < suspended.position:
        resumed = None
    return Key(
        subject.partition(":")[2],
        added=last.get("added"),
        stopped=last.get("stopped"),
        revoked=last.get("revoked"),
        suspended=suspended,
        resumed=resumed,
    )


def signed_by(
    reader: Reader,
    key_id: str,
    *,
    between: Between = "always",
    topic: str | None = None,
    after: int = -1,
    limit: int = 100,
) -> SignedBy:
    """Return what a key signed: always, or between its compromise and its revocation.

    Up to `limit` events whose positions are greater than `after`, of one type if `topic` says so.
    """
    with listing(reader, keys, signed, reconfirmations, events) as view:
        known = reader.as_of(view)
        key = _key(view, key_id, known)
        since, until = key.doubt or (None, None)
        asked = {
            "key": key_subject(key_id),
            "after": after,
            "topic": topic,
            "since": since,
            "until": until,
            **bound_parameters(known),
        }
        conditions = [
            "subject = %(key)s",
            "position > %(after)s",
            "position <= %(known_position)s",
        ]
        if topic is not None:
            conditions.append("topic = %(topic)s")
        if between == "compromise":
            conditions.append("position >= %(since)s AND position < %(until)s")
        found = view.rows(
            signed, " AND ".join(conditions), asked, order="position", limit=limit + 1
        )
        page = [row.position for row in found[:limit]]
        rows = view.recorded(events, known, position=page)
        words = view.recorded(reconfirmations, known, key=asked["key"])
        answer = SignedBy(
            key=key,
            between=between,
            topic=topic,
            size=view.size,
            signed=tuple(_signed(row, words, key.doubt) for row in rows),
            after=after,
            limit=limit,
            next_after=page[-1] if len(found) > limit else None,
        )
        return named(view, answer, known, key_subject(key_id))


def _signed(row: EventRow, words: Sequence[Word], doubt: tuple[int, int] | None) -> Signed:
    own = tuple(word for word in words if word.event == row.payload_hash)
    in_doubt = doubt is not None and doubt[0] <= row.position < doubt[1]
    return Signed(row, in_doubt, in_doubt and not own, own)
