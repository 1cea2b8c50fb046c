"""The pages of a listing, a need and an offer: sentence, rights, what meets it, the thread."""

import re
from datetime import UTC, datetime, timedelta
from html import escape, unescape

import httpx2
import pytest

from api.describe import days
from ledger.domain.core.body import Body
from ledger.domain.core.types import HANOI, format_instant
from ledger.follow.client import Signed
from ledger.node.node import Node
from ledger.sequence.judging import Recorded
from ledger.wire.envelope import payload_hash, sign_envelope
from projections.engine.decoding import decode
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support import builders as b
from tests.support.builders import FIRM, INSTITUTE, LISTING, OPERATOR, REGISTRAR, RIGHT
from tests.support.inline import INLINE
from tests.support.licence_page import text_of
from tests.support.market import need_posted
from tests.support.node import append
from tests.support.world import World

NEED, OPEN, FIRST, COUNTER = "listing:need", "offer:open", "offer:first", "offer:counter"
HOSTILE = "<script>alert(1)</script>{{7*7}}"
SEALED = {"commitment": f"sha256:{64 * 'c'}"}
NARROW = {"scheme": "ipc", "edition": "2026.01", "codes": ["C09D 5/08"]}
WIDE = {**NARROW, "codes": ["C09D"]}
TODAY = datetime.now(UTC).astimezone(HANOI).date()
LAST_DAY = TODAY + timedelta(days=40)
LAST_MOMENT = datetime(TODAY.year + 1, 11, 30, 23, 59, 59, tzinfo=HANOI).astimezone(UTC)
OFFERED = {"offeror": FIRM, "offeree": INSTITUTE, "expires_at": format_instant(LAST_MOMENT)}
REACH = (
    *("licensor", "licensee", "rights", "acts", "exclusivity", "territory", "field"),
    *("valid_from", "valid_to"),
)
TURNED = {"offeror": INSTITUTE, "offeree": FIRM}


@pytest.fixture(scope="module")
def market(node: Node, world: World) -> None:
    """Put a right on the market, a need of its field, an offer, and a thread that made a deal."""

    def tell(body: Body, *signers: str) -> str:
        payload = world.payload(body, *signers)
        signed = Signed(sign_envelope(payload, [world.key(each) for each in signers]))
        for outcome in append(node, signed):
            assert isinstance(outcome, Recorded), outcome
        return payload_hash(payload)

    tell(b.right_filed(filed_on="2024-01-02", owners=[b.held(INSTITUTE)]), REGISTRAR)
    listed = b.listing_published(
        title=HOSTILE, fields=NARROW, ask=None, reviewer=OPERATOR, expires_on=LAST_DAY.isoformat()
    )
    tell(listed, INSTITUTE, OPERATOR)
    need = need_posted(listing=NEED, fields=WIDE, reviewer=OPERATOR, title="Cần sơn chống gỉ")
    tell(need, FIRM, OPERATOR)
    tell(b.offer_made(offer=OPEN, listing=LISTING, price=SEALED, **OFFERED), FIRM)
    first = tell(b.offer_made(offer=FIRST, price=b.vnd(800_000_000), **OFFERED), FIRM)
    grant = b.grant(
        valid_from=TODAY.isoformat(),
        valid_to=str(TODAY + timedelta(1_000)),
        sublicensing="no",
    )
    counter = b.offer_countered(
        **{**OFFERED, **TURNED},
        offer=COUNTER,
        counters=FIRST,
        counters_event=first,
        price=b.vnd(900_000_000),
        royalty_ppm=None,
        proposed=[{name: grant[name] for name in REACH}],
    )
    countered = tell(counter, INSTITUTE)
    accepted = tell(b.offer_accepted(offer=COUNTER, accepts=countered, accepted_by=FIRM), FIRM)
    deal = b.contract_concluded(
        offer=COUNTER,
        acceptance=accepted,
        grants=[grant],
        price=b.vnd(900_000_000),
        royalty_ppm=None,
        royalty_base="none",
        concluded_on=TODAY.isoformat(),
        effective_from=TODAY.isoformat(),
        effective_to=None,
    )
    tell(deal, INSTITUTE, FIRM)
    rebuild(node.pool, READ_MODELS, decode, key=node.key)


