"""What is granted on a right on a day, as its fold has it and as the rows have it: the same."""

from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.core.body import Body
from projections.tables.grants import grants
from tests.support.builders import (
    CONTRACT,
    FIRM,
    INSTITUTE,
    RIGHT,
    contract_concluded,
    grant,
    hash_of,
    right_filed,
)
from tests.support.contracts import contract_terminated, correction_recorded, terms_amended
from tests.support.projecting import logged, rows_of, true_and_known, value_of
from tests.support.specification import Past
from tests.support.specification import given as past_with

FIRST = date(2026, 12, 1)
DAYS = [FIRST + timedelta(days=30 * number) for number in range(8)]

names = st.sampled_from(["g1", "g2"])
days = st.sampled_from(DAYS)


@st.composite
def changes(draw: st.DrawFn) -> dict[str, Any]:
    """Draw what an amendment does to the grants: replace, add or end some."""
    made = {
        name: grant(
            grant=name,
            exclusivity="non_exclusive",
            valid_from=draw(days).isoformat(),
            valid_to=draw(st.sampled_from(["2028-01-01", "2030-12-01"])),
        )
        for name in draw(st.sets(names))
    }
    return {"grants": list(made.values())} if made else {"grants_ended": ["g1"]}


@st.composite
def histories(draw: st.DrawFn) -> tuple[Body, ...]:
    """Draw a contract's life: a grant, then amendments, corrections, perhaps an end."""
    first = contract_concluded(grants=[grant(exclusivity="non_exclusive")])
    life: list[Body] = [right_filed(), first]
    for _ in range(draw(st.integers(0, 4))):
        said = draw(changes())
        if draw(st.booleans()):
            start = draw(days).isoformat()
            life.append(terms_amended(changes=said, rights=[RIGHT], effective_from=start))
        else:
            life.append(correction_recorded(changes=said, rights=[RIGHT], corrects=hash_of(first)))
    if draw(st.booleans()):
        life.append(
            contract_terminated(
                contract=CONTRACT,
                ground="consent",
                exit=None,
                notice=None,
                rights=[RIGHT],
                terminated_by=[INSTITUTE, FIRM],
                terminated_on=draw(days).isoformat(),
            )
        )
    return tuple(life)


@given(histories())
@settings(deadline=None)
def test_the_rows_say_what_the_right_carries(life: tuple[Body, ...]) -> None:
    admitted: list[Body] = []
    past: Past = past_with()
    for body in life:
        attempt = past.when(body)
        if attempt.refusal is None:  # An end of what is not there is refused, and not told.
            past, admitted = attempt.then_admitted(), [*admitted, body]
    events = logged(*admitted)
    right: Any = value_of(RIGHT, events)
    rows = rows_of(grants, events).get(CONTRACT, ())
    for day in DAYS:
        carried = sorted(
            held.ref
            for held in right.grants
            if held.box.start <= day and (held.box.end is None or day < held.box.end)
        )
        assert carried == sorted(row.ref for row in true_and_known(rows, day))
