"""What is taken of a right, what may still be granted, and what ends with it."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.deps import law_of, node_of
from api.problems import BadParameter
from api.reads.common import AtLeast, KnownAtText, RightPath, TrueOn, ask, read_known_at, today
from api.reads.named import (
    ANY_FIELD,
    ANYWHERE,
    EditionText,
    PlaceText,
    SchemeText,
    SymbolText,
    read_field,
    read_place,
)
from ledger.domain.core.types import Day
from projections.questions.remaining_scope import (
    Exclusive,
    LeftToGrant,
    Part,
    dependents_of,
    exclusive_in,
    left_of,
)

FirstDay = Annotated[Day | None, Query(alias="from", description="First legal day; default: today")]
LastDay = Annotated[Day | None, Query(alias="to", description="First day after; default: no end")]

ThingPath = Annotated[
    str,
    Path(
        description="A right or a technology",
        pattern=r"^(right|technology):[a-z0-9.-]{1,80}$",
        examples=["right:us.15145443"],
    ),
]

of_rights = APIRouter(prefix="/v1/rights", tags=["rights"])
of_technologies = APIRouter(prefix="/v1/technologies", tags=["technologies"])


def _read_span(start: date | None, end: date | None) -> tuple[date, date | None]:
    """Return the first day, by default today, and the first after. Raises `BadParameter` if none.

    Of no days at all every answer would be a clean bill.
    """
    first = start or today()
    if end is not None and end <= first:
        asked = f"from={first}" + ("" if start else ", which is today by default")
        raise BadParameter("to", end, f"it is the first day after, and not after {asked}")
    return first, end


@of_rights.get(
    "/{thing}/exclusive",
    operation_id="getExclusive",
    summary="Is anyone exclusive in this field, there, between these days?",
)
@of_technologies.get(
    "/{thing}/exclusive",
    operation_id="getTechnologyExclusive",
    summary="Is anyone exclusive in the technology, there, for that, between these days?",
)
async def get_exclusive(  # noqa: PLR0913  (the question's parameters)
    request: Request,
    thing: ThingPath,
    *,
    territory: PlaceText = None,
    field: SymbolText = None,
    scheme: SchemeText = None,
    edition: EditionText = None,
    start: FirstDay = None,
    end: LastDay = None,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return the exclusive and sole grants that may reach into that part of it."""
    node = node_of(request)

    def find() -> Exclusive:
        part = Part(
            read_place(territory) or ANYWHERE,
            read_field(law_of(node), field, scheme, edition) or ANY_FIELD,
            *_read_span(start, end),
        )
        return exclusive_in(node.reads, thing, part, known_at=read_known_at(known_at))

    return await ask(request, at_least, find)


@of_rights.get(
    "/{thing}/left-to-grant",
    operation_id="getLeftToGrant",
    summary="What may still be granted on the right?",
)
@of_technologies.get(
    "/{thing}/left-to-grant",
    operation_id="getTechnologyLeftToGrant",
    summary="What may still be granted on the technology?",
)
async def get_left_to_grant(  # noqa: PLR0913  (the question's parameters)
    request: Request,
    thing: ThingPath,
    *,
    territory: PlaceText = None,
    field: SymbolText = None,
    scheme: SchemeText = None,
    edition: EditionText = None,
    start: FirstDay = None,
    end: LastDay = None,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return the free boxes, for exclusive grants and for others; what burdens it; the liens."""
    node = node_of(request)

    def find() -> LeftToGrant:
        law = law_of(node)
        first, after = _read_span(start, end)
        return left_of(
            node.reads,
            thing,
            law,
            start=first,
            end=after,
            territory=read_place(territory),
            field=read_field(law, field, scheme, edition),
            known_at=read_known_at(known_at),
        )

    return await ask(request, at_least, find)


@of_rights.get(
    "/{right}/dependents",
    operation_id="getDependents",
    summary="Which licences end with the right, and who must be told?",
)
async def get_dependents(
    request: Request,
    right: RightPath,
    *,
    true_on: TrueOn = None,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return licences and sublicences in force on a day that fall with the right."""
    return await ask(
        request,
        at_least,
        lambda: dependents_of(
            node_of(request).reads,
            right,
            true_on=true_on or today(),
            known_at=read_known_at(known_at),
        ),
    )


router = APIRouter(routes=[*of_rights.routes, *of_technologies.routes])
