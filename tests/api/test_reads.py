"""Reading over HTTP, once the demo's story has been played: every answer with what proves it."""

from datetime import date, timedelta

import httpx2
import pytest

from ledger.events.compose import uuid7
from ledger.events.intake import decode
from ledger.follow.client import LedgerClient
from ledger.node.node import Node
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support import builders as b
from tests.support.tale import Tale
from tests.support.world import World


@pytest.fixture
def right(tale: Tale) -> str:
    return tale.cast.ids["right"]


def day(moved: date) -> str:
    return moved.isoformat()


# Title, chain, liens, status


def test_title_names_the_owner_with_an_exact_fraction(ledger: LedgerClient, tale: Tale, right):
    title = ledger.get(f"/v1/rights/{right}/title")
    assert [{"party": tale.cast.institute, "share": [1, 1], "by": right}] == title["owners"]
    assert tale.at("right-filed") == title["positions"]
    assert (right, day(tale.cast.today), "parties") == (
        title["right"],
        title["true_on"],
        title["effect"],
    )
    assert tale.size <= title["size"]


def test_before_it_was_filed_nobody_owned_the_right(ledger: LedgerClient, right):
    title = ledger.get(f"/v1/rights/{right}/title", true_on="2024-06-09")
    assert ([], []) == (title["owners"], title["positions"])


def test_before_the_ledger_knew_it_nothing_is_said_of_the_right(
    ledger: LedgerClient, tale: Tale, right
):
    (filed,) = tale.at("right-filed")
    assert [] == ledger.get(f"/v1/rights/{right}/title", known_at=filed - 1)["owners"]
    assert 1 == len(ledger.get(f"/v1/rights/{right}/title", known_at=filed)["owners"])


def test_known_at_takes_the_instant_of_acceptance_as_well(ledger: LedgerClient, tale: Tale, right):
    accepted = tale.receipts["right-filed"].accepted
    opened = ledger.get("/v1/entries/0")["accepted"]
    assert 1 == len(ledger.get(f"/v1/rights/{right}/title", known_at=accepted)["owners"])
    assert 0 == len(ledger.get(f"/v1/rights/{right}/title", known_at=opened)["owners"])


def test_the_chain_lists_how_title_came_there(ledger: LedgerClient, tale: Tale, right):
    (link,) = ledger.get(f"/v1/rights/{right}/chain")["links"]
    assert ("filed", [], [tale.cast.institute]) == (link["link"], link["givers"], link["takers"])
    assert tale.at("right-filed") == [link["position"]]
    assert tale.receipts["right-filed"].accepted == link["accepted"]


def test_status_is_in_force_from_the_grant_on(ledger: LedgerClient, tale: Tale, right):
    now = ledger.get(f"/v1/rights/{right}/status")
    assert ("in_force", "2026-05-11") == (now["status"], now["since"])
    assert tale.at("right-filed", "right-granted") == now["positions"]
    eve = ledger.get(f"/v1/rights/{right}/status", true_on="2026-05-10")
    assert "in_force" != eve["status"]
    assert tale.at("right-filed") == eve["positions"]


def test_a_lien_burdens_the_right_until_it_is_released(
    ledger: LedgerClient, world: World, node: Node, tale: Tale
):
    cast, security = tale.cast, f"security:{tale.cast.ids['right'][9:]}"
    right = f"{tale.cast.ids['right']}.pledged"
    created, released = cast.today - timedelta(days=9), cast.today - timedelta(days=2)
    filing = b.right_filed(right=right, application_no=right[9:], owners=[b.held(cast.institute)])
    pledge = b.security_created(
        security=security,
        rights=[right],
        debtors=[cast.institute],
        creditor=cast.rival,
        created_on=day(created),
    )
    release = b.security_released(
        security=security, rights=[right], creditor=cast.rival, released_on=day(released)
    )
    ledger.submit(world.sign(filing, cast.registrar))
    begun = ledger.submit(world.sign(pledge, cast.institute, cast.rival)).position
    ended = ledger.submit(world.sign(release, cast.rival)).position
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    burdened = ledger.get(f"/v1/rights/{right}/liens", true_on=day(created))
    assert [(security, [cast.rival], [cast.institute])] == [
        (lien["security"], lien["creditors"], lien["debtors"]) for lien in burdened["liens"]
    ]
    assert begun in burdened["positions"]
    free = ledger.get(f"/v1/rights/{right}/liens", true_on=day(released))
    assert [] == free["liens"]
    assert ended in free["positions"]


# Licences


