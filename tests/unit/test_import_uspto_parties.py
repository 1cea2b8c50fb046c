"""Whom the office's names mean: names are not identifiers, and persons leave no name behind."""

import hashlib
import json
from itertools import count
from pathlib import Path

import pytest

from api.importers.uspto_parties import (
    MappingRefused,
    Parties,
    Vouched,
    default_mapping,
    is_organisation,
    parse_mapping,
)
from tests.support.uspto import office_records

WELLS = "party:us.us-well-services-llc"
PAPER = "sha256:" + "7" * 64
"""The hash of the record that names somebody."""


def mapping(*parties: tuple[str, str, list[str]], links: list[object] | None = None) -> bytes:
    return json.dumps(
        {
            "register": "us.uspto",
            "parties": [
                {"party": party, "punctuation": punctuation, "spellings": spellings}
                for party, punctuation, spellings in parties
            ],
            "links": links or [],
        }
    ).encode()


def parties(raw: bytes | None = None) -> Parties:
    tokens: dict[str, str] = {}
    numbers = count()

    def token(name: str) -> str:
        return tokens.setdefault(name, f"party:tok.{next(numbers):032x}")

    return Parties(default_mapping() if raw is None else parse_mapping(raw), token)


def test_a_mapped_spelling_means_the_party_that_the_clerk_gave_it():
    assert WELLS == parties().resolve("U.S. WELL SERVICES, LLC", PAPER)


def test_a_spelling_that_differs_in_punctuation_joins_a_party_whose_punctuation_is_ignored():
    assert WELLS == parties().resolve("U. S. Well Services L.L.C.", PAPER)


def test_where_punctuation_counts_nobody_vouches_for_a_near_spelling():
    known = parties(mapping(("party:us.acme", "exact", ["ACME, INC."])))
    assert "party:us.acme" != known.resolve("ACME INC", PAPER)
    assert known.in_doubt("ACME INC")
    assert {} == known.vouched


def test_of_two_unmapped_spellings_alike_the_first_is_vouched_for_as_its_own_party():
    known = parties(mapping())
    first = known.resolve("BOREALIS INC", PAPER)
    assert first != known.resolve("BOREALIS, INC.", PAPER)
    assert known.in_doubt("BOREALIS, INC.")
    assert {"BOREALIS INC": Vouched(first, "BOREALIS INC", (), PAPER)} == known.vouched


def test_what_the_clerk_mapped_is_vouched_for_by_the_mapping_file_as_it_is_written():
    raw = mapping(("party:us.acme", "ignored", ["ACME, INC."]))
    known = parties(raw)
    known.resolve("Acme Inc., as Collateral Agent", PAPER)
    digest = "sha256:" + hashlib.sha256(raw).hexdigest()
    name = "Acme Inc."
    assert {name: Vouched("party:us.acme", name, (), digest)} == known.vouched
    assert not known.in_doubt("Acme Inc., as Collateral Agent")


def test_two_parties_that_the_clerk_tells_apart_by_punctuation_are_said_to_be_distinct():
    raw = mapping(
        ("party:us.acme", "exact", ["ACME, INC."]), ("party:us.other", "exact", ["ACME INC"])
    )
    known = parties(raw)
    known.resolve("ACME INC", PAPER)
    assert ("party:us.acme",) == known.vouched["ACME INC"].distinct_from


def test_an_unmapped_organisation_is_a_party_of_its_own_by_its_exact_spelling():
    first = parties(mapping()).resolve("TRUIST BANK", PAPER)
    assert first.startswith("party:us.truist-bank-")
    assert first == parties(mapping()).resolve("TRUIST BANK", PAPER)
    assert first != parties(mapping()).resolve("TRUIST-BANK", PAPER)


def test_an_id_fits_however_long_or_foreign_the_name_is():
    for name in ("A VERY LONG NAME " * 20 + "INC.", "株式会社 INC", "ÉCOLE GMBH"):
        assert 86 >= len(parties(mapping()).resolve(name, PAPER))


@pytest.mark.parametrize(
    "spelling",
    [
        "ACME LENDING, AS COLLATERAL AGENT",
        "ACME LENDING (AS ADMINISTRATIVE AND COLLATERAL AGENT)",
        "ACME LENDING as Trustee",
    ],
)
def test_a_capacity_is_no_part_of_a_name(spelling: str):
    listed = mapping(("party:us.acme", "exact", ["ACME LENDING"]))
    assert "party:us.acme" == parties(listed).resolve(spelling, PAPER)


