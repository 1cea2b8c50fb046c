"""Once the ledger has adopted a set, no question, page or command answers by another one."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli.answers import EXIT_CODES
from api.cli.main import app
from api.cli.projector import projector
from api.cli.story import names
from api.describe.links import PAGES
from api.reads.questions import QUESTIONS, Question, command_of
from ledger.domain.core.dated_law import Law, read_law
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.events.compose import uuid7
from ledger.events.lawbook import bundled_files, bundled_law, put_on_shelf
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.genesis import append_unpublished
from ledger.node.node import Node, vault_of
from ledger.store.entries import read_at
from ledger.wire.entry import parse_entry
from projections.engine.decoding import decode
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from projections.run.waiting import wait_until_folded
from tests.support import builders as b
from tests.support.builders import OPERATOR, REGISTRAR, RIGHT
from tests.support.node import append
from tests.support.tale import Loaded
from tests.support.world import World

NAMES = names()
IN_PATHS = {
    "right": RIGHT,
    "thing": RIGHT,
    "contract": NAMES["contract"],
    "distribution": NAMES["distribution"],
    "dispute": NAMES["dispute"],
    "listing": NAMES["listing"],
    "need": "listing:none",
    "offer": NAMES["offer"],
    "party": NAMES["firm"],
    "share": NAMES["share"],
    "technology": NAMES["technology"],
    "subject": NAMES["share"],
    "document": NAMES["document"],
    "key_id": "0" * 64,
    "position": "1",
    "name": "title",
    "before": "1",
    "after": "2",
    "year": "2026",
}
REQUIRED = {
    "checkLicence": f"party={NAMES['firm']}&act=sell&territory=vn-2025:48&field=C09D",
    "getPower": f"signer={NAMES['firm']}",
    "getMinimum": "year=2026",
    "getProjectionDigest": "size=1",
    "search": "q=vien",
}
BY_LAW = {
    *("getStatus", "checkLicence", "getLeftToGrant", "getAuthorMinimum", "listFindings"),
    *("getExclusive", "getStatusHistory"),
}
"""Questions of the story that cannot be answered without the law data.

