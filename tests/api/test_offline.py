"""
Every question, asked three ways: of a server, of a copy of its log, of both by `--verify`.

One answer is compared with another whole. The copy is folded by a database of its own.
"""

import json
import re
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli import offline
from api.cli.answers import EXIT_CODES
from api.cli.main import app
from api.cli.story import names
from api.reads.questions import QUESTIONS, command_of
from ledger.follow import reader
from ledger.follow.audit import exported_checkpoint, exported_entries
from ledger.follow.exportfiles import write_whole
from ledger.home.keystore import load_log_keys
from ledger.home.paths import Home
from ledger.log.merkle import Frontier, leaf_hash
from ledger.log.tiles import TILE_WIDTH, entries_path, format_bundle, tile_path
from ledger.publish.publisher import LogSigner
from projections.run.own_copy import own_copy
from tests.support.postgres import home_directory
from tests.support.tale import Loaded

NAMES = names()
R, OLD, MARK, T = (NAMES[each] for each in ("right", "older_right", "mark", "technology"))
C, ROYALTIES, D = (NAMES[each] for each in ("contract", "royalties", "dispute"))
INSTITUTE, FIRM, AUTHOR = (NAMES[each] for each in ("institute", "firm", "inventor"))
SELL = f"{FIRM} --act sell --territory vn-2025:48 --field C09D"

ASKED: dict[str, tuple[str, ...]] = {
    "search": ("--q 2024", f"--q {R} --limit 1"),
    "listRegistrations": ("", "--late", f"--technology {T} --true-on $Q3"),
    "listDuties": (
        "",
        f"--party {NAMES['rival']} --true-on $NEXT_YEAR",
        "--late --kind report --true-on $Q1",
    ),
    "getTerms": (f"{ROYALTIES} --report {NAMES['second_report']}", f"{ROYALTIES} --true-on $Q2"),
    "listVersions": (ROYALTIES, f"{ROYALTIES} --known-at 5", "contract:2026-090"),
    "diffVersions": (f"{ROYALTIES} 1 2",),
    "getSublicences": (C, f"{C} --true-on $NEXT_YEAR"),
    "getDispute": (D, "dispute:none"),
    "getFalls": ("$CONTRACT", "$SOLD"),
    "getHolds": (NAMES["share"], f"{MARK} --true-on $Q3"),
    "getDocuments": (C,),
    "getDocument": (NAMES["document"],),
    "listFindings": ("", f"--subject {R}"),
    "getKey": ("$K", 64 * "0"),
    "getSigned": ("$K --between compromise --topic contract.concluded/1", "$K --limit 2"),
    "listEditions": ("", "--known-at 0"),
    "getGrounds": ("$CONTRACT", "$SOLD"),
    "checkLicence": (
        f"--party {SELL} --true-on $TODAY",
        f"--party {SELL} --effect third_parties --known-at $CONTRACT",
        f"--party {FIRM} --act sell --territory iso:LA --right {R}",
    ),
    "listOffers": (f"--offer {NAMES['offer']} --at $AT", f"--party {FIRM}"),
    "getParty": (INSTITUTE, f"{AUTHOR} --known-at 3"),
    "getPartyKeys": (INSTITUTE,),
    "getMandates": (INSTITUTE,),
    "getPower": (
        f"{INSTITUTE} --signer {AUTHOR} --topic contract.concluded --amount 500000000",
        f"{INSTITUTE} --signer {FIRM}",
    ),
    "getRelations": (INSTITUTE, f"{INSTITUTE} --to {FIRM}"),
    "listProjections": ("",),
    "getProjectionDifference": ("title", "words"),
    "getProjectionDigest": ("grants --size 12",),
    "getTechnologyExclusive": (f"{T} --territory iso:VN --from $Q1 --to $NEXT_YEAR",),
    "getExclusive": (f"{R} --territory vn-2025:48 --field C09D --from $TODAY --to $NEXT_YEAR",),
    "getTechnologyLeftToGrant": (f"{T} --territory iso:VN --from $TODAY",),
    "getLeftToGrant": (f"{R} --territory iso:VN --from $TODAY", f"{OLD} --from $Q1"),
    "getDependents": (f"{R} --true-on $TODAY",),
    "getRevenue": (C, ROYALTIES),
    "getComputation": (NAMES["distribution"], NAMES["older_distribution"]),
    "getDues": (f"{AUTHOR} --contract {C} --true-on $TODAY",),
    "getShare": (NAMES["share"],),
    "getOverdue": (f"{ROYALTIES} --true-on $TODAY", C),
    "getMinimum": (f"{ROYALTIES} --year $YEAR",),
    "getTitle": (
        f"{MARK} --true-on $TODAY",
        f"{MARK} --true-on $TODAY --known-at $SOLD",
        f"{R} --known-by office --known-at $TODAY --effect third_parties",
        f"{MARK[:-1]}",
    ),
    "getChain": (MARK,),
    "getLiens": (f"{MARK} --effect third_parties",),
    "getStatus": (OLD, f"{OLD} --true-on $Q1", f"{R} --territory iso:LA"),
    "getStatusHistory": (OLD,),
    "getLapseEffects": (OLD,),
    "getTimeline": (R, f"{INSTITUTE} --limit 3"),
    "getTechnology": (T,),
    "getListing": (NAMES["listing"],),
    "getMatches": (NAMES["listing"],),
    "getFigures": ("2026",),
    "getOffer": (NAMES["offer"],),
    "listEvents": ("", f"--subject {R} --limit 2"),
    "listListings": ("", f"--party {INSTITUTE} --known-at $SOLD"),
    "listPartyContracts": (FIRM, f"{FIRM} --limit 1"),
    "listPartyOffers": (FIRM,),
    "listPartyRights": (f"{INSTITUTE} --true-on $TODAY",),
    "getAuthorMinimum": (f"{T} --income licence --distributed-on $TODAY",),
}
"""Every question with the words that follow its name, about the story: the first is documented."""

