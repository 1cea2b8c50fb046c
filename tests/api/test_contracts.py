"""Contracts over HTTP: terms by both clocks, versions and who signed, what stands below."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli.main import app
from ledger.domain.core.periods import end_of_days, end_of_working_days
from ledger.events.lawbook import bundled_law
from ledger.follow.client import LedgerClient, read_trust
from ledger.home.paths import Home
from ledger.node.node import Node
from projections.engine.decoding import decode
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support import builders as b
from tests.support import contracts as c
from tests.support.tale import Tale, transfer_to_register
from tests.support.world import World


def day(value: Any) -> str:
    return str(value.isoformat())


@pytest.fixture(scope="module")
def steps(node: Node, url: str, world: World, home: Home, tale: Tale) -> dict[str, int]:
    """Amend the tale's contract twice, enter it, pass it on; return the positions."""
    cast, today = tale.cast, tale.cast.today
    contract, both = cast.ids["contract"], sorted([cast.institute, cast.firm])
    soon, later = today + timedelta(days=10), today + timedelta(days=400)
    shared = {"contract": contract, "parties": both, "concluded_on": day(today)}
    bodies = {
        "raised": c.terms_amended(
            **shared, changes={"royalty_ppm": 60_000}, effective_from=day(soon)
        ),
        "sealed": c.terms_amended(
            **shared,
            changes={"price": b.sealed(), "sell_off_days": 30},
            effective_from=day(later),
        ),
        "entered": c.licence_entered(
            contract=contract, rights=[cast.ids["right"]], issued_on=day(today)
        ),
        "passed-on": b.sublicence_granted(
            contract=f"{contract}.sub",
            head_contract=contract,
            sublicensor=cast.firm,
            sublicensee=cast.rival,
            consent_by=cast.institute,
            grant=b.grant(
                licensor=cast.firm,
                licensee=cast.rival,
                rights=[cast.ids["right"]],
                acts=["sell"],
                exclusivity="non_exclusive",
                territory={"codes": ["vn-2025:48"]},
                field={"scheme": "ipc", "edition": "2026.01", "codes": ["C09D"]},
                valid_from=day(today),
                valid_to=day(later),
            ),
            concluded_on=day(today),
        ),
    }
    signing = {
        "entered": (cast.registrar,),
        "passed-on": (cast.firm, cast.rival, cast.institute),
    }
    with LedgerClient(url, read_trust(home.trust)) as ledger:
        found = {
            name: ledger.submit(world.sign(body, *signing.get(name, both))).position
            for name, body in bodies.items()
        }
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    return found


def test_terms_on_a_day_are_those_with_effect_by_then(
    ledger: LedgerClient, tale: Tale, steps: dict[str, int]
) -> None:
    cast, path = tale.cast, f"/v1/contracts/{tale.cast.ids['contract']}/terms"
    now = ledger.get(path)
    assert (1, 50_000) == (now["version"], now["terms"]["royalty_ppm"])
    assert tale.at("contract") == now["positions"]
    yesterday = day(cast.today - timedelta(days=1))
    assert ("in_force", yesterday) == (now["status"], now["clocks"]["between_the_parties"])
    assert day(cast.today) == now["clocks"]["third_parties"]
    soon = ledger.get(path, true_on=day(cast.today + timedelta(days=10)))
    assert (2, 60_000) == (soon["version"], soon["terms"]["royalty_ppm"])
    assert [*tale.at("contract"), steps["raised"]] == soon["positions"]
    late = ledger.get(path, true_on=day(cast.today + timedelta(days=400)))
    assert (3, b.sealed()) == (late["version"], late["terms"]["price"])


def test_before_the_amendment_was_known_the_old_terms_were_those_of_every_day(
    ledger: LedgerClient, tale: Tale, steps: dict[str, int]
) -> None:
    path = f"/v1/contracts/{tale.cast.ids['contract']}/terms"
    far = day(tale.cast.today + timedelta(days=500))
    before = ledger.get(path, true_on=far, known_at=steps["raised"] - 1)
    assert (1, 50_000) == (before["version"], before["terms"]["royalty_ppm"])
    between = ledger.get(path, true_on=far, known_at=steps["raised"])
    assert (2, 60_000) == (between["version"], between["terms"]["royalty_ppm"])
    assert ledger.get(path, known_at=tale.at("contract")[0] - 1)["status"] is None


@pytest.mark.usefixtures("steps")
def test_terms_when_a_report_was_filed_and_when_its_sales_were_made(
    ledger: LedgerClient, tale: Tale, http: httpx2.Client
) -> None:
    path = f"/v1/contracts/{tale.cast.ids['contract']}/terms"
    answer = ledger.get(path, report=tale.cast.ids["report"])
    assert 50_000 == answer["filed"]["terms"]["royalty_ppm"]
    assert [50_000] == [sold["terms"]["royalty_ppm"] for sold in answer["sold"]]
    assert sorted([*tale.at("contract"), *tale.at("report")]) == answer["positions"]
    unknown = ledger.get(path, report="report:none")
    assert (None, [], []) == (unknown["filed"], unknown["sold"], unknown["positions"])
    assert 404 == http.get(f"{path[:-6]}/versions/1/diff/9").status_code


