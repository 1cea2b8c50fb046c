"""The pages of the subjects of the story: what each says, and that its links are there."""

import gzip
import re
from html import unescape

import httpx2
import pytest

from api.cli.story import names
from tests.support.inline import INLINE
from tests.support.tale import Loaded

NAMES = names()
INSTITUTE, FIRM, AUTHOR = (NAMES[each] for each in ("institute", "firm", "inventor"))

PAGES = (
    f"/quyen/{NAMES['mark']}",
    f"/quyen/{NAMES['right']}",
    f"/hop-dong/{NAMES['contract']}",
    f"/hop-dong/{NAMES['royalties']}",
    f"/ben/{INSTITUTE}",
    f"/ben/{AUTHOR}",
    f"/tranh-chap/{NAMES['dispute']}",
    f"/phan-chia/{NAMES['distribution']}",
)


@pytest.mark.parametrize("path", PAGES)
def test_a_subject_has_its_page_and_what_it_links_to_is_there(
    http: httpx2.Client, loaded: Loaded, path: str
):
    del loaded
    answer = http.get(path)
    assert 200 == answer.status_code, answer.text
    assert "default-src 'none'; style-src 'self'; " in answer.headers["content-security-policy"]
    assert not INLINE.search(answer.text)
    links = {unescape(each) for each in re.findall(r'href="(/[^"]*)"', answer.text)}
    for link in sorted(links):
        assert 200 == http.get(link).status_code, link


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (PAGES[0], (FIRM, "Hợp đồng tín dụng số 2")),
        (PAGES[2], ("niêm phong (sha256:", "5%", "giá bán tịnh", "437.500.000 VND")),
        (PAGES[3], ("Quá hạn vào ngày", "1.000.000.000 VND", "4%", "3%")),
        (PAGES[4], ("lộ khóa", "1.000.000.000 VND")),
        (PAGES[5], ("131.250.000 VND", NAMES["dispute"])),
        (PAGES[6], ("tạm giữ thanh toán", "Phần chia doanh thu không đúng thỏa thuận")),
        (PAGES[7], ("ra đúng số đã ký", "284.375.000 VND", "65%")),
    ],
)
def test_a_page_says_what_its_subject_is(
    http: httpx2.Client, loaded: Loaded, path: str, said: tuple[str, ...]
):
    day = f"?true_on={loaded.words['Q2']}" if path == PAGES[3] else ""
    if day:  # Overdue on a later day; the rates of the days before the amendment.
        assert said[0] in http.get(path).text
        said = said[1:]
    text = http.get(f"{path}{day}").text
    for words in said:
        assert words in text, words


def test_the_page_of_what_is_not_known_says_so(http: httpx2.Client, loaded: Loaded):
    del loaded
    for kind, folder in (("right", "quyen"), ("contract", "hop-dong"), ("party", "ben")):
        assert "KHÔNG BIẾT" in http.get(f"/{folder}/{kind}:none").text
    assert 422 == http.get("/quyen/party:none").status_code


def test_the_page_of_a_slip_offers_what_may_be_meant(http: httpx2.Client, loaded: Loaded):
    del loaded
    page = http.get(f"/quyen/{NAMES['right'][:-1]}").text
    assert "KHÔNG BIẾT" in page
    assert f'<a href="/quyen/{NAMES["right"]}">' in page
    then = http.get(f"/quyen/{NAMES['right']}", params={"known_at": 0}).text
    assert "KHÔNG BIẾT" in then
    assert "KHÔNG BIẾT" not in http.get(f"/quyen/{NAMES['right']}?after=999999").text


def test_a_contract_in_a_list_names_the_technologies_that_are_granted_under_it(
    http: httpx2.Client, loaded: Loaded
):
    del loaded
    listed = http.get(f"/v1/parties/{FIRM}/contracts").json()["contracts"]
    (row,) = [each for each in listed if each["contract"] == NAMES["contract"]]
    assert [NAMES["right"], NAMES["technology"]] == row["objects"]
    assert [INSTITUTE, FIRM] == row["parties"]


def test_answers_are_drawn_above_what_they_say_in_both_languages(
    http: httpx2.Client, loaded: Loaded
):
    del loaded
    for prefix, chain, rank in (
        ("", "Chuỗi văn bản", "Hạng 1"),
        ("/en", "Chain of deeds", "Rank 1"),
    ):
        page = http.get(f"{prefix}{PAGES[0]}").text
        drawn = re.findall(r'<figure class="drawn">.*?</figure>', page, re.DOTALL)
        (deeds,) = (each for each in drawn if chain in each)
        (liens,) = (each for each in drawn if rank in each)
        entries = [int(each) for each in re.findall(r"(?:mục|entry) ([0-9]+)", deeds)]
        assert len(entries) > 1
        assert sorted(entries) == entries
        assert ["own", "plain"] == re.findall(r'line class="(own|plain)" x1="[0-9.]+%"', liens)
        assert page.index(deeds) < page.index("</dl>", page.index(deeds))
        assert len(gzip.compress(page.encode())) < 60_000


def test_a_page_of_nothing_known_has_no_drawing(http: httpx2.Client, loaded: Loaded):
    del loaded
    assert "<figure" not in http.get("/quyen/right:vn.none").text


def test_a_key_in_doubt_a_dispute_and_money_are_drawn_on_their_pages(
    http: httpx2.Client, loaded: Loaded
):
    del loaded
    for page, title, look in (
        (PAGES[3], "Phí theo bậc", 'line class="own" x1="0%" x2="100.0%"'),
        (PAGES[4], "Khóa theo các mục của sổ", 'line class="dashed"'),
        (PAGES[6], "Các bước của mỗi bên", '<circle class="own" cx="'),
        (PAGES[6], "Những gì đổ theo mục", "nếu vô hiệu từ đầu"),
        (f"{PAGES[6]}/ho-so", "Những gì đổ theo mục", "nếu vô hiệu từ đầu"),
    ):
        drawn = re.findall(r'<figure class="drawn">.*?</figure>', http.get(page).text, re.DOTALL)
        (own,) = (each for each in drawn if title in each)
        assert look in own, title