EACH = [(name, words) for name in sorted(ASKED) for words in ASKED[name]]


def test_every_question_is_asked_offline() -> None:
    assert ASKED.keys() == QUESTIONS.keys()


@pytest.fixture(scope="module")
def copies() -> Iterator[Path]:
    """Lend a directory for folded copies, and set it as that of this process."""
    with home_directory() as directory, pytest.MonkeyPatch.context() as patched:
        patched.setenv("LEDGER_COPIES", str(directory))
        yield directory


@pytest.fixture(scope="module")
def log(loaded: Loaded, copies: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("mirror") / "log"
    assert copies.is_dir()
    words = ["mirror", str(directory), "--url", loaded.url, "--trust", str(loaded.trust)]
    done = CliRunner().invoke(app, words)
    assert 0 == done.exit_code, done.output
    return directory


@pytest.fixture(scope="module", autouse=True)
def opened_once(copies: Path) -> Iterator[None]:
    """Keep the databases of copies running between questions: what they answer is the same."""
    kept: dict[Any, tuple[Any, Any]] = {}
    lent = offline.own_copy

    @contextmanager
    def keeping(*of: Any, size: int | None = None, **_told: Any) -> Iterator[Any]:
        log, _, beside, *_ = of
        note = (log / "checkpoint").read_bytes()
        if (beside, note, size) not in kept:
            for entered, _ in [kept.pop(each) for each in [*kept] if each[0] == beside]:
                entered.__exit__(None, None, None)
            entered = lent(*of, size=size)
            kept[beside, note, size] = entered, entered.__enter__()
        yield kept[beside, note, size][1]

    assert copies.is_dir()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(offline, "own_copy", keeping)
        yield
        for entered, _ in kept.values():
            entered.__exit__(None, None, None)


def asked(loaded: Loaded, name: str, words: str, *more: str) -> tuple[int, dict[str, Any]]:
    """Ask a question by the command of the list; return the exit code and the answer."""
    given = shlex.split(loaded.said(words))
    done = CliRunner().invoke(
        app, ["ask", command_of(name), *given, *more, "--trust", str(loaded.trust), "--json"]
    )
    assert done.output, done.exception
    return done.exit_code, json.loads(done.output)


OURS = {"verified", "computed", "checked", "unchecked", "seen"}


def answer_in(told: dict[str, Any]) -> dict[str, Any]:
    """Return what is answered, without what was checked of it."""
    return {name: value for name, value in told.items() if name not in OURS}


@pytest.mark.parametrize(("name", "words"), EACH, ids=lambda each: re.sub(r"[^\w-]+", "_", each))
def test_a_copy_answers_what_the_server_answers(
    loaded: Loaded, log: Path, name: str, words: str
) -> None:
    code, said = asked(loaded, name, words, "--url", loaded.url)
    here, ours = asked(loaded, name, words, "--log", str(log))
    assert (code, answer_in(said)) == (here, answer_in(ours))
    assert EXIT_CODES[ours["verdict"]] == here
    assert (False, True) == (said["verified"], ours["verified"])
    assert said["size"] in (ours["computed"]["entries"], ours["size"])


@pytest.mark.parametrize(("name", "words"), EACH, ids=lambda each: re.sub(r"[^\w-]+", "_", each))
def test_what_a_server_answers_is_computed_again(loaded: Loaded, name: str, words: str) -> None:
    code, ours = asked(loaded, name, words, "--url", loaded.url, "--verify")
    assert EXIT_CODES[ours["verdict"]] == code
    assert (True, loaded.url) == (ours["verified"], ours["computed"]["server"])


Lie = Callable[[httpx2.Request, httpx2.Response], httpx2.Response]


@pytest.fixture
def lying(monkeypatch: pytest.MonkeyPatch) -> Callable[[Lie], None]:
    """Let every server that is asked over a network answer otherwise than it does."""

    def lie(change: Lie) -> None:
        class Between(httpx2.BaseTransport):
            def __init__(self) -> None:
                self._server = httpx2.HTTPTransport()

            def handle_request(self, request: httpx2.Request) -> httpx2.Response:
                answer = self._server.handle_request(request)
                answer.read()
                return change(request, answer)

            def close(self) -> None:
                self._server.close()

        def opened(
            url: str, *, transport: httpx2.BaseTransport | None = None, timeout_s: float = 60.0
        ) -> httpx2.Client:
            through = transport or Between()
            return httpx2.Client(base_url=url, transport=through, timeout=timeout_s)

        for module in (reader, offline):
            monkeypatch.setattr(module, "open_client", opened)

    return lie


def says(path: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Lie:
    """Return the lie of another answer to a question."""

    def lie(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if request.url.path != path:
            return answer
        return httpx2.Response(200, json=change(answer.json()))

    return lie


def serves(files: Mapping[str, bytes | None]) -> Lie:
    """Return the lie of other bytes of the log, by path; None for none."""

    def lie(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        if (path := request.url.path[1:]) not in files:
            return answer
        raw = files[path]
        return httpx2.Response(404) if raw is None else httpx2.Response(200, content=raw)

    return lie


def refused(loaded: Loaded, words: str, *more: str, code: int = 2) -> str:
    """Ask what is not answered; return why. Nothing is printed."""
    given = shlex.split(loaded.said(words))
    done = CliRunner().invoke(app, ["ask", *given, *more, "--trust", str(loaded.trust)])
    assert (code, "") == (getattr(done.exception, "exit_code", None), done.output), done.exception
    return str(done.exception)


SOLD_ON, CHAIN = f"title {MARK} --true-on $TODAY", f"chain {MARK}"
LIES: dict[str, tuple[str, str, Callable[[dict[str, Any]], dict[str, Any]], str]] = {
    "another owner": (
        SOLD_ON,
        f"/v1/rights/{MARK}/title",
        lambda answer: answer | {"owners": [answer["owners"][0] | {"party": INSTITUTE}]},
        f"owners.0.party: the server says '{INSTITUTE}', its log '{FIRM}'",
    ),
    "an event left out": (
        CHAIN,
        f"/v1/rights/{MARK}/chain",
        lambda answer: (
            answer | {"links": answer["links"][:-1], "positions": answer["positions"][:-1]}
        ),
        "links: the server says a list of ",
    ),
    "nothing is overdue": (
        f"overdue {ROYALTIES} --true-on $TODAY",
        f"/v1/contracts/{ROYALTIES}/overdue",
        lambda answer: answer | {"unpaid": []},
        "unpaid: the server says a list of 0, its log a list of ",
    ),
    "a no for a yes": (
        f"share {NAMES['share']}",
        f"/v1/shares/{NAMES['share']}",
        lambda answer: answer | {"agreed_by_all": False, "verdict": "no", "not_agreed": [FIRM]},
        "agreed_by_all: the server says false, its log true",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_false_answer_is_told_by_its_member_and_both_values(
    loaded: Loaded, lying: Callable[[Lie], None], lie: str
) -> None:
    words, path, change, told = LIES[lie]
    lying(says(path, change))
    why = refused(loaded, words, "--url", loaded.url, "--verify", code=5)
    assert why.startswith("FALSE_ANSWER: "), why
    assert told in why


TITLE = f"/v1/rights/{MARK}/title"
ELSEWHERE: dict[str, tuple[str, str, str]] = {
    "of another day": (SOLD_ON, TITLE, f"{TITLE}?true_on=$Q1"),
    "of an older size": (SOLD_ON, TITLE, f"{TITLE}?true_on=$TODAY&known_at=20"),
    "towards others": (
        f"liens {MARK} --true-on $TODAY",
        f"/v1/rights/{MARK}/liens",
        f"/v1/rights/{MARK}/liens?true_on=$Q1&effect=third_parties",
    ),
    "of another right": (CHAIN, f"/v1/rights/{MARK}/chain", f"/v1/rights/{R}/chain"),
    "of a list that is cut": (
        f"party-contracts {FIRM}",
        f"/v1/parties/{FIRM}/contracts",
        f"/v1/parties/{FIRM}/contracts?limit=1",
    ),
}
"""A question, where it is asked, and where there is a true answer to another one."""


@pytest.mark.parametrize("lie", ELSEWHERE)
@pytest.mark.parametrize("owned", [True, False], ids=["as asked", "as if asked"])
def test_a_true_answer_to_another_question_is_none_to_this_one(
    loaded: Loaded, lying: Callable[[Lie], None], lie: str, *, owned: bool
) -> None:
    """It says what it was asked; or it says that it was asked this, then its rows tell or the log.

    Rows about another right are told before the log is looked at.
    """
    words, path, other = ELSEWHERE[lie]
    true = httpx2.get(f"{loaded.url}{loaded.said(other)}").json()
    said = ("right", "true_on", "known_at", "effect", "limit", "next_after", "size")

    def instead(answer: dict[str, Any]) -> dict[str, Any]:
        own = {name: answer[name] for name in said if name in answer}
        assert true != answer
        return true if owned else {**true, **own}

    lying(says(path, instead))
    by_itself = owned or lie == "of another right"
    why = refused(loaded, words, "--url", loaded.url, "--verify", code=2 if by_itself else 5)
    assert why.startswith("WRONG_ANSWER: " if by_itself else "FALSE_ANSWER: "), why


@pytest.fixture
def newcomer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Lend a directory in which no copy is kept yet."""
    with home_directory() as directory:
        monkeypatch.setenv("LEDGER_COPIES", str(directory))
        monkeypatch.setenv("LEDGER_SEEN", str(directory / "seen"))
        yield directory


def signed_files(entries: Sequence[bytes], home: Home) -> dict[str, bytes]:
    """Return the files of a log of these entries, signed by the keys of another."""
    leaves, size = [leaf_hash(each) for each in entries], len(entries)
    assert size < TILE_WIDTH
    signer = LogSigner(home.identity().origin, *load_log_keys(home.keys))
    return {
        "checkpoint": signer.sign(size, Frontier().extend(leaves).root(), datetime.now(UTC)),
        tile_path(0, 0, size): b"".join(leaves),
        entries_path(0, size): format_bundle(entries),
    }


def test_an_entry_that_is_withheld_or_changed_ends_the_question(
    loaded: Loaded, log: Path, lying: Callable[[Lie], None], newcomer: Path
) -> None:
    size = exported_checkpoint(log).size
    bundle = (log / entries_path(0, size)).read_bytes()
    lying(serves({entries_path(0, size): None}))
    assert "NO_ANSWER: " in refused(loaded, SOLD_ON, "--url", loaded.url, "--verify")
    lying(serves({entries_path(0, size): bundle.replace(FIRM.encode(), INSTITUTE.encode())}))
    why = refused(loaded, SOLD_ON, "--url", loaded.url, "--verify")
    assert why.startswith("REFUSED: ")
    assert "an entry does not hash into its tile" in why
    assert not list(newcomer.rglob("verified.json"))


def test_a_fork_is_told_to_who_has_a_copy_and_refused_to_who_has_none(
    loaded: Loaded, log: Path, home: Home, lying: Callable[[Lie], None], newcomer: Path
) -> None:
    *entries, last = exported_entries(log)
    other = last.replace(b'"event_id":"0', b'"event_id":"1')
    fork = {**signed_files([*entries, other], home), "v1/checkpoints": None}
    asked(loaded, "getTitle", f"{MARK} --true-on $TODAY", "--url", loaded.url, "--verify")
    lying(serves(fork))
    told = refused(loaded, SOLD_ON, "--url", loaded.url, "--verify")
    assert told.startswith("HISTORY_CHANGED: ")
    for kept in (newcomer / "seen").rglob("checkpoint"):
        kept.unlink()
    told = refused(loaded, SOLD_ON, "--url", loaded.url, "--verify")
    assert told.startswith("FORK: ")
    assert "the proof is kept in" in told
    for kept in newcomer.rglob("log"):
        kept.rename(kept.with_name("before"))
    assert "step " in refused(loaded, SOLD_ON, "--url", loaded.url, "--verify")


def test_a_copy_that_was_changed_is_refused(
    loaded: Loaded, log: Path, tmp_path: Path, newcomer: Path
) -> None:
    copied = tmp_path / "copied"
    shutil.copytree(log, copied)
    size = exported_checkpoint(log).size
    file = copied / entries_path(0, size)
    file.write_bytes(file.read_bytes().replace(FIRM.encode(), INSTITUTE.encode(), 1))
    assert refused(loaded, SOLD_ON, "--log", str(copied)).startswith("REFUSED: step 3 ")
    assert not list(newcomer.rglob("verified.json"))


def test_a_log_that_grows_is_folded_on_and_another_is_folded_anew(
    loaded: Loaded, log: Path, home: Home, tmp_path: Path, newcomer: Path
) -> None:
    del newcomer
    entries = [*exported_entries(log)]
    for size in (20, len(entries), 30):
        shutil.rmtree(tmp_path / "log", ignore_errors=True)
        for name, raw in signed_files(entries[:size], home).items():
            write_whole(tmp_path / "log", name, raw)
        _, then = asked(loaded, "getChain", MARK, "--log", str(tmp_path / "log"))
        as_known = f"{MARK} --known-at {size - 1}"
        _, later = asked(loaded, "getChain", as_known, "--log", str(log))
        assert size == then["size"]
        assert later["links"] == then["links"]


def test_each_line_of_the_document_runs_as_it_stands(
    loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "questions.md").read_text("utf-8")
    section = text.partition("## Answers that you compute yourself\n")[2].partition("\n## ")[0]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEDGER_URL", loaded.url)
    monkeypatch.setenv("LEDGER_TRUST", str(loaded.trust))
    lines = re.findall(r"^    techledger (.*)$", section, re.MULTILINE)
    for line in lines:
        done = CliRunner().invoke(app, shlex.split(loaded.said(line)))
        assert 0 == done.exit_code, (line, done.output, done.exception)
        assert "mirror" in line or done.output.startswith("computed on this machine "), line
    assert len(lines) > 2


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--log", "."], "--trust"),
        (["--verify"], "--trust"),
        (["--verify", "--trust", "trust.json"], "--url"),
        ([], "--url"),
    ],
)
def test_what_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trust.json").touch()
    done = CliRunner().invoke(app, ["ask", "findings", *given], env={"COLUMNS": "200"})
    assert 2 == done.exit_code
    assert told in done.output


def test_no_answer_of_less_than_was_asked_for_is_taken(
    loaded: Loaded, lying: Callable[[Lie], None]
) -> None:
    size = asked(loaded, "getChain", MARK, "--url", loaded.url)[1]["size"]
    at_least = ["--url", loaded.url, "--at-least", str(size)]
    assert size == asked(loaded, "getChain", MARK, *at_least)[1]["size"]
    assert "BAD_PARAMETER" in refused(loaded, CHAIN, *at_least[:-1], "1000000")
    lying(says(f"/v1/rights/{MARK}/chain", lambda answer: answer | {"size": size - 1}))
    done = CliRunner().invoke(app, ["ask", "chain", MARK, *at_least])
    assert f"where {size} was asked for" in str(done.exception)


def test_how_far_a_log_is_taken_in_is_shown(
    loaded: Loaded, log: Path, newcomer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, int, int]] = []

    @contextmanager
    def shown() -> Iterator[Callable[[str, int, int], None]]:
        yield lambda *each: told.append(each)

    monkeypatch.setattr(offline, "showing_progress", shown)
    monkeypatch.setattr(offline, "own_copy", own_copy)
    asked(loaded, "getChain", MARK, "--log", str(log))
    size = exported_checkpoint(log).size
    assert ("entries", size, size) == told[-2]
    assert any(what.startswith("verified: every signature") for what, *_ in told)
    told.clear()
    asked(loaded, "getChain", MARK, "--log", str(log))
    assert [] == told, "nothing is verified, taken in or folded twice"
    assert newcomer.is_dir()
