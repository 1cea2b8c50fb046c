"""Duties by deadline, as a page: what is due by when, what is late, the calendar, and the twins."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape

import httpx2
import pytest

from ledger.domain.core.body import Body
from ledger.domain.core.periods import end_of_days
from ledger.events.lawbook import bundled_law
from ledger.follow.client import LedgerClient, read_trust
from ledger.home.paths import Home
from ledger.node.node import Node
from projections.engine.decoding import decode
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support import moneys as m
from tests.support.builders import REGISTRAR, grant
from tests.support.contracts import certificate_issued, filing_made, terms_amended
from tests.support.inline import INLINE
from tests.support.sealing import sealed as seal
from tests.support.tale import Tale, transfer_to_register
from tests.support.world import World

SIGNED_AGO = timedelta(days=10)


@pytest.fixture(scope="module")
def transfer(url: str, home: Home, world: World, node: Node, tale: Tale) -> str:
    """Record a transfer that waits for its registration; return its id."""
    cast = tale.cast
    contract = f"{cast.ids['contract']}.due"
    body = transfer_to_register(cast, contract, cast.today - SIGNED_AGO)
    with LedgerClient(url, read_trust(home.trust)) as ledger:
        ledger.submit(world.sign(body, cast.institute, cast.firm))
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    return contract


def last_day(tale: Tale) -> date:
    return end_of_days(bundled_law(), tale.cast.today - SIGNED_AGO, 90)


SAID = {
    "": ("chưa đến hạn", "quá hạn 5 ngày", "cơ quan nhà nước"),
    "/en": ("not due yet", "5 days late", "the authority"),
}


@pytest.mark.parametrize("prefix", SAID)
def test_a_contract_stands_with_its_last_day_and_is_late_behind_it(
    http: httpx2.Client, tale: Tale, transfer: str, prefix: str
):
    to_come, late, state = SAID[prefix]
    last = last_day(tale)
    page = unescape(http.get(f"{prefix}/dang-ky?contract={transfer}").text)
    assert re.search(rf'<span class="tag">{to_come}</span> <time datetime="{last}">', page)
    assert f'href="{prefix}/hop-dong/{transfer}"' in page
    assert re.search(rf"→ {state}</p>", page)
    assert "Điều 31(1)(a)" in page
    assert '<rect class="due"' in page
    assert not INLINE.search(page)
    behind = f"{prefix}/dang-ky?contract={transfer}&true_on={last + timedelta(days=5)}"
    page = unescape(http.get(behind).text)
    assert f'<span class="tag ill">{late}</span>' in page
    assert f'<text class="late" x="{30 * last.weekday() + 15}"' in page
    assert f">{last.day}!</text>" in page
    in_time = http.get(f"{prefix}/dang-ky?contract={transfer}&true_on={last}&late=true").text
    assert '<li class="card">' not in in_time


def test_its_twins_say_what_the_question_says(http: httpx2.Client, transfer: str):
    of = f"contract={transfer}"
    page = http.get(f"/dang-ky?{of}")
    asked = http.get(f"/v1/duties?{of}").json()
    twin = http.get(f"/dang-ky.json?{of}").json()
    assert asked["duties"] == twin["duties"]
    assert 'rel="alternate"' in page.headers["link"]
    rows = list(csv.reader(io.StringIO(http.get(f"/dang-ky.csv?{of}").text.lstrip("\ufeff"))))
    assert len(asked["duties"]) == len(rows) - 1
    assert any(transfer in cell for row in rows for cell in row)


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_its_proof_shows_what_its_rows_rest_on(http: httpx2.Client, transfer: str, prefix: str):
    asked = f"contract={transfer}"
    page = unescape(http.get(f"{prefix}/dang-ky?{asked}").text)
    positions = http.get(f"/v1/duties?{asked}").json()["positions"]
    (address,) = re.findall(r'href="([^"]*)" type="application/json" download', page)
    assert address.startswith(f"{prefix}/dang-ky.proof?contract=")
    shown = {each["position"] for each in http.get(address).json()["entries"]}
    assert {*positions} <= shown
    assert positions
    wrong = http.get(f"{prefix}/dang-ky.proof?contract=x")
    assert (422, "application/problem+json") == (wrong.status_code, wrong.headers["content-type"])


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_where_there_is_none_it_says_so_and_what_is_asked_wrongly_is_a_page(
    http: httpx2.Client, transfer: str, prefix: str
):
    del transfer
    words = "Nothing of the kind" if prefix else "Không thấy việc nào như vậy"
    assert words in http.get(f"{prefix}/dang-ky?true_on=1990-01-01").text
    unknown = http.get(f"{prefix}/dang-ky?contract=contract:none")
    assert ("UNKNOWN:" if prefix else "KHÔNG BIẾT:") in unknown.text
    for asked in ("contract=%3Cb%3E", "party=%3Cb%3E", "kind=%3Cb%3E", "after=%3Cb%3E"):
        wrong = http.get(f"{prefix}/dang-ky?{asked}", headers={"Accept": "text/html"})
        told = wrong.status_code, wrong.headers["content-type"]
        assert (422, "text/html; charset=utf-8") == told, asked
        assert "<b>" not in wrong.text
    assert f'href="{prefix}/dang-ky"' in http.get(prefix or "/").text


Telling = Callable[..., None]


@pytest.fixture
def told(url: str, home: Home, world: World, node: Node) -> Telling:
    """Return what records what signers say, and has it folded."""

    def tell(body: Body, *signers: str) -> None:
        with LedgerClient(url, read_trust(home.trust)) as ledger:
            ledger.submit(world.sign(body, *signers))
        rebuild(node.pool, READ_MODELS, decode, key=node.key)

    return tell


@pytest.fixture(scope="module")
def hidden(url: str, home: Home, world: World, node: Node, tale: Tale) -> str:
    """Record a contract of the tale's parties whose schedule is sealed; return its id."""
    cast, contract = tale.cast, f"{tale.cast.ids['contract']}.sealed"
    given = grant(
        licensor=cast.institute,
        licensee=cast.firm,
        rights=[],
        technologies=[cast.ids["technology"]],
        exclusivity="non_exclusive",
        valid_from=cast.today.isoformat(),
        valid_to=None,
    )
    body = transfer_to_register(cast, contract, cast.today).model_copy(
        update={"state_money": False, "effective_upon": "day"}
    )
    said = {"royalty": m.royalty(), "royalty_ppm": None, "grants": [given]}
    body = type(body).model_validate({**body.model_dump(mode="json"), **said})
    with LedgerClient(url, read_trust(home.trust)) as ledger:
        ledger.submit(seal(world, body, ("/body/royalty",), cast.institute, cast.firm))
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    return contract


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_what_is_sealed_is_said_to_be_unknown_and_not_to_be_none(
    http: httpx2.Client, hidden: str, prefix: str
):
    page = unescape(http.get(f"{prefix}/dang-ky?contract={hidden}").text)
    assert ("UNKNOWN whether" if prefix else "KHÔNG BIẾT vào") in page
    assert ("0 things" if prefix else "0 việc") not in page
    assert ("only its parties know" if prefix else "chỉ các bên biết") in page
    rows = list(csv.reader(io.StringIO(http.get(f"{prefix}/dang-ky.csv?contract={hidden}").text)))
    assert ("NOT ALL IS KNOWN" if prefix else "KHÔNG BIẾT HẾT") in rows[-1][0]
    assert hidden in rows[-1][0]
    known = http.get(f"{prefix}/dang-ky.csv?contract={hidden}&kind=permit").text
    assert 1 == len(list(csv.reader(io.StringIO(known))))
    some = list(csv.reader(io.StringIO(http.get(f"{prefix}/dang-ky.csv").text)))
    assert hidden in some[-1][0]
    assert len(some) - 2 == len(http.get("/v1/duties?limit=100").json()["duties"]) > 0


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("known", ["", "&known_at={today}", "&true_on={today}&known_at={today}"])
def test_a_list_that_no_office_keeps_says_so_and_is_proven_as_it_stands(
    http: httpx2.Client, tale: Tale, transfer: str, prefix: str, known: str
) -> None:
    asked = f"contract={transfer}&known_by=office" + known.format(today=tale.cast.today)
    page = unescape(http.get(f"{prefix}/dang-ky?{asked}").text)
    words = "not by the register of an office" if prefix else "không theo sổ của cơ quan"
    assert words in page
    assert words not in unescape(http.get(f"{prefix}/dang-ky?contract={transfer}").text)
    (address,) = re.findall(r'href="([^"]*)" type="application/json" download', page)
    assert 200 == http.get(address).status_code
    (again,) = re.findall(r'class="id" href="([^"]*)">http', page)
    assert "known_by=office" not in again
    assert 200 == http.get(again).status_code


