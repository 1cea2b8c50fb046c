"""Parties: who they are, what they have, to whom they are related, whom they let sign for them."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query

from api.reads.common import AsKnown, AsKnownByEither, EffectText, TrueOn
from api.reads.named import Currency, Party, PartyPath, Topic
from api.reads.parameters import Amount, Hundred, PageCursor
from api.reads.questions import Questions
from projections.questions.party_keys import KeysOf, keys_of
from projections.questions.party_lists import (
    PartyContracts,
    PartyOffers,
    PartyRights,
    Side,
    contracts_of,
    offers_by,
    rights_of,
)
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


@router.question("/{party}/rights", "listPartyRights", "In which rights has a party a share?")
def list_party_rights(
    reader: AsKnownByEither,
    party: PartyPath,
    *,
    true_on: TrueOn,
    effect: EffectText = "parties",
    after: PageCursor = None,
    limit: Hundred = 50,
) -> PartyRights:
    """Return the rights by id, with the party's exact fraction of each, on a day, as known."""
    return rights_of(reader, party, true_on=true_on, effect=effect, after=after, limit=limit)


@router.question("/{party}/contracts", "listPartyContracts", "Which contracts has a party?")
def list_party_contracts(
    reader: AsKnown, party: PartyPath, *, after: PageCursor = None, limit: Hundred = 50
) -> PartyContracts:
    """Return the contracts, the newest first: between whom, for which rights, from when to when."""
    return contracts_of(reader, party, after=after, limit=limit)


@router.question("/{party}/offers", "listPartyOffers", "Which offers did a party make or get?")
def list_party_offers(
    reader: AsKnown,
    party: PartyPath,
    *,
    side: Annotated[
        Side | None, Query(description="Only those that it made, or received; default: both")
    ] = None,
    open: Annotated[  # noqa: A002  (the parameter's name)
        bool | None, Query(description="Only those that were open then, or that were not")
    ] = None,
    after: PageCursor = None,
    limit: Hundred = 50,
) -> PartyOffers:
    """Return the offers, the newest first, as they stood when known (default: now)."""
    return offers_by(reader, party, side=side, open=open, after=after, limit=limit)
