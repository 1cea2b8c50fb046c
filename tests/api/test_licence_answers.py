"""An answer with all that a licence can have: an exception, a quantity, tiers, a last day."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from api.describe.language import Language
from ledger.domain.core.types import legal_day
from ledger.events.intake import decode
from ledger.follow.client import LedgerClient, read_trust
from ledger.home.paths import Home
from ledger.node.node import Node
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support.builders import CONTRACT, FIRM
from tests.support.licence_page import (
    ANSWER,
    band_of,
    matrix_of,
    must_have_the_matrix,
    must_say_all,
    text_of,
)
from tests.support.rich import LAST_DAY, conclude
from tests.support.world import World

TODAY = legal_day(datetime.now(UTC))


@pytest.fixture(scope="module", autouse=True)
def concluded(url: str, home: Home, node: Node) -> str:
    """Conclude the contract, and fold it."""
    with LedgerClient(url, read_trust(home.trust)) as ledger:
        contract = conclude(ledger, World.of(home), TODAY)
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    return contract


def asking(**changed: str | None) -> dict[str, str]:
    asked: dict[str, str | None] = {
        "party": FIRM,
        "act": "sell",
        "territory": "vn-2025:48",
        "field": "A61K",
        "scheme": "ipc",
        "true_on": TODAY.isoformat(),
    }
    return {name: value for name, value in (asked | changed).items() if value is not None}


QUESTIONS: list[Mapping[str, str | None]] = [
    {},
    {"territory": "vn-2025:01"},
    {"territory": "vn-2004:VN-DN"},
    {"field": "20", "scheme": "vsic", "territory": "iso:VN"},
    {"field": None, "scheme": None, "territory": "vn-2025:01"},
    {"effect": "third_parties", "territory": "vn-2025:01"},
    {"true_on": LAST_DAY[0].isoformat(), "territory": "vn-2025:01"},
    {"true_on": "2035-01-01"},
    {"act": "copy"},
]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("changed", QUESTIONS)
def test_the_page_says_all_that_the_api_answers(
    http: httpx2.Client, changed: Mapping[str, str | None], language: Language
):
    must_say_all(http, asking(**changed), language)


@pytest.mark.parametrize("changed", QUESTIONS)
def test_the_matrix_is_what_the_answer_says_of_each_grant(
    http: httpx2.Client, changed: Mapping[str, str | None]
):
    must_have_the_matrix(http, asking(**changed))


def test_an_exception_a_quantity_and_a_last_day_are_in_the_matrix(http: httpx2.Client):
    page = http.get(ANSWER, params=asking()).text
    row = matrix_of(page)[f"{CONTRACT}#g1"]
    assert ("failed", "Đà Nẵng (vn-2025:48)") == row["excluded"]
    assert "met" == row["territory"][0]
    assert row["quantity"][0] == "told"
    assert "tối đa 500 đơn vị" in row["quantity"][1]
    assert f"đến hết ngày {LAST_DAY[1]}" in row["day"][1]
    assert "no" == band_of(page)[0]


TILE = re.compile(r'<li class="tile (\w+)( here)?">([^<]*)<')


def test_the_tiles_are_the_34_units_with_their_islands(http: httpx2.Client):
    page = http.get(ANSWER, params=asking(territory="vn-2025:01")).text
    tiles = {name: (reach, bool(here)) for reach, here, name in TILE.findall(page)}
    assert 34 == len(tiles)
    assert ("none", False) == tiles.pop("Đà Nẵng, Hoàng Sa"), "it is excepted"
    assert "Khánh Hoà, Trường Sa" in tiles
    assert ("whole", True) == tiles.pop("Hà Nội")
    assert {("whole", False)} == {*tiles.values()}
    assert "Quảng Ngãi" in tiles


def test_terms_tiers_and_the_last_day_are_told_where_a_grant_holds(http: httpx2.Client):
    asked = asking(territory="vn-2025:01")
    page = http.get(ANSWER, params=asked).text
    assert "yes" == band_of(page)[0]
    said = text_of(page)
    assert f"cho phép; đến hết ngày {LAST_DAY[1]}" in said
    drawn = re.findall(r'x2="([0-9.]+)%"[^>]*/></svg>\n<p class="by">([^<]*)<', page)
    assert [("100.0", "5%"), ("65.0", "3,25%")] == drawn
    for words in ("đến 100.000,00 USD", "trên 100.000,00 USD", "2.000,00 USD", "1.234,56 USD"):
        assert words in said, words
    day = LAST_DAY[0] + timedelta(days=1)
    assert "no" == band_of(http.get(ANSWER, params=asked | {"true_on": day.isoformat()}).text)[0]
    last = http.get(ANSWER, params=asked | {"true_on": LAST_DAY[0].isoformat()}).text
    assert "yes" == band_of(last)[0]
