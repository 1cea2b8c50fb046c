"""Read models themselves: how far they are, and whether they say what the log says."""

from typing import Annotated

from fastapi import Depends, Path, Query, Request

from api.deps import questioned_of
from api.openapi.told import NOT_FOUND
from api.problems import BadParameter
from api.reads.common import AtLeast, Now
from api.reads.parameters import Count
from api.reads.questions import Questions
from projections.run.comparison import (
    Folded,
    ReplayDigest,
    TableDifference,
    TooLong,
    difference,
    folded_models,
    model_named,
    replay_digest,
)

router = Questions(prefix="/v1/projections", tags=["projections"])

Name = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$", examples=["title"])]


async def _replay_max(request: Request) -> int:
    return questioned_of(request).replay_max


ReplayMax = Annotated[int, Depends(_replay_max)]
"""How many entries a request may replay."""


@router.question("", "listProjections", "How far the read models have come")
def list_projections(reader: Now) -> Folded:
    """Return every read model with its version and the size to which it has been folded."""
    return folded_models(reader.pool)


@router.question(
    "/{name}/difference",
    "getProjectionDifference",
    "The first event by which a read model and the log disagree",
    heavy=True,
    told=(NOT_FOUND,),
)
def get_difference(reader: Now, name: Name, replay_max: ReplayMax) -> TableDifference:
    """Replay the log and compare it, row by row, with what the read model holds."""
    return difference(reader.pool, model_named(name), replay_max)


@router.question(
    "/{name}/digest",
    "getProjectionDigest",
    "The digest of a read model after so many entries",
    heavy=True,
    told=(NOT_FOUND,),
)
def get_digest(
    reader: Now,
    name: Name,
    size: Annotated[Count, Query(description="How many entries to replay", examples=[1])],
    replay_max: ReplayMax,
    at_least: AtLeast = None,
) -> ReplayDigest:
    """Replay the first `size` entries: anyone who replays them elsewhere gets the same digest."""
    if at_least is not None and at_least > size:
        beyond = f"it is beyond the {size} entries that are to be replayed"
        raise BadParameter("at_least", at_least, beyond)
    try:
        return replay_digest(reader.pool, model_named(name), size, replay_max)
    except TooLong as error:
        raise BadParameter("size", size, str(error)) from None
