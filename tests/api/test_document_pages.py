"""Documentation as pages: every question has an example that this very ledger answers."""

import re
import shlex
from html import unescape
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.describe.links import PAGES
from api.describe.question_words import ABOUT, IN_VIETNAMESE
from api.explorer.question_examples import PAGE_OF, LiveExample, examples_of
from api.reads.questions import QUESTIONS
from ledger.domain.core.types import legal_day
from ledger.node.node import Node
from tests.support.inline import INLINE
from tests.support.tale import Loaded

ANSWERED = {0, 1, 3, 4}
"""How a command ends that was answered: yes, no, contested, unknown."""


@pytest.fixture
def examples(node: Node, loaded: Loaded) -> tuple[LiveExample, ...]:
    del loaded
    assert node.feed.newest
    return examples_of(node, node.feed.newest.size, legal_day(node.clock.now()))


def test_every_question_has_words_and_stands_under_what_it_is_about():
    assert {*QUESTIONS} == {*IN_VIETNAMESE}
    assert {*PAGE_OF} <= {*QUESTIONS}
    assert {*ABOUT} == {tag for each in QUESTIONS.values() for tag in each.route.tags}


def test_every_question_can_be_asked_of_the_story(
    http: httpx2.Client, examples: tuple[LiveExample, ...]
):
    assert {*QUESTIONS} == {each.operation for each in examples if each.address}
    for each in examples:
        answer = http.get(each.address or "")
        assert 200 == answer.status_code, (each.address, answer.text)
        assert "unknown" != answer.json()["verdict"], each.address


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_page_of_a_question_is_there_and_says_its_answer(
    http: httpx2.Client, examples: tuple[LiveExample, ...], language: Any
):
    assert {*PAGE_OF} == {each.operation for each in examples if each.page}
    for each in examples:
        if (where := each.page_in(language)) is None:
            continue
        page = http.get(where, follow_redirects=True)
        assert 200 == page.status_code, where
        path = (each.address or "").partition("?")[0]
        if where.rpartition("/")[0].endswith(tuple(PAGES.values())) and path not in where:
            assert path in unescape(page.text), (where, path)


def test_every_command_of_an_example_is_answered(loaded: Loaded, examples: tuple[LiveExample, ...]):
    asked = {"LEDGER_URL": loaded.url, "LEDGER_TRUST": str(loaded.trust)}
    for each in examples:
        words = shlex.split(each.command or "")
        run = CliRunner().invoke(app, words[1:], env=asked)
        assert run.exit_code in ANSWERED, (each.command, run.output)


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_page_has_each_question_with_its_example(
    http: httpx2.Client, examples: tuple[LiveExample, ...], prefix: str
):
    page = unescape(http.get(f"{prefix}/tai-lieu/cau-hoi").text)
    language: Any = "en" if prefix else "vi"
    for each in examples:
        assert f"<h3>{each.says.in_(language)}</h3>" in page
        assert f'href="{each.address}"' in page
        assert f"<code>{each.command}</code>" in page
        assert f'id="{each.operation}"' in page
    assert page.count("<details>") == len(QUESTIONS)
    assert not INLINE.search(page)


def test_of_what_nobody_recorded_there_is_no_example(node: Node, loaded: Loaded):
    del loaded
    day = legal_day(node.clock.now())
    found = {each.operation: each for each in examples_of(node, 1, day)}
    assert (None, None, None) == (
        found["getTerms"].address,
        found["getTerms"].command,
        found["getTerms"].page,
    )
    assert "/v1/events" == found["listEvents"].address


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_what_there_is_to_read_is_there_and_the_foot_leads_to_it(
    http: httpx2.Client, loaded: Loaded, prefix: str
):
    del loaded
    page = http.get(f"{prefix}/tai-lieu")
    leaves = re.findall(r'<a class="card door plain" href="([^"]*)"', page.text)
    assert len(leaves) > 5
    for each in leaves:
        assert each.startswith(f"{prefix}/")
        assert 200 == http.get(each).status_code, each
    assert f'href="{prefix}/tai-lieu"' in http.get(prefix or "/").text
    lost = http.get(f"{prefix}/tai-lieu/nowhere", headers={"Accept": "text/html"})
    assert (404, "text/html; charset=utf-8") == (lost.status_code, lost.headers["content-type"])
