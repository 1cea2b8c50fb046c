"""What the documents promise to list, they list; what they list exists."""

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from api.limits import uploads
from api.writes import lines
from ledger.events import intake
from ledger.home.settings import OF_CLIENTS, Settings
from ledger.wire.entry import MAX_ENTRY
from ledger.wire.envelope import MAX_SIGNATURES
from tests.support import law_table, read_model_list, refusal_table
from tests.support.generated import AGAIN

DOCS = Path(__file__).parents[2] / "docs"


def test_every_setting_is_documented_and_no_other():
    text = (DOCS / "reference" / "settings.md").read_text("utf-8")
    documented = set(re.findall(r"^\| `(LEDGER_[A-Z_]+)` ", text, re.MULTILINE))
    # The defaults of options have a row together.
    of_clients = set(OF_CLIENTS) - {"LEDGER_URL", "LEDGER_TRUST"}
    assert of_clients | {f"LEDGER_{name.upper()}" for name in Settings.model_fields} == documented


def test_every_refusal_is_documented_and_no_other():
    assert refusal_table.DOCUMENT.read_text("utf-8") == refusal_table.written(), AGAIN


def test_every_refusal_has_a_title_in_both_languages():
    kinds = refusal_table.refusals()
    assert [] == [each for each in kinds if not (each.title_vi and each.__doc__)]


IN_ENGLISH = {
    "TỆP": "FILE",
    "ĐỐI_TƯỢNG": "SUBJECT",
    "SHA-256 dạng hex của tên gốc": "hex SHA-256 of the origin",
    "(bước ": "(step ",
    "*chưa kiểm tra*": "*unchecked*",
    "*không chạy*": "*not run*",
    "*không xuất trình*": "*not shown*",
}
"""What the Vietnamese text of a bundle calls what has a name in the English one."""

CODES = re.compile(
    r"`[^`]+`|\*[a-z ]+\*|\(step \d+\)|^\| [0-9]+|docs/\S+md|c2sp[.]org/[a-z-]+",
    re.MULTILINE,
)
"""What stands for the same in every language: members, commands, steps, outcomes, documents."""


def test_the_text_of_a_bundle_says_the_same_in_both_languages():
    english, vietnamese = (
        (DOCS / "spec" / name).read_text("utf-8") for name in ("bundle.md", "bundle.vi.md")
    )
    for theirs, ours in IN_ENGLISH.items():
        vietnamese = vietnamese.replace(theirs, ours)
    said, translated = (Counter(CODES.findall(text)) for text in (english, vietnamese))
    assert said == translated


ANSWERS = re.search(
    r"^## What a ledger answers\n(.*?)^## ",
    (DOCS / "spec" / "event.md").read_text("utf-8"),
    re.DOTALL | re.MULTILINE,
)


def test_what_is_no_event_is_listed_by_its_code_and_no_other():
    source = Path(intake.__file__).read_text("utf-8")
    ours = set(re.findall(r'Invalid\(\s*"([A-Z_]+)"', source)) | {"FRACTIONAL_VND"}
    (row,) = re.findall(r"^\| 413, 422 \|(.*)$", ANSWERS[1], re.MULTILINE)
    assert ours == set(re.findall(r"`([A-Z_]+)`", row))


def test_the_limits_of_what_is_sent_are_said():
    said = re.findall(r"^\| [^|]+ \| ([0-9][^|]*) \|", ANSWERS[1], re.MULTILINE)
    numbers = [int(each.replace(",", "")) for text in said for each in text.split(", and ")]
    assert numbers[:9] == [
        *(intake.MAX_BODY, MAX_ENTRY, MAX_SIGNATURES, intake.MAX_PERSONS),
        *(lines.MAX_BATCH, lines.MAX_LINES, uploads.LINE_S, uploads.RATE, uploads.SHARE),
    ]


def test_the_readme_shows_every_folder_of_tests():
    house = (DOCS.parent / "README.md").read_text("utf-8").partition("## The house")[2]
    shown = re.search(r"^tests/((?:.*\n {16})*.*)$", house, re.MULTILINE)
    top = {each.name for each in (DOCS.parent / "tests").iterdir() if any(each.rglob("test_*.py"))}
    assert top <= set(re.findall(r"\w+", shown[1]))


