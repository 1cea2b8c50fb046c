"""Evidence bundles: one file with which anybody checks a subject's whole history offline."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.deps import address_of, node_of, traffic_of
from api.openapi.declared_answers import declared
from api.openapi.told import NOT_FOUND, TOO_MUCH
from api.problems import ApiProblem, NotFound
from api.reads.caching import NO_CACHE
from api.reads.parameters import Count
from ledger.log.evidence_bundle import format_evidence
from ledger.publish.bundle_builder import NotThere, TooMuch

router = APIRouter(prefix="/v1/evidence", tags=["evidence"])

MAX_SUBJECTS = 100

Subjects = Annotated[
    list[Annotated[str, Query(pattern=r"^[a-z]+:[a-z0-9.-]{1,80}$")]] | None,
    Query(
        description="Subjects whose whole histories are to be shown; repeat it",
        max_length=MAX_SUBJECTS,
    ),
]
Positions = Annotated[
    list[Count] | None,
    Query(description="Single entries to be shown; repeat it", max_length=MAX_SUBJECTS),
]


@router.get(
    "",
    operation_id="getEvidence",
    summary="An evidence bundle: entries, keys, proofs, histories under the last seal",
    responses=declared("The bundle", "Bundle", told=(NOT_FOUND, TOO_MUCH)),
)
async def get_evidence(
    request: Request,
    subject: Subjects = None,
    position: Positions = None,
) -> Response:
    """Return a bundle (docs/spec/bundle.md) that `python -m ledger.verify FILE` checks offline.

    Without parameters it shows the genesis and the charter: who governs the log, and by which keys.
    Openings of sealed sections are not in it: anyone who holds them adds them.
    """
    node = node_of(request)
    checkpoint = node.best_checkpoint
    if checkpoint is None:
        raise NotFound("nothing has been published yet")

    def gather() -> bytes:
        return format_evidence(node.gatherer.gather(checkpoint, subject or [], position or []))

    try:
        bundle = await traffic_of(request).replays.run(address_of(request), gather)
    except NotThere as error:
        raise NotFound(str(error)) from None
    except TooMuch as error:
        raise ApiProblem(413, "TOO_LARGE", str(error)) from None
    return Response(
        bundle,
        media_type="application/json",
        headers=NO_CACHE,
    )
