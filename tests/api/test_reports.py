"""The PDF of a page: what the page says, of one checkpoint, with what proves it inside."""

import json
import re
from html import unescape
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from api.cli.story import names
from api.explorer import figures_pages, licence_pages, reported
from api.reports.typesetting import typeset
from ledger.node.node import Node
from ledger.verify.__main__ import PAGES_UNCHECKED, main
from ledger.wire.base64 import b64encode
from ledger.wire.report_file import bundle_in
from tests.support.http import PROBLEM
from tests.support.licence_page import band_of
from tests.support.qr import read_picture
from tests.support.reports import drawn, opened, pages_of, report
from tests.support.tale import Loaded

NAMES = names()
FOLDERS = {
    "dispute": "tranh-chap",
    "contract": "hop-dong",
    "royalties": "hop-dong",
    "right": "quyen",
    "institute": "ben",
    "distribution": "phan-chia",
    "technology": "cong-nghe",
}
PAGES = {name: f"/{folder}/{NAMES[name]}" for name, folder in FOLDERS.items()}
DISPUTE = PAGES["dispute"]


def pdf_of(http: httpx2.Client, path: str) -> bytes:
    answer = http.get(path)
    assert 200 == answer.status_code, answer.text
    assert "application/pdf" == answer.headers["content-type"]
    return answer.content


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_leads_to_its_report_and_it_verifies(
    http: httpx2.Client,
    loaded: Loaded,
    tmp_path: Path,
    prefix: str,
    name: str,
    capsys: pytest.CaptureFixture[str],
):
    page = http.get(f"{prefix}{PAGES[name]}?effect=parties")
    (link,) = re.findall(r'href="([^"]*\.pdf[^"]*)"', page.text)
    assert f'<{link}>; rel="alternate"; type="application/pdf"' in page.headers["link"]
    answer = http.get(link)
    file = f"{NAMES[name].replace(':', '-')}.pdf"
    assert f'inline; filename="{file}"' == answer.headers["content-disposition"]
    assert (prefix.removeprefix("/") or "vi") == answer.headers["content-language"]
    kept = tmp_path / file
    kept.write_bytes(answer.content)
    said = " ".join(pages_of(answer.content))
    assert NAMES[name] in said
    (lead,) = re.findall(r'<p class="lead">(.*?)</p>', page.text) or [""]
    assert re.sub(r"<[^>]*>", "", lead) in said
    asked = ["--trust", str(loaded.trust), "--subject", NAMES[name]]
    command = f"python -m ledger.verify {file} --trust trust.json --subject {NAMES[name]}"
    assert command.replace(" ", "") in said.replace(" ", "")
    code = main([str(kept), *asked])
    told = capsys.readouterr().out
    assert PAGES_UNCHECKED == told.splitlines()[-1]
    assert loaded.words["SIZE"] in told
    # The story is sealed by nobody: its histories are shown, and not shown to be whole.
    assert code in {0, 1}
    assert 0 == main([str(kept), *asked[:2]])
    assert capsys.readouterr().out.endswith(f"{PAGES_UNCHECKED}\n")
    assert 0 == main([str(kept), *asked[:2], "--json"])
    assert "unchecked" == json.loads(capsys.readouterr().out)["pages"]


def test_a_report_is_of_one_checkpoint_and_says_so_on_each_sheet(
    http: httpx2.Client, loaded: Loaded, node: Node
):
    del loaded
    best = node.best_checkpoint
    assert best
    root = b64encode(best.root)
    sheets = pages_of(pdf_of(http, f"{PAGES['contract']}.pdf"))
    assert len(sheets) > 2
    for number, sheet in enumerate(sheets, 1):
        foot = f"{node.identity.origin} · Số mục {best.size} · Gốc {root}"
        assert f"{foot} {number}/{len(sheets)}" in sheet
    first = next(drawn(pdf_of(http, f"/en{DISPUTE}.pdf")))
    (address,) = read_picture(first)
    assert f"/en{DISPUTE}" == urlsplit(address).path
    assert f"known_at={best.size - 1}" in address
    assert 200 == http.get(address).status_code


def test_a_report_is_the_same_bytes_until_there_is_another_checkpoint(
    http: httpx2.Client, loaded: Loaded
):
    asked = f"{DISPUTE}.pdf?true_on={loaded.words['Q2']}&known_at=40"
    once = pdf_of(http, asked)
    assert once == pdf_of(http, asked)
    assert once != pdf_of(http, f"{DISPUTE}.pdf?true_on={loaded.words['Q2']}&known_at=41")


def test_a_report_holds_all_that_its_answers_rest_on(http: httpx2.Client, loaded: Loaded):
    del loaded
    contract = NAMES["contract"]
    pdf = pdf_of(http, f"{PAGES['contract']}.pdf")
    with opened(pdf) as document:
        bundle = json.loads(document.attachments["bundle.json"].get_file().read_bytes())
    shown = {each["position"] for each in bundle["entries"]}
    for question in ("terms", "revenue", "sublicences", "overdue", "versions"):
        answer = http.get(f"/v1/contracts/{contract}/{question}").json()
        assert {*answer["positions"]} <= shown, question
    timeline = http.get(f"/v1/subjects/{contract}/timeline").json()
    assert {each["position"] for each in timeline["events"]} <= shown


