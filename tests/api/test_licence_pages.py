"""The officer's pages: a form in which what is typed decides, and an answer with its reasons."""

import re
from collections.abc import Mapping
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest

from api.cli.story import names
from api.describe.language import Language
from api.explorer import licence_pages
from api.explorer.licence_question import ACTS
from tests.support.licence_page import (
    ANSWER,
    CHECK,
    FORM,
    band_of,
    matrix_of,
    must_have_the_matrix,
    must_say_all,
    text_of,
)
from tests.support.tale import Loaded

NAMES = names()
WHO, OTHER = NAMES["firm"], NAMES["rival"]


def asking(loaded: Loaded, **changed: str | None) -> dict[str, str]:
    asked: dict[str, str | None] = {
        "party": WHO,
        "act": "sell",
        "territory": "vn-2025:48",
        "field": "C09D",
        "scheme": "ipc",
        "true_on": loaded.words["TODAY"],
    }
    return {name: value for name, value in (asked | changed).items() if value is not None}


def asked_by(page: httpx2.Response) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(str(page.url)).query))


def test_an_officer_goes_from_the_home_page_to_the_answer(http: httpx2.Client, loaded: Loaded):
    """What a browser does: the door, the fields by their labels, the form's action."""
    door = re.search(r'<a class="card door" href="([^"]*)"', http.get("/").text)
    assert door
    form = http.get(door[1]).text
    action = re.search(r'<form class="card ask" action="([^"]*)"', form)
    assert action
    fields = dict.fromkeys(("party", "field", "right", "known_at"), "")
    fields |= {
        "party": "0100000028",
        "act": "sell",
        "territory": "vn-2025:48",
        "field": "c09d",
        "true_on": loaded.words["TODAY"],
        "effect": "parties",
    }
    sent = {*re.findall(r' name="([a-z_]+)"', form)} - {"q", "viewport"}
    assert {*fields, "no_field"} == sent
    answer = http.get(action[1], params=fields, follow_redirects=True)
    assert 200 == answer.status_code
    assert ("yes", "CÓ") == band_of(answer.text)
    assert asking(loaded) == asked_by(answer), "the address has what was meant, and nothing else"


BANDS = [
    ({}, "yes", "CÓ", "YES"),
    ({"territory": "iso:LA"}, "no", "KHÔNG", "NO"),
    (
        {"act": "import", "field": "A61K", "known_at": "$DOUBT"},
        "contested",
        "TRANH CHẤP",
        "CONTESTED",
    ),
    ({"field": None, "scheme": None}, "unknown", "KHÔNG BIẾT", "UNKNOWN"),
    ({"party": "party:vn.mst.0100047516"}, "unknown", "KHÔNG BIẾT", "UNKNOWN"),
]


def filled(loaded: Loaded, changed: Mapping[str, str | None]) -> dict[str, str]:
    """Return a question about the story; at `$DOUBT` a key was known to have been stolen."""
    doubt = str(loaded.at["revoked"])
    return asking(
        loaded, **{name: doubt if value == "$DOUBT" else value for name, value in changed.items()}
    )


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize(("changed", "verdict", "vi", "en"), BANDS)
def test_the_band_says_the_verdict_of_the_api(
    http: httpx2.Client,
    loaded: Loaded,
    *,
    changed: Mapping[str, str | None],
    verdict: str,
    vi: str,
    en: str,
    prefix: str,
):
    asked = filled(loaded, changed)
    page = http.get(f"{prefix}{ANSWER}", params=asked)
    assert 200 == page.status_code, page.text
    assert (verdict, en if prefix else vi) == band_of(page.text)
    assert verdict == http.get(CHECK, params=asked).json()["verdict"]
    assert page.text.count("<h1") == 1
    assert f"<title>{en if prefix else vi}: " in page.text, "in print the verdict is in words"


QUESTIONS: list[Mapping[str, str | None]] = [
    *(changed for changed, *_ in BANDS),
    {"party": OTHER, "field": "A61K"},
    {"party": OTHER, "effect": "third_parties"},
    {"act": "copy", "territory": "world"},
    {"true_on": "2031-01-01", "right": NAMES["right"]},
    {"true_on": "2020-02-29", "right": NAMES["technology"]},
    {"known_at": "12"},
]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("changed", QUESTIONS)
def test_the_page_says_all_that_the_api_answers(
    http: httpx2.Client, loaded: Loaded, changed: Mapping[str, str | None], language: Language
):
    must_say_all(http, filled(loaded, changed), language)


