"""The `.proof` twin of a page: the bundle of what it rests on, which anybody checks offline."""

import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl

import httpx2
import pytest

from api.cli.story import names
from ledger.court import MAX_BUNDLE
from ledger.verify.__main__ import main
from ledger.wire.report_file import bundle_in
from tests.support.log import flip
from tests.support.tale import Loaded

NAMES = names()
CONTRACT, MARK, FIRM = (NAMES[each] for each in ("contract", "mark", "firm"))
LICENCE = f"party={FIRM}&act=sell&territory=vn-2025:48&field=C09D&scheme=ipc"
SUBJECTS = {
    f"/hop-dong/{CONTRACT}?true_on=2026-12-01": CONTRACT,
    f"/quyen/{MARK}": MARK,
    f"/ben/{FIRM}": FIRM,
    f"/tranh-chap/{NAMES['dispute']}": NAMES["dispute"],
    f"/tranh-chap/{NAMES['dispute']}/ho-so?known_at=40": NAMES["dispute"],
    f"/doi-tuong/{NAMES['share']}": NAMES["share"],
}
PAGES = [
    *SUBJECTS,
    "/muc/7",
    "/muc?topic=contract.concluded/1",
    "/san?field=C09D",
    f"/ben/{FIRM}/hop-dong",
    f"/hop-dong/{NAMES['royalties']}/so-sanh?tu=1&den=2",
    "/so-lieu/2026?month=12",
    f"/li-xang/kiem-tra/ket-qua?{LICENCE}",
]


def proof_of(http: httpx2.Client, path: str) -> str:
    """Return where a page says that its proof is; it is what the page's header says, too."""
    page = http.get(path, follow_redirects=True)
    assert 200 == page.status_code, page.text
    (address,) = re.findall(r'<a href="([^"]*)" type="application/json" download>', page.text)
    address = unescape(address)
    assert (
        f'<{address}>; rel="alternate"; type="application/json"; title="proof"'
        in (page.headers["link"])
    )
    before, _, query = path.partition("?")
    assert address.startswith(f"{before}.proof")
    assert {*parse_qsl(query)} <= {*parse_qsl(address.partition("?")[2])}
    return address


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_its_proof_beside_it_and_it_verifies(
    http: httpx2.Client, loaded: Loaded, tmp_path: Path, prefix: str, path: str
):
    answer = http.get(proof_of(http, prefix + path))
    assert (200, "application/json") == (answer.status_code, answer.headers["content-type"])
    assert re.fullmatch(
        r'attachment; filename="[a-z0-9.-]+[.]proof"', answer.headers["content-disposition"]
    )
    assert "no-store" == answer.headers["cache-control"]
    file = tmp_path / "proof"
    file.write_bytes(answer.content)
    assert 0 == main([str(file), "--trust", str(loaded.trust)])
    file.write_bytes(flip(answer.content, len(answer.content) // 2))
    assert 1 == main([str(file), "--trust", str(loaded.trust)])


@pytest.mark.parametrize("path", [*SUBJECTS, PAGES[-1], "/so-lieu/2026?month=12"])
def test_the_proof_of_a_page_is_what_its_report_holds(
    http: httpx2.Client, loaded: Loaded, path: str
):
    del loaded
    proof = proof_of(http, path)
    pdf = http.get(proof.replace(".proof", ".pdf"))
    assert bundle_in(pdf.content, MAX_BUNDLE) == http.get(proof).content


def shown(http: httpx2.Client, address: str) -> set[int]:
    return {each["position"] for each in http.get(address).json()["entries"]}


def test_it_shows_what_the_answers_of_the_page_rest_on_and_no_more_than_was_known(
    http: httpx2.Client, loaded: Loaded
):
    del loaded
    for answer, page in (
        (f"/v1/contracts/{CONTRACT}/terms", f"/hop-dong/{CONTRACT}.proof"),
        ("/v1/events?topic=contract.concluded/1", "/muc.proof?topic=contract.concluded/1"),
        (f"/v1/licences/check?{LICENCE}", f"/li-xang/kiem-tra/ket-qua.proof?{LICENCE}"),
        ("/v1/figures/2026", "/so-lieu/2026.proof"),
        (f"/v1/parties/{FIRM}/contracts", f"/ben/{FIRM}/hop-dong.proof"),
    ):
        positions = {*http.get(answer).json()["positions"]}
        assert positions, answer
        assert positions <= shown(http, page), answer
        assert http.get(f"{page}{'&' if '?' in page else '?'}known_at=3").status_code == 200
    assert 7 in shown(http, "/muc/7.proof")
    sold = {*http.get("/v1/events?topic=contract.concluded/1").json()["positions"]}
    asked = "topic=contract.concluded/1&known_at=1"
    assert not sold & shown(http, f"/muc.proof?{asked}")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/muc/1000000.proof", 404),
        ("/muc.proof?topic=none/1", 422),
        ("/san.proof?field=Z99", 422),
        ("/so-lieu/2026.proof?month=13", 422),
        ("/li-xang/kiem-tra/ket-qua.proof?party=nobody&act=sell", 422),
        (f"/hop-dong/{CONTRACT}.proof?true_on=never", 422),
    ],
)
def test_what_cannot_be_asked_is_a_problem_and_no_file(
    http: httpx2.Client, loaded: Loaded, path: str, status: int
):
    del loaded
    for prefix in ("", "/en"):
        answer = http.get(prefix + path, headers={"accept": "text/html"})
        assert status == answer.status_code, path
        assert "application/problem+json" == answer.headers["content-type"]
        assert answer.json()["code"]


def test_of_a_subject_that_nobody_recorded_the_proof_shows_no_history(
    http: httpx2.Client, loaded: Loaded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    nobody = "right:vn.4-1999-99999"
    answer = http.get(proof_of(http, f"/quyen/{nobody}"))
    file = tmp_path / "proof"
    file.write_bytes(answer.content)
    # The story is sealed by nobody: so it is not shown that there is nothing.
    assert 1 == main([str(file), "--trust", str(loaded.trust), "--subject", nobody, "--json"])
    assert [] == json.loads(capsys.readouterr().out)["histories"]
