"""Licences: whether a party may do something, here, for that, on that day."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from api.deps import law_of, node_of
from api.problems import ApiProblem
from api.reads import AtLeast, EffectText, KnownAtText, TrueOn, ask, read_known_at, today
from ledger.domain.scope import Act, Field, Territory
from projections.licences import Use, check_licence

router = APIRouter(prefix="/v1/licences", tags=["licences"])


@router.get(
    "/check", operation_id="checkLicence", summary="Was the party licensed, and by which events?"
)
async def get_licence_check(  # noqa: PLR0913  (the question's parameters)
    request: Request,
    *,
    party: Annotated[
        str, Query(pattern=r"^party:[a-z0-9.-]{1,80}$", examples=["party:vn.mst.0100047516"])
    ],
    act: Annotated[Act, Query(description="What the party does")],
    territory: Annotated[
        str,
        Query(description="world, iso:XX, vn-2025:NN or vn-2004:VN-NN", examples=["vn-2025:48"]),
    ],
    field: Annotated[str | None, Query(description="Symbol of the scheme, e.g. A61K")] = None,
    scheme: Annotated[str, Query(description="ipc or vsic")] = "ipc",
    edition: Annotated[str | None, Query(description="Edition of the scheme")] = None,
    right: Annotated[str | None, Query(pattern=r"^(right|technology):[a-z0-9.-]{1,80}$")] = None,
    true_on: TrueOn = None,
    effect: EffectText = "parties",
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return yes or no with every grant to the party that was looked at, and what is against it."""
    try:
        use = Use(
            party=party,
            act=act,
            territory=Territory.model_validate({"codes": [territory]}),
            field=Field.model_validate(_field(field, scheme, edition)),
            true_on=true_on or today(),
            object=right,
            effect=effect,
        )
    except ValidationError as error:
        reason = error.errors(include_url=False, include_input=False)[0]["msg"]
        raise ApiProblem(422, "BAD_PARAMETER", reason) from None
    return await ask(
        request,
        at_least,
        lambda: check_licence(
            node_of(request).reads,
            use,
            law_of(node_of(request)),
            now=datetime.now(UTC),
            known_at=read_known_at(known_at),
        ),
    )


def _field(symbol: str | None, scheme: str, edition: str | None) -> dict[str, object]:
    if symbol is None:
        return {"scheme": "any", "edition": None, "codes": []}
    # A question without an edition means the one in use; a grant always names its own.
    return {"scheme": scheme, "edition": edition or "2026.01", "codes": [symbol]}
