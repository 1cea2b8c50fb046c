"""
Every question of docs/questions.md is asked as it stands there, and has the answer it says.

So is every `curl` line of the other documents.
"""

import json
import re
import shlex
import subprocess
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli.answers import EXIT_CODES
from api.cli.main import app
from api.cli.story import names
from ledger.home.paths import Home
from ledger.wire.envelope import envelope_to_object
from tests.e2e.test_demo import RUN_ON_THE_DEMO
from tests.support.openapi import GOLDEN
from tests.support.streams import ENDLESS
from tests.support.tale import Loaded
from tests.support.world import World

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "questions.md").read_text("utf-8")
WANTED = {*range(1, 21), 24, 29, 30, 31, 36}

NAMES = names()
INSTITUTE, FIRM, RIVAL = (NAMES[each] for each in ("institute", "firm", "rival"))
AUTHOR, BANK = NAMES["inventor"], NAMES["bank"]

PROVEN_OTHERWISE = {31, 36}
"""Their answers are proofs themselves: the history's, and that nothing differs."""


@dataclass(frozen=True)
class Question:
    """A section of the document: its number, its request, and its command if it has one."""

    number: int
    path: str
    command: str | None


def questions() -> list[Question]:
    """Return the questions of the document."""
    found = []
    for section in re.split(r"^## (?=\d)", TEXT, flags=re.MULTILINE)[1:]:
        number = int(section.partition(".")[0])
        (path,) = re.findall(r'^    curl -sS "\$L([^"]*)"$', section, re.MULTILINE)
        commands = re.findall(r"^    techledger (.*)$", section, re.MULTILINE)
        found.append(Question(number, path, commands[0] if commands else None))
    return found


QUESTIONS = questions()
LINES = [
    line
    for document in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    for line in re.findall(r"^(?:    |\$ ?)?(curl .*)$", document.read_text("utf-8"), re.MULTILINE)
    if document not in RUN_ON_THE_DEMO
]
"""What the other documents have curl ask, with no variable of the demo's but its address."""

_ROW = r"^\| (\d+) \| .* \| `(/v1/[^`]*)` \| `techledger ([^`]*)` \|$"
ALSO = [
    Question(int(number), path, command)
    for number, path, command in re.findall(_ROW, TEXT, re.MULTILINE)
]
FURTHER = [(each.number, each.path) for each in ALSO]


def test_the_document_has_every_question_and_every_path_exists():
    assert [question.number for question in QUESTIONS] == sorted(WANTED)
    paths = [
        re.compile(re.sub(r"\{[^}]*\}", "[^/?]+", path))
        for path, methods in json.loads(GOLDEN.read_text("utf-8"))["paths"].items()
        if "get" in methods
    ]
    for path in (*(path for _, path in FURTHER), *(each.path for each in QUESTIONS)):
        assert any(each.fullmatch(path.partition("?")[0]) for each in paths), path


def _owner(who: str) -> Callable[[Any, Loaded], bool]:
    return lambda answer, _: [(who, [1, 1])] == [(o["party"], o["share"]) for o in answer["owners"]]


def _money(distribution: Any, loaded: Loaded) -> bool:
    del loaded
    parts = [each["amount"] for each in distribution["parts"]]
    return distribution["recomputed"] and 437_500_000 == sum(parts)


def _late(answer: Any, loaded: Loaded) -> bool:
    """Say that the author's part of the first quarter is not paid.

    The licence ended in it with its right, which lapsed: no later quarter is missing.
    """
    first = next(each for each in answer["unpaid"] if each["report"] == NAMES["first_report"])
    used = {loaded.at[name] for name in ("royalties", "amended", "first", "distributed", "paid")}
    return (
        [] == answer["unreported"]
        and 10_800_000 == first["unpaid"]
        and first["interest"] > 0
        and used <= set(answer["positions"])
    )


HANDED_OVER = ("sent", "received", "answered", "read")


def _rates(terms: Any) -> list[int]:
    return [tier["rate_ppm"] for tier in terms["terms"]["royalty"]["tiers"]]


