"""Read models themselves: how far they are, and whether they say what the log says."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.deps import node_of
from api.problems import ApiProblem, NotFound
from api.reads.common import AtLeast, ask
from api.reads.parameters import Count
from projections.engine.projection import ReadModel
from projections.run.comparison import (
    TooLong,
    UnknownProjection,
    difference,
    folded_models,
    model_named,
    replay_digest,
)

router = APIRouter(prefix="/v1/projections", tags=["projections"])

Name = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$", examples=["title"])]


def _model(name: str) -> ReadModel:
    try:
        return model_named(name)
    except UnknownProjection as error:
        raise NotFound(str(error)) from None


@router.get("", operation_id="listProjections", summary="How far the read models have come")
async def list_projections(request: Request, at_least: AtLeast = None) -> Response:
    """Return every read model with its version and the size to which it has been folded."""
    return await ask(request, at_least, lambda: folded_models(node_of(request).reads))


@router.get(
    "/{name}/difference",
    operation_id="getProjectionDifference",
    summary="The first event by which a read model and the log disagree",
)
async def get_difference(request: Request, name: Name, at_least: AtLeast = None) -> Response:
    """Replay the log and compare it, row by row, with what the read model holds."""
    node, model = node_of(request), _model(name)
    try:
        return await ask(
            request,
            at_least,
            lambda: difference(node.reads, model, node.settings.replay_max),
            heavy=True,
        )
    except TooLong as error:
        raise ApiProblem(422, "BAD_PARAMETER", f"{error}: use techledger operate compare") from None


@router.get(
    "/{name}/digest",
    operation_id="getProjectionDigest",
    summary="The digest of a read model after so many entries",
)
async def get_digest(
    request: Request,
    name: Name,
    size: Annotated[Count, Query(description="How many entries to replay", examples=[1])],
    at_least: AtLeast = None,
) -> Response:
    """Replay the first `size` entries: whoever replays them elsewhere gets the same digest."""
    node, model = node_of(request), _model(name)
    if at_least is not None and at_least > size:
        contradiction = f"at_least {at_least} is beyond the {size} entries that are to be replayed"
        raise ApiProblem(422, "BAD_PARAMETER", contradiction)
    try:
        return await ask(
            request,
            at_least,
            lambda: replay_digest(node.reads, model, size, node.settings.replay_max),
            heavy=True,
        )
    except TooLong as error:
        raise ApiProblem(422, "BAD_PARAMETER", str(error)) from None
