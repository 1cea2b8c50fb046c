"""
A key: a public key in the log, whose it is, and from which position to which it binds.

A key is in force at the positions p with added < p < revoked. It enters the log once, for one
party, and stays there for ever: old signatures are judged by the position they stand at. To rotate
a key is to add the new one, which the old one vouches for, and then to revoke the old one with the
reason `rotated`. While it is suspended it is not in force either, but for what only stops.
Read in this order: events, state, admit, evolve.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from rpds import HashTrieMap

from ledger.domain.core.body import Body, KeyRecord, State, key_subject
from ledger.domain.core.context import Context
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import (
    IntervalEmpty,
    PredecessorUnknown,
    must_wait_still,
    new_keys,
    require_known,
)
from ledger.domain.core.remedy import HERE, Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import Instant, KeyId, PartyId, format_instant
from ledger.domain.parties.party import PartyRegistered
from ledger.domain.parties.signature_refusals import KeyIsSuspended, KeyNoLongerValid

KIND = "key"


class KeyAdded(Body):
    """A party brings a further key, which signs too; an old key or an officer vouches for it."""

    TOPIC: ClassVar[str] = "key.added/1"
    TITLE = "Key added"
    TITLE_VI = "Thêm khóa"
    SUBJECTS = "party key:key/key_id"
    SIGNERS = "party @officers?vouched_by"
    MAY = "vouched_by=@officers vouched_by=!party party=#older?!vouched_by party=#older|!@officers"
    COMMITS = "open"
    WAITS = "?vouched_by"

    party: PartyId
    """Party that the key will sign for."""
    key: KeyRecord
    """The public key, new to the log. It signs this event too."""
    not_before: Instant | None
    """Instant from which the key binds; null is at once. Where an officer vouches for it, the
    ledger's delay after acceptance at the earliest.
    """
    not_after: Instant | None
    """Instant from which the key binds no more, after `not_before`; null is never."""
    vouched_by: PartyId | None
    """Officer of the ledger, another than the party, who vouches for the key; both officers
    sign then. Null where an older key of the party does, which an officer's own key needs in
    any case.
    """

    def new_keys(self) -> Iterable[tuple[str, KeyRecord]]:
        """Return the key."""
        return ((self.party, self.key),)


class KeyRevoked(Body):
    """From here on the key binds nobody. `compromised_since` is the position doubted from."""

    TOPIC: ClassVar[str] = "key.revoked/1"
    TITLE = "Key revoked"
    TITLE_VI = "Thu hồi khóa"
    SUBJECTS = "party key:key_id revoked_by"
    SIGNERS = "revoked_by|@officers"
    MAY = "revoked_by=party party=#older|!@officers"

    party: PartyId
    """Party whose key it is."""
    key_id: KeyId
    """The key, by the hex SHA-256 of its SubjectPublicKeyInfo in DER. It is not revoked yet."""
    reason: Literal["rotated", "compromised", "lost", "holder_left", "party_ended"]
    """Why: another key replaces it (`rotated`), it is `compromised` or `lost`, its holder left
    (`holder_left`), or the party ceased to be (`party_ended`).
    """
    compromised_since: Annotated[int, Field(ge=0)] | None
    """Position from which on what the key signed is in doubt, until it is reconfirmed; at most
    that of this event. Null: nothing is in doubt.
    """
    revoked_by: PartyId | None
    """The party itself, or null where the two officers revoke it. An officer's key takes a line
    of another key of that officer.
    """


class KeySuspended(Body):
    """The key is said to be compromised: from here on it binds nobody, until that is lifted.

    An officer's key is suspended by another key of that officer only.
    """

    TOPIC: ClassVar[str] = "key.suspended/1"
    TITLE = "Key suspended"
    TITLE_VI = "Đình chỉ khóa"
    SUBJECTS = "party key:key_id suspended_by"
    SIGNERS = "suspended_by"
    MAY = "suspended_by=party|@officers party=#older|!@officers"

    party: PartyId
    """Party whose key it is."""
    key_id: KeyId
    """The key, by the hex SHA-256 of its SubjectPublicKeyInfo in DER. It is neither revoked nor
    suspended yet.
    """
    suspended_by: PartyId
    """The party, by whichever key, or one of the two officers: then the key can still stop what
    waits, so that an officer silences nobody to whom something is about to be done.
    """


class KeyResumed(Body):
    """From here on a key that was suspended binds again: it was not compromised."""

    TOPIC: ClassVar[str] = "key.resumed/1"
    TITLE = "Suspended key resumed"
    TITLE_VI = "Khôi phục khóa bị đình chỉ"
    SUBJECTS = "party key:key_id lifted_by"
    SIGNERS = "lifted_by|@officers"
    MAY = "lifted_by=party party=#older?lifted_by"

    party: PartyId
    """Party whose key it is."""
    key_id: KeyId
    """The suspended key, by the hex SHA-256 of its SubjectPublicKeyInfo in DER."""
    lifted_by: PartyId | None
    """The party itself, which signs with another key, or null where the two officers lift
    it.
    """


class KeyStopped(Body):
    """The key does not bind yet, and never will: its party says so by another, or the registrar."""

    TOPIC: ClassVar[str] = "key.stopped/1"
    TITLE = "Waiting key stopped"
    TITLE_VI = "Dừng khóa đang chờ hiệu lực"
    SUBJECTS = "party key:key_id stopped_by"
    SIGNERS = "stopped_by"
    MAY = "stopped_by=party|@registrar"

    party: PartyId
    """Party whose key it is."""
    key_id: KeyId
    """The key, by the hex SHA-256 of its SubjectPublicKeyInfo in DER. Its `not_before` is still
    to come.
    """
    stopped_by: PartyId
    """The party, which signs with another key, or the registrar."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key in the log: whose, since which position, until which, and between which instants.

    While `suspended` has a position it binds nobody, or, where its party has not said so itself
    (`silent`), only for what stops something that waits.
    What it signed at the positions [compromised_since, revoked) is in doubt. `words` has, by
    payload hash and party, the position of who has said whether it stands by such an event.
    """

    position: int
    party: str
    not_before: datetime | None = None
    not_after: datetime | None = None
    revoked: int | None = None
    compromised_since: int | None = None
    suspended: int | None = None
    silent: bool = False
    words: "HashTrieMap[tuple[str, str], int]" = field(default_factory=HashTrieMap)


@admits(KeyAdded)
def _admit_added(body: KeyAdded, state: State) -> None:
    """Refuse a taken key, and an empty validity. Who vouches is in the table of authority."""
    new_keys(state, body.new_keys())
    if body.not_before and body.not_after and body.not_after <= body.not_before:
        begins, ends = format_instant(body.not_before), format_instant(body.not_after)
        later = format_instant(body.not_before + timedelta(seconds=1))
        raise IntervalEmpty(
            f"it is valid from {begins} and no more from {ends} on: at no instant",
            pointer="/body/not_after",
            step=Step({"end": later}, change={"/body/not_after": later}),
        )


def _key_of(state: State, body: KeyRevoked | KeySuspended | KeyResumed | KeyStopped) -> Key:
    """Return the key that an event is about, which is its party's and has not been revoked."""
    subject = key_subject(body.key_id)
    key = require_known(state, subject, Key)
    if key.party != body.party:
        raise PredecessorUnknown(
            f"{body.party} has no {subject}",
            positions=(key.position,),
            subjects=(subject,),
            step=Step({"party": key.party}, case="key", replace={body.party: key.party}),
        )
    if key.revoked is not None:
        raise KeyNoLongerValid(
            f"{subject} was revoked before",
            positions=(key.revoked,),
            subjects=(subject,),
            step=Step(case="before"),
        )
    return key


