"""The auditor's pages: the log held to a checkpoint, and evidence checked by steps."""

import re
from collections import Counter
from html import unescape

import httpx2
import pytest

from api.cli.story import names
from api.explorer.auditor_pages import CHECKPOINT_MAX, PROOF_MAX
from ledger.log.encoding import write_base64
from ledger.log.note import parse_note
from ledger.log.tree_head import Checkpoint, parse_checkpoint
from tests.support.log import flip
from tests.support.tale import Loaded

NAMES = names()
HOSTILE = [
    "'",
    "<script>alert(1)</script>",
    '"><b>',
    "\u202e",
    "%00",
    "{}",
    "[]",
    "\n\n",
    "%PDF-1.7",
]


@pytest.fixture
def kept(http: httpx2.Client, loaded: Loaded) -> bytes:
    """Return a checkpoint of the log's first days."""
    del loaded
    listed = http.get("/v1/checkpoints?from=1&limit=1").json()["checkpoints"]
    return str(listed[0]["note"]).encode()


def opened(note: bytes) -> Checkpoint:
    return parse_checkpoint(parse_note(note).text)


def post(http: httpx2.Client, path: str, text: str = "", file: bytes = b"") -> httpx2.Response:
    """Send a form as a browser does: lines of a text end in CR LF, and both fields are there."""
    typed = text.replace("\n", "\r\n")
    sent = {"text": (None, typed.encode()), "file": ("kept", file, "application/octet-stream")}
    return http.post(path, files=sent)


def band(answer: httpx2.Response) -> str:
    """Return which verdict heads a page."""
    found = re.search(r'<h1 class="band (\w+)">', answer.text)
    return found[1] if found else ""


@pytest.mark.parametrize(("prefix", "said"), [("", "KHÔNG ĐỔI"), ("/en", "UNCHANGED")])
def test_a_checkpoint_that_was_kept_is_continued(
    http: httpx2.Client, kept: bytes, prefix: str, said: str
) -> None:
    for sent in ({"text": kept.decode()}, {"file": kept}):
        answer = post(http, f"{prefix}/kiem-toan", **sent)  # type: ignore[arg-type]
        assert (200, "yes") == (answer.status_code, band(answer))
        assert said in answer.text
    assert "no-store" in answer.headers["cache-control"]
    links = [unescape(each) for each in re.findall(r'href="(/[^"]*since=[^"]*)"', answer.text)]
    for link in links:
        assert 200 == http.get(link).status_code, link


def test_what_is_new_is_counted_by_kind(http: httpx2.Client, kept: bytes) -> None:
    old = opened(kept)
    asked = {"since": old.size, "order": "oldest", "limit": 100}
    events = http.get("/v1/events", params=asked).json()["events"]
    expected = Counter(each["topic"] for each in events)
    page = post(http, "/en/kiem-toan", kept.decode()).text
    rows = re.findall(r'topic=([^&"]*)&amp;since=\d+">[^<]*</a></td><td[^>]*>(\d+)', page)
    assert expected
    assert dict(expected) == {topic.replace("%2F", "/"): int(count) for topic, count in rows}


def test_the_proof_that_is_shown_is_that_of_the_question(http: httpx2.Client, kept: bytes) -> None:
    old = opened(kept)
    asked = {"since": old.size, "root": write_base64(old.root)}
    proof = http.get("/v1/consistency", params=asked).json()["proof"]
    page = http.get("/kiem-toan", params=asked)
    assert "yes" == band(page)
    assert proof == re.findall(r'<li><code class="id">([^<]*)</code></li>', unescape(page.text))
    assert "không kiểm được sổ có ký hay không" in page.text


def test_another_history_and_a_longer_one_are_told(http: httpx2.Client, kept: bytes) -> None:
    size = opened(kept).size
    root = write_base64(bytes(32))
    assert "no" == band(http.get("/kiem-toan", params={"since": size, "root": root}))
    longer = http.get("/en/kiem-toan", params={"since": 10**9, "root": root})
    assert "contested" == band(longer)
    assert "this server lags" in longer.text


def test_what_the_log_has_not_signed_is_no_checkpoint(http: httpx2.Client, kept: bytes) -> None:
    lines = kept.split(b"\n")
    lines[2] = write_base64(bytes(32)).encode()
    for sent in (b"\n".join(lines), kept[:-40], b"", b"\xff", *map(str.encode, HOSTILE)):
        answer = post(http, "/kiem-toan", file=sent)
        assert (422, "") == (answer.status_code, band(answer)), sent
        assert "Đây không phải điểm kiểm soát mà sổ này đã ký" in answer.text