def test_every_read_model_is_documented_as_what_it_is_and_no_other():
    assert read_model_list.DOCUMENT.read_text("utf-8") == read_model_list.written(), AGAIN


def test_the_law_data_is_documented_as_it_is():
    assert law_table.DOCUMENT.read_text("utf-8") == law_table.described(), AGAIN


def test_a_decision_has_a_number_of_its_own_and_says_it():
    files = sorted((DOCS / "decisions").glob("*.md"))
    numbers = [int(each.name[:4]) for each in files]
    assert list(range(1, len(files) + 1)) == numbers
    for number, each in zip(numbers, files, strict=True):
        assert each.read_text("utf-8").startswith(f"# {number}. "), each.name


STATUS = re.compile(
    r"# \d+\. .+\n\nStatus: (?:accepted|superseded by \[\d+\]\(\d{4}-[a-z-]+\.md\)),"
    r" (\d{4}-\d\d-\d\d)\.\n\n"
)


def test_a_decision_says_whether_it_stands_and_since_when():
    days = []
    for each in sorted((DOCS / "decisions").glob("*.md")):
        said = STATUS.match(each.read_text("utf-8"))
        assert said, each.name
        days.append(date.fromisoformat(said[1]))
    assert sorted(days) == days


ROOT = DOCS.parent
PAGES = sorted({*DOCS.rglob("*.md"), *ROOT.glob("*.md")})
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$", re.MULTILINE)


def links_of(page: Path) -> set[str]:
    """Return what a page links to, but for what is elsewhere or only looks like a link."""
    text = re.sub(
        r"^```.*?^```$|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    found = {one or other for one, other in LINK.findall(text)}
    return {each for each in found if "://" not in each}


def anchors_of(page: Path) -> set[str]:
    """Return the names of a page's headings, as a link calls them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path):
    for link in links_of(page):
        target, _, anchor = link.partition("#")
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), link
        assert not anchor or anchor in anchors_of(there), link


TRANSLATED = sorted(DOCS.rglob("*.vi.md"))


@pytest.mark.parametrize("name", ["README.md", "README.vi.md"])
def test_every_page_is_in_the_index_of_its_language(name: str):
    index = DOCS / name
    linked = {(DOCS / each.partition("#")[0]).resolve() for each in links_of(index)}
    pages = TRANSLATED if name == "README.vi.md" else [*{*PAGES} - {*TRANSLATED}]
    assert [] == [each for each in pages if each != index and each.resolve() not in linked]


@pytest.mark.parametrize("page", TRANSLATED, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_a_translation_has_the_commands_of_its_page(page: Path):
    """But for the language that is asked for, each is one that the page has, which others run."""
    ours, theirs = (
        {
            re.sub(r" --lang vi|/en(?=/)|  +#.*", "", line)
            for line in re.findall(r"^    ((?:curl|techledger|python) .*)$", text, re.MULTILINE)
        }
        for text in (
            each.read_text("utf-8") for each in (page, page.with_name(f"{page.name[:-6]}.md"))
        )
    )
    assert ours <= theirs


def lines_of(path: str) -> set[str]:
    return {line.strip() for line in (ROOT / path).read_text("utf-8").splitlines()}


def test_what_make_and_the_hooks_run_is_what_the_gate_runs():
    """One who commits with the hooks, or runs `make check`, is not told otherwise by the gate."""
    gate = {line for line in lines_of(".ci/run") if line.startswith(".venv/bin/")}
    recipes = re.findall(
        r"\n(lint|types|contracts):.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text()
    )
    made = {
        line.replace("$(bin)", ".venv/bin")
        for _, recipe in recipes
        for line in recipe.strip().split("\n\t")
    }
    assert 3 == len(recipes)
    assert made <= gate
    hooks = re.findall(
        r"^ +entry: (.+)$", (ROOT / ".pre-commit-config.yaml").read_text(), re.MULTILINE
    )
    assert made == {each + " ." * ("ruff" in each) for each in hooks}
