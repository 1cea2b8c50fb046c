"""Small inputs that the importers read wrongly, each as its file is named."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.importers.cuad import Importing, PlannedAgreement
from api.importers.cuad import plan as plan_agreements
from api.importers.cuad_records import parse_agreements
from api.importers.inpadoc import Filing, StatusPlan, plan_status
from api.importers.inpadoc_records import parse_register
from api.importers.memory import Memory
from api.importers.uspto import Plan, plan
from api.importers.uspto_parties import default_mapping, party_id
from api.importers.uspto_records import parse_records
from ledger.domain.core.body import KeyRecord
from ledger.domain.rights.right_status import OfficeEventRecorded, RightGranted, RightLapsed
from ledger.events.lawbook import bundled_law
from ledger.store.entries import read_head
from projections.tables.status import status, status_on
from tests.support.builders import planted_key
from tests.support.http import serving
from tests.support.node import found, running, settings_for
from tests.support.postgres import ORIGIN, Database
from tests.support.projecting import logged, rows_of, true_and_known
from tests.support.specification import START, Past, given
from tests.support.uspto import CLERK, NOW, RulesOnly, line

CASES = Path(__file__).parents[2].parent / "shared" / "cases" / "registers"


def raw(name: str) -> bytes:
    """Return the bytes of a case, or a skip that says what is missing."""
    if not (CASES / name).is_file():
        pytest.skip(f"no shared cases: {CASES / name} is absent, the case is not tested")
    return (CASES / name).read_bytes()


# Recorded conveyances.


def recorded(name: str) -> tuple[Plan, RulesOnly]:
    """Return what is planned of a case, and the ledger after it was posted."""
    register = parse_records(raw(f"uspto/{name}/assignments.jsonl"))
    planned = plan(register, default_mapping(), Memory(ORIGIN), clerk=CLERK, now=NOW)
    return planned, RulesOnly().run(planned)


def owners(ledger: RulesOnly, right: str) -> dict[str, Fraction]:
    return dict(ledger.get(right).owners)


def superset() -> None:
    _, ledger = recorded("superset")
    assert {} == ledger.refused
    assert {party_id("XACME INC."): Fraction(1)} == owners(ledger, "right:us.90000001")


def half() -> None:
    _, ledger = recorded("half")
    halves = {party_id(name): Fraction(1, 2) for name in ("HALFA INC.", "HALFB INC.")}
    assert halves == owners(ledger, "right:us.90000008")


def purged() -> None:
    planned, ledger = recorded("purged")
    assert [("95001-2", "RECORD_PURGED")] == [(each.source, each.code) for each in planned.declined]
    assert {party_id("P1 INC."): Fraction(1)} == owners(ledger, "right:us.95000001")


def debtors() -> None:
    _, ledger = recorded("debtors")
    right = ledger.get("right:us.95000020")
    assert right is not None
    assert not right.owners, "one of three, and nobody knows which"
    assert ["conveyance:us.95010-1"] == list(right.liens)


def person_without_comma() -> None:
    planned, ledger = recorded("person-without-comma")
    assert ("NGUYEN THI NA",) == planned.persons
    filed = ledger.entries[2].body
    assert filed.owners[0].party.startswith("party:tok.")
    assert not any("nguyen" in each.body.model_dump_json().lower() for each in ledger.entries)


WAITING = pytest.mark.xfail(strict=True, reason="waiting: facts")
RECORDED: dict[str, Callable[[], None]] = {
    "superset": superset,
    "half": half,
    "purged": purged,
    "debtors": debtors,
    "person-without-comma": person_without_comma,
}


@pytest.mark.parametrize(
    "file",
    [
        "superset",
        pytest.param("half", marks=WAITING),
        "purged",
        pytest.param("debtors", marks=WAITING),
        "person-without-comma",
    ],
)
def test_uspto(file: str) -> None:
    RECORDED[file]()


def test_half_passes_to_nobody_until_it_can_be_said() -> None:
    planned, ledger = recorded("half")
    assert [("90008-2", "PART_IN_WORDS")] == [(each.source, each.code) for each in planned.declined]
    assert {party_id("HALFA INC."): Fraction(1)} == owners(ledger, "right:us.90000008")


def test_debtors_own_no_third_each_until_it_can_be_said() -> None:
    planned, ledger = recorded("debtors")
    assert {("95000020", "OWNER_UNKNOWN"), ("95010-1", "OWNER_UNKNOWN")} == {
        (each.source, each.code) for each in planned.declined
    }
    assert 1 == len([each for each in ledger.entries if each.type != "party.known_as/1"])


# Legal events.


def events(name: str, filing: Filing | None = None) -> StatusPlan:
    register = parse_register(raw(f"inpadoc/{name}.json"))
    return plan_status(register, filing or Filing(), Memory(ORIGIN), clerk=CLERK_OF, now=NOW)


CLERK_OF = "party:vn.clerk"


def standing(planned: StatusPlan, day: str) -> str | None:
    """Return the status of the right as a whole, from the facts as they were admitted."""
    facts = logged(*(item.body for item in planned))
    true_on = date.fromisoformat(day)
    rows = true_and_known(rows_of(status, facts)[planned.right], true_on)
    return status_on(planned.right, true_on, rows, bundled_law()).status


def all_noted(planned: StatusPlan) -> bool:
    return all(isinstance(item.body, OfficeEventRecorded) for item in planned.mapped)


def fee_unpaid_cn() -> None:
    planned = events("fee-unpaid-cn")
    assert "in_force" == standing(planned, "2009-05-31")
    assert "lapsed" == standing(planned, "2009-06-01")


def laps_jp() -> None:
    planned = events("laps-jp")
    assert "in_force" == standing(planned, "2010-05-10")
    assert "lapsed" == standing(planned, "2010-05-11")


def attorney_jp() -> None:
    planned = events("attorney-jp")
    assert all_noted(planned)
    assert "filed" == standing(planned, "2026-01-01")


def invalidation_rejected_de() -> None:
    assert all_noted(events("invalidation-rejected-de"))


def not_ceased_ch() -> None:
    assert all_noted(events("not-ceased-ch"))


def restoration_refused_gb() -> None:
    planned = events("restoration-refused-gb")
    assert all_noted(planned)
    assert not any(isinstance(item.body, RightLapsed) for item in planned.mapped)


def filing_latest() -> None:
    planned = events("filing-latest", Filing(application_no="12345678", issued_on=ISSUED))
    (grant,) = (item.body for item in planned.mapped if isinstance(item.body, RightGranted))
    assert ISSUED == grant.granted_on
    assert planned.filing is not None
    assert None is planned.filing.body.filed_on  # type: ignore[attr-defined]


ISSUED = date(2012, 8, 28)
TOLD: dict[str, Callable[[], None]] = {
    "fee-unpaid-cn": fee_unpaid_cn,
    "laps-jp": laps_jp,
    "attorney-jp": attorney_jp,
    "invalidation-rejected-de": invalidation_rejected_de,
    "not-ceased-ch": not_ceased_ch,
    "restoration-refused-gb": restoration_refused_gb,
    "filing-latest": filing_latest,
}


@pytest.mark.parametrize(
    "file",
    [*sorted(TOLD.keys() - {"filing-latest"}), pytest.param("filing-latest", marks=WAITING)],
)
def test_inpadoc(file: str) -> None:
    TOLD[file]()


def test_filing_latest_is_not_filed_when_an_assignment_was_signed_nor_granted_by_a_status() -> None:
    filing = Filing(application_no="12345678", issued_on=ISSUED)
    body = events("filing-latest", filing).filing.body  # type: ignore[union-attr]
    assert (date(2010, 6, 2), "latest") == (body.filed_on, body.filing_day)  # type: ignore[attr-defined]
    assert "in_force" == standing(events("filing-latest", filing), "2012-08-28")
    assert "filed" == standing(events("filing-latest", filing), "2012-08-27")
    untold = events("filing-latest", Filing(application_no="12345678"))
    assert all_noted(untold)


Command = Callable[..., tuple[int, dict[str, Any], int]]


@pytest.fixture
def importing(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Command]:
    """Return what imports into a ledger: it returns the exit code, the report, the log's size."""
    settings = settings_for(database, tmp_path / "home")
    home = found(settings)
    monkeypatch.setenv("LEDGER_HOME", str(home.path))
    with running(settings) as node, serving(node) as url:

        def run(*asked: str) -> tuple[int, dict[str, Any], int]:
            told = CliRunner().invoke(app, ["import", *asked, "--url", url, "--json"])
            assert told.stdout, told.exception
            return told.exit_code, json.loads(told.stdout), read_head(node.pool).size

        yield run


