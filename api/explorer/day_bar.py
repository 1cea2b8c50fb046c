"""What the day bar of a page asks: of which day, as known when and by whom, between whom."""

from typing import Annotated

from fastapi import Depends, Request

from api.describe.links import AddressQuery
from api.explorer.asked_by_hand import DayByHand, KnownByHand, known_up_to
from api.explorer.shown import language_of
from api.explorer.subject_answers import Asked
from api.reads.common import EffectText, KnownByText, today
from projections.engine.view import written


def _asked(
    request: Request,
    true_on: DayByHand = None,
    known_at: KnownByHand = None,
    known_by: KnownByText = "ledger",
    effect: EffectText = "parties",
) -> Asked:
    known_at = known_up_to(known_at, known_by)
    on = None if true_on is None else true_on.isoformat()
    question = AddressQuery(language_of(request), on, written(known_at), known_by, effect)
    return Asked(question, true_on or today(), known_at, known_by, effect, after=-1)


DayBar = Annotated[Asked, Depends(_asked)]
"""What is asked beside the subject of a page."""