def test_who_changed_what_between_two_versions(
    ledger: LedgerClient, tale: Tale, steps: dict[str, int], http: httpx2.Client
) -> None:
    path = f"/v1/contracts/{tale.cast.ids['contract']}/versions"
    both = sorted([tale.cast.institute, tale.cast.firm])
    listed = ledger.get(path)["versions"]
    assert [1, 2, 3] == [version["version"] for version in listed]
    assert [[], ["royalty_ppm"], ["price", "sell_off_days"]] == [each["changed"] for each in listed]
    assert all(both == version["signers"] for version in listed)
    diff = ledger.get(f"{path}/1/diff/3")
    assert ["price", "royalty_ppm", "sell_off_days"] == [
        each["member"] for each in diff["differences"]
    ]
    rate = diff["differences"][1]
    assert (50_000, 60_000, [steps["raised"]]) == (rate["before"], rate["after"], rate["by"])
    assert [steps["raised"], steps["sealed"]] == diff["positions"]
    assert 404 == http.get(f"{path}/3/diff/4").status_code


def test_the_tree_below_a_contract(ledger: LedgerClient, tale: Tale, steps: dict[str, int]) -> None:
    contract = tale.cast.ids["contract"]
    tree = ledger.get(f"/v1/contracts/{contract}/sublicences")
    (below,) = tree["grants"]
    assert (1, True, False) == (below["tier"], below["current"], below["fallen"])
    assert f"{contract}.sub#g1" == below["grant"]["ref"]
    named = [*tale.at("contract"), steps["entered"], steps["passed-on"]]
    assert sorted(named) == tree["positions"]


def test_against_third_parties_a_licence_holds_once_it_is_entered(
    ledger: LedgerClient, tale: Tale, steps: dict[str, int]
) -> None:
    """UNREGISTERED_OPPOSED is an answer: of the licence itself, and of its sublicence."""
    asked = {
        "act": "sell",
        "right": tale.cast.ids["right"],
        "territory": "vn-2025:48",
        "field": "C09D",
        "effect": "third_parties",
    }
    entered = ledger.get("/v1/licences/check", party=tale.cast.firm, **asked)
    assert entered["licensed"]
    assert steps["entered"] in entered["positions"]
    passed_on = ledger.get("/v1/licences/check", party=tale.cast.rival, **asked)
    assert not passed_on["licensed"]
    assert [["UNREGISTERED_OPPOSED"]] == [each["against"] for each in passed_on["grants"]]
    between = ledger.get(
        "/v1/licences/check", party=tale.cast.rival, **{**asked, "effect": "parties"}
    )
    assert between["licensed"]


def test_what_had_to_be_filed_and_was_late(
    ledger: LedgerClient, world: World, node: Node, tale: Tale
) -> None:
    cast = tale.cast
    contract = f"{cast.ids['contract']}.state"
    signed = cast.today - timedelta(days=10)
    transfer = transfer_to_register(cast, contract, signed)
    made = ledger.submit(world.sign(transfer, cast.institute, cast.firm)).position
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    path = "/v1/contracts/registrations"
    (duty,) = ledger.get(path, contract=contract)["duties"]
    last = end_of_days(bundled_law(), signed, 90)
    assert (day(last), 0, None) == (duty["file_by"], duty["overdue_days"], duty["answer_by"])
    assert "tech-transfer-law.31.border" == duty["rule"]
    assert [] == ledger.get(path, contract=contract, late=True)["duties"]
    in_time, too_late = last, last + timedelta(days=5)
    assert [] == ledger.get(path, contract=contract, late=True, true_on=day(in_time))["duties"]
    (late,) = ledger.get(path, contract=contract, late=True, true_on=day(too_late))["duties"]
    assert (5, True) == (late["overdue_days"], late["late"])
    terms = ledger.get(f"/v1/contracts/{contract}/terms")
    assert "awaiting_registration" == terms["status"]
    filed = c.filing_made(
        filing=f"filing:{contract[9:]}",
        contract=contract,
        filed_by=cast.firm,
        filed_on=day(cast.today),
    )
    issued = c.certificate_issued(contract=contract, filing=filed.filing, issued_on=day(cast.today))
    ledger.submit(world.sign(filed, cast.firm))
    answered = ledger.submit(world.sign(issued, cast.registrar)).position
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    (done,) = ledger.get(path, technology=cast.ids["technology"], true_on=day(too_late))["duties"]
    assert (0, answered) == (done["overdue_days"], done["registration"]["answered_position"])
    assert day(end_of_working_days(bundled_law(), cast.today, 5)) == done["answer_by"]
    assert "in_force" == ledger.get(f"/v1/contracts/{contract}/terms")["status"]
    assert made in ledger.get(path, contract=contract)["positions"]


@pytest.mark.usefixtures("steps")
def test_the_command_line_asks_the_same(url: str, home: Home, tale: Tale) -> None:
    def run(*words: str, code: int = 0) -> str:
        options = ["--url", url, "--trust", str(home.trust)]
        done = CliRunner().invoke(app, ["contracts", *words, *options])
        assert code == done.exit_code, done.output
        return done.output

    contract = tale.cast.ids["contract"]
    shown = run("terms", contract)
    assert "status: in force" in shown
    (position,) = tale.at("contract")
    assert f"proved by entries: {position}" in shown
    assert "nothing is recorded of contract:none" in run("terms", "contract:none", code=4)
    reported = run("terms", contract, "--report", tale.cast.ids["report"])
    assert "terms when the sales were made" in reported
    assert "changed: royalty rate" in run("versions", contract)
    assert "member: royalty rate; before: 5%; after: 6%" in run("diff", contract, "1", "2")
    assert "fell with the grant above it: no" in run("sublicences", contract)
    assert "as of size" in run("registrations", "--late")
    assert '"status": "in_force"' in run("terms", contract, "--json")