def test_of_what_the_log_does_not_name_a_report_says_so(
    http: httpx2.Client, loaded: Loaded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pdf = pdf_of(http, "/tranh-chap/dispute:none.pdf")
    assert "KHÔNG BIẾT: sổ cái không có gì về dispute:none" in pages_of(pdf)[0]
    kept = tmp_path / "report.pdf"
    kept.write_bytes(pdf)
    trust = ["--trust", str(loaded.trust)]
    assert main([str(kept), *trust, "--subject", "dispute:none"]) in {1, 4}
    assert PAGES_UNCHECKED in capsys.readouterr().out


def test_a_report_of_too_many_events_is_refused_and_says_what_helps(
    http: httpx2.Client, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
):
    del loaded
    monkeypatch.setattr(reported, "EVENTS_MAX", 2)
    answer = http.get(f"{PAGES['contract']}.pdf", headers=PROBLEM)
    assert (413, "TOO_LARGE") == (answer.status_code, answer.json()["code"])
    assert f"{NAMES['contract']} has more than 2 events" in answer.json()["detail"]
    assert 413 == http.get(f"{PAGES['contract']}.pdf", headers={"Accept": "text/html"}).status_code
    monkeypatch.setattr(reported, "BUNDLE_MAX", 10)
    monkeypatch.setattr(reported, "EVENTS_MAX", 1000)
    told = http.get(f"{DISPUTE}.pdf", headers=PROBLEM).json()["detail"]
    assert f"techledger evidence gather bundle.json --subject {NAMES['dispute']}" in told


def test_what_is_no_subject_of_the_kind_has_no_report(http: httpx2.Client, loaded: Loaded):
    del loaded
    assert 422 == http.get("/quyen/party:none.pdf", headers=PROBLEM).status_code
    assert 422 == http.get(f"{DISPUTE}.pdf?true_on=2026-02-30", headers=PROBLEM).status_code
    assert 422 == http.get(f"{DISPUTE}.pdf?known_at=999999", headers=PROBLEM).status_code
    assert 404 <= http.get("/muc/3.pdf", headers=PROBLEM).status_code
    assert 404 == http.get("/docs.pdf", headers=PROBLEM).status_code


def test_one_wrong_byte_in_the_bundle_is_refused(
    http: httpx2.Client, loaded: Loaded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    made = pdf_of(http, f"{DISPUTE}.pdf")
    bundle, trust = bundle_in(made, 1 << 25), ["--trust", str(loaded.trust)]
    changed = tmp_path / "report.pdf"
    changed.write_bytes(typeset(report(), bundle))
    assert 0 == main([str(changed), *trust])
    assert PAGES_UNCHECKED in capsys.readouterr().out
    chance = Random(20261202)
    for at in chance.sample(range(len(bundle)), 20):
        wrong = bundle[:at] + bytes([bundle[at] ^ 1]) + bundle[at + 1 :]
        changed.write_bytes(typeset(report(), wrong))
        assert 1 == main([str(changed), *trust]), at
        told = capsys.readouterr().out
        assert told.startswith("REFUSED: ")
        assert PAGES_UNCHECKED not in told


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_a_case_file_begins_with_the_orders_and_has_terms_of_each_day(
    http: httpx2.Client, loaded: Loaded, tmp_path: Path, prefix: str
):
    dispute, case = f"{prefix}{DISPUTE}", f"{prefix}{DISPUTE}/ho-so"
    assert f'href="{case}"' in http.get(dispute).text
    page = http.get(case)
    assert 200 == page.status_code
    headings = re.findall(r"<h2>(.*?)</h2>", page.text)
    ordered, told = (
        ("Orders in force", "Dispute") if prefix else ("Lệnh đang có hiệu lực", "Tranh chấp")
    )
    assert ordered == headings[0]
    assert headings.index(ordered) < headings.index(told)
    days = re.findall(r'href="/v1/contracts/[^"]*/terms\?([^"]*)"', page.text)
    since = http.get(f"/v1/disputes/{NAMES['dispute']}").json()["steps"][0]["known_since"]
    assert [f"true_on={since}"] == days
    assert f"/v1/contracts/{NAMES['contract']}/terms" in page.text.split(f"terms?{days[0]}")[0]
    for link in sorted(set(re.findall(r'href="(/[^"]*)"', page.text))):
        assert 200 == http.get(link).status_code, link
    pdf = pdf_of(http, f"{case}.pdf")
    (address,) = read_picture(next(drawn(pdf)))
    assert case == urlsplit(address).path
    kept = tmp_path / "case.pdf"
    kept.write_bytes(pdf)
    assert 0 == main([str(kept), "--trust", str(loaded.trust)])
    said = " ".join(pages_of(pdf))
    assert NAMES["contract"] in said
    assert said.index(ordered) < said.rindex(told)


LICENCE = "/li-xang/kiem-tra/ket-qua"
USE = {"party": NAMES["firm"], "act": "sell", "territory": "vn-2025:48", "field": "C09D"}
ANSWERED = [
    ({}, {"": "Có: ", "/en": "Yes: "}),
    ({"territory": "iso:LA"}, {"": "Không: ", "/en": "No: "}),
    ({"party": "party:vn.mst.0100047516"}, {"": "Không biết: ", "/en": "Unknown: "}),
]


def files_in(pdf: bytes) -> dict[str, Any]:
    return json.loads(bundle_in(pdf, 1 << 25))


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize(("changed", "word"), ANSWERED)
def test_the_answer_of_a_licence_check_has_a_report_that_proves_what_it_rests_on(
    http: httpx2.Client,
    loaded: Loaded,
    tmp_path: Path,
    prefix: str,
    changed: dict[str, str],
    word: dict[str, str],
):
    asked = {**USE, "scheme": "ipc", "true_on": loaded.words["TODAY"], **changed}
    page = http.get(f"{prefix}{LICENCE}", params=asked)
    (link,) = re.findall(r'href="([^"]*\.pdf[^"]*)"', page.text)
    assert f'<{unescape(link)}>; rel="alternate"; type="application/pdf"' in page.headers["link"]
    answer = http.get(unescape(link))
    assert 200 == answer.status_code, answer.text
    assert answer.content == http.get(unescape(link)).content, "the same bytes when made twice"
    assert (prefix.removeprefix("/") or "vi") == answer.headers["content-language"]
    said = " ".join(pages_of(answer.content))
    (lead,) = re.findall(r'<span class="says">(.*?)</span>', page.text)
    assert squeezed(f"{word[prefix]}{lead}") in squeezed(said)
    api = http.get("/v1/licences/check", params=asked).json()
    kept = tmp_path / "licence.pdf"
    kept.write_bytes(answer.content)
    assert 0 == main([str(kept), "--trust", str(loaded.trust)])
    shown = {each["position"] for each in files_in(answer.content)["entries"]}
    assert {*api["positions"]} <= shown
    (address,) = read_picture(next(drawn(answer.content)))
    again = http.get(urlsplit(address).path, params=dict(parse_qsl(urlsplit(address).query)))
    assert band_of(page.text) == band_of(again.text)
    assert f"known_at={int(loaded.words['SIZE']) - 1}" not in link, "what was open stays open"
    assert "known_at=" in address, "and is pinned on paper"


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", unescape(text)).casefold()


def test_a_licence_report_that_cannot_be_made_says_why_and_what_helps(
    http: httpx2.Client, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
):
    def told(**changed: str) -> tuple[int, str, str]:
        answer = http.get(f"{LICENCE}.pdf", params={**USE, **changed}, headers=PROBLEM)
        return answer.status_code, answer.json()["code"], answer.json()["detail"]

    del loaded
    assert (422, "BAD_PARAMETER") == told(act="burn")[:2]
    status, _, detail = told(party="(demo)")
    assert 422 == status
    assert NAMES["firm"] in detail, "what may be meant is near"
    assert 422 == told(true_on="2026-02-30")[0]
    assert 422 == told(known_at="999999")[0]
    monkeypatch.setattr(licence_pages, "EVENTS_MAX", 2)
    assert (413, "TOO_LARGE") == told()[:2]
    assert told()[2].endswith("ask for it of one right (right)")


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_figures_of_a_year_have_a_report_as_known_then_and_now(
    http: httpx2.Client, loaded: Loaded, tmp_path: Path, prefix: str
):
    year = int(loaded.words["TODAY"][:4])
    for asked in (f"{year}", f"{year - 1}", f"{year}?month=1", "1999"):
        page = http.get(f"{prefix}/so-lieu/{asked}")
        (link,) = re.findall(r'href="([^"]*\.pdf[^"]*)"', page.text)
        pdf = pdf_of(http, unescape(link))
        assert pdf == pdf_of(http, unescape(link))
        said = " ".join(pages_of(pdf))
        (lead,) = re.findall(r'<p class="lead">(.*?)</p>', page.text)
        assert lead in said
        kept = tmp_path / "figures.pdf"
        kept.write_bytes(pdf)
        assert 0 == main([str(kept), "--trust", str(loaded.trust)])
        figures = http.get(f"/v1/figures/{asked}").json()
        shown = {each["position"] for each in files_in(pdf)["entries"]}
        assert {*figures["positions"]} <= shown, asked
        then = "as known on 31 December" if prefix else "biết đến hết 31/12"
        assert (then in said) is (not asked.startswith(f"{year}"))
    assert 422 == http.get("/so-lieu/2026.pdf?month=13", headers=PROBLEM).status_code


def test_figures_that_count_too_much_are_asked_for_month_by_month(
    http: httpx2.Client, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(figures_pages, "EVENTS_MAX", 0)
    answer = http.get(f"/so-lieu/{loaded.words['TODAY'][:4]}.pdf", headers=PROBLEM)
    assert (413, "TOO_LARGE") == (answer.status_code, answer.json()["code"])
    assert "of one month (month)" in answer.json()["detail"]
