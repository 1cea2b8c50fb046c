"""Duties by deadline, as a page: what is to be filed, when it is late, and its twins."""

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
from tests.support import builders as b
from tests.support import contracts as c
from tests.support.inline import INLINE
from tests.support.tale import Tale
from tests.support.world import World

SIGNED_AGO = 10


@pytest.fixture(scope="module")
def transfer(url: str, home: Home, world: World, node: Node, tale: Tale) -> str:
    """Record a transfer that waits for its registration; return its id."""
    cast = tale.cast
    contract = f"{cast.ids['contract']}.due"
    body = b.contract_concluded(
        contract=contract,
        kind="technology_transfer",
        parties=sorted([cast.institute, cast.firm]),
        grants=[
            b.grant(
                licensor=cast.institute,
                licensee=cast.firm,
                rights=[],
                technologies=[cast.ids["technology"]],
                exclusivity="non_exclusive",
                valid_from=cast.today.isoformat(),
                valid_to=None,
            )
        ],
        state_money=True,
        effective_upon="registration",
        concluded_on=(cast.today - timedelta(days=SIGNED_AGO)).isoformat(),
        **c.LATE,
        effective_from=cast.today.isoformat(),
        effective_to=None,
    )
    with LedgerClient(url, read_trust(home.trust)) as ledger:
        ledger.submit(world.sign(body, cast.institute, cast.firm))
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    return contract


def last_day(tale: Tale) -> date:
    return end_of_days(bundled_law(), tale.cast.today - timedelta(days=SIGNED_AGO), 90)


@pytest.mark.parametrize(
    ("prefix", "to_be_filed", "late"),
    [("", "chưa nộp", "muộn 5 ngày"), ("/en", "to be filed", "5 days late")],
)
def test_a_contract_stands_with_its_last_day_and_is_late_behind_it(
    http: httpx2.Client, tale: Tale, transfer: str, prefix: str, to_be_filed: str, late: str
):
    last = last_day(tale)
    page = unescape(http.get(f"{prefix}/dang-ky?contract={transfer}").text)
    assert re.search(rf'<span class="tag">{to_be_filed}</span> <time datetime="{last}">', page)
    assert f'href="{prefix}/hop-dong/{transfer}"' in page
    assert 1 == page.count('<g class=""><title>')
    assert not INLINE.search(page)
    behind = f"{prefix}/dang-ky?contract={transfer}&true_on={last + timedelta(days=5)}"
    page = unescape(http.get(behind).text)
    assert f'<span class="tag ill">{late}</span>' in page
    assert '<g class="ill">' in page
    in_time = http.get(f"{prefix}/dang-ky?contract={transfer}&true_on={last}&late=true").text
    assert '<li class="card">' not in in_time


def test_its_twins_say_what_the_question_says(http: httpx2.Client, transfer: str):
    page = http.get("/dang-ky")
    asked = http.get("/v1/contracts/registrations").json()
    twin = http.get("/dang-ky.json").json()
    assert asked["duties"] == twin["duties"]
    assert 'rel="alternate"' in page.headers["link"]
    rows = list(csv.reader(io.StringIO(http.get("/dang-ky.csv").text.lstrip("\ufeff"))))
    assert any(transfer in cell for row in rows for cell in row)


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_its_proof_shows_what_its_rows_rest_on(http: httpx2.Client, transfer: str, prefix: str):
    asked = f"contract={transfer}"
    page = unescape(http.get(f"{prefix}/dang-ky?{asked}").text)
    positions = http.get(f"/v1/contracts/registrations?{asked}").json()["positions"]
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
    words = "has to be registered" if prefix else "phải đăng ký hoặc xin phép"
    assert words in http.get(f"{prefix}/dang-ky?true_on=1990-01-01").text
    unknown = http.get(f"{prefix}/dang-ky?contract=contract:none")
    assert ("UNKNOWN:" if prefix else "KHÔNG BIẾT:") in unknown.text
    wrong = http.get(f"{prefix}/dang-ky?contract=%3Cb%3E", headers={"Accept": "text/html"})
    assert (422, "text/html; charset=utf-8") == (wrong.status_code, wrong.headers["content-type"])
    assert "<b>" not in wrong.text
    assert f'href="{prefix}/dang-ky"' in http.get(prefix or "/").text
