"""What is left to grant has a size: an answer that nobody could read is not made."""

from datetime import date

import pytest

from ledger.domain.core.scope import Field, HeldGrant, Territory, box
from ledger.domain.rights.remaining_scope import TooFinelyCut, ungranted

TODAY = date(2026, 11, 22)
ACTS = ("make", "sell", "use")
WORLD = Territory.model_construct(codes=("world",))
ANY = Field.model_construct(scheme="any", edition=None, codes=())


def held(number: int, places: int, symbols: int) -> HeldGrant:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    countries = tuple(f"iso:{first}{second}" for first in letters for second in letters)[:places]
    codes = tuple(f"C09D {group}/{sub:02d}" for group in range(1, 100) for sub in range(2, 80))
    field = Field.model_construct(scheme="ipc", edition="2026.01", codes=codes[:symbols])
    territory = Territory.model_construct(codes=countries)
    start = date(2026, 1, 1 + number)
    return HeldGrant(
        ref=f"contract:{number}#g",
        licensor="party:a",
        licensee="party:b",
        exclusive=False,
        box=box(ACTS, territory, field, start, None),
        position=number,
        head=None,
        accepts=frozenset(),
        kind="non_exclusive",
        recorded=TODAY,
    )


SPACE = box(ACTS, WORLD, ANY, date(2026, 1, 1), None)


def test_grants_of_an_ordinary_size_are_answered():
    grants = [held(number, places=20, symbols=20) for number in range(10)]
    assert ungranted(SPACE, grants, exclusive=True)


@pytest.mark.parametrize(
    ("grants", "places", "symbols"),
    [(3, 200, 2000), (1, 1, 7000), (28, 600, 1)],
    ids=["all", "fields", "grants"],
)
def test_what_is_cut_too_finely_is_refused_before_it_is_made(grants, places, symbols):
    book = [held(number, places, symbols) for number in range(grants)]
    with pytest.raises(TooFinelyCut):
        ungranted(SPACE, book, exclusive=True)
