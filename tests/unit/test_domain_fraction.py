"""Shares that could not be written are refused, or rounded among those whom they concern."""

from datetime import date
from fractions import Fraction

from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from ledger.domain.core.body import Body
from ledger.domain.rights.fraction import FINEST, ShareTooFine, common_denominator, fitted
from ledger.wire.canonical import MAX_INT
from projections.tables.title_events import title
from tests.support.builders import (
    FIRM,
    INSTITUTE,
    RIGHT,
    RIVAL,
    THIRD,
    assignment_agreed,
    assignment_registered,
    held,
    right_filed,
)
from tests.support.conveyances import conveyance_attested, executed
from tests.support.projecting import logged, rows_of, true_and_known
from tests.support.specification import given, said
from tests.support.titles import assignment_rescinded, priority_noted

FINE = 2**53 - 111  # A prime.
SOFTWARE = right_filed(kind="software")

_shares = st.builds(
    lambda d, n: Fraction(n % d + 1, d), st.integers(1, FINEST), st.integers(0, FINEST)
)


def test_the_bound_is_the_largest_integer_of_an_event() -> None:
    assert FINEST == MAX_INT


@settings(max_examples=200, deadline=None)
@for_all(st.lists(st.tuples(_shares, _shares, st.integers(1, 3)), min_size=1, max_size=12))
def test_whatever_is_moved_the_shares_can_be_written_and_make_the_whole(
    moves: list[tuple[Fraction, Fraction, int]],
) -> None:
    owners = {"a": Fraction(1, 3), "b": Fraction(2, 3)}
    for number, (share, part, takers) in enumerate(moves):
        giver = sorted(owners)[number % len(owners)]
        gives = min(share, owners[giver])
        takes = {f"t{n}": gives * part / takers for n in range(takers)}
        takes["z"] = gives - sum(takes.values())
        takes = {party: each for party, each in takes.items() if each}
        given_, taken = fitted(owners, {giver: gives}, takes)
        assert sum(given_.values()) == sum(taken.values())
        assert all(taken.values())
        assert gives - Fraction(2, FINEST) < given_[giver] <= gives
        before = dict(owners)
        owners[giver] -= given_[giver]
        for party, each in taken.items():
            owners[party] = owners.get(party, Fraction(0)) + each
        owners = {party: each for party, each in owners.items() if each}
        assert sum(owners.values()) == 1
        assert common_denominator(owners.values()) is not None
        others = before.keys() - {giver} - takes.keys()
        assert all(owners[party] == before[party] for party in others)


def test_what_fits_is_never_rounded() -> None:
    owners = {"a": Fraction(1, 3), "b": Fraction(2, 3)}
    moves = {"a": Fraction(1, 21)}, {"c": Fraction(1, 21)}
    assert fitted(owners, *moves) == moves


def test_hundreds_of_gifts_between_two_come_to_a_refusal_and_not_to_a_monster() -> None:
    log, refused = given(SOFTWARE), 0
    for number in range(303):
        parts = FINE - 2 * number
        gift = assignment_agreed(
            assignment=f"assignment:{number}",
            assignors=[held(INSTITUTE, 1, parts)],
            assignees=[held(FIRM, 1, parts)],
            agreed_on="2026-11-02",
            ground="gift",
        )
        attempt = log.when(gift)
        if attempt.refusal is None:
            log = attempt.then_admitted()
        else:
            attempt.then_refused(ShareTooFine)
            refused += 1
        assert common_denominator(log.value(RIGHT).owners.values()) is not None
    assert refused == 302


def part(party: str, share: Fraction) -> dict[str, object]:
    return {"party": party, "share": share}


