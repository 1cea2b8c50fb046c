"""Parties: who they are, to whom they are related, whom they let sign for them."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query

from api.reads.common import (
    AsKnown,
    TrueOn,
)
from api.reads.named import Currency, Party, PartyPath, Topic
from api.reads.parameters import Amount
from api.reads.questions import Questions
from projections.questions.party_keys import KeysOf, keys_of
from projections.tables.mandates import Act, Mandates, PowerToBind, mandates_of, power_of
from projections.tables.party_facts import PartyAsKnown, Relations, party_as_known, relations_of

router = Questions(prefix="/v1/parties", tags=["parties"])


@router.question("/{party}", "getParty", "Who a party is on a day, as known")
def get_party(reader: AsKnown, party: PartyPath, *, true_on: TrueOn) -> PartyAsKnown:
    """Return its names, numbers, roles and relations, and how it ended, if it did."""
    return party_as_known(reader, party, true_on=true_on)


@router.question("/{party}/keys", "getPartyKeys", "All keys of a party")
def get_party_keys(reader: AsKnown, party: PartyPath) -> KeysOf:
    """Return each key that the party ever had, from which position to which it binds."""
    return keys_of(reader, party)


@router.question("/{party}/mandates", "getMandates", "Who may sign for a party")
def get_mandates(reader: AsKnown, party: PartyPath) -> Mandates:
    """Return the mandates that the party gave, for what, up to which sum, from when to when."""
    return mandates_of(reader, party)


@router.question("/{party}/power", "getPower", "Had the signer power to bind the party on a day?")
def get_power(  # noqa: PLR0913  (the question's parameters)
    reader: AsKnown,
    party: PartyPath,
    *,
    signer: Annotated[
        Party,
        Query(
            description="Who is to sign for the party",
            examples=["party:tok.00112233445566778899aabbccddeeff"],
        ),
    ],
    true_on: TrueOn,
    topic: Annotated[
        Topic | None,
        Query(
            description="Type of event without version; default: any",
            examples=["contract.concluded"],
        ),
    ] = None,
    amount: Annotated[
        Amount | None,
        Query(description="Price in minor units; default: not asked"),
    ] = None,
    currency: Currency = "VND",
) -> PowerToBind:
    """Return yes or no with every mandate of the signer, what it lacks, and what waits."""
    return power_of(
        reader,
        party,
        signer=signer,
        true_on=true_on,
        act=Act(topic, amount, currency),
        now=datetime.now(UTC),
    )


@router.question("/{party}/relations", "getRelations", "To whom a party is related")
def get_relations(
    reader: AsKnown,
    party: PartyPath,
    *,
    to: Annotated[Party | None, Query(description="Only what relates it to this party")] = None,
    true_on: TrueOn,
) -> Relations:
    """Return all relations; with `to`, whether the two are related on a day, and by what."""
    return relations_of(reader, party, to=to, true_on=true_on)
