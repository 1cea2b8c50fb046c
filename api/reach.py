"""What is taken of a right, what may still be granted, and what ends with it."""

from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from api.deps import law_of, node_of
from api.problems import ApiProblem
from api.reads import AtLeast, KnownAtText, RightPath, TrueOn, ask, read_known_at, today
from ledger.domain.event import Day
from ledger.domain.scope import Field, Territory
from projections.reach import Part, dependents_of, exclusive_in, left_of

T = TypeVar("T")

TerritoryText = Annotated[
    str | None,
    Query(description="world, iso:XX, vn-2025:NN or vn-2004:VN-NN", examples=["vn-2025:48"]),
]
FieldText = Annotated[
    str | None, Query(description="Symbol of the scheme, e.g. A61K; default: any field")
]
SchemeText = Annotated[str, Query(description="ipc or vsic")]
EditionText = Annotated[str | None, Query(description="Edition of the scheme")]
FirstDay = Annotated[Day | None, Query(alias="from", description="First legal day; default: today")]
LastDay = Annotated[Day | None, Query(alias="to", description="First day after; default: no end")]

router = APIRouter(prefix="/v1/rights", tags=["rights"])


def read_territory(code: str | None) -> Territory | None:
    """Read a territory code. Raises `ApiProblem` for what is none."""
    return None if code is None else _read(Territory, {"codes": [code]})


def read_field(symbol: str | None, scheme: str, edition: str | None) -> Field | None:
    """Read a symbol; without an edition, of the one in use. Raises `ApiProblem`."""
    if symbol is None:
        return None
    in_use = {"ipc": "2026.01", "vsic": "2025"}.get(scheme)
    return _read(Field, {"scheme": scheme, "edition": edition or in_use, "codes": [symbol]})


def _read(kind: type[T], members: dict[str, object]) -> T:
    try:
        return kind.model_validate(members)  # type: ignore[attr-defined, no-any-return]
    except ValidationError as error:
        reason = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise ApiProblem(422, "BAD_PARAMETER", reason) from None


@router.get(
    "/{right}/exclusive",
    operation_id="getExclusive",
    summary="Is anyone exclusive in this field, there, between these days?",
)
async def get_exclusive(  # noqa: PLR0913  (the question's parameters)
    request: Request,
    right: RightPath,
    *,
    territory: TerritoryText = None,
    field: FieldText = None,
    scheme: SchemeText = "ipc",
    edition: EditionText = None,
    start: FirstDay = None,
    end: LastDay = None,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return the exclusive and sole grants that may reach into that part of the right."""
    anywhere = Territory.model_validate({"codes": ["world"]})
    anything = Field.model_validate({"scheme": "any", "edition": None, "codes": []})
    part = Part(
        read_territory(territory) or anywhere,
        read_field(field, scheme, edition) or anything,
        start or today(),
        end,
    )
    return await ask(
        request,
        at_least,
        lambda: exclusive_in(node_of(request).reads, right, part, known_at=read_known_at(known_at)),
    )


@router.get(
    "/{right}/left-to-grant",
    operation_id="getLeftToGrant",
    summary="What may still be granted on the right?",
)
async def get_left_to_grant(  # noqa: PLR0913  (the question's parameters)
    request: Request,
    right: RightPath,
    *,
    territory: TerritoryText = None,
    field: FieldText = None,
    scheme: SchemeText = "ipc",
    edition: EditionText = None,
    start: FirstDay = None,
    end: LastDay = None,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return the free boxes, for exclusive grants and for others; what burdens it; the liens."""
    return await ask(
        request,
        at_least,
        lambda: left_of(
            node_of(request).reads,
            right,
            law_of(node_of(request)),
            start=start or today(),
            end=end,
            territory=read_territory(territory),
            field=read_field(field, scheme, edition),
            known_at=read_known_at(known_at),
        ),
    )


@router.get(
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