def test_what_goes_back_in_proportion_is_rounded_and_makes_the_whole() -> None:
    """Two gave to the firm, which has little left when they take it back: each gets its part."""
    p, q = 2**26 - 5, 2**26 - 27
    left = Fraction(1, q)
    filed = right_filed(kind="software", owners=[held(INSTITUTE, 1, 2), held(THIRD, 1, 2)])
    agreed = {"agreed_on": "2026-11-02", "ground": "gift"}
    gift = assignment_agreed(
        assignors=[held(INSTITUTE, 3, p), held(THIRD, 1, p)], assignees=[held(FIRM, 4, p)], **agreed
    )
    most = Fraction(4, p) - left
    on = assignment_agreed(
        assignment="assignment:on",
        assignors=[part(FIRM, most)],
        assignees=[part(RIVAL, most)],
        **agreed,
    )
    back = assignment_rescinded(parties=[INSTITUTE, THIRD, FIRM], rescinded_on="2026-11-02")
    owners = owners_in_both(filed, gift, on, back)
    assert owners[RIVAL] == most
    exact = Fraction(1, 2) - Fraction(3, p) + left * Fraction(3, 4)
    assert owners[INSTITUTE] != exact
    assert abs(owners[INSTITUTE] - exact) < Fraction(2, FINEST)


def owners_in_both(*bodies: Body) -> dict[str, Fraction]:
    """Return the owners by the rules, whom the read model must show as well, in every row."""
    owners = dict(given(*bodies).value(RIGHT).owners)
    rows = rows_of(title, logged(*bodies))[RIGHT]
    for effect in ("parties", "third_parties"):
        held_so = [row for row in rows if row.effect == effect]
        assert all(row.share.denominator <= FINEST for row in held_so)
    now = true_and_known(rows, date(2026, 12, 1))
    assert {row.party: row.share for row in now if row.effect == "parties"} == owners
    assert sum(owners.values()) == 1
    assert common_denominator(owners.values()) is not None
    return owners


def test_what_an_office_records_stands_and_touches_nobody_else() -> None:
    """A prime part of the title leaves no room for sevenths of the rest: they are rounded."""
    filed = right_filed(owners=[held(INSTITUTE, FINE - 1, FINE), held(RIVAL, 1, FINE)])
    third = conveyance_attested(
        "1-1",
        assignors=executed(INSTITUTE),
        assignees=[FIRM, THIRD],
        office_recorded_on="2026-11-02",
    )
    seventh = conveyance_attested(
        "2-1",
        assignors=executed(FIRM),
        assignees=[INSTITUTE, "party:x", "party:y"],
        office_recorded_on="2026-11-02",
    )
    owners = owners_in_both(filed, third, seventh)
    assert owners[RIVAL] == Fraction(1, FINE)
    assert abs(owners[THIRD] - Fraction(1, 2)) < Fraction(2, FINE)


def test_an_assignment_that_was_agreed_in_time_is_registered_however_fine_the_title_is() -> None:
    half = assignment_agreed(assignors=[held(INSTITUTE, 1, 2)], assignees=[held(FIRM, 1, 2)])
    fine = assignment_agreed(
        assignment="assignment:fine",
        assignors=[held(INSTITUTE, 1, FINE)],
        assignees=[held(RIVAL, 1, FINE)],
    )
    registered = assignment_registered(assignment="assignment:fine")
    owners = owners_in_both(right_filed(), half, fine, registered, assignment_registered())
    assert owners[RIVAL] == Fraction(1, FINE)
    assert owners[FIRM] == Fraction(FINE // 2, FINE)


def test_shares_that_are_kept_for_several_can_be_added_up() -> None:
    parts = (2, FINE)
    log = given(right_filed())
    for number, part in enumerate(parts):
        agreed = assignment_agreed(
            assignment=f"assignment:{number}",
            assignors=[held(INSTITUTE, 1, part)],
            assignees=[held(FIRM, 1, part)],
        )
        log = log.and_then(agreed)
    log = log.and_then(priority_noted(assignment="assignment:0"))
    log.when(said(priority_noted(assignment="assignment:1"))).then_refused(
        ShareTooFine, positions=(1,)
    )