CLAIMS: dict[int, Callable[[Any, Loaded], bool]] = {
    1: _owner(FIRM),
    2: lambda answer, loaded: (
        _owner(INSTITUTE)(answer, loaded)
        and [NAMES["sale"]] == [each["assignment"] for each in answer["pending"]]
    ),
    3: lambda answer, loaded: answer["licensed"] and loaded.at["contract"] in answer["positions"],
    4: lambda answer, _: (
        not answer["licensed"] and ["UNREGISTERED_OPPOSED"] == answer["grants"][0]["against"]
    ),
    5: lambda answer, _: (2, [50_000]) == (answer["filed"]["version"], _rates(answer["filed"])),
    6: lambda answer, _: [(1, [40_000, 30_000])] == [
        (sold["version"], _rates(sold)) for sold in answer["sold"]
    ],
    7: lambda answer, _: answer["exclusive"] and FIRM == answer["grants"][0]["licensee"],
    8: lambda answer, loaded: (
        ("C09D", loaded.words["TODAY"])
        not in [(x["field"], x["start"]) for x in answer["exclusive"] if "sell" in x["acts"]]
        and len(answer["encumbrances"]) == 2
    ),
    9: lambda answer, _: [FIRM, RIVAL] == [
        each["grant"]["licensee"] for each in answer["dependents"]
    ] and {INSTITUTE, FIRM, RIVAL} == set(answer["tell"]),
    10: lambda answer, _: [{"currency": "VND", "amount": 25_200_000}] == answer["ends"][0]["paid"],
    11: lambda answer, loaded: [(loaded.at["doubted"], True)] == [
        (each["event"]["position"], each["open"]) for each in answer["signed"]
    ],
    12: lambda answer, loaded: answer["binds"] and [loaded.at["mandate"]] == answer["positions"],
    13: lambda answer, loaded: [loaded.at["acceptance"]] == [
        each["offer"]["closed_position"] for each in answer["offers"]
    ],
    14: lambda answer, _: (
        ["royalty"] == [each["member"] for each in answer["differences"]]
        and sorted([INSTITUTE, RIVAL, AUTHOR]) == answer["versions"][0]["signers"]
    ),
    15: _money,
    16: lambda answer, loaded: (
        [["VND", 131_250_000]] == answer["held"]
        and [loaded.at["distribution"], loaded.at["held"]] == answer["positions"]
    ),
    17: lambda answer, _: answer["funded"] and bool(answer["duties"]),
    18: lambda answer, _: answer["agreed_by_all"] and AUTHOR in answer["signed_by"],
    19: _late,
    20: lambda answer, _: (False, 50_500_000, 9_500_000) == (
        answer["met"],
        answer["earned"],
        answer["short"],
    ),
    24: lambda answer, _: [(NAMES["second_charge"], [BANK]), (NAMES["first_charge"], [BANK])] == [
        (lien["security"], lien["creditors"]) for lien in answer["liens"]
    ],
    29: lambda answer, loaded: [("HOLD_PAYMENT", None), ("FREEZE_TITLE", loaded.at["lifted"])] == [
        (order["effect"], order["lifted_position"]) for order in answer["orders"]
    ],
    30: lambda answer, loaded: answer["positions"] == [
        loaded.at[name]
        for name in ("share", "report", "distribution", "payment", "sublicence", "sent")
    ],
    31: lambda answer, _: answer["unchanged"],
    36: lambda answer, _: answer["first"] is None and answer["stored"] == answer["replayed"],
}  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: str(question.number))
def test_a_question_has_its_answer(http: httpx2.Client, loaded: Loaded, question: Question):
    response = http.get(loaded.said(question.path))
    assert 200 == response.status_code, response.text
    answer = response.json()
    assert len(loaded.at) < answer["size"]
    if question.number not in PROVEN_OTHERWISE:
        assert answer["positions"]
    assert CLAIMS[question.number](answer, loaded), answer


FURTHER_CLAIMS: dict[int, Callable[[Any, Loaded], bool]] = {
    22: lambda answer, _: ("answered", []) == (answer["verdict"], answer["duties"]),
    23: lambda answer, _: ("answered", []) == (answer["verdict"], answer["duties"]),
    27: lambda answer, _: (
        ("answered", [BANK])
        == (
            answer["verdict"],
            [each["by"] for each in answer["document"]["opened"]],
        )
    ),
    28: lambda answer, loaded: (
        "yes" == answer["verdict"]
        and [NAMES["document"]] == [each["document"] for each in answer["documents"]]
        and [loaded.at[step] for step in HANDED_OVER] == answer["positions"]
    ),
}