def became(report: dict[str, Any]) -> set[str]:
    codes = {each["problem"]["code"] for each in report["answers"] if "problem" in each}
    return codes | {each["code"] for each in report["not_sent"]}


def test_inpadoc_collision(importing: Command, tmp_path: Path) -> None:
    """Nothing lands on the application that has the grant's number, however the clerk calls it."""
    raw("inpadoc/collision.json")
    records = line("1-1", "assignment", ("DOE, ANN",), ("FIRM INC.",), applications=("11408812",))
    (tmp_path / "assignments.jsonl").write_bytes(records)
    code, _, size = importing("uspto", str(tmp_path))
    assert 0 == code
    file = str(CASES / "inpadoc/collision.json")
    code, report, after = importing("inpadoc", file)
    assert (1, size, {"CONTENT_MISSING"}) == (code, after, became(report))
    code, report, after = importing("inpadoc", file, "--application-no", "US 11/408,812")
    assert (1, size, {"RIGHT_EXISTS", "FILING_REFUSED"}) == (code, after, became(report))
    code, report, after = importing("inpadoc", file, "--application-no", "408812")
    assert (1, size, {"NUMBER_FORM"}) == (code, after, became(report))


def test_inpadoc_control_character_on_second_page(importing: Command) -> None:
    raw("inpadoc/control-character-on-second-page.json")
    file = str(CASES / "inpadoc/control-character-on-second-page.json")
    code, report, size = importing("inpadoc", file, "--application-no", "99300001")
    assert (1, 1, {"MALFORMED"}) == (code, size, became(report))
    (fault,) = report["not_sent"]
    assert "/body/reason holds a control" in fault["detail"]


