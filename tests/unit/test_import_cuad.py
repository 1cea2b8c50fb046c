"""Mapped agreements become contracts that are admitted, or refused where they break the law."""

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.importers.cuad import Importing, PlannedAgreement, plan
from api.importers.cuad_records import (
    Agreement,
    MalformedAgreements,
    parse_agreements,
    parse_labels,
)
from api.importers.memory import Memory
from ledger.domain.contracts.royalty import Royalty, royalty_on
from ledger.domain.core.body import KeyRecord
from ledger.domain.core.refusal import Refusal
from tests.support.builders import CLERK, ORIGIN, planted_key
from tests.support.specification import START, Past, given

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "cuad-licences"
JHU = "contract:cuad.jhu-virtuoso"
SONY, GSI = "party:us.sony-electronics-inc", "party:us.gsi-technology-inc"


def read_data(name: str) -> bytes:
    if not (DATA / name).is_file():
        pytest.skip(f"no shared data: {DATA / name} is absent, the agreements are not tested")
    return (DATA / name).read_bytes()


def planning(*agreements: Agreement, labels: bytes = b"") -> tuple[PlannedAgreement, ...]:
    """Return the plan of a first run, for a clerk with an empty memory."""

    def key_of(party: str) -> KeyRecord:
        return KeyRecord.model_validate(planted_key(party))

    importing = Importing(CLERK, key_of, Memory(ORIGIN), START)
    return plan(agreements, parse_labels(labels), importing)


@dataclass
class Posted:
    """A log of rules only, and what was refused, by agreement."""

    past: Past
    refused: dict[str, Refusal] = field(default_factory=dict)

    def codes(self) -> dict[str, str]:
        return {source: refusal.code for source, refusal in self.refused.items()}

    def get(self, subject: str) -> Any:
        return self.past.value(subject)


def posted(planned: tuple[PlannedAgreement, ...]) -> Posted:
    """Post the events of each agreement, as the command does."""
    log = Posted(given())
    for step in (step for each in planned for step in each.steps):
        attempt = log.past.when(step.body)
        if attempt.refusal is None:
            log.past = attempt.then_admitted()
        else:
            log.refused[step.source] = attempt.refusal
    return log


@pytest.fixture(scope="module")
def planned() -> tuple[PlannedAgreement, ...]:
    return planning(*parse_agreements(read_data("terms-mapped.json")))


@pytest.fixture(scope="module")
def ledger(planned: tuple[PlannedAgreement, ...]) -> Posted:
    return posted(planned)


def by_name(planned: tuple[PlannedAgreement, ...], name: str) -> PlannedAgreement:
    return next(each for each in planned if each.agreement == name)


def test_three_agreements_are_admitted_one_is_refused_and_two_cannot_be_said(planned, ledger):
    assert {"jingwei-prc": "VOID_IMPROVEMENT_BACK"} == ledger.codes()
    prime, closing = (each.unreadable for each in planned if each.unreadable is not None)
    assert ("cytodyn-vyera", "NOT_CARRIED") == (prime.source, prime.code)
    assert "step_down" in prime.detail
    assert ("sony-gsi", "NOT_CARRIED") == (closing.source, closing.code)
    assert "effective: Closing Date of the asset purchase" in closing.detail
    assert ["VOID_IMPROVEMENT_BACK (1.1.2)", "VOID_NO_CHALLENGE (3.1)"] == by_name(
        planned, "jingwei-prc"
    ).reading.breaches
    contracts = [ledger.get(f"contract:cuad.{each.agreement}") for each in planned]
    assert 3 == len([contract for contract in contracts if contract is not None])


def test_no_grant_is_wider_than_what_is_said_of_it(planned, ledger):
    """What they say in words keeps others out, and permits nothing."""
    fields = {
        each.agreement: [grant.field for grant in contract.grants.values()]
        for each in planned
        if (contract := ledger.get(f"contract:cuad.{each.agreement}")) is not None
    }
    assert {
        "jhu-virtuoso": [("words", ("Cannulated Surgical Intervention",))],
        "iowa-artara": [
            ("words", ("all therapeutic, diagnostic and prophylactic uses of the Product(s)",))
        ],
        "array-ono": [
            ("words", ("diagnosis, treatment, prevention in humans",)),
            ("any", ()),
        ],
    } == {name: [(field.scheme, field.codes) for field in said] for name, said in fields.items()}