@pytest.mark.parametrize(("number", "path"), FURTHER)
def test_what_else_is_asked_is_answered(
    http: httpx2.Client, loaded: Loaded, number: int, path: str
):
    answer = http.get(loaded.said(path)).raise_for_status().json()
    assert len(loaded.at) < answer["size"]
    assert FURTHER_CLAIMS[number](answer, loaded), answer


@pytest.mark.parametrize(
    "question",
    [each for each in (*QUESTIONS, *ALSO) if each.command],
    ids=lambda each: str(each.number),
)
def test_the_command_line_gives_the_same_answer(
    http: httpx2.Client, loaded: Loaded, question: Question, fold: Callable[[], None]
):
    fold()  # Other tests have posted events meanwhile, and the second question asks for these.
    options = f"--url {loaded.url} --trust {loaded.trust}"
    words = shlex.split(loaded.said(f"{question.command} {options}"))
    done = CliRunner().invoke(app, [*words, "--json"])
    answer, said = http.get(loaded.said(question.path)).json(), json.loads(done.output)
    assert EXIT_CODES[answer["verdict"]] == done.exit_code, done.output
    assert {**answer, "verified": False} == {name: said[name] for name in ("verified", *answer)}
    assert answer["positions"] == [each["position"] for each in said["checked"]]
    told = CliRunner().invoke(app, words)
    assert (done.exit_code, True) == (told.exit_code, "as of size" in told.output)


LAPSED, HELD = f"rights status {NAMES['older_right']}", f"disputes holds {NAMES['share']}"


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (LAPSED, 1, "status: lapsed"),
        (f"{LAPSED} --true-on $Q1", 0, "since: 4 May 2021"),
        (f"rights status {NAMES['right']} --territory iso:LA", 1, "Nothing is known"),
        (HELD, 0, f"dispute: {NAMES['dispute']}"),
        (f"{HELD} --true-on 2020-01-01", 0, "No order holds"),
        ("disputes show dispute:none", 4, "nothing is recorded of dispute:none"),
        ("revenue overdue contract:none", 4, "nothing is recorded of contract:none"),
        (f"disputes show {NAMES['dispute'][:-1]}", 4, f"near: {NAMES['dispute']}"),
        (f"rights status {NAMES['right'][:-1]}", 4, f"near: {NAMES['right']}"),
    ],
)
def test_an_exit_code_says_yes_or_no(loaded: Loaded, words: str, code: int, line: str):
    options = ["--url", loaded.url, "--trust", str(loaded.trust)]
    done = CliRunner().invoke(app, [*loaded.said(words).split(), *options])
    assert (code, True) == (done.exit_code, line in done.output), done.output


def test_a_licence_ends_by_itself_with_the_last_right_that_it_grants(
    http: httpx2.Client, loaded: Loaded
):
    """IP Law art. 148(4), as known: before the lapse was recorded the licence was in force."""
    path, lapse = f"/v1/contracts/{NAMES['royalties']}/terms", loaded.at["lapsed"]
    ended_on = date.fromisoformat(loaded.words["Q1"]) + timedelta(days=59)
    day, before_it = ended_on.isoformat(), (ended_on - timedelta(days=1)).isoformat()
    ended = http.get(path, params={"true_on": day}).json()
    assert ("right_ended", True) == (ended["status"], lapse in ended["positions"])
    for before in ({"true_on": before_it}, {"true_on": day, "known_at": lapse - 1}):
        answer = http.get(path, params=before).json()
        assert ("in_force", False) == (answer["status"], lapse in answer["positions"])


