"""What is taken of a right, what may still be granted, and what ends with it."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.problems import BadParameter
from api.reads.common import (
    AsKnown,
    RightPath,
    TrueOn,
    today,
)
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
from api.reads.questions import Questions
from ledger.domain.core.types import Day
from projections.questions.remaining_scope import (
    Dependents,
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

of_rights = Questions(prefix="/v1/rights", tags=["rights"])
of_technologies = Questions(prefix="/v1/technologies", tags=["technologies"])


def _read_span(start: date | None, end: date | None) -> tuple[date, date | None]:
    """Return the first day, by default today, and the first after. Raises `BadParameter` if none.

    Of no days at all every answer would be a clean bill.
    """
    first = start or today()
    if end is not None and end <= first:
        asked = f"from={first}" + ("" if start else ", which is today by default")
        raise BadParameter("to", end, f"it is the first day after, and not after {asked}")
    return first, end


@of_rights.question(
    "/{thing}/exclusive",
    "getExclusive",
    "Is anyone exclusive in this field, there, between these days?",
)
@of_technologies.question(
    "/{thing}/exclusive",
    "getTechnologyExclusive",
    "Is anyone exclusive in the technology, there, for that, between these days?",
)
def get_exclusive(  # noqa: PLR0913  (the question's parameters)
    reader: AsKnown,
    thing: ThingPath,
    *,
    territory: PlaceText = None,
    field: SymbolText = None,
    scheme: SchemeText = None,
    edition: EditionText = None,
    start: FirstDay = None,
    end: LastDay = None,
) -> Exclusive:
    """Return the exclusive and sole grants that may reach into that part of it."""
    part = Part(
        read_place(territory) or ANYWHERE,
        read_field(reader.law, field, scheme, edition) or ANY_FIELD,
        *_read_span(start, end),
    )
    return exclusive_in(reader, thing, part)


@of_rights.question(
    "/{thing}/left-to-grant", "getLeftToGrant", "What may still be granted on the right?"
)
@of_technologies.question(
    "/{thing}/left-to-grant",
    "getTechnologyLeftToGrant",
    "What may still be granted on the technology?",
)
def get_left_to_grant(  # noqa: PLR0913  (the question's parameters)
    reader: AsKnown,
    thing: ThingPath,
    *,
    territory: PlaceText = None,
    field: SymbolText = None,
    scheme: SchemeText = None,
    edition: EditionText = None,
    start: FirstDay = None,
    end: LastDay = None,
) -> LeftToGrant:
    """Return the free boxes, for exclusive grants and for others; what burdens it; the liens."""
    first, after = _read_span(start, end)
    return left_of(
        reader,
        thing,
        start=first,
        end=after,
        territory=read_place(territory),
        field=read_field(reader.law, field, scheme, edition),
    )


@of_rights.question(
    "/{right}/dependents",
    "getDependents",
    "Which licences end with the right, and who must be told?",
)
def get_dependents(reader: AsKnown, right: RightPath, *, true_on: TrueOn) -> Dependents:
    """Return licences and sublicences in force on a day that fall with the right."""
    return dependents_of(reader, right, true_on=true_on)


router = APIRouter(routes=[*of_rights.routes, *of_technologies.routes])