@admits(KeyRevoked)
def _admit_revoked(body: KeyRevoked, state: State, context: Context) -> None:
    """Refuse a revocation of another's key, of a revoked one, or from later on."""
    _key_of(state, body)
    if body.compromised_since is not None and body.compromised_since > context.position:
        raise PredecessorUnknown(
            f"position {body.compromised_since} is not in the log",
            pointer="/body/compromised_since",
            step=Step(ask=(HERE,)),
        )


@admits(KeySuspended)
def _admit_suspended(body: KeySuspended, state: State) -> None:
    """Refuse to suspend another's key, a revoked one, or one that is suspended."""
    key, subject = _key_of(state, body), key_subject(body.key_id)
    if key.suspended is not None:
        raise KeyIsSuspended(
            f"{subject} is suspended",
            positions=(key.suspended,),
            subjects=(subject,),
            step=Step(case="before"),
        )


@admits(KeyStopped)
def _admit_stopped(body: KeyStopped, state: State, context: Context) -> None:
    """Refuse to stop another's key, a revoked one, or one that binds already."""
    must_wait_still(key_subject(body.key_id), _key_of(state, body), context.accepted)


@admits(KeyResumed)
def _admit_resumed(body: KeyResumed, state: State) -> None:
    """Refuse to lift what is not suspended, and of a revoked key."""
    key, subject = _key_of(state, body), key_subject(body.key_id)
    if key.suspended is None:
        raise PredecessorUnknown(
            f"{subject} is not suspended",
            positions=(key.position,),
            subjects=(subject,),
            step=Step(case="done"),
        )


@evolves(KIND, PartyRegistered)
def _evolve_registered(body: PartyRegistered, logged: Logged) -> Key | None:
    return Key(logged.position, body.party, body.not_before)


@evolves(KIND, KeyAdded)
def _evolve_added(body: KeyAdded, logged: Logged) -> Key | None:
    return Key(logged.position, body.party, body.not_before, body.not_after)


@evolves(KIND, KeyRevoked)
def _evolve_revoked(body: KeyRevoked, logged: Logged, value: Key | None) -> Key | None:
    return value and replace(
        value, revoked=logged.position, compromised_since=body.compromised_since
    )


@evolves(KIND, KeyStopped)
def _evolve_stopped(_body: KeyStopped, logged: Logged, value: Key | None) -> Key | None:
    return value and replace(value, revoked=logged.position)


@evolves(KIND, KeySuspended)
def _evolve_suspended(body: KeySuspended, logged: Logged, value: Key | None) -> Key | None:
    silent = body.suspended_by == body.party
    return value and replace(value, suspended=logged.position, silent=silent)


@evolves(KIND, KeyResumed)
def _evolve_resumed(_body: KeyResumed, _logged: Logged, value: Key | None) -> Key | None:
    return value and replace(value, suspended=None)