def test_what_only_sounds_like_a_capacity_is_part_of_the_name():
    assert parties(mapping()).is_person("JUST AS GOOD")
    assert parties(mapping()).resolve("AS GOOD AS BANK", PAPER) != parties(mapping()).resolve(
        "AS GOOD", PAPER
    )


def test_a_misspelling_is_another_party():
    known = parties()
    right = known.resolve("LOGICBLOX-PREDICTIX ACQUISITIONCO, INC.", PAPER)
    assert right != known.resolve("LOGICBLOX-PREDICTIX ACQUISTIONCO, INC.", PAPER)


@pytest.mark.parametrize(
    "name",
    [
        "NATURAL-PERSON-001",
        "SMITH, JOHN",
        "BANK, ANN",
        "KIM, SE",
        "THE SMITH FAMILY TRUST",
        "NGUYEN THI NA",
        "TRAN VAN AS",
        "NORDIC PUMPS AG",
        "NGUYỄN VĂN VIỆN",
        "TRẦN ĐẠI HỌC",
        "BAN, KI MOON",
        "山田太郎",
        "김철수",
    ],
)
def test_what_is_not_plainly_an_organisation_is_a_token_that_tells_nothing_of_the_name(name: str):
    known = parties()
    assert known.is_person(name)
    assert f"party:tok.{0:032x}" == known.resolve(name, PAPER) == known.resolve(name, PAPER)


@pytest.mark.parametrize(
    "name",
    [
        "ENTEGRIS, INC.",
        "ALPHA PUMPS, S.A.",
        "ALPHA PUMPS EUROPE, AG",
        "BANK OF AMERICA, N.A.",
        "UNIVERSITY OF X",
        "Công ty Cổ phần Traphaco",
        "CONG TY TNHH ABC",
        "VIỆN DẦU KHÍ VIỆT NAM",
        "Trường Đại học Bách khoa Hà Nội",
        "HOC VIEN KY THUAT QUAN SU",
        "株式会社日立製作所",
        "\uff08株\uff09東芝",
        "清华大学",
        "中国科学院计算技术研究所",
        "삼성전자 주식회사",
        "서울대학교산학협력단",
    ],
)
def test_an_organisation_is_known_by_its_form(name: str):
    assert is_organisation(name)


def test_names_that_are_taken_for_persons_are_listed_once():
    known = parties(mapping())
    for name in ("DOE, ANN", "NORDIC PUMPS AG", "TRUIST BANK", "DOE, ANN"):
        known.resolve(name, PAPER)
    assert ["DOE, ANN", "NORDIC PUMPS AG"] == list(known.persons)


def test_every_organisation_of_the_records_is_mapped_but_the_misspelt_one():
    known = parties()
    names = {
        item.name for record in office_records() for item in (*record.assignors, *record.assignees)
    }
    unmapped = {name for name in names if known.mapped(name) is None}
    organisations = {name for name in unmapped if not name.startswith("NATURAL-PERSON-")}
    assert {"LOGICBLOX-PREDICTIX ACQUISTIONCO, INC."} == organisations


def test_the_mapping_that_the_guide_shows_is_one():
    guide = (Path(__file__).parents[2] / "docs/guides/import-uspto.md").read_text()
    shown = guide.split("```json\n")[1].split("```")[0]
    assert WELLS == parties(shown.encode()).resolve("US WELL SERVICES LLC", PAPER)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(b"{", id="no JSON"),
        pytest.param(b"[" * 100_000, id="too deep"),
        pytest.param(b'{"register":"ep","parties":[],"links":[]}', id="another register"),
        pytest.param(mapping(("firm:us.a", "exact", ["A"])), id="no party id"),
        pytest.param(mapping(("party:us.a", "loose", ["A"])), id="punctuation unknown"),
        pytest.param(mapping(("party:us.a", "exact", [])), id="no spelling"),
        pytest.param(
            mapping(("party:us.a", "exact", ["A"]), ("party:us.b", "exact", ["A"])),
            id="a spelling of two parties",
        ),
        pytest.param(
            mapping(("party:us.a", "ignored", ["A B"]), ("party:us.b", "ignored", ["A.B."])),
            id="two parties alike but for punctuation that is ignored",
        ),
        pytest.param(
            mapping(links=[{"record": "1-1", "refers_to": "2-2", "reason": "x"}] * 2),
            id="a record linked twice",
        ),
    ],
)
def test_a_mapping_that_contradicts_itself_is_refused(broken: bytes):
    with pytest.raises(MappingRefused):
        parse_mapping(broken)