def _asked_of_days() -> Iterator[tuple[str, str]]:
    """Yield a path of every route that asks of a day, without the day, and the day's parameter."""
    told = [path.partition("?") for _, path in FURTHER]
    told += [each.path.partition("?") for each in QUESTIONS]
    told += [path.partition("?") for path in FURTHER_DAYS]
    for route, methods in json.loads(GOLDEN.read_text("utf-8"))["paths"].items():
        form = re.compile(re.sub(r"\{[^}]*\}", "[^/?]+", route))
        for each in methods.get("get", {}).get("parameters", []):
            if '"format": "date"' in json.dumps(each):
                of_route = [(path, query) for path, _, query in told if form.fullmatch(path)]
                assert of_route, f"no document and no test asks {route}"
                path, query = max(of_route, key=lambda found: len(found[1]))
                rest = [word for word in query.split("&") if word.partition("=")[0] != each["name"]]
                yield f"{path}?{'&'.join(filter(None, rest))}", each["name"]
    yield f"/v1/rights/{NAMES['right']}/title?known_by=office", "known_at"
    yield from ((f"/{page}?", "true_on") for page in DAY_PAGES)


FURTHER_DAYS = (
    "/v1/duties",
    *(f"/v1/technologies/{NAMES['technology']}/{what}" for what in ("exclusive", "left-to-grant")),
    f"/v1/rights/{NAMES['older_right']}/status",
    f"/v1/contracts/{NAMES['contract']}/sublicences",
    f"/v1/subjects/{NAMES['share']}/holds",
    f"/v1/parties/{INSTITUTE}",
    f"/v1/parties/{INSTITUTE}/relations",
    "/v1/listings",
    f"/v1/listings/{NAMES['listing']}",
    f"/v1/listings/{NAMES['listing']}/matches",
    f"/v1/parties/{INSTITUTE}/rights",
)
DAYS = ("0001-01-01", "0999-12-31", "1000-01-01", "2999-12-31", "3000-01-01", "9999-12-31")
DAY_PAGES = (f"quyen/{NAMES['right']}", f"hop-dong/{NAMES['contract']}", f"ben/{INSTITUTE}")


def test_the_first_and_the_last_day_are_answered_and_none_beyond(
    http: httpx2.Client, loaded: Loaded
):
    asked_of = list(_asked_of_days())
    assert len(asked_of) > 20
    for path, name in asked_of:
        for day in DAYS:
            answer = http.get(loaded.said(f"{path}&{name}={day}"))
            assert answer.status_code in (200, 422), (path, name, day, answer.text)
            # Of days of old the law data is silent, by its own code; a span may end too early, and
            # a report has days of its own.
            other = "first day after" in answer.text or "has its own days" in answer.text
            beyond = "BAD_PARAMETER" in answer.text and not (other and "1000" <= day < "3000")
            assert beyond != ("1000" <= day < "3000"), (path, name, day, answer.text)


def test_the_last_year_that_is_asked_is_the_last_that_ends_on_a_day(
    http: httpx2.Client, loaded: Loaded
):
    path = f"/v1/contracts/{NAMES['contract']}/minimum?year="
    assert 200 == http.get(loaded.said(f"{path}2998")).status_code
    assert "BAD_PARAMETER" in http.get(loaded.said(f"{path}2999")).text


NOBODY = (
    *(f"/v1/rights/right:none/{what}" for what in (
        "title", "chain", "liens", "status", "status-history", "lapse-effects", "exclusive",
        "left-to-grant", "dependents",
    )),
    "/v1/licences/check?party=party:none&act=sell&territory=iso:VN",
    "/v1/offers?offer=offer:none",
    *(f"/v1/contracts/contract:none/{what}" for what in (
        "terms", "terms?report=report:none", "versions", "sublicences", "revenue", "overdue",
        "minimum?year=2026", "documents",
    )),
    "/v1/distributions/distribution:none/computation",
    *(f"/v1/parties/party:none{what}" for what in (
        "", "/dues", "/keys", "/mandates", "/power?signer=party:none.either", "/relations",
    )),
    "/v1/shares/share:none",
    f"/v1/keys/{64 * '0'}",
    f"/v1/keys/{64 * '0'}/signed",
    "/v1/disputes/dispute:none",
    "/v1/subjects/right:none/holds",
    "/v1/subjects/right:none/timeline",
    "/v1/documents/document:none",
    *(f"/v1/technologies/technology:none{what}" for what in (
        "", "/author-minimum", "/exclusive", "/left-to-grant",
    )),
    "/v1/contracts/contract:none/versions/1/diff/2",
    "/v1/contracts/registrations?contract=contract:none",
    "/v1/contracts/registrations?technology=technology:none",
    "/v1/duties?contract=contract:none",
    "/v1/duties?party=party:none",
    "/v1/findings?subject=right:none",
    "/v1/offers?listing=listing:none",
    "/v1/offers?party=party:none",
    "/v1/events?subject=right:none",
    "/v1/listings/listing:none",
    "/v1/listings/listing:none/matches",
    "/v1/offers/offer:none",
    "/v1/listings?party=party:none",
    *(f"/v1/parties/party:none/{what}" for what in ("rights", "contracts", "offers")),
)  # fmt: skip