def ask_licence(ledger: LedgerClient, tale: Tale, **changed):
    question = {
        "party": tale.cast.firm,
        "act": "sell",
        "right": tale.cast.ids["right"],
        "territory": "vn-2025:48",
        "field": "C09D",
        "true_on": day(tale.cast.today),
    }
    return ledger.get("/v1/licences/check", **(question | changed))


def test_a_licence_for_viet_nam_covers_da_nang(ledger: LedgerClient, tale: Tale):
    answer = ask_licence(ledger, tale)
    assert answer["licensed"]
    assert tale.at("right-filed", "right-granted", "contract") == answer["positions"]
    (finding,) = answer["grants"]
    assert f"{tale.cast.ids['contract']}#g1" == finding["grant"]["ref"]
    assert 50_000 == finding["terms"]["royalty_ppm"]


def test_a_sealed_price_stays_a_commitment_in_the_answer(ledger: LedgerClient, tale: Tale):
    terms = ask_licence(ledger, tale)["grants"][0]["terms"]
    assert terms["price_amount"] is None
    assert terms["price_commitment"].startswith("sha256:")


@pytest.mark.parametrize(
    ("changed", "beyond"),
    [
        ({"territory": "iso:LA"}, ["territory"]),
        ({"field": "A61K"}, ["field"]),
    ],
)
def test_no_comes_with_the_events_that_were_looked_at(
    ledger: LedgerClient, tale: Tale, changed, beyond
):
    answer = ask_licence(ledger, tale, **changed)
    assert not answer["licensed"]
    assert [beyond] == [finding["beyond"] for finding in answer["grants"]]
    assert tale.at("contract")[0] in answer["positions"]


def test_no_grant_of_the_act_means_no(ledger: LedgerClient, tale: Tale):
    answer = ask_licence(ledger, tale, act="export")
    assert (False, []) == (answer["licensed"], answer["grants"])
    assert [["act"]] == [other["beyond"] for other in answer["others"]]
    assert tale.at("right-filed", "right-granted", "contract") == answer["positions"]


def test_the_day_before_the_grant_begins_nobody_is_licensed(ledger: LedgerClient, tale: Tale):
    eve = day(tale.cast.today - timedelta(days=2))  # It was signed today, from yesterday on.
    assert not ask_licence(ledger, tale, true_on=eve)["licensed"]


def test_who_was_never_granted_anything_is_not_licensed(ledger: LedgerClient, tale: Tale):
    answer = ask_licence(ledger, tale, party=tale.cast.rival)
    assert (False, []) == (answer["licensed"], answer["grants"])


# Timeline, offers, revenue


def test_a_timeline_by_pages_is_the_timeline(ledger: LedgerClient, tale: Tale):
    path = f"/v1/subjects/{tale.cast.institute}/timeline"
    whole = ledger.get(path, limit=1000)
    assert whole["next_after"] is None
    pages, after = [], -1
    while after is not None:
        page = ledger.get(path, after=after, limit=3)
        assert 3 >= len(page["events"])
        pages += page["events"]
        after = page["next_after"]
    assert whole["events"] == pages
    named = {
        receipt.position
        for receipt in tale.receipts.values()
        if tale.cast.institute in decode(receipt.entry, receipt.position).event.subjects
    }
    assert named <= {event["position"] for event in pages}


def test_a_timeline_names_each_event_by_its_payload_s_hash(ledger: LedgerClient, tale: Tale):
    events = ledger.get(f"/v1/subjects/{tale.cast.ids['offer']}/timeline")["events"]
    expected = ["offer", "acceptance", "contract"]
    assert tale.at(*expected) == [event["position"] for event in events]
    hashes = [decode(tale.receipts[step].entry, 0).event.payload_hash for step in expected]
    assert hashes == [event["payload_hash"] for event in events]


def test_an_offer_is_open_until_it_is_accepted(ledger: LedgerClient, tale: Tale):
    offer, made = tale.cast.ids["offer"], tale.receipts["offer"].accepted
    (then,) = ledger.get("/v1/offers", offer=offer, at=made)["offers"]
    assert (True, None) == (then["open"], then["reason"])
    now = ledger.get("/v1/offers", offer=offer)
    assert [(False, "accepted")] == [(each["open"], each["reason"]) for each in now["offers"]]
    assert tale.at("offer", "acceptance") == now["positions"]


@pytest.mark.parametrize("by", ["listing", "party"])
def test_offers_are_found_by_listing_and_by_party(ledger: LedgerClient, tale: Tale, by):
    whom = {"listing": tale.cast.ids["listing"], "party": tale.cast.firm}[by]
    offers = ledger.get("/v1/offers", **{by: whom})["offers"]
    assert [tale.cast.ids["offer"]] == [each["offer"]["subject"] for each in offers]


