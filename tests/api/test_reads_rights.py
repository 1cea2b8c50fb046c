"""Status by State, what an end of a right touched, and technologies, over HTTP."""

import httpx2
import pytest

from ledger.follow.client import LedgerClient
from tests.support.tale import Tale


@pytest.fixture
def right(tale: Tale) -> str:
    return tale.cast.ids["right"]


def test_a_title_has_its_status_in_its_own_state_and_none_elsewhere(
    ledger: LedgerClient, tale: Tale, right: str
):
    here = ledger.get(f"/v1/rights/{right}/status", territory="iso:VN")
    assert ("in_force", "iso:VN") == (here["status"], here["territory"])
    assert tale.at("right-filed", "right-granted") == here["positions"]
    elsewhere = ledger.get(f"/v1/rights/{right}/status", territory="iso:LA")
    assert (None, []) == (elsewhere["status"], elsewhere["positions"])


def test_a_right_that_never_ended_touched_no_money(ledger: LedgerClient, tale: Tale, right: str):
    answer = ledger.get(f"/v1/rights/{right}/lapse-effects")
    assert ([], []) == (answer["ends"], answer["positions"])
    assert tale.size <= answer["size"]


def test_a_technology_names_its_owners_and_what_protects_it(
    ledger: LedgerClient, tale: Tale, right: str
):
    technology = ledger.get(f"/v1/technologies/{tale.cast.ids['technology']}")
    assert [{"party": tale.cast.institute, "share": [1, 1]}] == technology["owners"]
    assert [right] == technology["rights"]
    assert set(tale.at("right-filed")) < set(technology["positions"])


@pytest.mark.parametrize(
    "path",
    [
        "/v1/rights/right:vn.1/status?territory=GB",
        "/v1/rights/right:vn.1/lapse-effects?known_at=yesterday",
        "/v1/technologies/right:vn.1",
    ],
)
def test_a_question_of_another_form_is_a_problem(http: httpx2.Client, path: str):
    answer = http.get(path)
    assert (422, "BAD_PARAMETER") == (answer.status_code, answer.json()["code"])
