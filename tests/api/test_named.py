"""What a question names and is none, a place, a field, a tax code, is refused with what is near."""

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli.answers import CouldNotAsk
from api.cli.main import app
from api.reads import named
from ledger.events.lawbook import bundled_law
from tests.support.http import PROBLEM

pytestmark = pytest.mark.usefixtures("tale")

TRUE, ODD = "party:vn.mst.0100047516", "party:vn.mst.0100047517"
CHECK = "/v1/licences/check?party=party:a&act=sell"
RIGHT = "/v1/rights/right:a"
POWER = "/v1/parties/party:a/power?signer=party:b"

NONE_SUCH = [
    (f"{CHECK}&territory=vn-2025:99", "territory", "vn-2025:99", "vn-2025:96"),
    (f"{CHECK}&territory=vn-2004:VN-99", "territory", "vn-2004:VN-99", "vn-2004:VN-09"),
    (f"{CHECK}&territory=Da Nang", "territory", "Da Nang", "vn-2025:48"),
    (f"{CHECK}&territory=vn:48", "territory", "vn:48", "vn-2025:48"),
    (f"{CHECK}&territory=iso:XX", "territory", "iso:XX", "iso:MX"),
    (f"{CHECK}&territory=iso:vn", "territory", "iso:vn", "iso:VN"),
    (f"{RIGHT}/status?territory=iso:ZZ", "territory", "iso:ZZ", "iso:ZA"),
    (f"{RIGHT}/status?territory=vn-2025:48", "territory", "vn-2025:48", None),
    (f"{RIGHT}/exclusive?territory=vn-2025:99", "territory", "vn-2025:99", "vn-2025:96"),
    (f"{RIGHT}/left-to-grant?territory=world2", "territory", "world2", "world"),
    (f"{RIGHT}/exclusive?field=D10", "field", "D10", "D06"),
    (f"{RIGHT}/exclusive?field=a61k", "field", "a61k", "A61K"),
    (f"{RIGHT}/left-to-grant?field=A61K 30/00", "field", "A61K 30/00", "A61K"),
    (f"{CHECK}&territory=iso:VN&field=45&scheme=vsic", "field", "45", "46"),
    (f"{CHECK}&territory=iso:VN&field=46&scheme=vsic&edition=2019", "edition", "2019", "2025"),
    (f"{CHECK}&territory=iso:VN&edition=nonsense", "edition", "nonsense", None),
    (f"{RIGHT}/exclusive?edition=2026.01", "edition", "2026.01", None),
    (f"{RIGHT}/left-to-grant?edition=1", "edition", "1", None),
    (f"{CHECK}&territory=iso:VN&scheme=vsic", "scheme", "vsic", None),
    (f"{RIGHT}/exclusive?scheme=ipc", "scheme", "ipc", None),
    ("/v1/technologies/technology:a/left-to-grant?scheme=vsic", "scheme", "vsic", None),
    (f"{CHECK}&territory=iso:VN&field=46&scheme=own", "scheme", "own", None),
    (f"/v1/parties/{ODD}", "party", ODD, TRUE),
    ("/v1/parties/party:vn.mst.0100047156/dues", "party", "party:vn.mst.0100047156", TRUE),
    ("/v1/parties/party:vn.mst.0110047516/keys", "party", "party:vn.mst.0110047516", TRUE),
    ("/v1/parties/party:vn.mst.0100047516-001", "party", "party:vn.mst.0100047516-001", TRUE),
    ("/v1/parties/party:vn.mst.12345/mandates", "party", "party:vn.mst.12345", None),
    (f"/v1/parties/party:a/power?signer={ODD}", "signer", ODD, TRUE),
    (f"{POWER}&topic=contract.conclude", "topic", "contract.conclude", "contract.concluded"),
    (f"{POWER}&topic=nonsense.topic", "topic", "nonsense.topic", None),
    (f"{POWER}&currency=VNN", "currency", "VNN", "VND"),
    (f"{POWER}&amount=1&currency=ZZZ", "currency", "ZZZ", None),
    (f"/v1/parties/party:a/relations?to={ODD}", "to", ODD, TRUE),
    (f"/v1/contracts/contract:a/minimum?year=2026&licensee={ODD}", "licensee", ODD, TRUE),
    (f"/v1/offers?party={ODD}", "party", ODD, TRUE),
    (f"/v1/subjects/{ODD}/timeline", "subject", ODD, TRUE),
    (f"/v1/findings?subject={ODD}", "subject", ODD, TRUE),
    (f"/ben/{ODD}", "party", ODD, TRUE),
    ("/v1/rights/right:a/exclusive?field=C09D&edition=1066", "edition", "1066", "2026.01"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "parameter", "value", "near"), NONE_SUCH)