# Agreements.


@pytest.fixture(scope="module")
def agreements() -> dict[str, PlannedAgreement]:
    def key_of(party: str) -> KeyRecord:
        return KeyRecord.model_validate(planted_key(party))

    planned = plan_agreements(
        parse_agreements(raw("cuad.json")),
        (),
        Importing(CLERK_OF, key_of, Memory(ORIGIN), START),
    )
    return {each.agreement: each for each in planned}


@pytest.fixture(scope="module")
def concluded(agreements: dict[str, PlannedAgreement]) -> Past:
    """Return the log after the events of all agreements, all of which are admitted."""
    log = given()
    for step in (step for each in agreements.values() for step in each.steps):
        log = log.when(step.body).then_admitted()
    return log


def test_cuad_option(concluded: Past) -> None:
    """What is granted if an option is exercised keeps rivals out, and permits nothing."""
    free, conditional = concluded.value("contract:cuad.option").grants.values()
    assert ("any", "words") == (free.field.scheme, conditional.field.scheme)
    assert ('condition: "if the option is exercised"',) == conditional.field.codes


@pytest.mark.parametrize("file", ["two-currencies", "two-units", "late", "late2"])
def test_cuad_refused(agreements: dict[str, PlannedAgreement], file: str) -> None:
    refused = agreements[file].unreadable
    assert refused is not None
    assert "NOT_CARRIED" == refused.code
    assert [] == agreements[file].steps


def test_cuad_free_one_of_two(concluded: Past) -> None:
    terms = concluded.value("contract:cuad.free-one-of-two").terms_on(date(2015, 1, 1))
    assert not hasattr(terms.price, "amount"), "it is sealed, not nought"


def test_cuad_review(agreements: dict[str, PlannedAgreement], concluded: Past) -> None:
    terms = concluded.value("contract:cuad.review").terms_on(date(2015, 1, 1))
    assert () == terms.tied_purchases
    reading = agreements["review"].reading
    assert ["144(2)(c), 4.17: buys the product from licensor: REVIEW: the product itself"] == (
        reading.review
    )
    assert [] == reading.breaches


def test_every_file_has_its_case() -> None:
    raw("cuad.json")
    assert RECORDED.keys() == {path.name for path in (CASES / "uspto").iterdir()}
    served = {"collision", "control-character-on-second-page"}
    assert TOLD.keys() | served == {path.stem for path in (CASES / "inpadoc").iterdir()}
