"""
What people type finds what they mean: labelled queries, asked of a corpus of names much alike.

A query counts if one of the things that are meant is among the first three. The labels were
written by somebody who had not seen the ranking; they are not to be bent to it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import httpx2
import pytest

from ledger.domain.core.types import legal_day
from ledger.events.intake import decode
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.node import Node
from ledger.store.embedded import EmbeddedPostgres
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support.http import serving
from tests.support.labelled import Corpus, Query, load
from tests.support.node import settings_for
from tests.support.postgres import database_of_locale, fresh_database
from tests.support.world import World

FIRST = 3
OF_ALL = 0.95
OF_A_KIND = 0.8
GUESSED = "one slip away"
"""The kind of what is not there, and one slip of the pen from what is: decision 49."""

Found = Mapping[Query, list[str]]


@pytest.fixture(scope="module", params=["C", "C.UTF-8"])
def settings(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: EmbeddedPostgres,
) -> Iterator[Settings]:
    """Keep the ledger in a database of one's own locale, and of another."""
    own = request.param == "C"
    lent = fresh_database if own else lambda server: database_of_locale(server, request.param)
    with lent(postgres_server) as database:
        yield settings_for(database, tmp_path_factory.mktemp("ledger") / "home")


@pytest.fixture(scope="module")
def corpus(node: Node, home: Home) -> Corpus:
    told = load(node, World.of(home), legal_day(datetime.now(UTC)))
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    return told


@pytest.fixture(scope="module")
def found(node: Node, corpus: Corpus) -> Found:
    """Ask every query once; lend what each finds first, the best first."""
    with serving(node) as url, httpx2.Client(base_url=url, timeout=30) as http:
        return {query: first(http, query) for query in corpus.queries()}


def first(http: httpx2.Client, query: Query) -> list[str]:
    """Return the ids of what a query finds first; where a guess is allowed, what is none."""
    answer = http.get("/v1/search", params={"q": query.q, "limit": FIRST})
    assert 200 == answer.status_code, f"{query.q!r}: {answer.text}"
    hits = answer.json()["hits"]
    if query.kind == GUESSED:
        hits = [hit for hit in hits if hit["why"] != "near"]
    return [hit["id"] if ":" in hit["id"] else f"{hit['kind']}:{hit['id']}" for hit in hits]


def test_what_is_meant_is_among_the_first_three(found: Found):
    asked = {query: hits for query, hits in found.items() if query.means}
    missed = {query: hits for query, hits in asked.items() if not {*query.means} & {*hits}}
    all_of, missed_of = (Counter(query.kind for query in each) for each in (asked, missed))
    told = "\n".join(f"{each.id} {each.kind}: {each.q!r} {hits}" for each, hits in missed.items())
    assert 300 == len(asked)
    assert len(missed) <= (1 - OF_ALL) * len(asked), f"{len(missed)} missed:\n{told}"
    poor = {kind for kind, each in missed_of.items() if each > (1 - OF_A_KIND) * all_of[kind]}
    assert not poor, f"{poor}:\n{told}"


def test_what_is_not_there_is_not_found(found: Found):
    asked = {query.q: hits for query, hits in found.items() if not query.means}
    assert 30 == len(asked)
    assert {} == {text: hits for text, hits in asked.items() if hits}
