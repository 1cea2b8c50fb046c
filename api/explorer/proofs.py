"""The `.proof` twin of a page: the evidence bundle of what the page rests on, as a file."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from fastapi import Request, Response

from api.deps import address_of, node_of, traffic_of
from api.explorer.found_again import pinned
from api.explorer.shown import HEADERS
from api.explorer.subject_answers import Asked
from api.problems import ApiProblem, NotFound
from api.reads.common import read_known_at
from ledger.log.evidence_bundle import format_evidence
from ledger.node.node import Node
from ledger.publish.bundle_builder import TooMuch
from ledger.store.checkpoints import StoredCheckpoint
from projections.engine.view import NotFolded


@dataclass(frozen=True, slots=True)
class RestsOn:
    """What a page rests on: whole histories of subjects, and single entries."""

    subjects: Sequence[str] = ()
    positions: Collection[int] = ()


async def proved(request: Request, find: Callable[[Node, int], RestsOn]) -> Response:
    """Return the bundle of a page, of what is known under the checkpoint that it shows.

    `find` is given the size up to which it is to look. Raises `ApiProblem` for more than a bundle
    holds, or where nothing is published yet.
    """
    node, checkpoint = node_of(request), await reached(request)
    bundle = await traffic_of(request).replays.run(
        address_of(request), lambda: bundle_of(node, checkpoint, find(node, checkpoint.size))
    )
    file = request.url.path.rpartition("/")[2].replace(":", "-")
    named = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(bundle, media_type="application/json", headers={**HEADERS, **named})


async def reached(request: Request) -> StoredCheckpoint:
    """Return the checkpoint that is shown, once all below it is folded. Raises `NotFound`."""
    checkpoint = node_of(request).best_checkpoint
    if checkpoint is None:
        raise NotFound("nothing has been published yet")
    await traffic_of(request).folding.reach(checkpoint.size, address_of(request))
    return checkpoint


def closed(asked: Asked, size: int) -> Asked:
    """Return what was asked, of all that a checkpoint covers, where nothing else was asked."""
    question = pinned(asked.question, size)
    known_at = asked.known_at
    if known_at is None and question.known_at is not None:
        known_at = read_known_at(question.known_at)
    return replace(asked, question=question, known_at=known_at, after=-1)


def bundle_of(node: Node, checkpoint: StoredCheckpoint, rests_on: RestsOn) -> bytes:
    """Return what shows all that a page rests on. Raises `ApiProblem`, `NotFolded`."""
    last = max(rests_on.positions, default=0)
    if last >= checkpoint.size:
        raise NotFolded(f"entry {last} is under no checkpoint yet that is shown")
    try:
        evidence = node.gatherer.gather(checkpoint, rests_on.subjects, sorted(rests_on.positions))
    except TooMuch as error:
        raise ApiProblem(413, "TOO_LARGE", str(error)) from None
    return format_evidence(evidence)