def test_revenue_adds_up_to_the_dong(ledger: LedgerClient, tale: Tale):
    cast = tale.cast
    money = ledger.get(f"/v1/contracts/{cast.ids['contract']}/revenue")
    (due,) = [each["report"]["due"] for each in money["reports"]]
    assert 437_500_000 == due
    payable = {each["payee"]: each["amount"] for each in money["payables"]}
    assert due == sum(payable.values())
    assert {
        cast.institute: due * 65 // 100,
        cast.inventor: due * 30 // 100,
        cast.operator: due * 5 // 100,
    } == payable
    balances = {each["payee"]: each["open"] for each in money["balances"]}
    assert {**payable, cast.institute: 0} == balances
    assert tale.at("share", "report", "distribution", "payment") == money["positions"]


# ETags


def test_an_answer_that_has_not_changed_is_not_sent_again(http: httpx2.Client, tale: Tale, right):
    del tale
    path = f"/v1/rights/{right}/title"
    first = http.get(path)
    again = http.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (304, b"", first.headers["etag"]) == (
        again.status_code,
        again.content,
        again.headers["etag"],
    )
    weak = http.get(path, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert 304 == weak.status_code
    other = http.get(path, headers={"If-None-Match": '"other"'})
    assert first.content == other.content


def test_another_answer_has_another_etag(http: httpx2.Client, right):
    path = f"/v1/rights/{right}/title"
    before = http.get(path, params={"true_on": "2024-06-09"})
    assert http.get(path).headers["etag"] != before.headers["etag"]


def test_an_entry_may_be_cached_for_ever(http: httpx2.Client, tale: Tale):
    (position,) = tale.at("contract")
    headers = http.get(f"/v1/entries/{position}", headers={"Accept-Encoding": "identity"}).headers
    assert "public, max-age=31536000, immutable" == headers["cache-control"]
    assert f'"{position}"' == headers["etag"]


# What is not there, or not asked well


NOT_FOUND = [
    "/nowhere",
    "/v1/entries/100000",
    "/v1/entries/100000/proof",
    "/v1/events/01890000-0000-7000-8000-000000000001",
    "/v1/events/01890000-0000-7000-8000-000000000001/receipt",
    "/tile/0/001",
    "/tile/0/000.p/0",
    "/tile/0/000.p/256",
    "/tile/64/000",
    "/tile/0/x",
    "/tile/entries/005",
    "/tile/%2e%2e/checkpoint",
]


@pytest.mark.parametrize("path", NOT_FOUND)
def test_not_found_is_a_problem_of_one_shape(http: httpx2.Client, tale: Tale, path):
    del tale
    answer = http.get(path)
    assert 404 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]
    assert "NOT_FOUND" == answer.json()["code"]


@pytest.mark.parametrize("of", ["", "/grounds", "/falls", "/proof", "/cose-receipt"])
def test_a_position_beyond_the_log_is_told_with_what_the_log_has(
    http: httpx2.Client, node: Node, tale: Tale, of: str
):
    del tale
    size = node.published
    answer = http.get(f"/v1/entries/{size + 900}{of}")
    assert (404, "NOT_FOUND") == (answer.status_code, answer.json()["code"])
    assert (
        f"no entry is published at position {size + 900}; the log has {size} entries:"
        f" the last has position {size - 1}"
    ) == answer.json()["detail"]


BAD_PARAMETERS = [
    "/v1/entries/-1",
    "/v1/entries/first",
    "/v1/entries/9223372036854775807",
    "/v1/events/not-a-uuid",
    "/v1/rights/x/title",
    "/v1/rights/right:UPPER/title",
    "/v1/rights/right:a/title?true_on=2026-13-01",
    "/v1/rights/right:a/title?true_on=yesterday",
    "/v1/rights/right:a/title?known_at=-1",
    "/v1/rights/right:a/title?known_at=2026-11-22",
    "/v1/rights/right:a/title?known_at=2026-11-22T00:00:00Z",
    "/v1/rights/right:a/title?known_at=99999999999999999999",
    "/v1/rights/right:a/title?known_by=office&known_at=3",
    "/v1/rights/right:a/title?effect=everybody",
    "/v1/rights/right:a/title?at_least=-1",
    "/v1/licences/check",
    "/v1/licences/check?party=party:a&act=steal&territory=world",
    "/v1/licences/check?party=party:a&act=sell&territory=atlantis",
    "/v1/licences/check?party=party:a&act=sell&territory=world&field=C09D&scheme=own",
    "/v1/subjects/right:a/timeline?limit=0",
    "/v1/subjects/right:a/timeline?limit=1001",
    "/v1/subjects/right:a/timeline?after=-2",
    "/v1/subjects/nothing/timeline",
    "/v1/offers?at=noon",
    "/v1/offers?offer=listing:a",
    "/v1/contracts/right:a/revenue",
    "/v1/projections/title/digest?size=0&at_least=1",
    "/v1/projections/title/digest?size=1000000",
    "/v1/rights/right:a/title?at_least=1000000",
    f"/v1/rights/right:a/title?known_at={10**15}",
]


