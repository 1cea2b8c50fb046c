"""Who is exclusive where, what may still be granted, and what ends with a right."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from ledger.domain.core.scope import Field, Territory
from ledger.store.connection import Pool
from projections.questions.remaining_scope import Part, dependents_of, exclusive_in, left_of
from tests.support import builders as b
from tests.support.builders import (
    BANK,
    CONTRACT,
    FIRM,
    INSTITUTE,
    RIGHT,
    RIVAL,
    SUBLICENCE,
    TECHNOLOGY,
)
from tests.support.folded import telling
from tests.support.reading import reading

DA_NANG = {"codes": ["vn-2025:48"]}
OF_KNOW_HOW = "contract:know-how"
STORY = (
    b.right_filed(filed_on="2020-03-10"),
    b.right_granted(),
    b.contract_concluded(
        grants=[
            b.grant(
                acts=["make", "sell"],
                territory=DA_NANG,
                valid_from="2027-01-01",
                valid_to="2030-01-01",
                sublicensing="free",
            )
        ]
    ),
    b.sublicence_granted(
        grant=b.grant(
            licensor=FIRM,
            licensee=RIVAL,
            exclusivity="non_exclusive",
            acts=["sell"],
            territory=DA_NANG,
            valid_from="2027-01-01",
            valid_to="2029-01-01",
        )
    ),
    b.security_created(),
    b.technology_registered(),
    b.contract_concluded(
        contract=OF_KNOW_HOW,
        grants=[b.grant(rights=[], technologies=[TECHNOLOGY], territory=DA_NANG, valid_to=None)],
    ),
)
FILED, GRANTED, LICENSED, SUBLICENSED, CHARGED, REGISTERED, TAUGHT = range(1, 8)
ANY = Field.model_validate({"scheme": "any", "edition": None, "codes": []})
MEDICINE = Field.model_validate({"scheme": "ipc", "edition": "2026.01", "codes": ["A61K 31/00"]})
ENGINES = Field.model_validate({"scheme": "ipc", "edition": "2026.01", "codes": ["F02"]})


@pytest.fixture(scope="module")
def told(postgres_server) -> Iterator[Pool]:
    with telling(postgres_server, STORY) as pool:
        yield pool


def place(code: str) -> Territory:
    return Territory.model_validate({"codes": [code]})


@pytest.mark.parametrize(
    ("where", "what", "start", "end", "exclusive"),
    [
        ("vn-2025:48", MEDICINE, "2028-01-01", "2028-02-01", True),
        ("vn-2004:VN-27", MEDICINE, "2028-01-01", None, True),
        ("vn-2025:01", MEDICINE, "2028-01-01", None, False),
        ("vn-2025:48", ENGINES, "2028-01-01", None, False),
        ("vn-2025:48", MEDICINE, "2030-01-01", None, False),
        ("vn-2025:48", MEDICINE, "2026-01-01", "2027-01-01", False),
        ("world", ANY, "2026-01-01", None, True),
    ],
)
def test_who_is_exclusive(told, where, what, start, end, exclusive):
    part = Part(place(where), what, date.fromisoformat(start), end and date.fromisoformat(end))
    found = exclusive_in(reading(told), RIGHT, part)
    assert exclusive == found.exclusive
    assert ([f"{CONTRACT}#g1"] if exclusive else []) == [row.ref for row in found.grants]
    assert ((LICENSED,) if exclusive else ()) == found.positions


def test_what_may_still_be_granted_in_da_nang(told):
    """The field is free but for A61K, and A61K before and after the exclusive licence."""
    found = left_of(
        reading(told),
        RIGHT,
        start=date(2027, 1, 1),
        end=date(2031, 1, 1),
        territory=place("vn-2025:48"),
    )
    free = {(each.field, each.start, each.acts[0]) for each in found.non_exclusive}
    assert ("any", date(2027, 1, 1), "adapt") in free
    medicine = [each for each in found.non_exclusive if each.field == "A61K"]
    assert [(date(2027, 1, 1), date(2030, 1, 1)), (date(2030, 1, 1), date(2031, 1, 1))] == [
        (each.start, each.end) for each in medicine
    ]
    assert {"make", "sell"}.isdisjoint(medicine[0].acts)
    assert {"make", "sell"}.issubset(medicine[1].acts)
    assert [f"{CONTRACT}#g1", f"{SUBLICENCE}#g1"] == [row.ref for row in found.encumbrances]
    assert [(BANK,)] == [lien.creditors for lien in found.liens]
    assert CHARGED in found.positions


def test_a_title_bounds_what_may_be_granted(told):
    found = left_of(reading(told), RIGHT, start=date(2027, 1, 1), end=None)
    assert ("iso:VN",) == found.part.territory.codes
    assert date(2040, 3, 11) == found.part.end
    over = left_of(reading(told), RIGHT, start=date(2041, 1, 1), end=None)
    assert ((), ()) == (over.exclusive, over.non_exclusive)


def test_before_the_licence_was_known_all_was_free(told):
    found = left_of(reading(told, known_at=GRANTED), RIGHT, start=date(2027, 1, 1), end=None)
    (free,) = found.exclusive
    assert (("iso:VN",), "any", ()) == (free.territory, free.field, free.without)


def test_what_ends_with_the_right_and_who_must_be_told(told):
    found = dependents_of(reading(told), RIGHT, true_on=date(2028, 1, 1))
    assert [f"{CONTRACT}#g1", f"{SUBLICENCE}#g1"] == [each.grant.ref for each in found.dependents]
    assert tuple(sorted({INSTITUTE, FIRM, RIVAL, BANK})) == found.tell
    assert (LICENSED, SUBLICENSED, CHARGED) == found.positions, "who is told for a lien, too"
    later = dependents_of(reading(told), RIGHT, true_on=date(2029, 6, 1))
    assert [f"{CONTRACT}#g1"] == [each.grant.ref for each in later.dependents]


def test_know_how_is_taken_and_left_as_a_right_is(told):
    """Exclusive in Đà Nẵng: elsewhere all of it may be granted, without a title's bounds."""
    taken = Part(place("vn-2025:48"), MEDICINE, date(2028, 1, 1), None)
    found = exclusive_in(reading(told), TECHNOLOGY, taken)
    assert [f"{OF_KNOW_HOW}#g1"] == [row.ref for row in found.grants]
    assert ((TAUGHT,), "yes") == (found.positions, found.verdict)
    elsewhere = replace(taken, territory=place("vn-2025:01"))
    assert "no" == exclusive_in(reading(told), TECHNOLOGY, elsewhere).verdict
    left = left_of(reading(told), TECHNOLOGY, start=date(2028, 1, 1), end=None)
    assert (("world",), None, None) == (left.part.territory.codes, left.part.end, left.status)
    assert any(("vn-2025:48",) == each.outside for each in left.exclusive)
    assert ((), (f"{OF_KNOW_HOW}#g1",)) == (left.liens, tuple(row.ref for row in left.encumbrances))


def test_what_nobody_registered_is_not_left_to_grant(told):
    asked = {"start": date(2028, 1, 1), "end": None}
    unheard = left_of(reading(told), "technology:unheard-of", **asked)
    assert ((), (), "unknown") == (unheard.exclusive, unheard.non_exclusive, unheard.verdict)
    before = left_of(reading(told, known_at=CHARGED), TECHNOLOGY, **asked)
    assert ((), ()) == (before.exclusive, before.non_exclusive)