def test_the_law_that_decided_is_that_of_the_day_of_signing(ledger):
    ground = ledger.refused["jingwei-prc"].ground
    assert ground is not None
    assert ("ip-law.144.2a", date(2006, 7, 1)) == (ground.rule, ground.valid_from)


def test_the_royalty_of_johns_hopkins_is_as_agreed(ledger):
    terms = ledger.get(JHU).terms_on(date(2016, 5, 11))
    royalty = terms.royalty
    assert isinstance(royalty, Royalty)
    assert (200_000, "USD") == (terms.price.amount, terms.price.currency)
    assert (40_000, "quarter", 30) == (
        royalty.tiers[0].rate_ppm,
        royalty.period,
        royalty.due_days,
    )
    assert (300_000, "same_year") == (royalty.minimum.amount, royalty.minimum.credit)
    assert (60_000, 10, "yearly") == (
        royalty.late.yearly_ppm,
        royalty.late.from_day,
        royalty.late.compounding,
    )
    assert (3, 50_000) == (royalty.audit.records_years, royalty.audit.cost_shift_ppm)
    assert (500_000, 500_000) == (royalty.stacking.credit_ppm, royalty.stacking.floor_ppm)


def test_the_tiers_of_artara_come_out_to_the_unit(planned, ledger):
    royalty = ledger.get("contract:cuad.iowa-artara").terms_on(date(2018, 11, 28)).royalty
    assert 125_000_000 == royalty_on(royalty, 6_000_000_000)
    assert 3 == len(royalty.milestones)
    read = by_name(planned, "iowa-artara").reading.read
    assert any(line.endswith("125000000, as worked out") for line in read)


def test_after_the_assignment_the_assignor_is_a_licensee():
    """The closing was on the day of signing, which the mapping leaves open."""
    listed = json.loads(read_data("terms-mapped.json"))
    closed = [{**each, "effective": each["agreed"]} for each in listed if "agreed" in each]
    ledger = posted(planning(*parse_agreements(json.dumps(closed).encode())))
    right = ledger.get("right:us.cuad.sony-gsi")
    assert [GSI] == list(right.owners)
    assert [(GSI, SONY)] == [(held.licensor, held.licensee) for held in right.grants]
    kept = ledger.get("right:us.cuad.sony-gsi.2")
    assert [(SONY, GSI)] == [(held.licensor, held.licensee) for held in kept.grants]


def test_exclusivity_belongs_to_a_grant(ledger):
    grants = ledger.get("contract:cuad.array-ono").grants
    assert [("exclusive", ("iso:JP", "iso:KR")), ("non_exclusive", ("world",))] == [
        (grant.exclusivity, grant.territory.codes) for grant in grants.values()
    ]


def test_nothing_is_dropped_silently(planned):
    left_out = by_name(planned, "jhu-virtuoso").reading.left_out
    assert any("equity" in line for line in left_out)
    assert any("UN Least Developed Countries" in line for line in left_out)
    assert any(line.startswith("net_sales_rule") for line in left_out)
    assert any("redacted" in line for line in by_name(planned, "iowa-artara").reading.left_out)


def test_a_second_run_says_the_same(planned):
    agreements = parse_agreements(read_data("terms-mapped.json"))
    again = planning(*agreements)
    assert [[step.body for step in each.steps] for each in planned] == [
        [step.body for step in each.steps] for each in again
    ]


def test_labels_give_hints_and_refuse_nothing():
    agreements = parse_agreements(read_data("terms-mapped.json"))
    planned = planning(*agreements, labels=read_data("clauses.jsonl"))
    hints = by_name(planned, "cytodyn-vyera").review
    assert any(hint.startswith("144(2)(d)") for hint in hints)
    assert any(hint.startswith("144(2)(c)") for hint in hints)


