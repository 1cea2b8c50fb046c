"""
A reconfirmation: a party's word on what a compromised key signed in its name.

Events between `compromised_since` and the revocation are not deleted and not void: they are in
doubt until those whom the key could bind stand by them, or disown them (which a forum may then
judge). Read in this order: events, refusals, admit, evolve; the state is that of the key.
"""

from dataclasses import replace
from typing import ClassVar, Literal

from ledger.domain.core.body import Body, State, key_subject
from ledger.domain.core.context import Context
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import SubjectExists, require_known
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import EventHash, KeyId, PartyId
from ledger.domain.parties.key import Key
from ledger.domain.parties.party import party_of
from ledger.domain.parties.signature_refusals import WrongSigner


class ReconfirmationGiven(Body):
    """A party stands by an event that a compromised key signed for it, or disowns it."""

    TOPIC: ClassVar[str] = "reconfirmation.given/1"
    TITLE = "Confirmed again after a key was compromised"
    TITLE_VI = "Xác nhận lại sau khi lộ khóa"
    SUBJECTS = "given_by key:key_id"
    SIGNERS = "given_by"
    REFERENCES = "event"

    event: EventHash
    """Payload hash of the event in doubt: it stands between the `compromised_since` of the key
    and its revocation.
    """
    key_id: KeyId
    """The compromised key, by the hex SHA-256 of its SubjectPublicKeyInfo in DER."""
    outcome: Literal["confirmed", "disowned"]
    """`confirmed`: the party stands by the event. `disowned`: it does not; the event is not
    void by that, which a forum may judge.
    """
    given_by: PartyId
    """Party that the key could bind: its owner, or who gave that one a mandate. Each says it
    once of an event.
    """


class NotInDoubt(Refusal):
    """The event does not stand between the compromise of the key and its revocation."""

    code = "NOT_IN_DOUBT"
    title_vi = "Sự kiện không nằm trong khoảng từ khi lộ khóa đến khi thu hồi khóa"


@admits(ReconfirmationGiven)
def _admit(body: ReconfirmationGiven, state: State, context: Context) -> None:
    """Refuse a word on what is not in doubt, of whom the key could not bind, and a second one."""
    subject = key_subject(body.key_id)
    key = require_known(state, subject, Key)
    if not _is_in_doubt(key, context.known[body.event]):
        raise NotInDoubt(
            f"{body.event} is not among what {subject} may not have signed for its party",
            positions=(key.position if key.revoked is None else key.revoked,),
            subjects=(subject,),
        )
    mandates = party_of(state, body.given_by).mandates.values()
    if body.given_by != key.party and all(power.holder != key.party for power in mandates):
        raise WrongSigner(
            f"{subject} never bound {body.given_by}",
            positions=(key.position,),
            subjects=(body.given_by,),
            step=Step({"party": key.party}, case="key", replace={body.given_by: key.party}),
        )
    if (body.event, body.given_by) in key.words:
        raise SubjectExists(
            f"{body.given_by} has given its word on this",
            positions=(key.words[body.event, body.given_by],),
            subjects=(body.given_by,),
            step=Step(case="word"),
        )


def _is_in_doubt(key: Key, position: int) -> bool:
    if key.compromised_since is None or key.revoked is None:
        return False
    return key.compromised_since <= position < key.revoked


@evolves("key", ReconfirmationGiven)
def _evolve(body: ReconfirmationGiven, logged: Logged, value: Key | None) -> Key | None:
    if value is None:
        return None
    words = value.words.insert((body.event, body.given_by), logged.position)
    return replace(value, words=words)
