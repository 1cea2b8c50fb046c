"""
What a registration came too late for: shares that its assignors had given to others before.

The register has the last word and is recorded whatever it contradicts: shares move as far as the
assignors still have them. What they had no more is found here.
"""

from ledger.domain.rights.title import BY_AGREEMENT
from projections.engine.view import DATED, Known, View, bound_parameters, positions_of
from projections.tables.title_events import TitleRow, title


def terms_of(view: View, right: str, assignment: str, known: Known) -> tuple[TitleRow, ...]:
    """Return the terms of an assignment of a right, negative for what a party gives, as known."""
    asked = {"right": right, "assignment": assignment, **bound_parameters(known)}
    return view.rows(
        title,
        f"""subject = %(right)s AND "by" = %(assignment)s
            AND effect NOT IN ('parties', 'third_parties') AND {DATED}""",
        asked,
        order="party, n",
    )


def overtaken(view: View, right: str, assignment: str, registered: int) -> tuple[int, ...]:
    """Return the positions of what had moved what an assignment, registered there, gives."""
    before = view.as_of(registered - 1)
    terms = terms_of(view, right, assignment, before)
    if not terms or terms[0].effect == "registered":
        return ()
    if terms[0].right_kind in BY_AGREEMENT and terms[0].effect != "ended":
        return ()  # It passed when it was agreed: the register only tells the others.
    given = {row.party: -row.share for row in terms if row.share < 0}
    held = view.rows(
        title,
        f"subject = %(right)s AND effect = 'parties' AND true_to IS NULL AND {DATED}",
        {"right": right, **bound_parameters(before)},
        order="party, n",
    )
    owned = {row.party: row.share for row in held}
    if all(owned.get(party, 0) >= share for party, share in given.items()):
        return ()
    by = sorted({row.by for row in held if row.party not in given} - {right})
    moved = view.rows(
        title,
        """subject = %(right)s AND effect = 'parties' AND "by" = ANY(%(by)s)
            AND known_from < %(registered)s""",
        {"right": right, "by": by, "registered": registered},
        order="known_from, party, n",
    )
    first: dict[str, int] = {}
    for row in moved:
        first.setdefault(row.by, row.known_from)
    return positions_of([*first.values()])