@pytest.mark.parametrize(
    ("path", "most"), [("/kiem-toan", CHECKPOINT_MAX), ("/en/kiem-tra", PROOF_MAX)]
)
def test_a_form_that_is_too_large_is_told_on_a_page(
    http: httpx2.Client, kept: bytes, path: str, most: int
) -> None:
    del kept
    answer = post(http, path, file=bytes(most))
    assert (413, True) == (answer.status_code, "TOO_LARGE" in answer.text)
    assert "text/html" in answer.headers["content-type"]


@pytest.mark.parametrize(
    "query",
    ["since=1&root=AAAA", "since=-1&root=x", "since=1&root=%3Cb%3E", "since=1", "root=AAAA"],
)
def test_an_address_that_asks_nothing_is_told_on_a_page(
    http: httpx2.Client, kept: bytes, query: str
) -> None:
    del kept
    answer = http.get(f"/kiem-toan?{query}")
    assert (422, True) == (answer.status_code, "text/html" in answer.headers["content-type"])
    assert "<b>" not in answer.text


def evidence(http: httpx2.Client) -> bytes:
    return http.get("/v1/evidence", params={"subject": NAMES["contract"]}).content


def test_a_bundle_is_checked_step_by_step(http: httpx2.Client, kept: bytes) -> None:
    del kept
    answer = post(http, "/en/kiem-tra", evidence(http).decode())
    assert (200, "contested") == (answer.status_code, band(answer))
    steps = re.findall(r'<li class="([\w-]+)"><strong>(\d+)\.', answer.text)
    assert [*range(1, 12)] == [int(number) for _, number in steps]
    assert "failed" not in dict(steps)
    assert "What counts is the check on a machine of your own" in answer.text


def test_a_bundle_with_a_changed_byte_names_the_step_that_fails(
    http: httpx2.Client, kept: bytes
) -> None:
    del kept
    raw = evidence(http)
    at = raw.index(b'"entry":"') + 400
    answer = post(http, "/kiem-tra", file=flip(raw, at))
    assert (422, "no") == (answer.status_code, band(answer))
    assert re.search(r'<li class="failed"><strong>\d+\. sai</strong>', answer.text)


def test_a_receipt_is_held_to_the_entry_that_is_here(http: httpx2.Client, kept: bytes) -> None:
    del kept
    proof = http.get("/v1/entries/3/proof").content
    answer = post(http, "/en/kiem-tra", file=proof)
    assert "contested" == band(answer)
    assert 'href="/en/muc/3"' in answer.text
    other = post(http, "/en/kiem-tra", file=proof.replace(b"index 3\n", b"index 4\n"))
    assert (422, "no") == (other.status_code, band(other))


def test_a_report_is_checked_by_its_bundle(http: httpx2.Client, kept: bytes) -> None:
    del kept
    pdf = http.get(f"/hop-dong/{NAMES['contract']}.pdf").content
    assert "contested" == band(post(http, "/kiem-tra", file=pdf))
    broken = post(http, "/kiem-tra", file=pdf + b"%%EOF")
    assert (422, "no") == (broken.status_code, band(broken))


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("https://ledger.example/muc/3?known_at=5", "/muc/3?known_at=5"),
        ("http://x//evil.example/y", "/evil.example/y"),
        ("http://x/\\evil.example/y", "/evil.example/y"),
        ("http://x\\/\\evil.example/y", "/evil.example/y"),
        ('http://x/"><b>', "/&#34;&gt;&lt;b&gt;"),
    ],
)
def test_a_printed_code_leads_to_a_page_of_this_server(
    http: httpx2.Client, kept: bytes, text: str, leads: str
) -> None:
    del kept
    answer = post(http, "/kiem-tra", text)
    assert (200, "unknown") == (answer.status_code, band(answer))
    assert f'href="{leads}"' in answer.text


@pytest.mark.parametrize("text", [*HOSTILE, "", "javascript:alert(1)", "{" * 5000, "x" * 20000])
def test_whatever_is_sent_is_text(http: httpx2.Client, kept: bytes, text: str) -> None:
    del kept
    for answer in (post(http, "/kiem-tra", text), post(http, "/kiem-tra", file=text.encode())):
        assert 422 == answer.status_code, answer.text
        assert "<script>alert" not in answer.text
        assert "<b>" not in answer.text


def test_a_form_that_is_none_is_as_if_nothing_was_sent(http: httpx2.Client, kept: bytes) -> None:
    del kept
    for kind in ("text/plain", "multipart/form-data", "multipart/form-data; boundary=\xff", ""):
        answer = http.post(
            "/kiem-tra", content=b"text=1", headers={b"content-type": kind.encode("latin-1")}
        )
        assert 422 == answer.status_code, kind
        assert "Chưa có gì để kiểm tra" in answer.text