@pytest.mark.parametrize("changed", QUESTIONS)
def test_the_matrix_is_what_the_answer_says_of_each_grant(
    http: httpx2.Client, loaded: Loaded, changed: Mapping[str, str | None]
):
    must_have_the_matrix(http, filled(loaded, changed))


def test_the_page_leads_to_the_events_the_answer_the_bundle_and_the_command(
    http: httpx2.Client, loaded: Loaded
):
    asked = asking(loaded)
    page = http.get(ANSWER, params=asked).text
    links = {unescape(each) for each in re.findall(r'href="(/[^"]*)"', page)}
    answer = http.get(CHECK, params=asked).json()
    day = f"?true_on={asked['true_on']}"
    assert {f"/muc/{each}{day}" for each in answer["positions"]} <= links
    (api,) = (link for link in links if link.startswith(CHECK))
    assert answer == http.get(api).json()
    for link in sorted(links):
        assert 200 == http.get(link).status_code, link
    command = re.search(r"<pre>(techledger ask check-licence [^<]*)</pre>", page)
    assert command
    assert command[1].endswith(" --trust trust.json --verify")
    for name, value in asked.items():
        assert f"--{name.replace('_', '-')} {value}" in command[1]


def test_a_contested_answer_names_and_marks_what_is_contradicted(
    http: httpx2.Client, loaded: Loaded
):
    asked = filled(loaded, BANDS[2][0])
    page = http.get(ANSWER, params=asked).text
    doubted = http.get(CHECK, params=asked).json()["doubted"]
    assert doubted
    (told,) = re.findall(r'<p class="ribbon">Những gì đã ghi nhận(.*?)</p>', page)
    assert list(map(str, doubted)) == re.findall(r'href="/muc/([0-9]+)', told)
    assert '<div class="grant holds depends">' in page
    assert "depends" not in http.get(ANSWER, params=asking(loaded)).text


def test_where_it_depends_on_the_field_each_that_was_granted_can_be_asked(
    http: httpx2.Client, loaded: Loaded
):
    page = http.get(ANSWER, params=asking(loaded, field=None, scheme=None)).text
    meant = re.findall(r'<li><a href="([^"]*ket-qua[^"]*)">([^<]*)</a>', page)
    assert any("C09D" in words for _, words in meant)
    for address, _ in meant:
        assert "yes" == band_of(http.get(unescape(address), follow_redirects=True).text)[0]


# What was typed


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_its_twins_say_what_the_api_says(http: httpx2.Client, loaded: Loaded, prefix: str):
    asked = asking(loaded)
    page = http.get(f"{prefix}{ANSWER}", params=asked)
    told = http.get("/v1/licences/check", params=asked).json()
    by_form = dict(re.findall(r'<a href="([^"]*)">(JSON|CSV)</a>', page.text))
    addresses = {form: unescape(address) for address, form in by_form.items()}
    assert addresses["JSON"].startswith(f"{prefix}{ANSWER}.json?")
    assert (
        f'<{addresses["JSON"]}>; rel="alternate"; type="application/json"' in (page.headers["link"])
    )
    check, terms = http.get(addresses["JSON"]).raise_for_status().json()["answers"]
    assert ("checkLicence", told) == (check["question"], check["answer"])
    assert NAMES["contract"] == terms["asked"]["contract"] == terms["answer"]["contract"]
    table = http.get(addresses["CSV"]).raise_for_status()
    assert "text/csv" in table.headers["content-type"]
    assert NAMES["firm"] in table.text
    nobody = http.get(f"{prefix}{ANSWER}.json", params=asking(loaded, territory="iso:LA")).json()
    assert "no" == nobody["verdict"]
    wrong = http.get(f"{prefix}{ANSWER}.csv", params=asking(loaded, territory="iso:XX"))
    assert (422, "application/problem+json") == (wrong.status_code, wrong.headers["content-type"])
    assert "territory" == wrong.json()["parameter"]