def test_an_amendment_that_waits_is_due_beside_its_contract_until_it_is_answered(
    told: Telling, http: httpx2.Client, tale: Tale
):
    cast, day = tale.cast, tale.cast.today.isoformat()
    contract = f"{cast.ids['contract']}.amended"
    told(transfer_to_register(cast, contract, cast.today - SIGNED_AGO), cast.institute, cast.firm)
    amendment = terms_amended(
        contract=contract,
        parties=sorted([cast.institute, cast.firm]),
        concluded_on=day,
        effective_from=day,
        effective_upon="registration",
    )
    told(amendment, cast.institute, cast.firm)
    asked = f"contract={contract}"
    own, of_it = http.get(f"/v1/duties?{asked}").json()["duties"]
    last = end_of_days(bundled_law(), cast.today, 90).isoformat()
    assert (None, last) == (own["amendment"], of_it["due_on"])
    of = of_it["amendment"]
    assert of in http.get(f"/en/dang-ky?{asked}").text
    filed = {"contract": contract, "amendment": of, "filed_by": cast.firm, "filed_on": day}
    told(filing_made(filing="filing:amendment", **filed), cast.firm)
    answer, left = http.get(f"/v1/duties?{asked}").json()["duties"]
    assert ("answer", of, own) == (answer["kind"], answer["amendment"], left)
    entered = {"contract": contract, "filing": None, "amendment": of, "issued_on": day}
    told(certificate_issued(**entered), REGISTRAR)
    assert [own] == http.get(f"/v1/duties?{asked}").json()["duties"]
