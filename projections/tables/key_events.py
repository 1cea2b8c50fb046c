"""What is known of keys, as tables: what was done to them, what they signed, and words on that."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ledger.domain.core.body import key_subject
from ledger.domain.core.event import Logged
from ledger.domain.government.ledger import LedgerOpened
from ledger.domain.parties.key import KeyAdded, KeyResumed, KeyRevoked, KeyStopped, KeySuspended
from ledger.domain.parties.party import PartyRegistered
from ledger.domain.parties.reconfirmation import ReconfirmationGiven
from projections.engine.projection import Journal, Tells


@dataclass(frozen=True, slots=True)
class KeyFact:
    """A row of `read.keys`: a key was added, stopped, suspended, resumed or revoked.

    `by` vouched for it or did that to it, None where both officers did. `compromised_since` is the
    position from which what it signed is in doubt.
    """

    subject: str
    position: int
    accepted: datetime
    party: str
    fact: Literal["added", "stopped", "suspended", "resumed", "revoked"]
    algorithm: str | None
    not_before: datetime | None
    not_after: datetime | None
    by: str | None
    reason: str | None
    compromised_since: int | None


@dataclass(frozen=True, slots=True)
class SignedRow:
    """A row of `read.signed`: a signature line of the event at `position` is by this key."""

    subject: str
    position: int
    topic: str


@dataclass(frozen=True, slots=True)
class Word:
    """A row of `read.reconfirmations`: a party's word on an event that a key signed."""

    event: str
    position: int
    accepted: datetime
    key: str
    outcome: Literal["confirmed", "disowned"]
    given_by: str


def _emit(logged: Logged) -> list[KeyFact]:
    body = logged.event.body
    if isinstance(body, KeyRevoked):
        return [_changed(logged, body, "revoked", body.revoked_by)]
    if isinstance(body, KeyStopped):
        return [_changed(logged, body, "stopped", body.stopped_by)]
    if isinstance(body, KeySuspended):
        return [_changed(logged, body, "suspended", body.suspended_by)]
    if isinstance(body, KeyResumed):
        return [_changed(logged, body, "resumed", body.lifted_by)]
    added = body if isinstance(body, KeyAdded) else None
    binds = body.not_before if isinstance(body, KeyAdded | PartyRegistered) else None
    return [
        KeyFact(
            key_subject(key.key_id),
            logged.position,
            logged.accepted,
            party,
            "added",
            key.algorithm,
            not_before=binds,
            not_after=None if added is None else added.not_after,
            by=None if added is None else added.vouched_by,
            reason=None,
            compromised_since=None,
        )
        for party, key in body.new_keys()
    ]


def _changed(
    logged: Logged,
    body: KeyRevoked | KeyStopped | KeySuspended | KeyResumed,
    fact: Literal["stopped", "suspended", "resumed", "revoked"],
    by: str | None,
) -> KeyFact:
    """Return what was done to a key that is in the log."""
    revoked = body if isinstance(body, KeyRevoked) else None
    return KeyFact(
        key_subject(body.key_id),
        logged.position,
        logged.accepted,
        body.party,
        fact,
        algorithm=None,
        not_before=None,
        not_after=None,
        by=by,
        reason=None if revoked is None else revoked.reason,
        compromised_since=None if revoked is None else revoked.compromised_since,
    )


def _emit_signed(logged: Logged) -> list[SignedRow]:
    event = logged.event
    return [
        SignedRow(key_subject(key_id), logged.position, event.type) for key_id in event.signatures
    ]


def _emit_word(logged: Logged) -> list[Word]:
    body = logged.event.body
    assert isinstance(body, ReconfirmationGiven)
    key = key_subject(body.key_id)
    at = (logged.position, logged.accepted)
    return [Word(body.event, *at, key, body.outcome, body.given_by)]


keys = Journal(
    name="keys",
    version=3,
    row=KeyFact,
    emit=_emit,
    bodies=frozenset(
        (
            LedgerOpened,
            PartyRegistered,
            KeyAdded,
            KeyStopped,
            KeySuspended,
            KeyResumed,
            KeyRevoked,
        )
    ),
    indexes=(("party", "position"),),
    tells={
        "key": Tells(
            (
                *("position", "party", "not_before", "not_after", "revoked"),
                *("compromised_since", "suspended", "silent"),
            ),
            {"reconfirmations": ("words",)},
        ),
    },
)

signed = Journal(
    name="signed",
    version=2,
    row=SignedRow,
    emit=_emit_signed,
    indexes=(("position",),),
)

reconfirmations = Journal(
    name="reconfirmations",
    version=1,
    row=Word,
    emit=_emit_word,
    bodies=frozenset((ReconfirmationGiven,)),
    indexes=(("key", "position"),),
    tells={"key": Tells(("words",), rest="keys")},
)