def doubts_of(page: str) -> dict[str, list[str]]:
    """Return what is to be chosen from, by the field that is asked again."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<button name="([a-z]+)_is" value="([^"]*)"', page):
        found.setdefault(name, []).append(unescape(value))
    return found


def errors_of(page: str) -> set[str]:
    (summary,) = re.findall(r'<section class="card summary".*?</section>', page, re.DOTALL) or [""]
    return {*re.findall(r'href="#([a-z_]+)"', summary)}


def test_s11_the_typed_text_decides_and_nothing_chosen_before(http: httpx2.Client, loaded: Loaded):
    """Choose A, come back, type B, send: B is asked about; a typo is asked again."""
    first = asking(loaded, party="Coatings")
    page = http.get(ANSWER, params=first)
    assert (200, {WHO, OTHER}) == (page.status_code, {*doubts_of(page.text)["party"]})
    chosen = http.get(ANSWER, params=first | {"party_is": WHO}, follow_redirects=True)
    assert "yes" == band_of(chosen.text)[0]
    assert asking(loaded) == asked_by(chosen)
    back = http.get(ANSWER, params=asking(loaded, party=OTHER), follow_redirects=True)
    assert OTHER == asked_by(back)["party"]
    typo = http.get(ANSWER, params=asking(loaded, party="Coatinx zzqq"))
    assert (422, {"party"}) == (typo.status_code, errors_of(typo.text))
    assert 'value="Coatinx zzqq"' in typo.text


def test_s11_enter_in_a_field_sends_what_was_typed(http: httpx2.Client, loaded: Loaded):
    """Browsers press the first button of a form: it must not be a choice."""
    page = http.get(ANSWER, params=asking(loaded, party="Coatings")).text
    form = re.search(r'<form class="card ask".*?</form>', page, re.DOTALL)
    assert form
    first, *rest = re.findall(r"<button[^>]*>", form[0])
    assert "name=" not in first
    assert any('name="party_is"' in each for each in rest)


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("0100000028", WHO),
        ("0100000028-001", WHO),
        (WHO.upper(), WHO),
        ("SONG HONG COATINGS JSC demo", WHO),
        ("  Sông Hồng Coatings JSC (demo) ", WHO),
        ("Sông Hồng", None),
        ("Coatings", None),
    ],
)
def test_one_exact_match_goes_on_and_anything_else_is_asked_again(
    http: httpx2.Client, loaded: Loaded, typed: str, means: str | None
):
    page = http.get(ANSWER, params=asking(loaded, party=typed), follow_redirects=True)
    if means is None:
        assert WHO in doubts_of(page.text)["party"]
        assert "<h1 class=" not in page.text
    else:
        assert means == asked_by(page)["party"]


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("c09d", ("C09D", "ipc")),
        ("C09D5/08", ("C09D 5/08", "ipc")),
        ("IPC c09d", ("C09D", "ipc")),
        ("20", ("20", "vsic")),
        ("VSIC 20", ("20", "vsic")),
    ],
)
def test_a_symbol_is_read_however_it_is_spelt(
    http: httpx2.Client, loaded: Loaded, typed: str, means: tuple[str, str]
):
    asked = asking(loaded, field=typed, scheme=None)
    page = http.get(ANSWER, params=asked, follow_redirects=True)
    assert 200 == page.status_code, text_of(page.text)
    query = asked_by(page)
    assert means == (query["field"], query["scheme"])


def test_a_field_is_found_by_words_of_its_title(http: httpx2.Client, loaded: Loaded):
    for words in ("sơn", "son vecni", "paints varnishes"):
        page = http.get(ANSWER, params=asking(loaded, field=words, scheme=None))
        assert (200, "ipc C09D") == (page.status_code, doubts_of(page.text)["field"][0]), words
    chosen = asking(loaded, field="sơn", scheme=None) | {"field_is": "ipc C09D"}
    page = http.get(ANSWER, params=chosen, follow_redirects=True)
    assert "field=C09D&scheme=ipc" in str(page.url)
    wrong = http.get(ANSWER, params=asking(loaded, field="C77Z", scheme=None))
    assert (422, {"field"}) == (wrong.status_code, errors_of(wrong.text))


def test_a_right_is_found_by_its_title_or_number(http: httpx2.Client, loaded: Loaded):
    page = http.get(ANSWER, params=asking(loaded, right="lop phu"))
    assert {NAMES["right"], NAMES["technology"]} == {*doubts_of(page.text)["right"]}
    number = NAMES["right"].removeprefix("right:vn.")
    page = http.get(ANSWER, params=asking(loaded, right=number), follow_redirects=True)
    assert NAMES["right"] in (str(page.url) if "right_is" not in page.text else page.text)


def test_r5_nothing_else_that_was_typed_is_lost(http: httpx2.Client, loaded: Loaded):
    """Not by an error, not by a choice, not by another day, language or twin."""
    asked = asking(loaded, party="Coatings", right="lop phu", effect="third_parties", known_at="47")
    page = http.get(ANSWER, params=asked).text
    for name, value in asked.items():
        if name in ("party", "field", "right", "known_at", "true_on"):
            assert re.search(rf'name="{name}"[^>]*value="{value}"', page), name
    assert re.search(r'value="sell" checked', page)
    assert re.search(r'value="third_parties" checked', page)
    assert re.search(r'<option value="vn-2025:48" selected', page)
    english = re.search(r'class="language" href="([^"]*)"', page)
    assert english
    assert dict(parse_qsl(urlsplit(unescape(english[1])).query)) == asked
    asked = asking(loaded, right=NAMES["right"], effect="third_parties")
    answer = http.get(ANSWER, params=asked).text
    hidden = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', answer))
    kept = {name: value for name, value in asked.items() if name not in ("true_on", "effect")}
    assert kept == hidden
    again = {**hidden, "true_on": "2031-01-01", "known_at": "", "effect": "parties"}
    later = http.get(ANSWER, params=again, follow_redirects=True)
    query = asked_by(later)
    assert {**kept, "true_on": "2031-01-01"} == query
    change = re.search(r'<a href="(/li-xang/kiem-tra\?[^"]*)"', answer)
    assert change
    assert asked == dict(parse_qsl(urlsplit(unescape(change[1])).query))


def test_an_empty_form_says_what_each_field_wants(http: httpx2.Client, loaded: Loaded):
    del loaded
    empty = dict.fromkeys(("party", "act", "territory", "field", "right", "true_on"), "")
    for prefix, error in (("", "Lỗi:"), ("/en", "Error:")):
        page = http.get(f"{prefix}{ANSWER}", params=empty)
        assert 422 == page.status_code
        assert {"party", "act", "territory", "field"} == errors_of(page.text)
        assert f"<title>{error}" in page.text
        for name in ("party", "territory", "field"):
            assert re.search(
                rf'id="{name}"[^>]*aria-describedby="{name}-hint {name}-error"', page.text
            )
    page = http.get(ANSWER)
    assert {"party", "act", "territory"} == errors_of(page.text)


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"party": "0100000029"}, "party"),
        ({"act": "steal"}, "act"),
        ({"territory": "atlantis"}, "territory"),
        ({"true_on": "31/2/2026"}, "true_on"),
        ({"known_at": "hôm qua"}, "known_at"),
        ({"effect": "nobody"}, "effect"),
        ({"scheme": "own"}, "field"),
        ({"field": "zzqq", "scheme": None}, "field"),
        ({"no_field": "1"}, "field"),
        ({"right": "zzqq xxyy"}, "right"),
        ({"edition": "1066"}, "field"),
        ({"field": None, "scheme": None, "edition": "2026.01"}, "field"),
        ({"field": None, "scheme": None, "no_field": "perhaps"}, "field"),
    ],
)
def test_what_means_nothing_is_told_beside_its_field(
    http: httpx2.Client, loaded: Loaded, changed: Mapping[str, str | None], wrong: str
):
    """In the answer's place, and already by a form that an address has begun to fill in."""
    for path in (ANSWER, FORM):
        page = http.get(path, params=asking(loaded, **changed))
        assert {wrong} == errors_of(page.text)
        assert f'id="{wrong}-error"' in page.text
        assert re.search(rf'id="{wrong}"', page.text), "the summary leads to it"
        if "1" not in changed.values():
            assert [*filter(None, changed.values())][-1] in unescape(text_of(page.text))


