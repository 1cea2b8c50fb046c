"""Licences: whether a party may do something, here, for that, on that day."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query

from api.reads.common import AsKnown, EffectText, TrueOn
from api.reads.named import ANY_FIELD, EditionText, Party, Place, SchemeText, SymbolText, read_field
from api.reads.questions import Questions
from ledger.domain.core.scope import Act, Territory
from projections.questions.licence_check import LicenceCheck, Use, check_licence

router = Questions(prefix="/v1/licences", tags=["licences"])


@router.question("/check", "checkLicence", "Was the party licensed, and by which events?")
def get_licence_check(  # noqa: PLR0913  (the question's parameters)
    reader: AsKnown,
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
    true_on: TrueOn,
    effect: EffectText = "parties",
) -> LicenceCheck:
    """Return yes or no with every grant to the party that was looked at, and what is against it."""
    use = Use(
        party=party,
        act=act,
        territory=Territory.model_validate({"codes": [territory]}),
        field=read_field(reader.law, field, scheme, edition) or ANY_FIELD,
        true_on=true_on,
        object=right,
        effect=effect,
    )
    return check_licence(reader, use, now=datetime.now(UTC))
