"""Parties: who they are, to whom they are related, whom they let sign for them."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.deps import node_of
from api.reads.common import AtLeast, KnownAtText, TrueOn, ask, read_known_at, today
from api.reads.named import Currency, Party, PartyPath, Topic
from api.reads.parameters import Amount
from projections.questions.keys import keys_of
from projections.tables.mandates import Act, mandates_of, power_of
from projections.tables.parties import party_as_known, relations_of

router = APIRouter(prefix="/v1/parties", tags=["parties"])


@router.get("/{party}", operation_id="getParty", summary="Who a party is on a day, as known")
async def get_party(
    request: Request,
    party: PartyPath,
    *,
    true_on: TrueOn = None,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return its names, numbers, roles and relations, and how it ended, if it did."""
    return await ask(
        request,
        at_least,
        lambda: party_as_known(
            node_of(request).reads,
            party,
            true_on=true_on or today(),
            known_at=read_known_at(known_at),
        ),
    )


@router.get("/{party}/keys", operation_id="getPartyKeys", summary="All keys of a party")
async def get_party_keys(
    request: Request, party: PartyPath, known_at: KnownAtText = None, at_least: AtLeast = None
) -> Response:
    """Return each key that the party ever had, from which position to which it binds."""
    return await ask(
        request,
        at_least,
        lambda: keys_of(node_of(request).reads, party, known_at=read_known_at(known_at)),
    )


@router.get("/{party}/mandates", operation_id="getMandates", summary="Who may sign for a party")
async def get_mandates(
    request: Request, party: PartyPath, known_at: KnownAtText = None, at_least: AtLeast = None
) -> Response:
    """Return the mandates that the party gave, for what, up to which sum, from when to when."""
    return await ask(
        request,
        at_least,
        lambda: mandates_of(node_of(request).reads, party, known_at=read_known_at(known_at)),
    )


@router.get(
    "/{party}/power",
    operation_id="getPower",
    summary="Had the signer power to bind the party on a day?",
)
async def get_power(  # noqa: PLR0913  (the question's parameters)
    request: Request,
    party: PartyPath,
    *,
    signer: Annotated[
        Party,
        Query(
            description="Who is to sign for the party",
            examples=["party:tok.00112233445566778899aabbccddeeff"],
        ),
    ],
    true_on: TrueOn = None,
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
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return yes or no with every mandate of the signer, what it lacks, and what waits."""
    return await ask(
        request,
        at_least,
        lambda: power_of(
            node_of(request).reads,
            party,
            signer=signer,
            true_on=true_on or today(),
            act=Act(topic, amount, currency),
            now=datetime.now(UTC),
            known_at=read_known_at(known_at),
        ),
    )


@router.get("/{party}/relations", operation_id="getRelations", summary="To whom a party is related")
async def get_relations(
    request: Request,
    party: PartyPath,
    *,
    to: Annotated[Party | None, Query(description="Only what relates it to this party")] = None,
    true_on: TrueOn = None,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return all relations; with `to`, whether the two are related on a day, and by what."""
    return await ask(
        request,
        at_least,
        lambda: relations_of(
            node_of(request).reads,
            party,
            to=to,
            true_on=true_on or today(),
            known_at=read_known_at(known_at),
        ),
    )