def test_days_are_read_as_they_are_written_here(http: httpx2.Client, loaded: Loaded):
    page = http.get(ANSWER, params=asking(loaded, true_on="1/2/2031"), follow_redirects=True)
    assert "true_on=2031-02-01" in str(page.url)


HOSTILE = ["<script>alert(1)</script>", '"><b onclick=x>', "'", "%00", "{{ 7*7 }}", "\u202eabc"]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_typed_is_text(http: httpx2.Client, loaded: Loaded, text: str):
    del loaded
    fields = ("party", "act", "territory", "field", "right", "true_on", "known_at", "effect")
    more = ("no_field", "scheme", "edition", "party_is", "field_is", "right_is")
    for path in (FORM, ANSWER, f"/en{ANSWER}"):
        for asked in (dict.fromkeys(fields, text), dict.fromkeys((*fields, *more), text)):
            page = http.get(path, params=asked)
            assert page.status_code in (200, 422), page.text
            assert not re.search(
                r"<script(?! type=\"module\" src=\"/static/)|<b[ >]|<[^>\"]*\son[a-z]+=", page.text
            )
            assert "default-src 'none'" in page.headers["content-security-policy"]
            assert "\u202e" not in page.text


def test_a_parameter_that_is_none_and_a_text_that_is_too_long_are_told_on_a_page(
    http: httpx2.Client, loaded: Loaded
):
    for asked in (asking(loaded, product="x"), asking(loaded, party="a" * 5000)):
        page = http.get(ANSWER, params=asked)
        assert (422, "text/html") == (
            page.status_code,
            page.headers["content-type"].partition(";")[0],
        )


