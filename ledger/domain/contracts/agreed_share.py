"""What was agreed on sharing a contract's revenue, as the contract remembers it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, model_validator

from ledger.domain.core.context import Context, recall
from ledger.domain.core.court_hold import Holds, Voidance
from ledger.domain.core.money import PPM, Part, ShareSum
from ledger.domain.core.remedy import HERE
from ledger.domain.core.remedy import Step as NextStep
from ledger.domain.core.types import FROM_LIST, NOT_EMPTY, Model, PartyId, Sealed, Text
from ledger.quoted import quoted, repeated

Positive = Annotated[int, Field(ge=1)]


def _one_each(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    if (twice := repeated(part.party for part in parts)) is not None:
        raise ValueError(f"a party is named twice: {twice}")
    return parts


Parts = Annotated[tuple[Part, ...], NOT_EMPTY, AfterValidator(_one_each)]


class WaterfallStep(Model):
    """A deduction of the waterfall: a sum, or a rate of what is left, that goes to a party."""

    name: Text
    """What is deducted, in words."""
    to: PartyId
    """Who gets the deduction."""
    amount: Positive | None = None
    """A sum in minor units of the contract's currency, or all that is left if that is less.
    Null or absent where a rate is taken."""
    rate_ppm: Annotated[int, Field(ge=1, le=PPM)] | None = None
    """Parts per million of what is left when its turn comes, rounded down. Null or absent where
    a sum is taken."""

    @model_validator(mode="after")
    def _one_of_both(self) -> "WaterfallStep":
        if (self.amount is None) == (self.rate_ppm is None):
            both = "both" if self.amount is not None else "neither"
            raise ValueError(f"a step takes a sum or a rate: {quoted(self.name)} has {both}")
        return self


class CapOf(Model):
    """The most, in minor units, that a party gets of one distribution; the rest is shared on."""

    party: PartyId
    """Whose part is capped."""
    amount: Positive
    """The most that the part comes to, in minor units of the contract's currency; what is above
    goes to the others by their own parts."""


@dataclass(frozen=True, slots=True)
class Share:
    """An agreed split of a contract's revenue; sealed parts stay sealed here.

    `authors` are the parties that get a part as authors, beside the co-authors' one part.
    """

    position: int
    contract: str
    parts: tuple[Part, ...] | Sealed
    agreed_by: frozenset[str]
    of: str = "revenue"
    technology: str | None = None
    title: str | None = None
    authors_ppm: int = 0
    authors: frozenset[str] = frozenset()
    waterfall: tuple[WaterfallStep, ...] = ()
    caps: tuple[CapOf, ...] = ()
    superseded: int | None = None
    holds: Holds = field(default_factory=dict)
    voided: Voidance | None = None


def beneficiaries(parts: Iterable[Part], waterfall: Iterable[WaterfallStep]) -> frozenset[str]:
    """Return who is named for a part or a deduction."""
    return frozenset((*(part.party for part in parts), *(step.to for step in waterfall)))


def beneficiaries_of(
    subject: str, share: Share, context: Context, pointer: str | None = None
) -> frozenset[str]:
    """Return who is named for a part or a deduction of what was agreed, as `recall` finds it."""
    parts = recall(share.parts, subject, context, read_parts, pointer)
    return beneficiaries(parts, share.waterfall)


_PARTS: TypeAdapter[tuple[Part, ...]] = TypeAdapter(Annotated[Parts, FROM_LIST])


def read_parts(value: Any) -> tuple[Part, ...]:
    """Return opened parts, or raise `ShareSum` if they are no list of parts at all."""
    try:
        return _PARTS.validate_python(value)
    except ValidationError as error:
        raise ShareSum(
            "what was opened is not a list of parts, one a party",
            step=NextStep(case="list", ask=(HERE,)),
        ) from error
