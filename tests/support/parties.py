"""Bodies of parties' own affairs, like those of `builders`: names, relations, documents."""

from typing import Any

from ledger.domain.event import Body
from ledger.domain.spelling import PartyKnownAs
from tests.support.builders import CLERK, FIRM, SOME_HASH, built


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


STORY: tuple[Body, ...] = (known_as(),)
"""Admissible in this order, once the first parties are there."""
