"""Bodies of parties' own affairs, like those of `builders`: numbers, names, ends, spellings."""

from typing import Any

from ledger.domain.core.body import Body
from ledger.domain.parties.key import KeyAdded, KeyResumed, KeyStopped, KeySuspended
from ledger.domain.parties.name_alias import PartyKnownAs
from ledger.domain.parties.party import PartyRegistered, PartyStopped
from ledger.domain.parties.party_lifecycle import (
    PartyDissolved,
    PartyIdentified,
    PartyMerged,
    PartyRenamed,
    PersonErased,
)
from ledger.domain.parties.reconfirmation import ReconfirmationGiven
from ledger.domain.parties.relation import RelationDeclared, RelationEnded
from tests.support.builders import (
    CLERK,
    FIRM,
    INSTITUTE,
    REGISTRAR,
    RIVAL,
    SOME_HASH,
    built,
    first_party,
    hash_of,
    key_added,
    key_id,
    planted_key,
)

MERGED = "party:vn.merged"
DISSOLVED = "party:vn.dissolved"
RELATION = "relation:01890000-0000-7000-8000-000000000021"
PERSON = "party:tok.ffeeddccbbaa99887766554433221100"
WAITING = "party:vn.waiting"
LATER = "2026-12-24T00:00:00.000Z"
"""When what waits here would bind."""

_BY_REGISTRAR = {"attested_by": None, "document_sha256": None}


def newcomer(party: str) -> PartyRegistered:
    """Return the registration of one more party, nameless."""
    return built(PartyRegistered, first_party(party), {})


def number(value: str, scheme: str = "lei") -> dict[str, str]:
    """Return an identifier as JSON."""
    return {"scheme": scheme, "value": value}


def party_identified(*identifiers: dict[str, str], **overrides: Any) -> PartyIdentified:
    """Return the numbers of the firm; by default its LEI."""
    listed = list(identifiers) or [number("5493001KJTIIGC8Y1R12")]
    return built(PartyIdentified, {"party": FIRM, "identifiers": listed}, overrides)


def party_renamed(**overrides: Any) -> PartyRenamed:
    """Return the firm's new name."""
    defaults = {"party": FIRM, "name": "Công ty Cổ phần Sao Mới", "effective_on": "2026-10-01"}
    return built(PartyRenamed, defaults, overrides)


def party_merged(**overrides: Any) -> PartyMerged:
    """Return a merger into the firm."""
    defaults = {"party": MERGED, "into": FIRM, "effective_on": "2026-11-01", **_BY_REGISTRAR}
    return built(PartyMerged, defaults, overrides)


def party_dissolved(**overrides: Any) -> PartyDissolved:
    """Return a dissolution, as a clerk attests it."""
    defaults = {
        "party": DISSOLVED,
        "effective_on": "2026-11-01",
        "reason": "dissolved",
        "attested_by": CLERK,
        "document_sha256": SOME_HASH,
    }
    return built(PartyDissolved, defaults, overrides)


def person_erased(**overrides: Any) -> PersonErased:
    """Return the erasure of a person at the person's request."""
    return built(PersonErased, {"token": PERSON, "ground": "request"}, overrides)


def known_as(spelling: str = "US WELL SERVICES LLC", **overrides: Any) -> PartyKnownAs:
    """Return a clerk's word that the firm is meant by a name."""
    defaults = {
        "party": FIRM,
        "spelling": spelling,
        "distinct_from": [],
        "attested_by": CLERK,
        "document_sha256": SOME_HASH,
    }
    return built(PartyKnownAs, defaults, overrides)


def relation_declared(**overrides: Any) -> RelationDeclared:
    """Return the firm's word that the rival is its subsidiary."""
    defaults = {
        "relation": RELATION,
        "kind": "parent_subsidiary",
        "party": FIRM,
        "other": RIVAL,
        "share_ppm": 510_000,
        "valid_from": "2026-01-01",
        "declared_by": FIRM,
    }
    return built(RelationDeclared, defaults, overrides)


def relation_ended(**overrides: Any) -> RelationEnded:
    """Return the end of what `relation_declared()` declares."""
    defaults = {
        "relation": RELATION,
        "party": FIRM,
        "other": RIVAL,
        "ended_on": "2026-11-01",
        "ended_by": FIRM,
    }
    return built(RelationEnded, defaults, overrides)


def reconfirmation_given(signed: Body, **overrides: Any) -> ReconfirmationGiven:
    """Return the institute's word that it stands by an event that its second key signed."""
    defaults = {
        "event": hash_of(signed),
        "key_id": key_id(INSTITUTE, 1),
        "outcome": "confirmed",
        "given_by": INSTITUTE,
    }
    return built(ReconfirmationGiven, defaults, overrides)


def waiting(**overrides: Any) -> PartyRegistered:
    """Return the registration of a clerk that does not bind yet."""
    return built(
        PartyRegistered, first_party(WAITING, not_before=LATER, roles=["clerk"]), overrides
    )


def party_stopped(party: str = WAITING) -> PartyStopped:
    """Return the registrar's word that a registration never binds."""
    return built(PartyStopped, {"party": party}, {})


def key_waiting(number: int = 2, **overrides: Any) -> KeyAdded:
    """Return a key of the institute's that an officer vouches for, and that does not bind yet."""
    vouched = {"key": planted_key(INSTITUTE, number), "vouched_by": REGISTRAR}
    return key_added(**{**vouched, "not_before": LATER, **overrides})


def key_stopped(number: int = 2, **overrides: Any) -> KeyStopped:
    """Return the registrar's word that such a key never binds."""
    which = {"party": INSTITUTE, "key_id": key_id(INSTITUTE, number), "stopped_by": REGISTRAR}
    return built(KeyStopped, which, overrides)


STORY: tuple[Body, ...] = (
    waiting(),
    party_stopped(),
    waiting(keys=[planted_key(WAITING, 1)], not_before=None),
    key_waiting(),
    key_stopped(),
    known_as(),
    party_identified(),
    party_renamed(),
    newcomer(MERGED),
    party_merged(),
    newcomer(DISSOLVED),
    party_dissolved(),
    newcomer(PERSON),
    person_erased(),
    relation_declared(),
    relation_ended(),
)
"""Admissible in this order, once the first parties are there."""


def key_suspended(**overrides: Any) -> KeySuspended:
    """Return what the institute says of its key: that somebody else has it too."""
    defaults = {"party": INSTITUTE, "key_id": key_id(INSTITUTE), "suspended_by": INSTITUTE}
    return built(KeySuspended, defaults, overrides)


def key_resumed(**overrides: Any) -> KeyResumed:
    """Return what the institute says later: that nobody has."""
    defaults = {"party": INSTITUTE, "key_id": key_id(INSTITUTE), "lifted_by": INSTITUTE}
    return built(KeyResumed, defaults, overrides)
