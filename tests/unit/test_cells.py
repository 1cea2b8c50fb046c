"""Rows as cells of a spreadsheet: what is there is read back, and nothing of it is run."""

import csv
import io
from typing import Any

import pytest

from api.describe.cells import BOM, Cells, inert, table_of
from api.describe.language import Language
from api.describe.saying import Speech
from ledger.events.lawbook import bundled_law
from projections.questions.market import ListingState
from projections.questions.party_lists import ContractOf
from projections.tables.offers import Offer, OfferState
from tests.support.answers import Maker

LAW = bundled_law()


def cells(kind: type[Any], language: Language = "vi", **members: Any) -> dict[str, str]:
    """Return the cells of a row, by their headings."""
    row = {**Maker().members(kind), **members}
    table = table_of(kind, [row], Speech(language, LAW), {"party:a.b": "Viện Ẵ"})
    return dict(zip(table.headings, table.rows[0], strict=True))


@pytest.mark.parametrize("kind", [ListingState, ContractOf, OfferState])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_each_member_has_a_column_of_its_own(kind: type[Any], language: Language):
    table = table_of(kind, [Maker().members(kind)], Speech(language, LAW), {})
    assert len({*table.headings}) == len(table.headings) == len(table.rows[0])
    assert not [each for each in table.headings if "_" in each]


def test_sums_are_in_units_of_their_currency_and_instants_by_the_clocks_of_hanoi():
    usd = cells(ListingState, price_amount=200_005, price_currency="USD")
    assert ("2000.05", "USD") == (usd["giá"], usd["đồng tiền"])
    assert "437500000" == cells(ListingState, price_amount=437_500_000, price_currency="VND")["giá"]
    told = cells(ListingState, accepted="2026-11-30T17:30:00.000Z", expires_on="2026-11-30")
    assert "2026-12-01T00:30:00.000+07:00" == told["ghi nhận lúc"]
    assert "2026-11-30" == told["hạn đến hết ngày"]


def test_a_term_is_said_by_its_last_day_and_an_open_one_is_empty():
    assert "2034-11-28" == cells(ContractOf, effective_to="2034-11-29")["thời hạn"]
    assert "" == cells(ContractOf, effective_to=None)["thời hạn"]


def test_a_rate_is_a_percentage():
    assert (
        "5,25%"
        == cells(OfferState, offer={**Maker().members(Offer), "royalty_ppm": 52_500})[
            "đề nghị > tỷ lệ phí kỳ vụ"
        ]
    )


def test_a_name_stands_before_its_id():
    assert "Viện Ẵ (party:a.b)" == cells(ListingState, lister="party:a.b")["bên niêm yết"]
    assert "party:a.c" == cells(ListingState, lister="party:a.c")["bên niêm yết"]


@pytest.mark.parametrize("sign", [*"=+-@|", "＝", "＋", "－", "＠"])  # noqa: RUF001  (what is tried)
@pytest.mark.parametrize(
    "before", ["", " ", "\t", "\n", "\ufeff", "\u200b", "a;", 'a;"', "a\n", "a; ", "'"]
)
def test_r6_a_formula_is_inert_wherever_a_spreadsheet_begins_a_cell(sign: str, before: str):
    for cell in inert(f"{before}{sign}cmd|'/C calc'!A0").replace("\n", ";").split(";"):
        assert not cell.lstrip(' "\t\ufeff\u200b').startswith(sign)


@pytest.mark.parametrize(
    "text", ["0100000028", "0100000028-001", "1/3", "1.500", "1234567890123456"]
)
def test_r6_digits_of_a_text_stay_text_with_their_zeros(text: str):
    told = cells(ListingState, title=text)["tên"]
    assert told.endswith(text)
    assert told != text or "-" in text


@pytest.mark.parametrize(
    "text", ["Vật liệu = thép", "a-b", "A+ (VN)", "x@y.vn", "Ữ ẵ ợ Đ", "a;b", "0", "2024"]
)
def test_what_no_spreadsheet_mistakes_stays_as_it_is(text: str):
    assert text == inert(text)


def test_a_file_is_read_back_and_one_that_is_cut_says_so_above_and_below():
    table = Cells(("a", "b"), (('x"y', "1\n2"), ("Đ", "")))
    whole, cut = table.csv(), table.csv("CẮT")
    assert whole.startswith(BOM.encode())
    assert [["a", "b"], ['x"y', "1\n2"], ["Đ", ""]] == read(whole)
    assert ["a", "b", "CẮT"] == read(cut)[0]
    assert ["CẮT", "", ""] == read(cut)[-1]
    assert {3} == {len(row) for row in read(cut)}


def read(file: bytes) -> list[list[str]]:
    return [*csv.reader(io.StringIO(file.decode("utf-8-sig"), newline=""))]
