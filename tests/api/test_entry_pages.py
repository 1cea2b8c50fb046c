"""The pages of the entries of the story: what each says, and that what it links to is there."""

import re
from html import unescape
from urllib.parse import urlsplit

import httpx2
import pytest

from ledger.node.node import Node
from ledger.wire.base64 import b64encode
from tests.support.inline import INLINE
from tests.support.tale import Loaded


def text_of(page: str) -> str:
    """Return what is read of a page."""
    bare = re.sub(r"<[^>]*>", "", re.sub(r">\s*<(dt|dd|li|p|h\d)", r"> <\1", page))
    return re.sub(r"\s+", " ", unescape(bare))


def entries_of(http: httpx2.Client, node: Node) -> dict[str, int]:
    """Return the last position of each type of event."""
    found = (http.get(f"/v1/entries/{at}").json() for at in range(node.published))
    return {each["payload"]["type"]: each["position"] for each in found}


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_every_entry_has_its_page_and_it_begins_with_a_sentence(
    http: httpx2.Client, loaded: Loaded, node: Node, prefix: str
):
    del loaded
    links: set[str] = set()
    for position in range(node.published):
        answer = http.get(f"{prefix}/muc/{position}")
        assert 200 == answer.status_code, answer.text
        assert "default-src 'none'; style-src 'self'; " in answer.headers["content-security-policy"]
        assert not INLINE.search(answer.text)
        (sentence,) = re.findall(r'<p class="sentence">(.*?)</p>', answer.text)
        assert re.fullmatch(r"[^a-z].*[.?!]", text_of(sentence)), sentence
        links |= set(re.findall(r'href="(/[^"]*)"', answer.text))
    for link in sorted(links):
        assert http.get(unescape(link)).status_code == 200, link


def test_a_page_says_who_did_what_by_their_names(http: httpx2.Client, loaded: Loaded, node: Node):
    del loaded
    at = entries_of(http, node)
    said = text_of(http.get(f"/muc/{at['offer.made/1']}").text)
    assert re.search(r"\(demo\) đề nghị giao kết với [^.]*\(demo\): ", said), said
    assert "ed25519, thêm tại mục " in said
    said = text_of(http.get(f"/en/muc/{at['payment.confirmed/1']}").text)
    assert "confirmed that" in said
    assert "Nothing falls if this entry is void from the start." in said


def test_a_page_says_what_falls_with_an_entry_and_by_which_rules_it_was_judged(
    http: httpx2.Client, loaded: Loaded, node: Node
):
    del loaded
    for position in range(node.published):
        said = http.get(f"/en/muc/{position}").text
        fallen = http.get(f"/v1/entries/{position}/falls").json()["fallen"]
        listed = re.findall(r'<li>Entry <a href="/en/muc/(\d+)">', said)
        assert [str(each["event"]["position"]) for each in fallen[:20]] == listed
        judged = http.get(f"/v1/entries/{position}/grounds").json()
        for ground in judged["grounds"]:
            assert ground["article"] in text_of(said)
        assert judged["edition"]["law_data_sha256"] in said


def test_a_page_shows_the_path_to_the_root_of_the_checkpoint(
    http: httpx2.Client, loaded: Loaded, node: Node
):
    del loaded
    checkpoint = node.feed.latest
    assert checkpoint is not None
    said = http.get("/muc/5").text
    proof = http.get("/v1/entries/5/proof").text.split("\n\n")[0].splitlines()[2:]
    assert proof == re.findall(r"<li>bên (?:trái|phải) <code>([^<]*)</code>", said)
    assert f"<code>{b64encode(checkpoint.root)}</code>" in said
    assert 2 * len(proof) + 1 == said.count("<rect")
    assert f"Đường đi từ mục 5 lên gốc, qua {len(proof)} mã băm" in said


def test_neighbours_are_linked_and_the_ends_have_one(
    http: httpx2.Client, loaded: Loaded, node: Node
):
    del loaded
    last = node.published - 1
    assert re.findall(r'rel="(\w+)" href="([^"]*)"', http.get("/muc/3").text)[-2:] == [
        ("prev", "/muc/2"),
        ("next", "/muc/4"),
    ]
    assert 'rel="prev"' not in http.get("/muc/0").text
    assert 'rel="next"' not in http.get(f"/muc/{last}").text


def test_an_event_leads_to_its_entry_and_the_question_stays(http: httpx2.Client, loaded: Loaded):
    del loaded
    event = http.get("/v1/entries/7").json()["payload"]["event_id"]
    answer = http.get(f"/en/su-kien/{event}?true_on=2026-05-01", follow_redirects=False)
    assert 308 == answer.status_code
    assert "/en/muc/7?true_on=2026-05-01" == answer.headers["location"]
    links = re.findall(
        r'href="(/en/(?:muc|parties)[^"]*)"', http.get(answer.headers["location"]).text
    )
    assert links
    assert {"true_on=2026-05-01"} == {urlsplit(link).query for link in links}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/muc/1000000", 404, "NOT_FOUND"),
        ("/en/muc/-1", 422, "BAD_PARAMETER"),
        ("/muc/x", 422, "BAD_PARAMETER"),
        ("/su-kien/01890000-0000-7000-8000-000000000000", 404, "NOT_FOUND"),
        ("/su-kien/x", 422, "BAD_PARAMETER"),
    ],
)
def test_what_is_not_there_is_a_page(
    http: httpx2.Client, loaded: Loaded, path: str, status: int, code: str
):
    del loaded
    answer = http.get(path, headers={"accept": "text/html"})
    assert (status, "text/html; charset=utf-8") == (
        answer.status_code,
        answer.headers["content-type"],
    )
    assert f"<code>{code}</code>" in answer.text


def test_a_compromised_key_is_said(http: httpx2.Client, loaded: Loaded, node: Node):
    """Of what it signed between its compromise and its revocation, and of nothing else."""
    del loaded
    at = entries_of(http, node)["key.revoked/1"]
    body = http.get(f"/v1/entries/{at}").json()["payload"]["body"]
    signed = http.get(f"/v1/keys/{body['key_id']}/signed", params={"limit": 500}).json()["signed"]
    doubted = [each["event"]["position"] for each in signed if each["in_doubt"]]
    assert doubted
    said = {
        position
        for position in range(node.published)
        if "the key was compromised when it signed" in http.get(f"/en/muc/{position}").text
    }
    assert {*doubted} == said


@pytest.mark.parametrize("path", ["/", "/ben/party:vn.mst.0100000010"])
def test_positions_on_other_pages_lead_to_pages(http: httpx2.Client, loaded: Loaded, path: str):
    del loaded
    said = http.get(path).text
    assert re.search(r'<a href="/muc/\d+">\d+</a>', said)
    assert not re.search(r'<a href="/v1/entries/\d+">', said)