@pytest.mark.parametrize("path", NOBODY)
def test_what_the_log_does_not_name_is_unknown_and_the_answer_empty(
    http: httpx2.Client, loaded: Loaded, path: str
):
    answer = http.get(path)
    assert 200 == answer.status_code
    assert ([], True) == (answer.json()["positions"], len(loaded.at) < answer.json()["size"])
    asked = re.findall(r"[a-z]+:none[a-z.]*|0{64}", path)
    named = sorted({each if ":" in each else f"key:{each}" for each in asked})
    assert ("unknown", named) == (answer.json()["verdict"], answer.json()["unknown"])
    assert named == [each["asked"] for each in answer.json()["near"]]


def test_every_question_about_a_subject_is_asked_of_nobody():
    """A question that is new has to say what it does not know."""
    asked_of = [path.partition("?")[0] for path in NOBODY]
    for route, methods in json.loads(GOLDEN.read_text("utf-8"))["paths"].items():
        parameters = methods.get("get", {}).get("parameters", [])
        about = [each for each in parameters if ":[a-z0-9.-]" in json.dumps(each["schema"])]
        form = re.compile(re.sub(r"\{[^}]*\}", "[^/?]+", route))
        told = route in ("/v1/evidence", ENDLESS) or any(map(form.fullmatch, asked_of))
        assert told or not about, f"{route} is to be asked of nobody, too: add it to NOBODY"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/entries/999999/falls",
        "/v1/entries/999999",
        "/v1/contracts/contract:2026-009/versions/1/diff/9",
        "/v1/projections/none/difference",
        "/v1/consistency?since=999999",
    ],
)
def test_a_number_or_name_that_is_not_there_is_not_found(
    http: httpx2.Client, loaded: Loaded, path: str
):
    del loaded
    answer = http.get(path)
    assert (404, "NOT_FOUND") == (answer.status_code, answer.json()["code"])


@pytest.mark.parametrize("line", LINES)
def test_what_a_document_has_curl_ask_is_answered(
    http: httpx2.Client,
    loaded: Loaded,
    home: Home,
    fold: Callable[[], None],
    tmp_path: Path,
    line: str,
):
    """A shell reads the line; what it would have curl do is done here."""
    envelope = World.of(home).registration(f"party:vn.line{LINES.index(line)}").envelope
    (tmp_path / "envelope.json").write_text(json.dumps(envelope_to_object(envelope)))
    script = f'curl() {{ printf "%s\\0" "$@"; }}; {line}'
    read = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, check=True)
    curl = ArgumentParser()
    curl.add_argument("url")
    curl.add_argument("-H", action="append", default=[])
    curl.add_argument("--data")
    curl.add_argument("-o")
    for flag in ("-i", "-s", "-S", "-N"):
        curl.add_argument(flag, action="store_true")
    given = curl.parse_args(read.stdout.decode().split("\0")[:-1])
    fold()  # Lines before this one have recorded events.
    with http.stream(
        "POST" if given.data else "GET",
        given.url.replace("http://127.0.0.1:8017", loaded.url),
        content=given.data,
        headers=dict(each.split(": ") for each in given.H),
    ) as answer:
        if not given.N:  # What is told as it comes has no end.
            answer.read()
        assert answer.is_success


def test_the_documents_have_curl_lines():
    assert len(LINES) >= 3


def test_days_that_are_no_days_are_not_shown(http: httpx2.Client, loaded: Loaded):
    """Read models put what no office recorded on the last of all days; an answer says null."""
    del loaded
    for question in QUESTIONS:
        assert "9999-12-31" not in http.get(question.path).text