@pytest.mark.parametrize(
    ("path", "filled"),
    [
        (f"/quyen/{NAMES['right']}", {"right": NAMES["right"]}),
        (f"/cong-nghe/{NAMES['technology']}", {"right": NAMES["technology"]}),
        (f"/ben/{NAMES['firm']}", {"party": NAMES["firm"]}),
        (f"/hop-dong/{NAMES['contract']}", {"party": NAMES["firm"]}),
    ],
)
def test_a_subject_s_page_leads_to_the_check_with_it_filled_in(
    http: httpx2.Client, loaded: Loaded, path: str, filled: Mapping[str, str]
):
    day = loaded.words["TODAY"]
    page = http.get(f"{path}?true_on={day}").text
    door = re.search(r'<p class="onward"><a href="([^"]*)"', page)
    assert door
    address = urlsplit(unescape(door[1]))
    assert (FORM, {**filled, "true_on": day}) == (address.path, dict(parse_qsl(address.query)))
    form = http.get(unescape(door[1])).text
    for name, value in filled.items():
        assert re.search(rf'name="{name}" value="{value}"', form)
        assert '<p class="known">= ' in form


def test_the_form_offers_every_act_and_every_place(http: httpx2.Client, loaded: Loaded):
    del loaded
    form = http.get(FORM).text
    assert list(ACTS) == re.findall(r'name="act" value="([a-z_]+)"', form)
    places = re.findall(r'<option value="([^"]+)"', form)
    units = [each for each in places if each.startswith("vn-2025:")]
    assert (34, 63) == (len(units), sum(each.startswith("vn-2004:") for each in places))
    assert {"iso:VN", "world", "iso:LA"} <= {*places}
    assert len(places) == len({*places})
    assert "vn-2025:91" == units[0], "An Giang stands first in a Vietnamese list"


def test_of_many_grants_a_page_shows_those_that_hold_first_and_says_how_many_more(
    http: httpx2.Client, loaded: Loaded, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(licence_pages, "GRANTS", 1)
    asked = asking(loaded, party=OTHER)
    grants = http.get(CHECK, params=asked).json()["grants"]
    assert [False, True] == [each["holds"] for each in grants]
    page = http.get(ANSWER, params=asked).text
    assert [grants[1]["grant"]["ref"]] == [*matrix_of(page)]
    assert 2 == page.count("Còn 1 quyền cấp nữa")
    assert "quyền cấp nữa" not in http.get(ANSWER, params=asking(loaded)).text


def test_the_sentence_says_that_it_was_asked_against_third_parties(
    http: httpx2.Client, loaded: Loaded
):
    asked = asking(loaded, effect="third_parties")
    for prefix, words in (("", "(với bên thứ ba)"), ("/en", "(against third parties)")):
        for effect in ("third_parties", "parties"):
            page = http.get(
                f"{prefix}{ANSWER}", params={**asked, "effect": effect}, follow_redirects=True
            )
            says = re.search(r'<span class="says">([^<]*)<', page.text)
            assert says
            assert (words in says[1]) == (effect == "third_parties")
