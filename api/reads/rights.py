"""Rights: who owns them, how title came there, what burdens them, whether they are in force."""

from typing import Annotated

from fastapi import Query

from api.reads.common import (
    AsKnown,
    AsKnownByEither,
    EffectText,
    RightPath,
    TrueOn,
)
from api.reads.named import Country
from api.reads.questions import Questions
from projections.questions.lapses import Lapses, lapse_effects
from projections.questions.status_history import StatusHistory, status_history
from projections.questions.title import Title, title_of
from projections.tables.chain import Chain, chain_of
from projections.tables.liens import Liens, liens_on
from projections.tables.status import Status, status_of

router = Questions(prefix="/v1/rights", tags=["rights"])


@router.question("/{right}/title", "getTitle", "Who owned the right on a day")
def get_title(
    reader: AsKnownByEither, right: RightPath, *, true_on: TrueOn, effect: EffectText = "parties"
) -> Title:
    """Return the owners with exact fractions, as true on a day and as known at a time."""
    return title_of(reader, right, true_on=true_on, effect=effect)


@router.question("/{right}/chain", "getChain", "The chain of title")
def get_chain(reader: AsKnown, right: RightPath) -> Chain:
    """Return every event of the right's title, in order of recording."""
    return chain_of(reader, right)


@router.question("/{right}/liens", "getLiens", "What secures debts on the right")
def get_liens(
    reader: AsKnownByEither, right: RightPath, *, true_on: TrueOn, effect: EffectText = "parties"
) -> Liens:
    """Return the liens in force, as true on a day and as known at a time."""
    return liens_on(reader, right, true_on=true_on, effect=effect)


@router.question("/{right}/status", "getStatus", "Whether the right is in force")
def get_status(
    reader: AsKnownByEither,
    right: RightPath,
    *,
    true_on: TrueOn,
    territory: Annotated[
        Country | None,
        Query(
            examples=["iso:GB"],
            description="One of the States that the right is for; default: the right as a whole, "
            "with its fate in each",
        ),
    ] = None,
) -> Status:
    """Return the legal status, as true on a day and as known at a time."""
    return status_of(reader, right, true_on=true_on, territory=territory)


@router.question(
    "/{right}/status-history",
    "getStatusHistory",
    "How the status was held to be, as more was known",
)
def get_status_history(reader: AsKnown, right: RightPath) -> StatusHistory:
    """Return, of each entry that changed it, how the right stands on all days by what was known."""
    return status_history(reader, right)


@router.question(
    "/{right}/lapse-effects", "getLapseEffects", "What was paid for days after the right had ended"
)
def get_lapse_effects(reader: AsKnown, right: RightPath) -> Lapses:
    """Return, for each end of the right, the money of later days recorded before it was known."""
    return lapse_effects(reader, right)
