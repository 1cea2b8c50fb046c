"""What people read: sums by the digits of their currency, last days, Hà Nội, places less places."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from api.describe.days import day, left, moment, span, until, up_to
from api.describe.description import Described, describe, lines_of
from api.describe.labels import label
from api.describe.language import Language
from api.describe.money import number, percent, share, sum_of
from api.describe.places import office, place
from api.describe.saying import Line, Speech
from api.describe.sentences import sentence_of
from api.describe.shape import members_of_kind
from ledger.domain.contracts.contract_terms import Grant, Terms
from ledger.domain.contracts.royalty import Royalty
from ledger.events.lawbook import bundled_law
from projections.questions.arrears import MinimumMet
from projections.questions.dispute_record import HoldsOn
from projections.questions.lapses import StandingRow
from projections.questions.licence_check import LicenceCheck
from projections.questions.remaining_scope import Dependent
from projections.questions.terms import TermsDifference
from projections.questions.title import Title
from projections.questions.vouching import MarkedEvent
from projections.tables.contract_revenue import Balance
from projections.tables.grants import ContractRow
from projections.tables.party_facts import PartyFact
from projections.tables.status import Standing

LAW = bundled_law()


@pytest.mark.parametrize(
    ("amount", "currency", "vi", "en"),
    [
        (200_000, "USD", "2.000,00 USD", "USD 2,000.00"),
        (2_000, "JPY", "2.000 JPY", "JPY 2,000"),
        (437_500_000, "VND", "437.500.000 VND", "VND 437,500,000"),
        (1_234_567, "KWD", "1.234,567 KWD", "KWD 1,234.567"),
        (-5, "USD", "-0,05 USD", "USD -0.05"),
        (7, "XAU", "7 đơn vị nhỏ nhất của XAU", "7 minor units of XAU"),
        (10**20, "VND", "100.000.000.000.000.000.000 VND", "VND 100,000,000,000,000,000,000"),
    ],
)
def test_a_sum_has_the_digits_of_its_currency(amount: int, currency: str, vi: str, en: str) -> None:
    assert (vi, en) == (sum_of(amount, currency, "vi"), sum_of(amount, currency, "en"))


def test_what_can_be_done_to_the_end_of_a_day_is_said_by_the_day() -> None:
    """S13: 16:59:59 in UTC is the last second of the day in Hà Nội; a minute before is not."""
    last = datetime(2026, 11, 30, 16, 59, 59, tzinfo=UTC)
    assert ("đến hết ngày 30/11/2026", "to 30 November 2026 inclusive") == (
        *(up_to(last, "vi"), up_to(last, "en")),
    )
    assert "đến 23:58:59 ngày 30/11/2026 (giờ Hà Nội)" == up_to(last - timedelta(minutes=1), "vi")
    assert "until 1 December 2026, 00:00:00 (Hà Nội time)" == up_to(
        last + timedelta(seconds=1), "en"
    )


@pytest.mark.parametrize(
    ("span", "vi", "en"),
    [
        (timedelta(days=3, hours=4, minutes=5), "3 ngày 4 giờ", "3 days 4 hours"),
        (timedelta(days=1, minutes=59), "1 ngày", "1 day"),
        (timedelta(hours=1, minutes=1, seconds=59), "1 giờ 1 phút", "1 hour 1 minute"),
        (timedelta(seconds=59), "0 phút", "0 minutes"),
        (timedelta(seconds=-1), "0 phút", "0 minutes"),
    ],
)
def test_what_is_left_is_told_by_its_two_largest_units(span: timedelta, vi: str, en: str) -> None:
    assert (vi, en) == (left(span, "vi"), left(span, "en"))


def test_rates_shares_and_numbers() -> None:
    assert ("5,25%", "5.25%") == (percent(52_500, "vi"), percent(52_500, "en"))
    assert ("0,0001%", "100%") == (percent(1, "vi"), percent(1_000_000, "en"))
    assert ("toàn bộ", "1/3") == (share(2, 2, "vi"), share(1, 3, "en"))
    assert ("12.345", "12,345") == (number(12345, "vi"), number(12345, "en"))


def test_a_span_is_said_by_its_last_day() -> None:
    start, end = date(2026, 11, 29), date(2034, 11, 29)
    assert "từ ngày 29/11/2026 đến hết ngày 28/11/2034" == span(start, end, "vi")
    assert "from 29 November 2026 to 28 November 2034 inclusive" == span(start, end, "en")
    assert "đến hết ngày 28/11/2034" == until(end, "vi")
    assert "từ ngày 29/11/2026, không thời hạn" == span(start, None, "vi")
    assert "from 29 November 2026, with no end" == span(start, None, "en")
    assert "on no day (29 November 2026)" == span(start, start, "en")
    assert "từ đầu, như chưa từng có" == day(date.min, "vi")


def test_instants_are_told_in_ha_noi() -> None:
    instant = datetime(2026, 11, 28, 17, 0, 1, tzinfo=UTC)
    assert "00:00:01 ngày 29/11/2026 (giờ Hà Nội)" == moment(instant, "vi")
    assert "29 November 2026, 00:00:01 (Hà Nội time)" == moment(instant, "en")


def test_places_and_offices_stand_in_words_with_their_codes() -> None:
    assert "Việt Nam (iso:VN)" == place("iso:VN", "en")
    assert "Nhật Bản (iso:JP)" == place("iso:JP", "vi")
    assert "Đà Nẵng (vn-2025:48)" == place("vn-2025:48", "en")
    assert place("vn-2004:VN-27", "vi") == (
        "Quảng Nam trước ngày 01/7/2025 (vn-2004:VN-27; nay thuộc Đà Nẵng, vn-2025:48)"
    )
    assert "vn-2025:00" == place("vn-2025:00", "vi")
    assert "European Patent Office (ep)" == office("ep", "en")
    assert "cơ quan sở hữu trí tuệ của Lào (la)" == office("la", "vi")
    assert "Sở Khoa học và Công nghệ" == office("Sở Khoa học và Công nghệ", "en")


GRANT: Mapping[str, Any] = {
    "grant": "g1",
    "licensor": "party:vn.a",
    "licensee": "party:vn.b",
    "rights": ["right:vn.1"],
    "technologies": [],
    "acts": ["make", "sell"],
    "exclusivity": "exclusive",
    "territory": {"codes": ["iso:VN"]},
    "field": {"scheme": "any", "edition": None, "codes": []},
    "valid_from": "2026-11-29",
    "valid_to": "2034-11-29",
    "sublicensing": "no",
    "transferable": False,
    "accepts": [],
    "excluded": {"territory": {"codes": ["vn-2025:48"]}},
    "quantity": 500,
}


def told(lines: tuple[Line, ...], name: str) -> str:
    (text,) = (line.text for line in lines if line.label == name)
    return text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "vi",
            {
                "nơi": "Việt Nam (iso:VN), trừ Đà Nẵng (vn-2025:48)",
                "lĩnh vực": "mọi lĩnh vực",
                "số lượng": "500 đơn vị sản phẩm",
                "thời hạn": "từ ngày 29/11/2026 đến hết ngày 28/11/2034",
                "hành vi": "sản xuất, bán",
            },
        ),
        (
            "en",
            {
                "territory": "Việt Nam (iso:VN), except Đà Nẵng (vn-2025:48)",
                "field": "any field",
                "quantity": "500 units",
                "term": "from 29 November 2026 to 28 November 2034 inclusive",
                "acts": "make, sell",
            },
        ),
    ],
)
def test_viet_nam_except_da_nang_and_500_units(language: Language, said: Mapping[str, str]) -> None:
    lines = lines_of(Grant, GRANT, Speech(language, LAW))
    assert said == {name: told(lines, name) for name in said}


def test_fields_in_places_are_taken_out_together() -> None:
    field = {"scheme": "ipc", "edition": "2026.01", "codes": ["H04W"]}
    excluded = {"territory": {"codes": ["vn-2025:48"]}, "field": field}
    lines = lines_of(Grant, {**GRANT, "excluded": excluded}, Speech("en", LAW))
    assert "Việt Nam (iso:VN)" == told(lines, "territory")
    assert "Wireless communication networks (IPC 2026.01 H04W) in Đà Nẵng (vn-2025:48)" == told(
        lines, "except"
    )


def test_a_change_of_terms_is_said_in_the_words_of_the_member_that_changed() -> None:
    price = {"amount": 200_000, "currency": "USD"}
    change = {"member": "price", "before": None, "after": price, "by": [7]}
    lines = lines_of(TermsDifference, change, Speech("en", LAW))
    said = [(line.label, line.text) for line in lines]
    assert [("member", "price"), ("before", "nothing"), ("after", "USD 2,000.00")] == said[:3]


def test_an_answer_begins_with_the_sentence_that_answers() -> None:
    members = {
        "right": "right:vn.1",
        "true_on": "2026-12-01",
        "owners": [{"party": "party:vn.a", "share": [1, 2], "by": "right:vn.1"}],
    }
    assert "Vào ngày 01/12/2026, right:vn.1 thuộc về party:vn.a (1/2)." == _said("vi", members)
    contested = _said("en", {**members, "verdict": "contested"})
    assert contested.startswith("Contested: recorded facts contradict this answer. Owners of")
    unknown = _said("vi", {**members, "unknown": ["right:vn.1"], "verdict": "unknown"})
    assert "Không biết: sổ cái không có gì về right:vn.1." == unknown


def _said(language: Language, members: Mapping[str, Any]) -> str:
    described: Described = describe(Title, members, language, LAW)
    return described.sentence


@pytest.mark.parametrize(("places", "said"), [(None, ["not known"]), ([], []), ([7], ["7"])])
def test_that_no_key_was_vouched_for_is_not_that_it_is_not_known(
    places: list[int] | None, said: list[str]
) -> None:
    event = dict.fromkeys(members_of_kind(MarkedEvent)) | {"vouched_at": places}
    lines = lines_of(MarkedEvent, event, Speech("en", LAW))
    assert said == [line.text for line in lines if line.label == "key vouched for at entry"]


@pytest.mark.parametrize(
    ("fact", "scheme", "value", "label", "said"),
    [
        ("seat", "", "VN", "trụ sở", "Việt Nam (VN)"),
        ("kind", "", "state_body", "loại", "cơ quan nhà nước"),
        ("role", "", "bank", "vai trò", "ngân hàng"),
        ("identifier", "vn.mst", "0100000010", "mã số", "vn.mst 0100000010"),
        ("name", "", "Viện Hóa học", "tên", "Viện Hóa học"),
    ],
)
def test_what_was_said_of_a_party_is_said_under_what_it_is(
    fact: str, scheme: str, value: str, label: str, said: str
) -> None:
    known = dict.fromkeys(members_of_kind(PartyFact))
    lines = lines_of(
        PartyFact, {**known, "fact": fact, "scheme": scheme, "value": value}, Speech("vi", LAW)
    )
    assert [(label, said)] == [(line.label, line.text) for line in lines]


def test_what_is_undone_from_the_very_start_is_said_so() -> None:
    end = dict.fromkeys(members_of_kind(StandingRow))
    lines = lines_of(StandingRow, {**end, "effective_from": "0001-01-01"}, Speech("en", LAW))
    assert ["the very start, as if it had never been"] == [line.text for line in lines]


SCHEDULE: Mapping[str, Any] = {
    **dict.fromkeys(members_of_kind(Royalty)),
    "currency": "VND",
    "base": "unit",
    "per_unit": 5_000,
    "tiers_over": "year",
    "period": "quarter",
    "due_days": 30,
    "milestones": [],
    "zero_rated": [],
    "deductions": [],
}


LAST_TIER = [{"upto": None, "rate_ppm": 50_000}]


def test_a_sum_for_each_unit_has_no_tiers() -> None:
    said = [line.label for line in lines_of(Royalty, SCHEDULE, Speech("en", LAW))]
    assert "per unit" in said
    assert not [each for each in said if "tier" in each]
    tiers = {**SCHEDULE, "per_unit": None, "base": "net_revenue", "tiers": LAST_TIER}
    said = [(each.label, each.text) for each in lines_of(Royalty, tiers, Speech("en", LAW))]
    assert ("tiers run over", "year") in said
    (tier,) = (
        each for each in lines_of(Royalty, tiers, Speech("en", LAW)) if each.label == "tiers"
    )
    assert ["no end"] == [each.text for each in tier.under]


def test_what_a_milestone_counts_is_money_of_a_sum_for_each_unit_too() -> None:
    first = {"milestone": "first", "yearly_base": 100_000, "amount": 5_000}
    agreed = {**SCHEDULE, "currency": "USD", "milestones": [first]}
    en, vi = (
        {
            (each.label, each.text)
            for line in lines_of(Royalty, agreed, speech)
            for milestone in line.under
            for each in milestone.under
        }
        for speech in (Speech("en", LAW, "USD"), Speech("vi", LAW, "USD"))
    )
    assert ("when the year's gross less deductions reaches", "USD 1,000.00") in en
    assert ("khi tổng thu trừ khấu trừ trong năm đạt", "1.000,00 USD") in vi


@pytest.mark.parametrize(
    ("agreed", "ends", "said"),
    [
        (None, (None, "2031-01-01"), "không thời hạn"),
        (None, (), "không thời hạn"),
        (None, ("2030-01-01", "2031-01-01"), "đến hết ngày 31/12/2030, cùng quyền cấp cuối cùng"),
        ("2029-01-01", (None,), "đến hết ngày 31/12/2028"),
    ],
)
def test_terms_say_to_when_they_run_open_ends_too(
    agreed: str | None, ends: tuple[str | None, ...], said: str
) -> None:
    grants = [{**GRANT, "valid_to": end} for end in ends]
    members = {**dict.fromkeys(members_of_kind(Terms)), "grants": grants, "effective_to": agreed}
    terms = lines_of(Terms, members, Speech("vi", LAW))
    assert [said] == [line.text for line in terms if line.label == "thời hạn"]


def minimum(year_to: str, short: int) -> Mapping[str, Any]:
    return {
        **dict.fromkeys(members_of_kind(MinimumMet)),
        "year": 2026,
        "year_from": "2026-07-01",
        "year_to": year_to,
        "licensee": "party:b",
        "currency": "VND",
        "minimum": 60,
        "short": short,
        "met": not short,
        "verdict": "no",
        **{key: [] for key in ("unknown", "near", "doubted", "reports", "positions")},
    }


def test_a_minimum_that_is_not_met_says_to_when_its_year_runs() -> None:
    said = describe(MinimumMet, minimum("2027-07-01", 9), "en", LAW).sentence
    assert said.endswith("for 2026, a year that runs to 30 June 2027 inclusive.")
    said = describe(MinimumMet, minimum("2027-07-01", 9), "vi", LAW).sentence
    assert said.endswith("của năm 2026; năm này đến hết ngày 30/06/2027.")


def test_a_right_that_is_not_there_is_not_said_to_have_ended() -> None:
    standing = {**dict.fromkeys(members_of_kind(Standing)), "right": "right:a", "states": []}
    said = [
        line.text for line in lines_of(Standing, {**standing, "status": None}, Speech("en", LAW))
    ]
    assert "none there on that day" in said
    assert "rights that are not in force there" == label("LookedAt", "ended", "en")


def test_orders_are_said_to_hold_what_they_hold() -> None:
    held = {"subject": "share:a", "true_on": "2026-12-01", "orders": [], "positions": []}
    assert "No order holds share:a." == describe(HoldsOn, held, "en", LAW).sentence


def test_a_sum_that_json_has_as_digits_is_said_as_any_other() -> None:
    balance = {"payee": "party:a", "currency": "VND", "payable": str(10**20), "paid": 1, "open": 2}
    said = [line.text for line in lines_of(Balance, balance, Speech("en", LAW))]
    assert "VND 100,000,000,000,000,000,000" in said


def test_a_contract_s_row_without_an_end_of_its_own_runs_as_its_grants_do() -> None:
    row = {**dict.fromkeys(members_of_kind(ContractRow)), "effective_from": "2026-01-01"}
    said = [line.text for line in lines_of(ContractRow, row, Speech("vi", LAW))]
    assert "từ ngày 01/01/2026, đến khi các quyền cấp hết hạn" in said


def test_what_a_grant_lives_on_in_is_no_place_and_can_be_followed() -> None:
    depends = {**dict.fromkeys(members_of_kind(Dependent)), "lives_on": ["technology:a"]}
    (said,) = (line for line in lines_of(Dependent, depends, Speech("vi", LAW)) if line.words)
    assert ("tiếp tục nhờ", "technology:a") == (said.label, said.words[0].subject)


def licence_check(verdict: str, *, licensed: bool, doubted: tuple[int, ...] = ()) -> str:
    use = {"party": "party:vn.mst.1", "act": "sell", "territory": {"codes": ["vn-2025:48"]}}
    members = {
        "use": {**use, "true_on": "2026-12-03"},
        "verdict": verdict,
        "licensed": licensed,
        "doubted": [*doubted],
    }
    return sentence_of(LicenceCheck, members, "en")


@pytest.mark.parametrize(
    ("verdict", "licensed", "doubted", "first", "rest"),
    [
        ("yes", True, (), "Yes: ", "is licensed to sell"),
        ("no", False, (), "No: ", "is not licensed to sell"),
        ("contested", True, (7,), "Contested: recorded facts", "Yes: party:vn.mst.1"),
        ("contested", False, (), "Contested: the field is granted in words", "no code settles"),
        ("unknown", False, (), "Unknown: whether ", "depends on the field"),
    ],
)
def test_the_sentence_on_a_licence_says_its_verdict_and_why_it_is_neither_yes_nor_no(
    verdict: str, *, licensed: bool, doubted: tuple[int, ...], first: str, rest: str
) -> None:
    said = licence_check(verdict, licensed=licensed, doubted=doubted)
    assert said.startswith(first)
    assert rest in said
    if verdict == "unknown":
        assert "No:" not in said