def page_of(http: httpx2.Client, path: str, **asked: str) -> str:
    answer = http.get(path, params=asked)
    assert 200 == answer.status_code, answer.text
    assert not INLINE.search(answer.text)
    return answer.text


def lead_of(page: str) -> str:
    (found,) = re.findall(r'<p class="lead">(.*?)</p>', page)
    return unescape(found)


def cards_in(page: str) -> list[str]:
    cards = page.partition('<ol class="cards">')[2].partition("</ol>")[0]
    return [text_of(each) for each in cards.split("<li")[1:]]


def turns_in(page: str) -> list[str]:
    thread = page.partition('<ol class="thread">')[2].partition("</ol>")[0]
    return [text_of(each) for each in thread.split('<li class="turn')[1:]]


def test_a_listing_says_first_who_offers_what_for_which_field_and_until_when(
    http: httpx2.Client, market: None
):
    del market
    page = page_of(http, f"/san/tin/{LISTING}")
    day = days.day(LAST_DAY, "vi")
    lead = lead_of(page)
    assert lead.startswith("Công ty Lạ chào một công nghệ, lĩnh vực IPC 2026.01 C09D 5/08")
    assert lead.endswith(f"giá không nêu. Tin đang mở, đến hết ngày {day}.")
    assert f"</span> {escape(HOSTILE)} <code" in page
    english = lead_of(page_of(http, f"/en/san/tin/{LISTING}"))
    assert "offers a technology, in the field IPC 2026.01 C09D 5/08" in english
    assert english.endswith(f"It is open, to {days.day(LAST_DAY, 'en')} inclusive.")
    later = lead_of(page_of(http, f"/san/tin/{LISTING}", true_on=str(LAST_DAY + timedelta(1))))
    assert later.endswith(f"Tin đã hết hạn: chỉ mở đến hết ngày {day}.")


def test_a_listing_shows_the_status_of_its_rights_and_what_is_left_to_grant(
    http: httpx2.Client, market: None
):
    del market
    page = page_of(http, f"/san/tin/{LISTING}", true_on=str(TODAY))
    assert "<h2>Còn cấp được gì</h2>" in page
    assert "<h2>Tình trạng</h2>" in page
    (link,) = (each for each in hrefs(page) if "/left-to-grant" in each)
    assert f"from={TODAY}" in link
    answer = http.get(link).json()
    assert (RIGHT, str(TODAY)) == (answer["subject"], answer["asked"]["start"])
    assert [b.CONTRACT] == [each["subject"] for each in answer["encumbrances"]]
    before = page_of(http, f"/san/tin/{LISTING}", true_on=str(TODAY - timedelta(1)))
    (link,) = (each for each in hrefs(before) if "/left-to-grant" in each)
    assert f"from={TODAY - timedelta(1)}" in link


def hrefs(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'href="([^"]*)"', page)]


@pytest.mark.parametrize(
    ("path", "title", "because"),
    [
        (f"/san/nhu-cau/{NEED}", HOSTILE, "IPC 2026.01 C09D 5/08"),
        (f"/san/tin/{LISTING}", "Cần sơn chống gỉ", "IPC 2026.01 C09D 5/08"),
    ],
)
def test_what_meets_the_field_is_shown_with_why(
    http: httpx2.Client, market: None, path: str, title: str, because: str
):
    del market
    (card,) = cards_in(page_of(http, path))
    assert title in card
    assert f"Khớp vì cùng lĩnh vực: {because}" in card
    (card,) = cards_in(page_of(http, f"/en{path}"))
    assert f"It matches by its field: {because}" in card


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_each_has_one_page_and_other_addresses_lead_there(
    http: httpx2.Client, market: None, prefix: str
):
    del market
    need, tin = f"{prefix}/san/nhu-cau/{NEED}", f"{prefix}/san/tin/{LISTING}"
    offer = f"{prefix}/san/de-nghi/{OPEN}"
    for path, to in (
        (f"{prefix}/san/tin/{NEED}", need),
        (f"{prefix}/san/nhu-cau/{LISTING}", tin),
        (f"{prefix}/doi-tuong/{LISTING}", tin),
        (f"{prefix}/doi-tuong/{OPEN}", offer),
    ):
        moved = http.get(path, params={"known_at": "8"})
        assert moved.status_code in (303, 308), path
        assert f"{to}?known_at=8" == moved.headers["location"]
    for path in (need, tin, offer):
        assert 200 == http.get(path).status_code
    assert need in hrefs(page_of(http, f"{prefix}/san"))
    assert http.get(f"{prefix}/tim", params={"q": OPEN}).headers["location"] == offer