MINIMAL = {
    "id": "another",
    "kind": "licence",
    "licensor": "Alpha Institute",
    "licensee": "Beta GmbH",
    "effective": "2015-01-02",
    "grants": [{"exclusivity": "exclusive", "territory": ["DE"]}],
    "governing_law": "DE",
}


def imported(**changed: Any) -> tuple[PlannedAgreement, Posted]:
    """Return what becomes of the minimal agreement, changed."""
    raw = json.dumps([{**MINIMAL, **changed}]).encode()
    (planned,) = planning(*parse_agreements(raw))
    return planned, posted((planned,))


def test_another_agreement_of_the_same_shape_is_admitted():
    planned, ledger = imported()
    assert ({}, None) == (ledger.codes(), planned.unreadable)
    assert any(line.startswith("price: not in the mapping") for line in planned.reading.assumed)


def field_of(ledger: Posted) -> tuple[str, tuple[str, ...]]:
    (grant,) = ledger.get("contract:cuad.another").grants.values()
    return grant.field.scheme, grant.field.codes


@pytest.mark.parametrize(
    ("grant", "words"),
    [
        ({"condition": "if A approves"}, 'condition: "if A approves"'),
        ({"quantity": 500}, "quantity: 500"),
        ({"rights": ["display"]}, "acts: display"),
        ({"purpose": "research"}, "acts: research"),
        ({"field": "dentistry"}, "dentistry"),
    ],
    ids=lambda value: None if isinstance(value, str) else next(iter(value)),
)
def test_what_limits_a_grant_and_is_no_code_stands_in_its_field_in_words(grant, words):
    said = {"exclusivity": "exclusive", "territory": ["DE"], **grant}
    _, ledger = imported(grants=[said])
    assert ("words", (words,)) == field_of(ledger)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"expires": "the last valid claim"}, "expires: the last valid claim"),
        ({"term": "ten years"}, 'term: "ten years"'),
        ({"restrictions": "not in hospitals"}, 'restrictions: "not in hospitals"'),
        ({"kind": "option"}, "kind: option"),
        (
            {"agreed": "2015-01-01", "effective": "once approved"},
            "effective: once approved",
        ),
    ],
    ids=lambda value: None if isinstance(value, str) else next(iter(value)),
)
def test_what_nobody_reads_of_an_agreement_limits_its_grants(changed, words):
    _, ledger = imported(**changed)
    assert ("words", (words,)) == field_of(ledger)


RATE = {"type": "running_royalty", "rate_ppm": 40_000, "base": "net_sales"}
UNIT = {"type": "per_unit_royalty", "amount_minor": 7}


@pytest.mark.parametrize(
    "changed",
    [
        {"consideration": [{**UNIT, "currency": "EUR"}, {**RATE, "currency": "USD"}]},
        {"consideration": [UNIT, UNIT]},
        {"consideration": [RATE, UNIT]},
        {"consideration": [RATE, {**RATE, "rate_ppm": "[*]"}]},
        {"consideration": [RATE, *[{"type": "minimum", "amount_minor": 9}] * 2]},
        {"consideration": [RATE, *[{"type": "cap", "amount_minor": 9}] * 2]},
        {"consideration": [{**RATE, "territory": "JP"}]},
        {"consideration": [{**RATE, "period": "fortnight"}]},
        {"consideration": [{**RATE, "due_days_after_period_end": "thirty"}]},
        {"consideration": [RATE, {"type": "cap", "amount_minor": 9, "per": "product"}]},
        {"consideration": [RATE, {"type": "minimum", "amount_minor": 9, "credit": "half"}]},
        {"consideration": {"type": "tiered_royalty", "tiers": [{"upto_minor": 5, "rate_ppm": 1}]}},
        {"consideration": RATE, "late_interest": {"annual_ppm": 1, "compounding": "monthly"}},
        {"consideration": RATE, "late_interest": {"annual_ppm": 1, "year": "360 days"}},
        {"consideration": RATE, "late_interest": "prime + 2 %"},
        {"grants": [{"exclusivity": "co-exclusive", "territory": ["DE"]}]},
        {"grant_back": {"exclusivity": "assignment"}},
        {"grant_back": {"exclusivity": "exclusive", "field": "dogs"}},
        {"grant_back": {"exclusivity": "exclusive", "territory": ["JP"]}},
        {"grant_back": [{"exclusivity": "exclusive"}]},
        {"grants": [{"territory": {"includes": ["VN"]}}]},
        {"grants": [{"territory": {"include": ["VN"], "only": "hospitals"}}]},
        {"licensor": ["Alpha Institute", "Gamma Institute"]},
        {"consideration": {"type": "upfront", "amount_minor": 5, "per": "year"}},
        {"consideration": {"type": "upfront", "amount_minor": 5, "condition": "if approved"}},
        {"consideration": [RATE, {"type": "cap", "amount_minor": "[*]"}]},
        {"consideration": [RATE, {"type": "minimum", "amount_minor": "[*]"}]},
        {"consideration": {**RATE, "tiers": [{"upto_minor": None, "rate_ppm": 5}]}},
        {"consideration": {**UNIT, "unit": "1000 pieces"}},
        {"kind": "assignment", "assignment": {"interest": "an undivided half"}},
        {"kind": "assignment", "assignment": {"reverts": "if unpaid"}},
        {"kind": "assignment", "agreed": "2015-01-01", "effective": "once paid"},
    ],
)
def test_what_a_contract_cannot_say_as_agreed_is_refused(changed: dict[str, Any]):
    planned, ledger = imported(**changed)
    assert planned.unreadable is not None
    assert "NOT_CARRIED" == planned.unreadable.code
    assert ([], 1) == (planned.steps, ledger.past.size)


