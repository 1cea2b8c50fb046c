"""Feeds: Atom as RFC 4287 has it, ids of origin and event alone, pages, nothing sent again."""

import re
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, fromstring

import httpx2
import pytest

from api.cli.story import names
from api.explorer import feeds
from ledger.follow.client import LedgerClient
from tests.support.tale import Loaded
from tests.support.world import World

ATOM = "{http://www.w3.org/2005/Atom}"
FEED = "/phat/muc.atom"
NAMES = names()
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
IRI = re.compile(r"[a-z]+:[^\s<>\"{}|\\^`]+")


def read(http: httpx2.Client, address: str) -> Element:
    """Return a feed that has all that RFC 4287 asks for, and each of it once."""
    answer = http.get(address)
    assert (200, "application/atom+xml; charset=utf-8") == (
        answer.status_code,
        answer.headers["content-type"],
    ), answer.text
    feed = fromstring(answer.content)
    assert f"{ATOM}feed" == feed.tag
    entries = feed.findall(f"{ATOM}entry")
    for each in (feed, *entries):
        for name in ("id", "title", "updated"):  # 4.1.1, 4.1.2
            (found,) = each.findall(f"{ATOM}{name}")
            assert found.text, name
        assert IRI.fullmatch(text(each, "id"))
        assert INSTANT.fullmatch(text(each, "updated"))
        relations = [(link.get("rel"), link.get("type")) for link in each.findall(f"{ATOM}link")]
        assert len({*relations}) == len(relations)
        assert ("alternate", None) in relations
        assert all(urlsplit(link.get("href")).scheme == "http" for link in each.iter(f"{ATOM}link"))
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    updated = [text(each, "updated") for each in entries]
    assert updated == sorted(updated, reverse=True)
    assert text(feed, "updated") == (updated[0] if updated else text(feed, "updated"))
    assert len({text(each, "id") for each in entries}) == len(entries)
    assert text(feed, "id") not in {text(each, "id") for each in entries}
    return feed


def text(of: Element, name: str) -> str:
    found = of.find(f"{ATOM}{name}")
    assert found is not None
    return found.text or ""


def told(feed: Element, name: str = "id") -> list[str]:
    return [text(each, name) for each in feed.findall(f"{ATOM}entry")]


def link(of: Element, relation: str) -> str | None:
    found = [each.get("href") for each in of.findall(f"{ATOM}link") if each.get("rel") == relation]
    return found[0] if found else None


def test_r12_an_id_is_made_of_origin_and_event_alone(
    http: httpx2.Client, loaded: Loaded, node
) -> None:
    """By http, by another name, in English, in another feed: one id for one event."""
    del loaded
    feed, english = read(http, FEED), read(http, f"/en{FEED}")
    rows = http.get("/v1/events?limit=50").json()["events"]
    host, _, name = node.origin.partition("/")
    assert [f"tag:{host},2026:{name}/{row['event_id']}" for row in rows] == told(feed)
    assert told(feed) == told(english)
    assert told(feed, "title") != told(english, "title")
    assert text(feed, "id") != text(english, "id")
    elsewhere = fromstring(http.get(FEED, headers={"Host": "localhost"}).content)
    assert told(feed) == told(elsewhere)
    assert text(feed, "id") == text(elsewhere, "id")
    subject = rows[0]["subjects"][0]
    assert told(feed)[0] == told(read(http, f"{FEED}?subject={subject}"))[0]


def test_an_entry_is_a_sentence_and_leads_to_its_page(http: httpx2.Client, loaded: Loaded) -> None:
    feed = read(http, f"/en{FEED}?topic=contract.concluded/1")
    entry = feed.findall(f"{ATOM}entry")[-1]
    page = http.get(link(entry, "alternate"))
    assert 200 == page.status_code
    sentence = re.sub(r"<[^>]*>", "", page.text)
    assert text(entry, "title").split(",")[0][:30] in " ".join(sentence.split())
    assert f"/en/muc/{loaded.at['contract']}" in {
        urlsplit(link(each, "alternate")).path for each in feed.findall(f"{ATOM}entry")
    }


def test_a_watch_list_is_an_address(http: httpx2.Client, loaded: Loaded) -> None:
    del loaded
    right, institute = NAMES["right"], NAMES["institute"]
    feed = read(http, f"{FEED}?subject={right}&subject={institute}")
    expected = set()
    for subject in (right, institute):
        rows = http.get(f"/v1/events?limit=100&subject={subject}").json()["events"]
        expected |= {row["event_id"] for row in rows}
    assert expected == {each.rpartition("/")[2] for each in told(feed)} or len(expected) > 50
    assert institute not in text(feed, "title"), "names before ids"
    empty = read(http, f"{FEED}?subject=right:none")
    assert [] == told(empty)
    refused = http.get(f"{FEED}?subject=none", headers={"Accept": "application/problem+json"})
    assert (422, "subject") == (refused.status_code, refused.json()["parameter"])


def test_its_pages_hold_each_event_once(
    http: httpx2.Client, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    del loaded
    monkeypatch.setattr(feeds, "ENTRIES", 7)
    address, found, pages = FEED, list[str](), 0
    while address:
        feed = read(http, address)
        assert link(feed, "self").endswith(urlsplit(address).query)
        found, pages = found + told(feed), pages + 1
        address = link(feed, "next")
    size = int(http.get("/checkpoint").text.splitlines()[1])
    assert (size, size, -(-size // 7)) == (len(found), len({*found}), pages)


def test_what_is_known_is_not_sent_again_until_there_is_more(
    http: httpx2.Client, loaded: Loaded, ledger: LedgerClient, home, fold
) -> None:
    del loaded
    first = http.get(FEED)
    assert "no-cache" == first.headers["cache-control"]
    known = {"If-None-Match": first.headers["etag"]}
    assert (304, b"") == ((again := http.get(FEED, headers=known)).status_code, again.content)
    world = World.of(home)
    ledger.submit(world.registration("party:vn.mst.0100112437", name='<b>&"Ý]]>\u00ad</b>'))
    fold()
    later = http.get(FEED, headers=known)
    assert 200 == later.status_code
    title = told(fromstring(later.content), "title")[0]
    assert '<b>&"Ý]]>' in title
    assert "\u00ad" not in title, "what cannot be seen is shown"


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_pages_of_the_log_and_of_subjects_lead_to_their_feeds(
    http: httpx2.Client, loaded: Loaded, prefix: str
) -> None:
    del loaded
    right = NAMES["right"]
    for page, feed in (
        (f"{prefix}/" if prefix else "/", ""),
        (f"{prefix}/muc", ""),
        (f"{prefix}/muc?topic=right.filed/1", "?topic=right.filed/1"),
        (f"{prefix}/quyen/{right}", f"?subject={right}"),
    ):
        shown = http.get(page).text
        address = f"{prefix}{FEED}{feed}"
        assert f'type="application/atom+xml" title="Atom" href="{address}"' in shown, page
        read(http, address)
    assert "atom+xml" not in http.get(f"{prefix}/san").text