@pytest.mark.parametrize("path", ["/san/tin/listing:none", "/san/nhu-cau/listing:none"])
def test_what_nobody_recorded_is_unknown(http: httpx2.Client, market: None, path: str):
    del market
    assert "KHÔNG BIẾT" in page_of(http, path)
    assert "UNKNOWN" in page_of(http, f"/en{path}")
    assert "KHÔNG BIẾT" in page_of(http, f"/san/tin/{LISTING}", known_at="1")
    assert f'href="/san/de-nghi/{OPEN}"' in page_of(http, f"/san/de-nghi/{OPEN}x")
    assert 422 == http.get("/san/tin/offer:open").status_code


def test_an_offer_says_first_that_its_price_is_sealed_and_until_when_it_can_be_accepted(
    http: httpx2.Client, market: None
):
    del market
    page = page_of(http, f"/san/de-nghi/{OPEN}")
    day = days.day(LAST_MOMENT.astimezone(HANOI).date(), "vi")
    assert lead_of(page) == (
        "Công ty Lạ đề nghị Công ty Lạ, giá niêm phong, phí theo doanh thu 5%."
        f" Đề nghị còn ngỏ, chấp nhận được đến hết ngày {day}."
    )
    (turn,) = turns_in(page)
    left = (LAST_MOMENT - datetime.now(UTC)).days
    assert re.search(rf"Còn ({left}|{left + 1}) ngày( \d+ giờ)? để chấp nhận", turn)
    assert f"niêm phong ({SEALED['commitment']})" in turn
    assert "left to accept it" in page_of(http, f"/en/san/de-nghi/{OPEN}")
    before = page_of(http, f"/san/de-nghi/{OPEN}", known_at="8")
    assert "để chấp nhận" not in before


@pytest.mark.parametrize("offer", [FIRST, COUNTER])
def test_an_offer_is_shown_in_its_thread_up_to_the_contract(
    http: httpx2.Client, market: None, offer: str
):
    del market
    page = page_of(http, f"/en/san/de-nghi/{offer}")
    first, counter, deed = turns_in(page)
    assert "countered" in first
    assert "VND 800,000,000" in first
    assert "accepted" in counter
    assert "VND 900,000,000" in counter
    assert "exclusive" in counter
    assert b.CONTRACT in deed
    assert f"/en/hop-dong/{b.CONTRACT}" in hrefs(page)
    (here,) = re.findall(r'<li class="turn here">.*?/en/san/de-nghi/([^"?]*)', page, re.DOTALL)
    assert offer == here
    lead = lead_of(page)
    assert (f"counter-offer: {COUNTER}" in lead) == (offer == FIRST)
    assert (f"It led to {b.CONTRACT}." in lead) == (offer == COUNTER)
    then = page_of(http, f"/san/de-nghi/{FIRST}", known_at="8")
    assert 1 == len(turns_in(then))


def test_what_happened_is_told_in_sentences(http: httpx2.Client, market: None):
    del market
    page = page_of(http, f"/san/de-nghi/{COUNTER}")
    told = page.partition('<ol class="told">')[2].partition("</ol>")[0]
    positions = http.get(f"/v1/subjects/{COUNTER}/timeline").json()["positions"]
    assert [str(each) for each in positions] == re.findall(r'href="/muc/(\d+)">\1<', told)
    assert "Công ty Lạ" in told