def test_a_lump_sum_that_is_blacked_out_leaves_no_price_of_the_others():
    paid = [{"type": "upfront", "amount_minor": 5}, {"type": "upfront", "amount_minor": "[*]"}]
    _, ledger = imported(consideration=paid)
    terms = ledger.get("contract:cuad.another").terms_on(date(2015, 1, 2))
    assert not hasattr(terms.price, "amount")


def test_a_contract_is_free_only_if_all_its_grants_are():
    free = {"exclusivity": "non_exclusive", "territory": ["DE"], "royalty": "fully_paid"}
    paid = {"exclusivity": "non_exclusive", "territory": ["FR"]}
    for grants, price in (([free], 0), ([free, paid], None)):
        _, ledger = imported(grants=grants)
        terms = ledger.get("contract:cuad.another").terms_on(date(2015, 1, 2))
        assert price == getattr(terms.price, "amount", None)


@pytest.mark.parametrize("article", ["a", "b", "c", "d"])
def test_a_clause_that_the_mapping_leaves_to_a_person_is_for_review_and_not_void(article: str):
    clause = {"ref": "7", "what": "said so", f"vn_art144_2{article}": "REVIEW: perhaps"}
    planned, ledger = imported(clauses=[clause])
    assert ({}, []) == (ledger.codes(), planned.reading.breaches)
    assert (f"144(2)({article}), 7: said so: REVIEW: perhaps",) == planned.review


@pytest.mark.parametrize(
    ("article", "code"),
    [
        ("a", "VOID_IMPROVEMENT_BACK"),
        ("b", "VOID_EXPORT_BAN"),
        ("c", "VOID_TIED_PURCHASE"),
        ("d", "VOID_NO_CHALLENGE"),
    ],
)
def test_each_kind_of_void_clause_is_refused(article: str, code: str):
    clause = {"ref": "7", "what": "said so", f"vn_art144_2{article}": "VOID"}
    planned, ledger = imported(clauses=[clause])
    assert {"another": code} == ledger.codes()
    assert [f"{code} (7)"] == planned.reading.breaches


@pytest.mark.parametrize(
    "changed",
    [
        {"effective": "the Closing Date"},
        {"licensee": None},
        {"grants": [{"exclusivity": "exclusive", "territory": ["the Territory"]}]},
        {"grants": [{"from": "a stranger", "to": "licensee"}]},
        {"grants": ["exclusive in Germany"]},
        {"consideration": ["5 % of sales"], "grants": [{"royalty": "fully_paid"}]},
        {"clauses": "not for hospitals"},
    ],
    ids=["no day", "no licensee", "no place", "no party", "a grant", "money", "a clause"],
)
def test_what_cannot_be_read_is_told_and_not_posted(changed: dict[str, Any]):
    planned, ledger = imported(**changed)
    assert planned.unreadable
    assert [] == planned.steps
    assert 1 == ledger.past.size


