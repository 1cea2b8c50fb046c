"""Duties by deadline, as a page: what is due by when, what is late, the calendar, and the twins."""

import csv
import io
import re
from datetime import date, timedelta
from html import unescape

import httpx2
import pytest

from ledger.domain.core.periods import end_of_days
from ledger.events.lawbook import bundled_law
from ledger.follow.client import LedgerClient, read_trust
from ledger.home.paths import Home
from ledger.node.node import Node
from projections.engine.decoding import decode
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support.inline import INLINE
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
    page = http.get("/dang-ky")
    asked = http.get("/v1/duties?limit=100").json()
    twin = http.get("/dang-ky.json").json()
    assert asked["duties"] == twin["duties"]
    assert 'rel="alternate"' in page.headers["link"]
    rows = list(csv.reader(io.StringIO(http.get("/dang-ky.csv").text.lstrip("\ufeff"))))
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