@pytest.mark.parametrize("path", BAD_PARAMETERS)
def test_a_parameter_that_is_not_of_its_form_is_a_problem(http: httpx2.Client, tale: Tale, path):
    del tale
    answer = http.get(path)
    assert (422, "BAD_PARAMETER") == (answer.status_code, answer.json()["code"])
    assert "application/problem+json" == answer.headers["content-type"]
    problem = answer.json()
    assert f"{problem['parameter']}={problem['value']}: " in problem["detail"]
    for words in ("Value error", "Input should", "String should"):  # pydantic's
        assert words not in problem["detail"]


def test_an_instant_without_milliseconds_is_told_how_one_is_written(http: httpx2.Client):
    answer = http.get("/v1/rights/right:none/title?known_at=2026-12-01T10:00:00Z")
    assert (422, "BAD_PARAMETER") == (answer.status_code, answer.json()["code"])
    assert "with milliseconds (2026-12-01T10:00:00.000Z)" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/v1/events/check", "/v1/events/batch"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_where_events_are_posted_nothing_is_read(http: httpx2.Client, path: str, method: str):
    answer = http.request(method, path)
    assert (405, "POST, OPTIONS") == (answer.status_code, answer.headers["allow"])


def test_another_method_is_a_problem_too(http: httpx2.Client):
    answer = http.delete("/v1/entries/0")
    assert (405, "METHOD") == (answer.status_code, answer.json()["code"])


def test_a_method_that_is_not_there_is_told_with_what_options_list(http: httpx2.Client):
    answer, listed = http.put("/v1/entries/0"), http.options("/v1/entries/0")
    assert listed.headers["allow"] == answer.headers["allow"] == "GET, HEAD, OPTIONS"
    told = "'/v1/entries/0' has no 'PUT', but GET, HEAD, OPTIONS"
    assert (405, told) == (answer.status_code, answer.json()["detail"])


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/v1/entries/0/", "/v1/entries/0"),
        ("/v1/finding", "/v1/findings"),
        ("/v1/right/right:a/title", "/v1/rights/{right}/title"),
    ],
)
def test_a_path_with_nothing_is_told_with_what_is_near(
    http: httpx2.Client, tale: Tale, path: str, near: str
):
    del tale
    problem = http.get(path).json()
    assert ("NOT_FOUND", near) == (problem["code"], problem["near"][0])
    told = f"nothing is at '{path}': /openapi.json lists all paths"
    assert problem["detail"].startswith(told)


def test_a_problem_has_its_title_in_vietnamese(http: httpx2.Client):
    answer = http.get("/nowhere", headers={"Accept-Language": "vi-VN,vi;q=0.9"})
    assert "Không tìm thấy" == answer.json()["title"]


def test_a_read_that_waits_for_what_is_not_folded_is_told_to_come_back(
    node: Node,
    http: httpx2.Client,
    ledger: LedgerClient,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    tale: Tale,
):
    del tale
    late = f"technology:{uuid7()}"
    receipt = ledger.submit(world.sign(b.technology_registered(technology=late), b.INSTITUTE))
    monkeypatch.setattr(node.settings, "read_wait_s", 0.05)
    asked = {"at_least": receipt.position + 1}
    answer = http.get("/v1/rights/right:a/title", params=asked)
    assert (503, "NOT_FOLDED", "1") == (
        answer.status_code,
        answer.json()["code"],
        answer.headers["retry-after"],
    )


@pytest.mark.parametrize("asked", ["at_least=1000000", f"at_least={10**30}", f"known_at={10**15}"])
def test_what_no_entry_is_promised_for_is_not_waited_for(
    http: httpx2.Client, monkeypatch: pytest.MonkeyPatch, node: Node, tale: Tale, asked: str
):
    del tale
    monkeypatch.setattr(node.settings, "read_wait_s", 3600.0)
    answer = http.get(f"/v1/rights/right:a/title?{asked}")
    assert (422, "BAD_PARAMETER") == (answer.status_code, answer.json()["code"])