def test_places_may_be_many_and_leave_some_out():
    grants = [
        {"exclusivity": "exclusive", "territory": {"include": ["WORLDWIDE"], "exclude": ["JP"]}},
        {"exclusivity": "non_exclusive", "territory": ["EU", "CH"]},
    ]
    _, ledger = imported(grants=grants)
    first, second = ledger.get("contract:cuad.another").grants.values()
    assert (("world",), ("iso:JP",)) == (first.territory.codes, first.excluded.territory.codes)
    assert 28 == len(second.territory.codes)


def test_each_side_of_a_cross_licence_grants_its_own():
    grants = [
        {"exclusivity": "non_exclusive", "territory": ["DE"]},
        {"exclusivity": "non_exclusive", "from": "licensee", "to": "licensor"},
    ]
    _, ledger = imported(grants=grants)
    assert {} == ledger.codes()
    assert ["party:de.beta-gmbh"] == list(ledger.get("right:us.cuad.another.2").owners)


def test_what_is_in_words_only_is_left_out():
    said = {
        "governing_law": "the laws of England",
        "consideration": [{"type": "equity", "ppm": 50_000}, {"type": "option_fee"}],
    }
    planned, ledger = imported(**said)
    assert {} == ledger.codes()
    assert 3 <= len(planned.reading.left_out)


def words_of(**changed: Any) -> tuple[str, ...] | None:
    """Return the words that limit the first grant; None where it is for any field."""
    _, ledger = imported(**changed)
    grant = next(iter(ledger.get("contract:cuad.another").grants.values()))
    return grant.field.codes if grant.field.scheme == "words" else None


def test_a_purpose_or_a_clause_that_nobody_reads_limits_the_grant():
    sell = {"territory": ["DE"], "rights": ["sell"]}
    assert ("purpose: research only",) == words_of(grants=[{**sell, "purpose": "research only"}])
    assert ("acts: in", "acts: hospitals") == words_of(
        grants=[{"territory": ["DE"], "purpose": "sell in hospitals"}]
    )
    assert None is words_of(grants=[{**sell, "rights": ["sell", "sell to hospitals"]}])
    assert ("clause ref 2, what no hospitals",) == words_of(
        clauses=[{"ref": "2", "what": "no hospitals"}]
    )
    assert ("expires: ['2020-01-01', '2016-01-01']",) == words_of(
        expires=["2020-01-01", "2016-01-01"]
    )


def test_kinds_of_payment_are_read_or_named():
    paid = [
        {"type": "upfront", "amount_minor": 5, "currency": "EUR"},
        {"type": "per_unit_royalty", "amount_minor": 7, "currency": "EUR"},
        {"type": "minimum", "amount_minor": 9, "currency": "EUR"},
        {"type": "royalty_cap", "amount_minor": 90, "currency": "EUR"},
        {"type": "zero_rate_territory", "territory": "PL"},
        {"type": "option_fee", "amount_minor": 3, "currency": "EUR"},
    ]
    planned, ledger = imported(consideration=paid)
    terms = ledger.get("contract:cuad.another").terms_on(date(2015, 1, 2))
    assert (5, 7, 9, 90, ("iso:PL",)) == (
        terms.price.amount,
        terms.royalty.per_unit,
        terms.royalty.minimum.amount,
        terms.royalty.cap.amount,
        terms.royalty.zero_rated,
    )
    assert any("option_fee" in line for line in planned.reading.left_out)


@pytest.mark.parametrize(
    "raw",
    [b"{", b"{}", b"[]", b'[{"id":"a","x":"\\ud800"}]', b'[{"id": 1}]', b'[{"id": "A B"}]', b"[1]"],
)
def test_a_file_of_another_form_is_refused(raw: bytes):
    with pytest.raises(MalformedAgreements):
        parse_agreements(raw)
