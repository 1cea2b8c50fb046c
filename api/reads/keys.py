"""Keys: whose they are, and what they signed."""

from typing import Annotated

from fastapi import Path, Query

from api.reads.common import (
    AsKnown,
)
from api.reads.parameters import Cursor, Thousand
from api.reads.questions import Questions
from projections.questions.party_keys import Between, KeyAsKnown, key_as_known, signed_by
from projections.questions.vouching import MarkedSignedBy, mark_signed

router = Questions(prefix="/v1/keys", tags=["keys"])

KeyPath = Annotated[
    str,
    Path(
        pattern=r"^[0-9a-f]{64}$",
        description="Hex SHA-256 of the key's SubjectPublicKeyInfo",
        examples=["4e797a4a1ebd6fae710feb836a3be13e9fb335aeac8991d7f63d246c4020bafa"],
    ),
]


@router.question("/{key_id}", "getKey", "Whose a key is, from where to where")
def get_key(reader: AsKnown, key_id: KeyPath) -> KeyAsKnown:
    """Return what added, suspended, resumed and revoked it, and since when it is compromised."""
    return key_as_known(reader, key_id)


@router.question("/{key_id}/signed", "getSigned", "What a key signed")
def get_signed(
    reader: AsKnown,
    key_id: KeyPath,
    *,
    between: Annotated[
        Between,
        Query(description="`compromise`: only between its compromise and its revocation"),
    ] = "always",
    topic: Annotated[
        str | None,
        Query(pattern=r"^[a-z]+\.[a-z_]+/[0-9]+$", examples=["contract.concluded/1"]),
    ] = None,
    after: Annotated[Cursor, Query(description="Cursor: positions greater than this")] = -1,
    limit: Thousand = 100,
) -> MarkedSignedBy:
    """Return a page of events; those in doubt are `open` until a party gives its word on them.

    `vouched_at` of an event is what it is in a timeline.
    """
    found = signed_by(reader, key_id, between=between, topic=topic, after=after, limit=limit)
    return mark_signed(reader, found)
