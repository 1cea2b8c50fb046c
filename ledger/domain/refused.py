"""
A refusal as it is kept beside the log: the bytes that it is about are dead, and told so again.

A rule that refuses an event which all its signers have signed has answered for good: else anyone
who runs the ledger could hold a signed event back, and record it on the day that suits. What
another signature, an opening, an earlier event or another day may mend is kept by nobody.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from ledger.domain.core.body import FoldedState
from ledger.domain.core.context import Context
from ledger.domain.core.event import Event
from ledger.domain.core.ground import Ground
from ledger.domain.core.refusal import Refusal
from ledger.domain.parties.ledger_state import ledger_of
from ledger.domain.signing.both_sides import must_not_sign_both_named_sides
from ledger.domain.signing.signers import must_be_registered, must_bind, must_name_signers


class NotJudged(Refusal):
    """This software failed at judging the event: a fault of ours, that a later version may mend."""

    code = "NOT_JUDGED"
    final = False
    title_vi = "Phần mềm gặp lỗi khi xét sự kiện; phiên bản sau có thể khắc phục"


def is_dead(refusal: Refusal, state: FoldedState, event: Event, context: Context) -> bool:
    """Say whether these bytes, which a rule has refused, are never to be recorded."""
    if not refusal.final or context.accepted > event.not_after:
        return False
    return is_bound(state, event, context)


def is_bound(state: FoldedState, event: Event, context: Context) -> bool:
    """Say whether its lines bind all who have to sign an event, and nobody else."""
    try:
        ledger = ledger_of(state, event)
        must_name_signers(event, ledger)
        must_be_registered(state, event, context)
        stands = must_bind(state, event, ledger, context)
        must_not_sign_both_named_sides(state, event, stands, context)
    except Refusal:
        return False
    return True


def keep_refusal(refusal: Refusal) -> dict[str, Any]:
    """Return what has to be kept of a refusal to say it again, as JSON values."""
    ground = refusal.ground
    return {
        "code": refusal.code,  # Not its words: they may tell what is sealed.
        "positions": list(refusal.positions),
        "ground": ground
        and {
            "rule": ground.rule,
            "topic": ground.topic,
            "instrument": ground.instrument,
            "article": ground.article,
            "valid_from": ground.valid_from.isoformat(),
        },
    }


def recall_refusal(kept: Mapping[str, Any]) -> Refusal:
    """Return the refusal that `keep_refusal` kept."""
    ground = kept["ground"]
    return classes()[kept["code"]](
        "these bytes were refused by this rule before",
        positions=kept["positions"],
        ground=ground
        and Ground(
            **{**ground, "valid_from": date.fromisoformat(ground["valid_from"])},
            valid_to=None,
            values={},
        ),
    )


@lru_cache(maxsize=1)
def classes() -> Mapping[str, type[Refusal]]:
    """Return every rule of the ledger, by its code; an importer has some of its own."""
    rules = (kind for kind in _subclasses(Refusal) if kind.__module__.startswith("ledger."))
    return {kind.code: kind for kind in rules if hasattr(kind, "code")}


def _subclasses(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)