def test_what_is_none_such_is_refused_with_what_may_be_meant(
    http: httpx2.Client, path: str, parameter: str, value: str, near: str | None
):
    answer = http.get(path, headers=PROBLEM)
    problem = answer.json()
    assert (422, "BAD_PARAMETER") == (answer.status_code, problem["code"])
    assert (parameter, value) == (problem["parameter"], problem["value"])
    assert f"{parameter}={value}: " in problem["detail"]
    if near is not None:
        assert near in problem["near"]
        assert near in problem["detail"]


@pytest.mark.parametrize("thing", ["rights/right:a", "technologies/technology:a"])
@pytest.mark.parametrize("question", ["exclusive", "left-to-grant"])
@pytest.mark.parametrize(
    ("asked", "first", "to"),
    [
        ("from=2027-01-01&to=2026-12-31", "from=2027-01-01", "2026-12-31"),
        ("from=2027-01-01&to=2027-01-01", "from=2027-01-01", "2027-01-01"),
        ("to=1990-01-01", "which is today by default", "1990-01-01"),
    ],
)
def test_a_span_of_no_days_is_refused_by_both_of_its_ends(
    http: httpx2.Client, thing: str, question: str, asked: str, first: str, to: str
):
    """Nobody is exclusive between a day and one before it: that would be a clean bill."""
    answer = http.get(f"/v1/{thing}/{question}?{asked}")
    problem = answer.json()
    assert (422, "BAD_PARAMETER") == (answer.status_code, problem["code"])
    assert ("to", to) == (problem["parameter"], problem["value"])
    assert f"to={to}: " in problem["detail"]
    assert first in problem["detail"]


@pytest.mark.parametrize(
    ("language", "title"),
    [("vi", "Tham số không hợp lệ"), ("en", "A parameter is not of its form")],
)
def test_a_question_is_refused_in_the_language_that_it_is_asked_in(
    url: str, language: str, title: str
) -> None:
    asked = ["rights", "title", "right:a", "--known-at", "999999", "--url", url, "--lang", language]
    told = CliRunner().invoke(app, asked)
    assert isinstance(told.exception, CouldNotAsk)
    assert f": {title}: " in str(told.exception)


def test_a_command_that_asks_about_no_days_has_asked_nothing(url: str):
    swapped = ["--from", "2027-01-01", "--to", "2026-01-01", "--url", url]
    told = CliRunner().invoke(app, ["rights", "exclusive", "right:a", *swapped])
    assert isinstance(told.exception, CouldNotAsk)
    assert (2, True) == (told.exception.exit_code, "from=2027-01-01" in str(told.exception))


@pytest.mark.parametrize(
    "path",
    [
        f"{CHECK}&territory=vn-2004:VN-27&field=A61K 31/00",
        f"{CHECK}&territory=world&field=46&scheme=vsic",
        f"{CHECK}&territory=iso:LA&field=45&scheme=vsic&edition=2018",
        f"{RIGHT}/exclusive?territory=vn-2025:48&field=A",
        f"{RIGHT}/left-to-grant?field=C09D 5",
        f"{RIGHT}/exclusive?from=2027-01-01&to=2027-01-02",
        f"{RIGHT}/status?territory=iso:GB",
        "/v1/parties/party:vn.mst.0100047516",
    ],
)
def test_what_there_is_is_answered(http: httpx2.Client, path: str):
    assert 200 == http.get(path).status_code


def test_what_is_near_is_looked_for_only_where_a_symbol_is_none(monkeypatch: pytest.MonkeyPatch):
    """It compares a symbol with all that there are, and took longer than the question."""
    monkeypatch.setattr(named, "_symbols_near", None)
    field = named.read_field(bundled_law(), "C09D", None, None)
    assert field is not None
    assert ("C09D",) == field.codes
    with pytest.raises(TypeError):
        named.read_field(bundled_law(), "C77Z", None, None)
