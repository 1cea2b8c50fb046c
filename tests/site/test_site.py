"""The built site: both languages, a note where one is missing, search, nothing from elsewhere."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS, SITE = ROOT / "docs", ROOT / "build" / "site"
PAGES = sorted(each for each in DOCS.rglob("*.md") if not each.name.endswith(".vi.md"))
UNTRANSLATED = "Trang này chưa có bản tiếng Việt"


def built(page: Path, prefix: str = "") -> str:
    """Return the page that a document has become, in a language."""
    name = page.relative_to(DOCS).with_suffix("")
    where = name.parent if name.name == "README" else name
    return (SITE / prefix / where / "index.html").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_a_page_is_there_in_both_languages_and_says_where_one_is_missing(page: Path):
    english, vietnamese = built(page), built(page, "vi")
    assert '<html lang="en"' in english
    assert '<html lang="vi"' in vietnamese
    assert UNTRANSLATED not in english
    translated = page.with_suffix(".vi.md").exists()
    assert translated is (UNTRANSLATED not in vietnamese)
    for html, other in ((english, "vi"), (vietnamese, "en")):
        assert re.search(rf'<a href="[^"]*" hreflang="{other}"', html), "a switch of language"


def test_nothing_is_loaded_from_elsewhere():
    for page in SITE.rglob("*.html"):
        html = page.read_text("utf-8")
        loaded = re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="([^"]*)"', html)
        assert [] == [each for each in loaded if "//" in each], page


def test_the_search_knows_both_languages():
    index = json.loads((SITE / "search" / "search_index.json").read_bytes())
    assert {"en", "vi"} <= {*index["config"]["lang"]}
    found = {each["location"].partition("#")[0] for each in index["docs"]}
    assert {"verify/", "vi/verify/", "vi/guides/case-file/"} <= found


def test_links_to_sources_are_words_and_links_to_pages_lead_there():
    http = built(DOCS / "reference" / "http.md")
    assert "api/openapi/openapi.json" not in re.findall(r'href="([^"]*)"', http)
    vietnamese = built(DOCS / "verify.md", "vi")
    assert 'href="../../verify/#what-each-step-stops" hreflang="en"' in vietnamese