Of a contract nothing is of its right's term: the story's patents say when they end.
"""

OF_THEN = {"getGrounds"}
"""Asks by which law data an event was judged, not by which it would be."""


def in_path(name: str, question: Question) -> list[str]:
    """Return what stands in the path that asks a question of the story."""
    of_technology = {"thing": NAMES["technology"]} if "technologies" in question.route.path else {}
    given = IN_PATHS | of_technology
    if name == "diffVersions":
        given = given | {"contract": NAMES["royalties"]}
    return [given[each] for each in re.findall(IN_BRACES, question.route.path)]


IN_BRACES = r"\{([a-z_]+)\}"


def path_of(name: str, question: Question) -> str:
    """Return a path that asks a question of the story."""
    given = iter(in_path(name, question))
    path = re.sub(IN_BRACES, lambda _: next(given), question.route.path)
    asked = REQUIRED.get(name) or ("field=C09D" if "field" in question.takes else "")
    return f"{path}?{asked}"


ADOPTED = "As adopted:"
"""What the title of a law begins with, in the law data that are adopted."""


def _amended(files: dict[str, bytes], name: str, rule: str, **values: Any) -> dict[str, bytes]:
    """Return a file of law data in which a rule has other values, by its name."""
    held = json.loads(files[name])
    (row,) = [each for each in held["rules"] if each["rule"] == rule]
    row["values"] |= values
    return {name: json.dumps(held).encode()}


@pytest.fixture(scope="module")
def adopted(loaded: Loaded, node: Node, home: Home) -> str:
    """Adopt law data under which a patent lasts one year; return its digest.

    By them VSIC 2018 is in use, and each law and decree has another title.
    """
    del loaded
    files = dict(bundled_files())
    files |= _amended(files, "rights.json", "ip-law.93.invention", years=1)
    files |= _amended(files, "codes.json", "vsic.edition-2025", edition="2018")
    instruments = json.loads(files["instruments.json"])
    for each in instruments["instruments"]:
        each["title_en"] = f"{ADOPTED} {each['title_en']}"
    files |= {"instruments.json": json.dumps(instruments).encode()}
    put_on_shelf(home.law, files)
    world, digest = World.of(home), read_law(files).sha256
    of = ledger_subject(home.identity().origin)
    body = b.rules_adopted(ledger=of, law_data_sha256=digest)
    told = (
        world.sign(b.right_filed(owners=[b.held(NAMES["institute"])]), REGISTRAR),
        world.sign(b.right_granted(expires_on=None), REGISTRAR),
        world.sign(body, OPERATOR, REGISTRAR),
    )
    for event in told:
        (done,) = append(node, event)
        assert hasattr(done, "position"), done
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    return digest


@pytest.fixture
def read_laws(monkeypatch: pytest.MonkeyPatch, adopted: str) -> set[str]:
    """Lend the digests of the law data whose rules are looked up meanwhile."""
    del adopted
    seen = set[str]()

    def watched(look: str) -> None:
        before = getattr(Law, look)

        def looked(law: Law, *asked: Any, **keys: Any) -> Any:
            seen.add(law.sha256)
            return before(law, *asked, **keys)

        monkeypatch.setattr(Law, look, looked)

    for look in ("all", "about", "named"):
        watched(look)
    return seen


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_a_question_is_answered_by_the_law_in_force(
    http: httpx2.Client, adopted: str, read_laws: set[str], name: str
):
    answer = http.get(path_of(name, QUESTIONS[name]))
    assert 200 == answer.status_code, answer.text
    if name not in OF_THEN:
        assert read_laws <= {adopted}
    assert read_laws or name not in BY_LAW


@pytest.mark.parametrize("kind", sorted(PAGES))
def test_a_page_is_answered_by_the_law_in_force(
    http: httpx2.Client, adopted: str, read_laws: set[str], kind: str
):
    answer = http.get(f"{PAGES[kind]}/{IN_PATHS[kind]}")
    assert 200 == answer.status_code, answer.text
    assert read_laws <= {adopted}
    assert read_laws or kind != "right"


def test_a_page_gives_a_law_the_title_that_it_has_in_the_law_in_force(
    http: httpx2.Client, adopted: str
):
    del adopted
    page = http.get(f"/en/hop-dong/{NAMES['royalties']}").text
    titles = {each.title_en for each in bundled_law().instruments.values()}
    named = [title for title in titles if title in page]
    assert named, "its late sums bear interest by law"
    assert all(page.count(title) == page.count(f"{ADOPTED} {title}") for title in named)


def test_who_names_no_edition_means_that_which_the_law_in_force_says_is_in_use(
    http: httpx2.Client, adopted: str
):
    """By the law data before it VSIC 2025 was, which has no division 45."""
    del adopted
    asked = f"/v1/rights/{RIGHT}/exclusive?scheme=vsic&field=45"
    answer = http.get(asked)
    assert 200 == answer.status_code, answer.text
    assert {"scheme": "vsic", "edition": "2018", "codes": ["45"]} == answer.json()["part"]["field"]
    refused = http.get(f"{asked}&edition=2019").json()
    assert ("BAD_PARAMETER", ["2018"]) == (refused["code"], refused["near"])
    assert "BAD_PARAMETER" == http.get(f"{asked}&edition=2025").json()["code"]


def test_a_command_is_answered_by_the_law_in_force(
    http: httpx2.Client, loaded: Loaded, read_laws: set[str], adopted: str
):
    """By the law data before it the patent would be in force for years."""
    words = ["rights", "status", RIGHT, "--true-on", "2028-01-01", "--json", "--url", loaded.url]
    status = json.loads(CliRunner().invoke(app, words).output)["status"]
    asked = http.get(f"/v1/rights/{RIGHT}/status?true_on=2028-01-01").json()
    shown = http.get(f"/en/quyen/{RIGHT}?true_on=2028-01-01").text
    assert ("expired", "expired") == (status, asked["status"])
    assert "expired" in shown
    assert read_laws == {adopted}


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_the_command_of_a_question_gives_the_answer_that_http_gives(
    http: httpx2.Client, loaded: Loaded, adopted: str, name: str
):
    del adopted
    question, options = (
        QUESTIONS[name],
        ["--json", "--url", loaded.url, "--trust", str(loaded.trust)],
    )
    path = path_of(name, question)
    for parameter, value in parse_qsl(path.partition("?")[2]):
        options += [f"--{parameter.replace('_', '-')}", value]
    words = ["ask", command_of(name), *in_path(name, question), *options]
    done, answer = CliRunner().invoke(app, words), http.get(path).json()
    assert EXIT_CODES[answer["verdict"]] == done.exit_code, done.exception
    told = json.loads(done.output)
    moment = {"at"} if name == "listOffers" else set()  # Each is answered of its own instant.
    assert {each: told[each] for each in answer if each not in moment} == {
        each: value for each, value in answer.items() if each not in moment
    }


def test_a_command_that_appends_itself_knows_the_law_in_force(
    node: Node, home: Home, settings: Settings, adopted: str
):
    """By the set of this version alone it took itself for older, and stored nothing."""
    del adopted
    signed = World.of(home).registration(f"party:demo.{uuid7()}")
    vault = vault_of(settings, node.pool)
    recorded = append_unpublished(node.pool, home, signed.envelope, vault, node.clock)
    (stored,) = read_at(node.pool, [recorded.position])
    assert signed.envelope.payload == parse_entry(stored.entry).payload


def test_the_process_that_folds_goes_on_after_a_law_was_adopted(
    node: Node, home: Home, adopted: str
):
    """It knows the sets beside the shipped one: else it took itself for older, and waited."""
    del adopted
    (recorded,) = append(node, World.of(home).registration(f"party:demo.{uuid7()}"))
    keeper = projector(node.database.app_dsn, home.law, "ERROR", node.key)
    keeper.start()
    try:
        wait_until_folded(node.pool, recorded.position + 1, 30)
    finally:
        keeper.stop()
