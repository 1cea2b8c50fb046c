"""Questions about money over HTTP, once the demo's story has been played."""

from ledger.follow.client import LedgerClient
from tests.support.tale import Tale


def test_a_distribution_is_computed_again(ledger: LedgerClient, tale: Tale):
    distribution = tale.cast.ids["distribution"]
    found = ledger.get(f"/v1/distributions/{distribution}/computation")
    assert found["recomputed"] is True
    assert tale.at("distribution")[0] in found["positions"]
    assert found["total"]["amount"] == sum(amount for _, amount in found["signed"])
    nothing = ledger.get("/v1/distributions/distribution:none/computation")
    assert (None, None, []) == (nothing["position"], nothing["total"], nothing["positions"])


def test_a_share_names_who_agreed_and_whose_keys_signed(ledger: LedgerClient, tale: Tale):
    found = ledger.get(f"/v1/shares/{tale.cast.ids['share']}")
    assert found["agreed_by_all"] is True
    assert found["agreed_by"] == found["signed_by"]


def test_what_is_owed_to_a_party_of_a_contract(ledger: LedgerClient, tale: Tale):
    contract = tale.cast.ids["contract"]
    found = ledger.get(f"/v1/parties/{tale.cast.institute}/dues", contract=contract)
    (line,) = found["lines"]
    assert line["payable"] - line["paid"] == line["open"]
    assert [] == line["held_by"]


def test_what_is_overdue_and_whether_a_minimum_was_met(ledger: LedgerClient, tale: Tale):
    contract = tale.cast.ids["contract"]
    overdue = ledger.get(f"/v1/contracts/{contract}/overdue")
    assert ([], []) == (overdue["unreported"], overdue["unpaid"])
    assert ledger.get(f"/v1/contracts/{contract}/minimum", year=2026)["met"] is None
