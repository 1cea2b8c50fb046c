"""Licences: whether a party may do something, here, for that, on that day."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.deps import law_of, node_of
from api.reads.common import AtLeast, EffectText, KnownAtText, TrueOn, ask, read_known_at, today
from api.reads.named import ANY_FIELD, EditionText, Party, Place, SchemeText, SymbolText, read_field
from ledger.domain.core.scope import Act, Territory
from projections.questions.licences import LicenceCheck, Use, check_licence

router = APIRouter(prefix="/v1/licences", tags=["licences"])


@router.get(
    "/check", operation_id="checkLicence", summary="Was the party licensed, and by which events?"
)
async def get_licence_check(  # noqa: PLR0913  (the question's parameters)
    request: Request,
    *,
    party: Annotated[Party, Query(examples=["party:vn.mst.0100047516"])],
    act: Annotated[Act, Query(description="What the party does")],
    territory: Annotated[
        Place,
        Query(description="world, iso:XX, vn-2025:NN or vn-2004:VN-NN", examples=["vn-2025:48"]),
    ],
    field: SymbolText = None,
    scheme: SchemeText = None,
    edition: EditionText = None,
    right: Annotated[str | None, Query(pattern=r"^(right|technology):[a-z0-9.-]{1,80}$")] = None,
    true_on: TrueOn = None,
    effect: EffectText = "parties",
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return yes or no with every grant to the party that was looked at, and what is against it."""
    node = node_of(request)

    def find() -> LicenceCheck:
        law = law_of(node)
        use = Use(
            party=party,
            act=act,
            territory=Territory.model_validate({"codes": [territory]}),
            field=read_field(law, field, scheme, edition) or ANY_FIELD,
            true_on=true_on or today(),
            object=right,
            effect=effect,
        )
        now = datetime.now(UTC)
        return check_licence(node.reads, use, law, now=now, known_at=read_known_at(known_at))

    return await ask(request, at_least, find)
