"""Answers as drawings: each is drawn from what it says, so a drawing says what its table says."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from api.explorer.drawings import Drawing
from api.explorer.drawn_contracts import (
    draw_balances,
    draw_flow,
    draw_sublicences,
    draw_tiers,
)
from api.explorer.drawn_others import draw_dispute, draw_falls, draw_keys
from api.explorer.drawn_rights import (
    draw_burdens,
    draw_chain,
    draw_dependents,
    draw_history,
    draw_liens,
    draw_stages,
)
from api.explorer.pen import Pen
from projections.questions.party_keys import KeysOf
from projections.questions.remaining_scope import Dependents, LeftToGrant
from projections.questions.status_history import StatusHistory
from projections.questions.sublicences import Tree as Sublicences
from projections.questions.terms import TermsOn
from projections.questions.vouching import MarkedDispute
from projections.tables.chain import Chain
from projections.tables.contract_revenue import Revenue
from projections.tables.dependencies import Falls
from projections.tables.liens import Liens


def drawings_of(answer: object, pen: Pen) -> Iterator[Drawing]:
    """Yield the drawings of an answer; none where it has nothing to draw."""
    for draw in DRAWN.get(type(answer), ()):
        drawing = draw(answer, pen)
        if drawing.rows:
            yield drawing


DRAWN: Mapping[type, tuple[Callable[[Any, Pen], Drawing], ...]] = {
    Chain: (draw_chain,),
    Dependents: (draw_dependents,),
    Falls: (draw_falls,),
    KeysOf: (draw_keys,),
    LeftToGrant: (draw_burdens,),
    Liens: (draw_liens,),
    MarkedDispute: (draw_dispute,),
    Revenue: (draw_balances, draw_flow),
    StatusHistory: (draw_stages, draw_history),
    Sublicences: (draw_sublicences,),
    TermsOn: (draw_tiers,),
}
"""What draws the answers that have something to draw."""
